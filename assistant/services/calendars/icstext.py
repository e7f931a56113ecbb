"""iCalendar as text: decoded, unfolded, cut into entries, and those out of reach left unread.

Parsing an entry costs a hundred times what looking at its text costs, and a calendar of five
years holds few entries that touch the next fortnight. Neighbours: `expand` parses what is left.

Source: RFC 5545 §3.1 (content lines, folding), §3.6.1 (VEVENT).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from assistant.core.model import Span

LONGEST_LINE = 65_536
"""Characters kept of one unfolded line; a description longer than this is cut."""
MOST_LINES = 20_000
"""Lines kept of one entry or time zone; ten thousand people may be invited."""

_FOLD = re.compile(r"\r?\n[ \t]")
_EVENT = re.compile(r"^BEGIN:VEVENT[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)
_EVENT_END = re.compile(r"^END:VEVENT[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)
_ZONE = re.compile(r"^BEGIN:VTIMEZONE[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)
_ZONE_END = re.compile(r"^END:VTIMEZONE[ \t]*$\n?", re.MULTILINE | re.IGNORECASE)
_RECURS = re.compile(r"^(?:RRULE|RDATE|RECURRENCE-ID)[;:]", re.MULTILINE | re.IGNORECASE)
_MOVES = re.compile(r"^(?:RDATE|RECURRENCE-ID)[;:]", re.MULTILINE | re.IGNORECASE)
_UNTIL = re.compile(
    r"^RRULE[^\n]*;UNTIL=(\d{8})|^RRULE:UNTIL=(\d{8})", re.MULTILINE | re.IGNORECASE
)
_ADDRESS = re.compile(
    r"^(?:ATTENDEE|ORGANIZER)\b[^\n]*?mailto:([^\s;,\"<>]+)", re.MULTILINE | re.IGNORECASE
)
_DATE = re.compile(r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_PLAIN = frozenset({"FREQ", "INTERVAL", "BYDAY", "WKST", "UNTIL"})
_START_OR_END = re.compile(
    r"^(DT(?:START|END)[;:](?:[^\n]*:)?)(\d{8})", re.MULTILINE | re.IGNORECASE
)
_SLACK = timedelta(days=2)
"""A local date may differ from the window's by a day on either side."""
_LONGEST_REPEATED = timedelta(days=62)
"""An occurrence that began this long before the window may still be going on."""
_LONGEST_BY_DURATION = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarText:
    """One VCALENDAR, cut up."""

    head: str
    """Everything outside the entries: properties of the calendar and VTIMEZONEs."""
    series: Mapping[str, tuple[str, ...]]
    """UID -> the bodies of its VEVENTs (master and exceptions), alarms left out."""
    problems: tuple[str, ...] = ()

    def blocks(self) -> Iterable[str]:
        return (block for blocks in self.series.values() for block in blocks)


def cut_up(text: str) -> CalendarText:
    """Split a calendar into its head and its series.

    Raises: ValueError when the text is no calendar at all.
    """
    text = _clean(text)
    if not re.search(r"^BEGIN:VCALENDAR", text, re.MULTILINE | re.IGNORECASE):
        start = " ".join(text[:60].split())
        raise ValueError(f"not a calendar, it starts with {start!r}" if start else "empty")
    head, *parts = _EVENT.split(text)
    series: dict[str, list[str]] = {}
    problems = []
    for number, part in enumerate(parts, start=1):
        end = _EVENT_END.search(part)
        if end is None:
            problems.append(f"entry {number} ({field(part, 'SUMMARY') or '?'}) is cut off")
            continue
        body = _without_inner(part[: end.start()])
        if (lines := body.count("\n")) > MOST_LINES:
            problems.append(
                f"entry {number} ({field(body, 'SUMMARY') or '?'}) is cut: it has {lines} lines"
            )
            body = _first_lines(body)
        head += part[end.end() :]
        series.setdefault(field(body, "UID") or f"entry-{number}", []).append(body)
    kept = {uid: tuple(blocks) for uid, blocks in series.items()}
    return CalendarText(head=head, series=kept, problems=tuple(problems))


def _without_inner(body: str) -> str:
    """An entry without its alarms, whose fields would be taken for its own."""
    if "BEGIN:" not in body.upper():
        return body
    kept, depth = [], 0
    for line in body.split("\n"):
        match line[:6].upper():
            case "BEGIN:":
                depth += 1
            case word if word.startswith("END:"):
                depth = max(0, depth - 1)
            case _ if depth == 0:
                kept.append(line)
    return "\n".join(kept)


def _first_lines(body: str) -> str:
    return "".join(body.splitlines(keepends=True)[:MOST_LINES])


