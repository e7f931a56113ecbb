"""CalDAV: Nextcloud, iCloud, Fastmail and any other server that takes a password.

Recurrences are expanded here, never by the server: servers return moved occurrences twice and at
the wrong hour. Changes are written under the version that was read, so that nobody's work is
overwritten. Neighbours: `dav` speaks the protocol, `expand` reads the entries, `icsedit` changes
them.

Source: RFC 4791 (CalDAV), RFC 6578 (sync tokens), RFC 6638 (calendar-user-address-set).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from assistant.core.model import Appointment, Response, Span
from assistant.errors import BrokenAnswer, NotFound, Refused
from assistant.services.calendars import icsedit
from assistant.services.calendars.expand import expand
from assistant.services.calendars.source import SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.dav import D, Dav, Entry, find_home
from assistant.services.web import Web, web_address

C = "{urn:ietf:params:xml:ns:caldav}"
_CTAG = "{http://calendarserver.org/ns/}getctag"
_BATCH = 50
"""Entries per request; servers refuse much longer lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    calendars: tuple[str, ...]
    """Their addresses."""
    reader: Reader
    """Knows the driver's addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What was known at the last sync."""

    window: str
    tokens: dict[str, str] = field(default_factory=dict)
    """Sync token by calendar; `ctag …` where the server has none."""
    uids: dict[str, list[str]] = field(default_factory=dict)
    """Uids of the occurrences by the address of their entry."""


