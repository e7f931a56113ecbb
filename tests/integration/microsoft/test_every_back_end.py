"""One contract for all back ends: a file, an address, Radicale, xandikos, Microsoft 365, Exchange.

The two DAV servers are real; Microsoft 365 and Exchange are stand-ins (fakes).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dav_servers import PASSWORD as DAV_PASSWORD
from dav_servers import DavServer, radicale, xandikos
from fakes import exchange, graph_events
from fakes.driver import Account
from fakes.exchange import ExchangeServer
from fakes.graph import GraphMailbox
from fakes.loopback import Answer, Loopback

from assistant.core.changes import ChangeKind
from assistant.core.model import Appointment, CalendarCopy, Response, Span
from assistant.services.calendars.caldav import CalDav
from assistant.services.calendars.exchange import ExchangeCalendar
from assistant.services.calendars.exchange import Settings as ExchangeSettings
from assistant.services.calendars.feed import IcsFeed
from assistant.services.calendars.graph import GraphCalendar, Settings
from assistant.services.calendars.graph_http import GraphHttp
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import Source
from assistant.services.calendars.vevent import Reader
from assistant.services.web import Web

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TODAY = Span(start=datetime(2026, 11, 23, tzinfo=BERLIN), end=datetime(2026, 11, 24, tzinfo=BERLIN))
WINDOW = Span(start=TODAY.start - timedelta(days=1), end=TODAY.end + timedelta(days=14))
ANNA, BEN = "anna@contoso.com", "ben@contoso.com"
READER = Reader(name="Work", zone=BERLIN, me=frozenset({ANNA}), market="DE")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A meeting that Ben has invited Anna to, who has accepted; half an hour in room 1."""

    title: str
    start: datetime | date
    is_private: bool = False
    is_cancelled: bool = False
    is_free: bool = False

    @property
    def end(self) -> datetime | date:
        is_day = not isinstance(self.start, datetime)
        return self.start + (timedelta(days=1) if is_day else timedelta(minutes=30))


DIARY = (
    Entry(title="Birthday", start=date(2026, 11, 23), is_free=True),
    Entry(title="Review", start=NOW.replace(hour=9)),
    Entry(title="Doctor", start=NOW.replace(hour=10), is_private=True),
    Entry(title="Off", start=NOW.replace(hour=11), is_cancelled=True),
)

# --- the same entry as each of them writes it ---------------------------------------------------


def as_ics(entry: Entry) -> str:
    is_day = not isinstance(entry.start, datetime)
    form, kind = ("%Y%m%d", ";VALUE=DATE") if is_day else ("%Y%m%dT%H%M%SZ", "")
    lines = [
        f"UID:{entry.title}",
        "DTSTAMP:20260101T000000Z",
        f"SUMMARY:{entry.title}",
        f"DTSTART{kind}:{entry.start.strftime(form)}",
        f"DTEND{kind}:{entry.end.strftime(form)}",
        "LOCATION:Raum 1",
        f"ORGANIZER;CN=Ben Roth:mailto:{BEN}",
        f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Anna Weber:mailto:{ANNA}",
        f"ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Ben Roth:mailto:{BEN}",
        f"CLASS:{'PRIVATE' if entry.is_private else 'PUBLIC'}",
        f"STATUS:{'CANCELLED' if entry.is_cancelled else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if entry.is_free else 'OPAQUE'}",
    ]
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def calendar_of(*entries: Entry) -> str:
    body = "".join(map(as_ics, entries))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{body}END:VCALENDAR\r\n"


def as_graph(entry: Entry) -> graph_events.Event:
    start, end = (_midnight(moment) for moment in (entry.start, entry.end))
    return graph_events.event(entry.title, start) | {
        "subject": entry.title,
        "end": graph_events.stamp(end),
        "isAllDay": not isinstance(entry.start, datetime),
        "isCancelled": entry.is_cancelled,
        "sensitivity": "private" if entry.is_private else "normal",
        "showAs": "free" if entry.is_free else "busy",
    }


def _midnight(moment: datetime | date) -> datetime:
    is_day = not isinstance(moment, datetime)
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC) if is_day else moment


def as_exchange(entry: Entry) -> dict[str, str]:
    is_day = not isinstance(entry.start, datetime)
    moments = [_midnight(m) for m in (entry.start, entry.end)]
    if is_day:  # midnight of the calendar's own zone, in UTC
        moments = [m.replace(tzinfo=BERLIN).astimezone(UTC) for m in moments]
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in moments)
    return exchange.item(
        entry.title,
        start,
        end,
        Subject=entry.title,
        IsAllDayEvent=str(is_day).lower(),
        IsCancelled=str(entry.is_cancelled).lower(),
        Sensitivity="Private" if entry.is_private else "Normal",
        LegacyFreeBusyStatus="Free" if entry.is_free else "Busy",
    )


# --- where it stands ----------------------------------------------------------------------------


@dataclass
class Home:
    """A calendar that others write into."""

    source: Source
    write: Callable[[tuple[Entry, ...]], None]
    """Everything that stands in it from now on."""
    burn_down: Callable[[], object]


def in_a_file(folder: Path) -> Home:
    file = folder / "work.ics"
    return Home(
        source=IcsCalendar(file, READER, lambda: NOW),
        write=lambda entries: file.write_text(calendar_of(*entries)) and None,
        burn_down=file.unlink,
    )


def at_an_address(stack: ExitStack) -> Home:
    text = ""
    server = stack.enter_context(Loopback(lambda _: Answer(body=text.encode())))

    def write(entries: tuple[Entry, ...]) -> None:
        nonlocal text
        text = calendar_of(*entries)

    return Home(
        source=IcsFeed(f"{server.url}/work.ics", READER, Web("Work")),
        write=write,
        burn_down=lambda: server.upset(*[Answer(status=500)] * 99),
    )


