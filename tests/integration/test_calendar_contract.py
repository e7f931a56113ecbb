"""What every calendar back end must do, held against a file, Radicale and xandikos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dav_servers import PASSWORD, DavServer, radicale, xandikos

from assistant.core.model import Appointment, Attendee, Response, Span
from assistant.errors import NotFound, Refused, SignInNeeded
from assistant.services.calendars.caldav import CalDav
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import Source, SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.web import Web

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 11, 23, tzinfo=BERLIN)
NOW = DAY.replace(hour=9)
TODAY = Span(start=DAY, end=DAY + timedelta(days=1))
WINDOW = Span(start=DAY - timedelta(days=1), end=DAY + timedelta(days=15))
ME = "anna@weber.example"
READER = Reader(name="Work", zone=BERLIN, me=frozenset({ME}), market="DE")
WINDOWS_ZONE = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""
# name -> (zone to put in front, bodies of its VEVENTs)
ENTRIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "weekly": (
        "",
        (
            "SUMMARY:Team\nDTSTART;TZID=Europe/Berlin:20261102T090000\n"
            "DTEND;TZID=Europe/Berlin:20261102T093000\nRRULE:FREQ=WEEKLY\n"
            "EXDATE;TZID=Europe/Berlin:20261109T090000\nORGANIZER:mailto:ben@x.example\n"
            f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{ME}\nATTENDEE:mailto:ben@x.example",
            "SUMMARY:Team moved\nRECURRENCE-ID;TZID=Europe/Berlin:20261130T090000\n"
            "DTSTART;TZID=Europe/Berlin:20261123T080000\nDTEND;TZID=Europe/Berlin:20261123T083000",
        ),
    ),
    "windows": (
        WINDOWS_ZONE,
        (
            "SUMMARY:Windows\nDTSTART;TZID=W. Europe Standard Time:20261123T100000\n"
            "DTEND;TZID=W. Europe Standard Time:20261123T110000",
        ),
    ),
    "bare": ("", ("SUMMARY:Bare\nDTSTART;TZID=GMT Standard Time:20261123T100000\nDURATION:PT1H",)),
    "days": ("", ("SUMMARY:Fair\nDTSTART;VALUE=DATE:20261121\nDTEND;VALUE=DATE:20261125",)),
    "birthday": ("", ("SUMMARY:Birthday\nDTSTART;VALUE=DATE:20001123\nRRULE:FREQ=YEARLY",)),
    "night": ("", ("SUMMARY:Night\nDTSTART:20261122T223000Z\nDTEND:20261122T233000Z",)),
    "floating": ("", ("SUMMARY:Floating\nDTSTART:20261123T130000\nDTEND:20261123T140000",)),
    "off": ("", ("SUMMARY:Off\nDTSTART:20261123T140000Z\nSTATUS:CANCELLED",)),
    "open": ("", ("SUMMARY:Open end\nDTSTART:20261123T150000Z",)),
    "private": ("", ("SUMMARY:Doctor\nDTSTART:20261123T160000Z\nCLASS:PRIVATE",)),
    "tomorrow": ("", ("SUMMARY:Tomorrow\nDTSTART:20261124T160000Z\nDTEND:20261124T163000Z",)),
}
EXPECTED_TODAY = [
    ("Fair", date(2026, 11, 21)),
    ("Night", DAY - timedelta(minutes=30)),
    ("Birthday", date(2026, 11, 23)),
    ("Team moved", DAY.replace(hour=8)),
    ("Team", DAY.replace(hour=9)),
    ("Windows", DAY.replace(hour=10)),
    ("Bare", DAY.replace(hour=11)),
    ("Floating", DAY.replace(hour=13)),
    ("Off", DAY.replace(hour=15)),
    ("Open end", DAY.replace(hour=16)),
    ("Doctor", DAY.replace(hour=17)),
]


def resource(name: str) -> str:
    zone, bodies = ENTRIES[name]
    events = "".join(
        f"BEGIN:VEVENT\nUID:{name}\nDTSTAMP:20260101T000000Z\n{b}\nEND:VEVENT\n" for b in bodies
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{zone}{events}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    )


@pytest.fixture(scope="module")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    with radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture(scope="module")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    with xandikos(tmp_path_factory.mktemp("xandikos")) as server:
        yield server


def filled(server: DavServer) -> DavServer:
    """The same entries before every test."""
    for name in ENTRIES:
        if server.get(name) != resource(name):
            server.put(name, resource(name))
    return server


@pytest.fixture(params=["radicale", "xandikos"])
def server(request: pytest.FixtureRequest) -> DavServer:
    return filled(request.getfixturevalue(f"{request.param}_server"))


def connect(server: DavServer, **settings: str) -> CalDav:
    url = settings.pop("url", server.calendar)
    login = {"user": server.user, "password": PASSWORD} | settings
    calendar = login.pop("calendar", "")
    return CalDav(url, READER, Web("Work", **login), lambda: NOW, calendar)


@pytest.fixture(params=["file", "radicale", "xandikos"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param != "file":
        return connect(filled(request.getfixturevalue(f"{request.param}_server")))
    file = tmp_path / "work.ics"
    blocks = [
        resource(name).partition("PRODID:test")[2].removesuffix("END:VCALENDAR\r\n")
        for name in ENTRIES
    ]
    file.write_text("BEGIN:VCALENDAR\n" + "".join(blocks) + "END:VCALENDAR\n")
    return IcsCalendar(file, READER, lambda: NOW)


def mirrored(source: Source, folder: Path) -> Mirror:
    return Mirror(folder / "mirror.db", [source], BERLIN, lambda: NOW)


def test_every_kind_of_entry_is_read_right(source: Source, tmp_path: Path) -> None:
    with mirrored(source, tmp_path) as mirror:
        mirror.sync()
        copy = mirror.read(TODAY)
    assert copy.problems == ()
    assert [(a.title, a.start) for a in copy.appointments] == EXPECTED_TODAY
    assert all(a.calendar == "Work" for a in copy.appointments)
    assert [a.title for a in copy.appointments if a.is_cancelled] == ["Off"]
    assert [a.title for a in copy.appointments if a.is_private] == ["Doctor"]


def test_an_unchanged_calendar_brings_nothing_new(source: Source) -> None:
    first = source.sync(WINDOW)
    again = source.sync(WINDOW, first.state)
    assert (again.appointments, again.removed, again.is_full) == ((), (), False)


def test_another_window_or_nonsense_as_state_brings_everything(source: Source) -> None:
    first = source.sync(WINDOW)
    later = Span(start=WINDOW.start + timedelta(days=1), end=WINDOW.end + timedelta(days=1))
    for window, state in ((later, first.state), (WINDOW, "{nonsense"), (WINDOW, '{"a": 1}')):
        result = source.sync(window, state)
        assert result.is_full and len(result.appointments) >= 12


# --- servers ------------------------------------------------------------------------------------


def titles(result: SyncResult) -> list[str]:
    return sorted(a.title for a in result.appointments)


def test_only_changes_are_fetched(server: DavServer) -> None:
    calendar = connect(server)
    first = calendar.sync(WINDOW)
    server.put("floating", resource("floating").replace("T13", "T12"))
    server.put("new", resource("open").replace("UID:open", "UID:new").replace("Open end", "New"))
    server.delete("private")
    series = resource("weekly").replace(
        "RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;UNTIL=20261124T000000Z"
    )
    server.put("weekly", series)
    second = calendar.sync(WINDOW, first.state)
    assert not second.is_full
    assert titles(second) == ["Floating", "New", "Team", "Team moved"]
    assert second.removed == ("private", "weekly/20261207T080000Z")
    third = calendar.sync(WINDOW, second.state)
    assert (third.appointments, third.removed) == ((), ())
    server.delete("new")
    assert calendar.sync(WINDOW, third.state).removed == ("new",)


def test_a_forgotten_token_brings_everything(server: DavServer) -> None:
    calendar = connect(server)
    state = calendar.sync(WINDOW).state
    token = next(iter(state.split('"tokens": {')[1].split('": "')[1:])).split('"')[0]
    assert calendar.sync(WINDOW, state.replace(token, "http://radicale.org/ns/sync/0")).is_full


def test_calendars_are_found_from_the_servers_address(server: DavServer) -> None:
    assert titles(connect(server, url=server.root).sync(WINDOW)) == titles(
        connect(server).sync(WINDOW)
    )


def test_an_unknown_calendar_is_answered_with_the_known_ones(server: DavServer) -> None:
    with pytest.raises(NotFound, match="no calendar 'Nope' there; there are: "):
        connect(server, url=server.root, calendar="Nope").sync(WINDOW)


def test_a_wrong_password(radicale_server: DavServer) -> None:
    with pytest.raises(SignInNeeded):
        connect(radicale_server, password="wrong").sync(WINDOW)


def found(calendar: CalDav, title: str, day: date | None = None) -> Appointment:
    read = calendar.sync(WINDOW).appointments
    return next(a for a in read if a.title == title and (not day or a.span.start.date() == day))


def test_a_meeting_is_created_moved_and_cancelled(server: DavServer) -> None:
    calendar = connect(server)
    meeting = Appointment(
        uid="",
        title="Budget; plan, B",
        start=NOW,
        end=NOW + timedelta(hours=1),
        location="Raum Köln",
        attendees=(Attendee(name="Ben", email="ben@x.example"), Attendee(name="Me", is_self=True)),
    )
    calendar.create(meeting)
    created = found(calendar, "Budget; plan, B")
    assert (created.start, created.end, created.location) == (
        meeting.start,
        meeting.end,
        "Raum Köln",
    )
    assert (created.response, [a.email for a in created.others]) == (
        Response.ORGANIZER,
        ["ben@x.example"],
    )
    later = Span(start=NOW + timedelta(hours=2), end=NOW + timedelta(hours=3))
    calendar.move(created, later)
    assert found(calendar, "Budget; plan, B").span == later
    calendar.cancel(created)
    assert "Budget; plan, B" not in titles(calendar.sync(WINDOW))
    with pytest.raises(NotFound):
        calendar.cancel(created)


def test_one_occurrence_is_answered_moved_and_cancelled_and_the_series_stays(
    server: DavServer,
) -> None:
    calendar = connect(server)
    today, december = date(2026, 11, 23), date(2026, 12, 7)
    calendar.respond(found(calendar, "Team", today), Response.DECLINED)
    assert found(calendar, "Team", today).response is Response.DECLINED
    assert found(calendar, "Team", december).response is Response.NEEDS_ACTION
    noon = Span(start=NOW.replace(hour=12), end=NOW.replace(hour=13))
    calendar.move(found(calendar, "Team", today), noon)
    moved = found(calendar, "Team", today)
    assert (moved.span, moved.uid, moved.response) == (
        noon,
        "weekly/20261123T080000Z",
        Response.DECLINED,
    )
    calendar.cancel(moved)
    left = [a for a in calendar.sync(WINDOW).appointments if a.title.startswith("Team")]
    assert sorted(a.span.start.date() for a in left) == [today, december]
    assert {a.title for a in left} == {"Team", "Team moved"}


def test_answering_an_invitation_one_did_not_get(server: DavServer) -> None:
    calendar = connect(server)
    with pytest.raises(Refused, match="not among those invited"):
        calendar.respond(found(calendar, "Windows"), Response.ACCEPTED)
    with pytest.raises(Refused, match="cannot send mail"):
        calendar.notify(found(calendar, "Windows"), ["ben@x.example"], "late")


def test_nobodys_change_is_overwritten(server: DavServer) -> None:
    class Racing(CalDav):
        """Somebody else writes between our reading and our writing."""

        race: Callable[[], None]

        def _entry(self, uid: str):  # type: ignore[no-untyped-def]
            entry = super()._entry(uid)
            self.race()
            return entry

    web = Web("Work", server.user, PASSWORD)
    calendar = Racing(server.calendar, READER, web, lambda: NOW)
    calendar.race = lambda: server.put("bare", resource("bare").replace("Bare", "Bare changed"))
    with pytest.raises(Refused, match="changed by somebody else"):
        calendar.move(found(calendar, "Bare"), Span(start=NOW, end=NOW + timedelta(hours=1)))
    assert "Bare changed" in server.get("bare")


def test_utc_and_whole_days_keep_their_form(server: DavServer) -> None:
    calendar = connect(server)
    calendar.move(found(calendar, "Tomorrow"), Span(start=NOW, end=NOW + timedelta(hours=1)))
    assert f"DTSTART:{NOW.astimezone(UTC):%Y%m%dT%H%M%SZ}" in server.get("tomorrow")
    calendar.move(found(calendar, "Bare"), Span(start=NOW, end=NOW + timedelta(hours=1)))
    assert "DTSTART;TZID=GMT Standard Time:20261123T080000" in server.get("bare")