class CalDav:
    """A `Source` and a `WritableCalendar`.

    `url`: the server, the account or one calendar. `calendar`: the name of one of its calendars;
    "" takes them all. `clock` gives the time that is written into changes.
    """

    def __init__(
        self,
        url: str,
        reader: Reader,
        web: Web,
        clock: Callable[[], datetime],
        calendar: str = "",
    ) -> None:
        self.name = reader.name
        self._url = web_address(url, "calendars")
        self._reader = reader
        self._user = web.user
        self._clock = clock
        self._calendar = calendar
        self._dav = Dav(reader.name, web)
        self._found: _Account | None = None

    # --- reading --------------------------------------------------------------------------------

    def sync(self, window: Span, state: str = "") -> SyncResult:
        account = self._account()
        known = _read_state(state)
        day = window.start.isoformat()
        if known and known.window == day and set(known.tokens) == set(account.calendars):
            try:
                return self._changes(account, window, known)
            except (Refused, NotFound, BrokenAnswer):
                self._found = None  # forgotten tokens, vanished calendars: begin anew
        return self._everything(self._account(), window, _State(window=day))

    def _everything(self, account: _Account, window: Span, state: _State) -> SyncResult:
        start, end = (f"{t.astimezone(UTC):%Y%m%dT%H%M%SZ}" for t in (window.start, window.end))
        within = f'<c:time-range start="{start}" end="{end}"/>'
        entries: list[Entry] = []
        for url in account.calendars:
            state.tokens[url] = self._token(url)
            entries += self._query(url, within)
        return self._expanded(entries, account, window, state)

    def _changes(self, account: _Account, window: Span, known: _State) -> SyncResult:
        state = replace(known, tokens={}, uids=dict(known.uids))
        fresh: list[Entry] = []
        touched: list[str] = []
        for url, token in known.tokens.items():
            changed, gone, state.tokens[url] = self._changed(url, token)
            touched += [*changed, *gone]
            fresh += self._entries(url, changed)
        before = {uid for url in touched for uid in state.uids.pop(url, [])}
        result = self._expanded(fresh, account, window, state)
        removed = before - {one.uid for one in result.appointments}
        return replace(result, removed=tuple(sorted(removed)), is_full=False)

    def _expanded(
        self, entries: Iterable[Entry], account: _Account, window: Span, state: _State
    ) -> SyncResult:
        found: dict[str, Appointment] = {}
        problems: list[str] = []
        for entry in entries:
            try:
                expanded = expand(entry.text(f"{C}calendar-data"), window, account.reader)
            except ValueError as error:
                problems.append(f"{entry.url.rpartition('/')[2]}: {error}")
                continue
            state.uids[entry.url] = [one.uid for one in expanded.appointments]
            found |= {one.uid: one for one in expanded.appointments}
            problems += expanded.problems
        return SyncResult(
            appointments=tuple(found.values()),
            problems=tuple(problems),
            state=json.dumps(asdict(state)),
        )

    def _token(self, url: str) -> str:
        (entry, *_) = self._dav.propfind(url, "<d:sync-token/><s:getctag/>", 0)
        return entry.text(f"{D}sync-token") or f"ctag {entry.text(_CTAG)}"

    def _changed(self, url: str, token: str) -> tuple[list[str], list[str], str]:
        """Addresses of changed and of vanished entries, and the next token."""
        if token.startswith("ctag "):
            if token == "ctag " or self._token(url) != token:
                raise Refused(self.name, "the server cannot say what has changed")
            return [], [], token
        inside = (
            f"<d:sync-token>{escape(token)}</d:sync-token><d:sync-level>1</d:sync-level>"
            "<d:prop><d:getetag/></d:prop>"
        )
        listing = self._dav.report(url, "d:sync-collection", inside)
        entries = [e for e in listing.entries if e.url.rstrip("/") != url.rstrip("/")]
        changed = [entry.url for entry in entries if not entry.is_gone]
        gone = [entry.url for entry in entries if entry.is_gone]
        return changed, gone, listing.sync_token

    def _entries(self, calendar: str, urls: Sequence[str]) -> Iterator[Entry]:
        for first in range(0, len(urls), _BATCH):
            hrefs = "".join(f"<d:href>{escape(_path(u))}</d:href>" for u in urls[first:][:_BATCH])
            inside = f"<d:prop><d:getetag/><c:calendar-data/></d:prop>{hrefs}"
            listing = self._dav.report(calendar, "c:calendar-multiget", inside)
            yield from (entry for entry in listing.entries if not entry.is_gone)

    def _query(self, url: str, condition: str) -> tuple[Entry, ...]:
        """Entries with an event that meets `condition`."""
        event = f'<c:comp-filter name="VEVENT">{condition}</c:comp-filter>'
        inside = (
            "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
            f'<c:filter><c:comp-filter name="VCALENDAR">{event}</c:comp-filter></c:filter>'
        )
        return self._dav.report(url, "c:calendar-query", inside).entries

    # --- finding the calendars ------------------------------------------------------------------

    def _account(self) -> _Account:
        if self._found is None:
            self._found = self._discover()
        return self._found

    def _discover(self) -> _Account:
        home = "<c:calendar-home-set/><c:calendar-user-address-set/>"
        kind = "<d:resourcetype/><d:displayname/><c:supported-calendar-component-set/>"
        (here, *_) = self._dav.propfind(self._url, kind, 0) or (None,)
        principal = self._principal(home, is_needed=here is None or not here.is_a(f"{C}calendar"))
        if here is not None and here.is_a(f"{C}calendar"):
            calendars = [here]
        else:
            homes = principal.hrefs(f"{C}calendar-home-set") if principal else []
            listed = (e for one in homes for e in self._dav.propfind(one, kind, 1))
            calendars = [e for e in listed if e.is_a(f"{C}calendar") and _has_events(e)]
        addresses = principal.hrefs(f"{C}calendar-user-address-set") if principal else []
        mine = {a[7:].lower() for a in addresses if a.lower().startswith("mailto:")}
        mine |= {self._user.lower()} if "@" in self._user else set()
        return _Account(
            calendars=tuple(entry.url for entry in self._wanted(calendars)),
            reader=replace(self._reader, me=self._reader.me | mine),
        )

    def _principal(self, home: str, is_needed: bool) -> Entry | None:
        try:
            return find_home(self._dav, self._url, "caldav", home)
        except NotFound:
            if is_needed:
                raise
            return None

    def _wanted(self, calendars: Sequence[Entry]) -> Sequence[Entry]:
        """Raises: NotFound, naming what there is."""
        names = {entry.text(f"{D}displayname"): entry for entry in calendars}
        if not calendars:
            raise NotFound(self.name, "no calendar for appointments there")
        if not self._calendar:
            return calendars
        for name, entry in names.items():
            if name.casefold() == self._calendar.casefold():
                return [entry]
        known = ", ".join(sorted(names))
        raise NotFound(self.name, f"no calendar {self._calendar!r} there; there are: {known}")

    # --- writing --------------------------------------------------------------------------------

    def respond(self, appointment: Appointment, response: Response) -> None:
        me = self._account().reader.me
        self._edit(
            appointment,
            lambda text, which: icsedit.respond(text, which, me, response, self._clock()),
        )

    def move(self, appointment: Appointment, span: Span) -> None:
        self._edit(
            appointment,
            lambda text, which: icsedit.move(text, which, span.start, span.end, self._clock()),
        )

    def cancel(self, appointment: Appointment) -> None:
        self._edit(appointment, icsedit.cancel)

    def create(self, appointment: Appointment) -> None:
        uid = str(uuid.uuid4())
        account = self._account()
        organizer = next(iter(sorted(account.reader.me)), "")
        text = icsedit.build(appointment, uid, organizer, self._clock())
        self._dav.put(urljoin(account.calendars[0], f"{uid}.ics"), text, "")

    def notify(
        self,
        appointment: Appointment,  # noqa: ARG002 - the port's
        recipients: Sequence[str],  # noqa: ARG002
        text: str,  # noqa: ARG002
    ) -> None:
        """Raises: Refused, always."""
        raise Refused(self.name, "a CalDAV calendar cannot send mail")

    def _edit(self, appointment: Appointment, change: Callable[[str, str], str]) -> None:
        uid, which = icsedit.split_uid(appointment.uid)
        entry = self._entry(uid)
        try:
            text = change(entry.text(f"{C}calendar-data"), which)
        except ValueError as error:
            raise Refused(self.name, str(error)) from error
        etag = entry.text(f"{D}getetag")
        if text:
            self._dav.put(entry.url, text, etag)
        else:
            self._dav.delete(entry.url, etag)

    def _entry(self, uid: str) -> Entry:
        same = f'<c:text-match collation="i;octet">{escape(uid)}</c:text-match>'
        for url in self._account().calendars:
            for entry in self._query(url, f'<c:prop-filter name="UID">{same}</c:prop-filter>'):
                if f"UID:{uid}" in entry.text(f"{C}calendar-data").replace("\r\n ", ""):
                    return entry
        raise NotFound(self.name, "it is no longer in the calendar")


def _has_events(entry: Entry) -> bool:
    """Task lists are calendars too; what says nothing takes everything."""
    kinds = entry.props.get(f"{C}supported-calendar-component-set")
    return kinds is None or any(k.get("name") == "VEVENT" for k in kinds) or not len(kinds)


def _path(url: str) -> str:
    """An address as the server writes it: without its own name."""
    return "/" + url.partition("://")[2].partition("/")[2]


def _read_state(state: str) -> _State | None:
    try:
        return _State(**json.loads(state))
    except (ValueError, TypeError):
        return None