def on_a_dav_server(
    stack: ExitStack, start: Callable[[Path], AbstractContextManager[DavServer]], folder: Path
) -> Home:
    running = ExitStack()
    server = running.enter_context(start(folder))
    stack.callback(running.close)
    there: set[str] = set()

    def write(entries: tuple[Entry, ...]) -> None:
        for title in there - {entry.title for entry in entries}:
            server.delete(title)
        there.clear()
        for entry in entries:
            if server.get(entry.title) != calendar_of(entry):
                server.put(entry.title, calendar_of(entry))
            there.add(entry.title)

    web = Web("Work", server.user, DAV_PASSWORD)
    source = CalDav(server.calendar, READER, web, lambda: NOW)
    return Home(source=source, write=write, burn_down=running.close)


def in_microsoft_365(stack: ExitStack) -> Home:
    mailbox = stack.enter_context(GraphMailbox())
    http = GraphHttp(Account(), mailbox.url, wait=lambda _: None)
    stack.callback(http.close)
    there: dict[str, Entry] = {}

    def write(entries: tuple[Entry, ...]) -> None:
        for title in there.keys() - {entry.title for entry in entries}:
            mailbox.delete(title)
        mailbox.put(*(as_graph(e) for e in entries if there.get(e.title) != e))
        there.clear()
        there.update({entry.title: entry for entry in entries})

    settings = Settings(name="Work", addresses=frozenset({ANNA}))
    return Home(
        source=GraphCalendar(http, settings),
        write=write,
        burn_down=lambda: mailbox.upset(*[Answer(status=500)] * 99),
    )


def in_exchange(stack: ExitStack, tls: ssl.SSLContext) -> Home:
    server = stack.enter_context(ExchangeServer(tls))
    settings = ExchangeSettings(
        name="Work",
        server=server.host,
        user=exchange.USER,
        password=exchange.PASSWORD,
        address=ANNA,
        auth="basic",
        zone=BERLIN,
        market="DE",
    )
    calendar = ExchangeCalendar(settings)
    stack.callback(calendar.close)

    def write(entries: tuple[Entry, ...]) -> None:
        server.items.clear()
        server.put(*map(as_exchange, entries))

    return Home(
        source=calendar,
        write=write,
        burn_down=lambda: server.upset(*[Answer(status=500)] * 99),
    )


HOMES = ("file", "address", "radicale", "xandikos", "graph", "exchange")


@pytest.fixture(params=HOMES)
def home(
    request: pytest.FixtureRequest, tmp_path: Path, tls: ssl.SSLContext, trust: ssl.SSLContext
) -> Iterator[Home]:
    del trust  # only has to be set up
    with ExitStack() as stack:
        match request.param:
            case "file":
                home = in_a_file(tmp_path)
            case "address":
                home = at_an_address(stack)
            case "graph":
                home = in_microsoft_365(stack)
            case "exchange":
                home = in_exchange(stack, tls)
            case kind:
                start = radicale if kind == "radicale" else xandikos
                home = on_a_dav_server(stack, start, tmp_path)
        home.write(DIARY)
        yield home


@pytest.fixture
def mirror(home: Home, tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(tmp_path / "mirror.db", [home.source], BERLIN, lambda: NOW) as mirror:
        yield mirror


def today(mirror: Mirror) -> CalendarCopy:
    return mirror.read(TODAY)


def facts(one: Appointment) -> tuple[object, ...]:
    return one.title, one.start, one.is_private, one.is_cancelled, one.is_free


def test_every_kind_of_entry_is_read_right(mirror: Mirror) -> None:
    mirror.sync()
    assert today(mirror).problems == ()
    assert [facts(one) for one in today(mirror).appointments] == [
        (e.title, e.start, e.is_private, e.is_cancelled, e.is_free) for e in DIARY
    ]
    review = today(mirror).appointments[1]
    assert (review.end, review.location) == (NOW.replace(hour=9, minute=30), "Raum 1")
    assert (review.calendar, review.response) == ("Work", Response.ACCEPTED)
    assert review.organizer and review.organizer.email == BEN
    assert [(one.name, one.email) for one in review.others] == [("Ben Roth", BEN)]


def test_what_others_change_is_followed_and_told(home: Home, mirror: Mirror) -> None:
    assert mirror.sync() == ()
    birthday, review, doctor, _ = DIARY
    moved = replace(review, start=NOW.replace(hour=9, minute=30))
    home.write((birthday, moved, doctor, Entry(title="New", start=NOW.replace(hour=14))))
    told = {change.appointment.title: change.kind for change in mirror.sync()}
    assert told["Review"] is ChangeKind.MOVED
    assert told["New"] is ChangeKind.ADDED
    assert [one.title for one in today(mirror).appointments] == [
        "Birthday",
        "Review",
        "Doctor",
        "New",
    ]
    assert mirror.sync() == ()


@pytest.mark.parametrize("state", ["{nonsense", '{"a": 1}', "[]"])
def test_a_state_that_means_nothing_brings_everything(home: Home, state: str) -> None:
    result = home.source.sync(WINDOW, state)
    assert result.is_full
    assert {one.title for one in result.appointments} == {entry.title for entry in DIARY}


def test_the_last_good_copy_outlives_its_server(home: Home, mirror: Mirror) -> None:
    mirror.sync()
    before = today(mirror).appointments
    home.burn_down()
    mirror.sync()
    assert today(mirror).appointments == before
    (status,) = mirror.status()
    assert status.error or status.problems, "nobody would know"
