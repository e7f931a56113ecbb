"""A calendar and a window of time -> the appointments in it.

Each series is parsed and expanded by itself, so that a broken one costs only itself and is
named. Work is bounded: nothing an invitation may hold (a rule by the second, a rule that never
matches, a thousand years) keeps the reader busy. Neighbours: `icstext` leaves the far entries
out, `vevent` reads each occurrence, `ics` and `caldav` bring the text.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import prod

import icalendar
import recurring_ical_events

from assistant.core.model import Appointment, Span
from assistant.services.calendars import icstext
from assistant.services.calendars.icstext import CalendarText
from assistant.services.calendars.vevent import Reader, build_appointment
from assistant.services.calendars.zones import zone_named

MOST_OCCURRENCES = 5_000
"""Kept of one series in one window."""
MOST_STEPS = 150_000
"""Candidates a rule may walk through from its start; about a second."""
MOST_ZONES = 200
"""VTIMEZONEs that are read; Outlook writes one per entry, mostly the same."""
TIME_LIMIT_S = 60.0
"""For one calendar; entries that were not reached are named."""

_BROKEN = (
    ValueError,  # also icalendar.error.InvalidCalendar and dateutil's complaints
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What the libraries raise for entries that are not what the RFC says."""
_PARSING = threading.Lock()
"""icalendar keeps the VTIMEZONEs it met in one place for the whole process."""
_DAY_S = 86_400
_STEP_S = {"SECONDLY": 1, "MINUTELY": 60, "HOURLY": 3_600, "DAILY": _DAY_S}
"""Seconds between two candidates of a rule; the coarser frequencies alone are no burden."""
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_NEVER = {"BYSETPOS", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}
"""With these a rule finer than a day may match nothing and be searched to the year 9999."""
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ZONE = re.compile(r'^DTSTART;[^:\n]*TZID="?([^";:\n]+)', re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    appointments: tuple[Appointment, ...]
    problems: tuple[str, ...]


def expand(text: str, window: Span, reader: Reader) -> Expanded:
    """Every occurrence that touches `window`; broken entries are left out and named.

    Raises: ValueError when `text` is no calendar at all.
    """
    calendar = icstext.cut_up(text)
    reader = replace(reader, joins={})
    if not reader.me and (owner := icstext.guess_owner(calendar)):
        reader = replace(reader, me=frozenset({owner}))
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses at vendor zone names, which are right
        return _expand_all(calendar, window, reader)


def _expand_all(calendar: CalendarText, window: Span, reader: Reader) -> Expanded:
    found: list[Appointment] = []
    problems = [*calendar.problems, *_learn_zones(calendar.head)]
    head = _head(calendar.head)
    near = [blocks for blocks in calendar.series.values() if icstext.is_near(blocks, window)]
    problems += _unknown_zones(calendar.head, near)
    give_up = time.monotonic() + TIME_LIMIT_S
    for done, blocks in enumerate(near):
        if time.monotonic() > give_up:
            problems.append(f"{len(near) - done} entries not read: the calendar takes too long")
            break
        try:
            found.extend(_expand_series(head, blocks, window, reader))
        except _BROKEN as error:
            problems.append(f"{_title(blocks)}: {_why(error)}")
    return Expanded(appointments=_distinct(found), problems=tuple(problems))


def _learn_zones(head: str) -> list[str]:
    """Make icalendar know this calendar's own zones, and forget those of the last one."""
    icalendar.use_zoneinfo()  # type: ignore[no-untyped-call]
    problems = []
    for zone in icstext.zones(head)[:MOST_ZONES]:
        try:
            _refuse_restless(zone)
            icalendar.Calendar.from_ical(_wrap("", f"BEGIN:VTIMEZONE\n{zone}END:VTIMEZONE\n"))
        except _BROKEN as error:
            problems.append(f"time zone {icstext.field(zone, 'TZID') or '?'}: {_why(error)}")
    return problems


def _refuse_restless(zone: str) -> None:
    """Raises: ValueError for clocks that are not put forward and back by the year."""
    for rule in icstext.fields(zone, "RRULE"):
        parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
        is_yearly = parts.get("FREQ") == "YEARLY" and parts.get("INTERVAL", "1") == "1"
        if not is_yearly or any("," in parts.get(name, "") for name in _TIMES):
            raise ValueError(f"changes too often ({rule[:60]})")


def _head(head: str) -> str:
    """The one calendar property that changes the meaning of times, if it can be used.

    Raises: ValueError for a calendar that does not count in our years.
    """
    scale = icstext.field(head, "CALSCALE") or "GREGORIAN"
    if scale.upper() != "GREGORIAN":
        raise ValueError(f"calendar system {scale} is not known here")
    zone = zone_named(icstext.field(head, "X-WR-TIMEZONE"))
    return f"X-WR-TIMEZONE:{zone.key}\n" if zone else ""


def _wrap(head: str, body: str) -> str:
    return f"BEGIN:VCALENDAR\n{head}{body}END:VCALENDAR\n"


def _expand_series(
    head: str, blocks: tuple[str, ...], window: Span, reader: Reader
) -> Iterator[Appointment]:
    for block in blocks:
        _refuse_endless(block, window)
    near = [icstext.advance(block, window) for block in blocks]
    body = "".join(f"BEGIN:VEVENT\n{block}END:VEVENT\n" for block in near)
    calendar = icalendar.Calendar.from_ical(_wrap(head, body))
    for event in calendar.walk("VEVENT"):
        _check(event)
    query = recurring_ical_events.of(calendar)
    start, end = (moment.astimezone(reader.zone) for moment in (window.start, window.end))
    occurrences = query.between(start, end)[:MOST_OCCURRENCES]
    is_series = icstext.is_series(blocks)
    zone = _zone(blocks[0])
    return (build_appointment(event, reader, zone, is_series) for event in occurrences)


def _refuse_endless(block: str, window: Span) -> None:
    """Raises: ValueError for a rule that would be walked for longer than MOST_STEPS."""
    for rule in icstext.fields(block, "RRULE"):
        parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
        interval = int(parts.get("INTERVAL", 1))
        times = prod(parts.get(name, "").count(",") + 1 for name in _TIMES)
        step_s = _STEP_S.get(parts.get("FREQ", ""), _DAY_S if times > 1 else 0)
        if interval < 1:
            raise ValueError(f"repeats without ever going on ({rule[:60]})")
        if not step_s:
            continue
        start = datetime.strptime(icstext.field(block, "DTSTART")[:8], "%Y%m%d")
        length_s = (window.end.replace(tzinfo=None) - start).total_seconds()
        steps = length_s / step_s / max(interval, 1) * times
        is_fine = step_s < _DAY_S or "BYSETPOS" in parts
        if steps > MOST_STEPS or (is_fine and _NEVER & parts.keys()) or _is_never(parts):
            raise ValueError(f"repeats too often or never ({rule[:60]})")


def _is_never(parts: Mapping[str, str]) -> bool:
    """Whether a rule only names days like 30 February, which would be sought to the year 9999."""
    months = [int(month) for month in parts.get("BYMONTH", "").split(",") if month.isdecimal()]
    days = [abs(int(day)) for day in parts.get("BYMONTHDAY", "").split(",") if day]
    longest = max((_LONGEST_MONTH[month - 1] for month in months if 1 <= month <= 12), default=31)
    return bool(days) and min(days) > longest


def _check(event: icalendar.Component) -> None:
    """Drop properties that could not be read, as the library leaves their text in place.

    Raises: ValueError when one of them was needed to know when the entry is.
    """
    for name, problem in event.errors:
        if name in ("DTSTART", "RRULE", "RECURRENCE-ID"):
            raise ValueError(f"{name}: {problem}")
        event.pop(name, None)
    if "DTSTART" not in event:
        raise ValueError("it has no start")


def _unknown_zones(head: str, near: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A line about every zone that the calendar names, does not describe, and nobody knows."""
    described = {icstext.field(zone, "TZID").strip('"') for zone in icstext.zones(head)}
    named = {name for blocks in near for block in blocks for name in _ZONE.findall(block)}
    for name in sorted(named - described):
        if not _iana(name):
            yield f"time zone {name[:60]!r} is not known here: taken as the car's"


def _zone(block: str) -> str:
    """IANA name of the zone the first start was written in, "" when none was."""
    found = _ZONE.search(block)
    return _iana(found[1]) if found else ""


def _iana(name: str) -> str:
    """Also behind a vendor's path: `/freeassociation.sourceforge.net/Europe/Berlin`."""
    parts = name.strip("/").split("/")
    zones = (zone_named("/".join(parts[first:])) for first in range(len(parts)))
    return next((zone.key for zone in zones if zone), "")


def _distinct(appointments: list[Appointment]) -> tuple[Appointment, ...]:
    """Two entries may carry one UID by mistake; both are kept, told apart."""
    seen: dict[str, int] = {}
    distinct = []
    for appointment in appointments:
        count = seen[appointment.uid] = seen.get(appointment.uid, 0) + 1
        uid = f"{appointment.uid}~{count}" if count > 1 else appointment.uid
        distinct.append(replace(appointment, uid=uid) if count > 1 else appointment)
    return tuple(distinct)


def _title(blocks: tuple[str, ...]) -> str:
    return icstext.field(blocks[0], "SUMMARY")[:60] or icstext.field(blocks[0], "UID")[:60] or "?"


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