def zones(head: str) -> list[str]:
    """The bodies of the calendar's VTIMEZONEs."""
    parts = _ZONE.split(head)[1:]
    bodies = (part[: end.start()] for part in parts if (end := _ZONE_END.search(part)))
    return [_first_lines(body) for body in bodies]


def _clean(text: str) -> str:
    """One content line per line, none endless, no bare carriage returns or NULs."""
    text = _FOLD.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if max((len(line) for line in text.split("\n")), default=0) <= LONGEST_LINE:
        return text
    return "\n".join(line[:LONGEST_LINE] for line in text.split("\n"))


def field(block: str, name: str) -> str:
    """The raw value of the first property `name`, "" when there is none."""
    return next(iter(fields(block, name)), "")


def fields(block: str, name: str) -> list[str]:
    """The raw values of every property `name`."""
    pattern = rf"^{name}(?:;[^:\n]*)?:(.*)$"
    return [value.strip() for value in re.findall(pattern, block, re.MULTILINE | re.IGNORECASE)]


def is_series(blocks: tuple[str, ...]) -> bool:
    """Whether these blocks describe more than one occurrence."""
    return len(blocks) > 1 or _RECURS.search(blocks[0]) is not None


def is_near(blocks: tuple[str, ...], window: Span) -> bool:
    """Whether a series may have an occurrence in `window`; in doubt it may."""
    starts = [field(block, "DTSTART")[:8] for block in blocks]
    if not all(_DATE.fullmatch(start) for start in starts):
        return True
    last = _day(window, window.end - window.start + _SLACK)
    if is_series(blocks):
        return _may_recur("\n".join(blocks), min(starts), window, last)
    return starts[0] <= last and _lasts_until(blocks[0], starts[0], window)


def _may_recur(text: str, start: str, window: Span, last: str) -> bool:
    if _MOVES.search(text):
        return True
    until = max((one or two for one, two in _UNTIL.findall(text)), default="")
    ends_before = bool(until) and max(until, start) < _day(window, -_LONGEST_REPEATED)
    return start <= last and not ends_before


def _lasts_until(block: str, start: str, window: Span) -> bool:
    if field(block, "DURATION"):
        return start >= _day(window, -_LONGEST_BY_DURATION)
    end = field(block, "DTEND")[:8] or start
    return not _DATE.fullmatch(end) or max(start, end) >= _day(window, -_SLACK)


def advance(block: str, window: Span) -> str:
    """A plain daily or weekly series begun anew shortly before `window`, at its own pace.

    The library walks a series from its first day; for one of five years that is most of the
    work. Only where every occurrence looks like the first: no count, no further conditions, and
    a start in local time, which a shift by whole days leaves as it is.
    """
    rules = fields(block, "RRULE")
    parts = dict(part.partition("=")[::2] for part in ";".join(rules).upper().split(";"))
    days = {"DAILY": 1, "WEEKLY": 7}.get(parts.get("FREQ", ""))
    start = field(block, "DTSTART")
    is_plain = len(rules) == 1 and parts.keys() <= _PLAIN and not field(block, "RDATE")
    if not days or not is_plain or start.endswith("Z") or not _DATE.fullmatch(start[:8]):
        return block
    step = days * max(int(parts.get("INTERVAL", 1)), 1)
    behind = window.start.date() - _LONGEST_REPEATED - _parse_day(start)
    shift = timedelta(days=behind.days // step * step)
    return _shifted(block, shift) if shift > timedelta() else block


def _shifted(block: str, shift: timedelta) -> str:
    def moved(found: re.Match[str]) -> str:
        return f"{found[1]}{_parse_day(found[2]) + shift:%Y%m%d}"

    return _START_OR_END.sub(moved, block)


def _parse_day(text: str) -> date:
    return datetime.strptime(text[:8], "%Y%m%d").date()


def _day(window: Span, offset: timedelta) -> str:
    return (window.start + offset).strftime("%Y%m%d")


def guess_owner(text: CalendarText) -> str:
    """The e-mail address whose calendar this seems to be, "" when it cannot be told.

    Whoever exported a calendar is in every meeting of it: the one address that is in at least
    nine of ten entries with attendees, of three or more. Google names the calendar after it.
    """
    named = field(text.head, "X-WR-CALNAME")
    if re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", named):
        return named.lower()
    meetings = [found for b in text.blocks() if (found := {a.lower() for a in _ADDRESS.findall(b)})]
    common = Counter(address for meeting in meetings for address in meeting).most_common(2)
    if len(meetings) < 3 or not common or common[0][1] < 0.9 * len(meetings):
        return ""
    is_tie = len(common) > 1 and common[1][1] == common[0][1]
    return "" if is_tie else common[0][0]
