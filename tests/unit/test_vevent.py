"""Entries as calendars write them, read as the driver would mean them."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from assistant import sample
from assistant.core.model import Appointment, Response, Span
from assistant.services.calendars.expand import Expanded, expand
from assistant.services.calendars.vevent import Reader

BERLIN = ZoneInfo("Europe/Berlin")
ME = "anna@weber.example"
CUSTOM_ZONE = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:{0}
TZOFFSETTO:{0}
END:STANDARD
END:VTIMEZONE
"""


def event(*lines: str, uid: str = "1", title: str = "T") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT", ""])


def read(
    *events: str, day: date = date(2026, 11, 23), days: int = 1, head: str = "", me: str = ME
) -> Expanded:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    window = Span(start=start, end=start + timedelta(days=days))
    reader = Reader(name="Work", zone=BERLIN, me=frozenset({me} if me else ()), market="DE")
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{''.join(events)}END:VCALENDAR\n"
    return expand(text, window, reader)


def one(*lines: str, day: date = date(2026, 11, 23), head: str = "") -> Appointment:
    (appointment,) = read(event(*lines), day=day, head=head).appointments
    return appointment


@pytest.mark.parametrize(
    ("start", "local", "zone"),
    [
        ("DTSTART:20261123T090000", "09:00", ""),
        ("DTSTART:20261123T090000Z", "10:00", ""),
        ("DTSTART;TZID=Europe/London:20261123T090000", "10:00", "Europe/London"),
        ("DTSTART;TZID=W. Europe Standard Time:20261123T090000", "09:00", "Europe/Berlin"),
        ('DTSTART;TZID="GMT Standard Time":20261123T090000', "10:00", "Europe/London"),
        (
            "DTSTART;TZID=/mozilla.org/20050126_1/Europe/London:20261123T090000",
            "10:00",
            "Europe/London",
        ),
        ("DTSTART;TZID=Nowhere/Special:20261123T090000", "09:00", ""),
    ],
)
def test_zones(start: str, local: str, zone: str) -> None:
    found = one(start)
    assert isinstance(found.start, datetime)
    assert (f"{found.start:%H:%M}", found.start.tzinfo, found.zone) == (local, BERLIN, zone)
    assert found.end == found.start


def test_a_zone_nobody_knows_is_named_unless_its_rules_are_there() -> None:
    (problem,) = read(event("DTSTART;TZID=Nowhere/Special:20261123T090000")).problems
    assert "'Nowhere/Special' is not known" in problem
    custom = event("DTSTART;TZID=Customized Time Zone:20261123T090000")
    assert read(custom, head=CUSTOM_ZONE.format("+0100")).problems == ()
    assert read(event("DTSTART;TZID=W. Europe Standard Time:20261123T090000")).problems == ()


def test_two_calendars_may_mean_two_zones_by_one_name() -> None:
    start = "DTSTART;TZID=Customized Time Zone:20261123T090000"
    hours = [
        one(start, head=CUSTOM_ZONE.format(offset)).span.start.hour for offset in ("+0500", "-0500")
    ]
    assert hours == [5, 15]
    assert one(start).span.start.hour == 9


def test_calendar_zone_of_google() -> None:
    found = one("DTSTART:20261123T090000", head="X-WR-TIMEZONE:Europe/London\n")
    assert (found.span.start.hour, found.zone) == (10, "")


def test_whole_days_are_dates() -> None:
    days = date(2026, 11, 23), date(2026, 11, 25)
    assert (one("DTSTART;VALUE=DATE:20261123").start, one("DTSTART;VALUE=DATE:20261123").end) == (
        days[0],
        date(2026, 11, 24),
    )
    long = one("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261125", day=date(2026, 11, 24))
    assert (long.start, long.end) == days
    outlook = one(
        "DTSTART;TZID=Asia/Tokyo:20261123T000000",
        "DTEND;TZID=Asia/Tokyo:20261125T000000",
        "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
    )
    assert (outlook.start, outlook.end) == days


def test_a_series_with_a_gap_a_move_and_a_cancellation() -> None:
    weekly = (
        "DTSTART;TZID=Europe/Berlin:20261102T090000",
        "DTEND;TZID=Europe/Berlin:20261102T093000",
    )
    moved = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261116T090000",
        "DTSTART;TZID=Europe/Berlin:20261117T140000",
    )
    cancelled = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000",
        "DTSTART;TZID=Europe/Berlin:20261123T090000",
        "STATUS:CANCELLED",
    )
    master = event(
        *weekly, "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20261109T090000"
    )
    found = read(master, moved, cancelled, day=date(2026, 11, 1), days=40).appointments
    assert [(a.uid, f"{a.span.start:%d %H}", a.is_cancelled) for a in found] == [
        ("1/20261102T080000Z", "02 09", False),
        ("1/20261116T080000Z", "17 14", False),
        ("1/20261123T080000Z", "23 09", True),
        ("1/20261130T080000Z", "30 09", False),
    ]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_wall_clock_on_the_days_clocks_change(day: date) -> None:
    london = (
        "DTSTART;TZID=Europe/London:20260105T090000",
        "DTEND;TZID=Europe/London:20260105T100000",
    )
    (found,) = read(event(*london, "RRULE:FREQ=DAILY"), day=day).appointments
    assert found.span.start.hour == 10
    assert found.span.end.astimezone(UTC) - found.span.start.astimezone(UTC) == timedelta(hours=1)


def test_people() -> None:
    found = one(
        "DTSTART:20261123T090000",
        "ORGANIZER;CN=Ben Carter:MAILTO:ben@x.example",
        f"ATTENDEE;CN=Anna;PARTSTAT=TENTATIVE:mailto:{ME}",
        "ATTENDEE;CN=room@x.example;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@x.example",
        'ATTENDEE;CN="Müller, Tom";PARTSTAT=DECLINED:mailto:Tom@x.example',
    )
    assert found.organizer and (found.organizer.name, found.organizer.is_self) == (
        "Ben Carter",
        False,
    )
    assert (found.response, found.is_tentative) == (Response.TENTATIVE, True)
    assert [(a.name, a.email, a.response) for a in found.others] == [
        ("Ben Carter", "ben@x.example", Response.ORGANIZER),
        ("Müller, Tom", "tom@x.example", Response.DECLINED),
    ]


@pytest.mark.parametrize(
    ("lines", "response"),
    [
        ((f"ORGANIZER:mailto:{ME}", "ATTENDEE:mailto:b@x.example"), Response.ORGANIZER),
        (("ORGANIZER:mailto:b@x", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{ME}"), Response.DECLINED),
        (("ORGANIZER:mailto:b@x.example", f"ATTENDEE:mailto:{ME}"), Response.NEEDS_ACTION),
        (("ORGANIZER:mailto:b@x.example", "ATTENDEE:mailto:list@x.example"), Response.ACCEPTED),
        ((), Response.ACCEPTED),
    ],
)  # fmt: skip
def test_the_drivers_own_answer(lines: tuple[str, ...], response: Response) -> None:
    assert one("DTSTART:20261123T090000", *lines).response is response


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("STATUS:CANCELLED", "is_cancelled"),
        ("STATUS:TENTATIVE", "is_tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "is_tentative"),
        ("TRANSP:TRANSPARENT", "is_free"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", "is_free"),
        ("CLASS:PRIVATE", "is_private"),
        ("CLASS:CONFIDENTIAL", "is_private"),
    ],
)
def test_flags(line: str, flag: str) -> None:
    found = one("DTSTART:20261123T090000", line)
    flags = ("is_cancelled", "is_tentative", "is_free", "is_private")
    assert [name for name in flags if getattr(found, name)] == [flag]


def test_whose_calendar_it_is_can_be_told_from_three_meetings() -> None:
    def invited(number: int) -> str:
        other = f"ATTENDEE:mailto:{number}@x.example"
        return event("DTSTART:20261123T090000", f"ATTENDEE:mailto:{ME}", other, uid=str(number))

    three = read(*map(invited, range(3)), me="").appointments
    assert {next(a.email for a in one.others) for one in three} == {
        f"{n}@x.example" for n in range(3)
    }
    assert all(len(one.others) == 2 for one in read(*map(invited, range(2)), me="").appointments)


def test_a_guests_conference_is_preferred_to_the_moderators() -> None:
    found = one(
        "DTSTART:20261123T090000",
        "CONFERENCE;VALUE=URI;FEATURE=PHONE,MODERATOR:tel:+49-30-23125-017,,999999#",
        "CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+49-30-23125-017,,123456#",
    )
    assert found.join and found.join.conference_id == "123456"


def test_good_entries_survive_broken_ones_which_are_named() -> None:
    good = event("DTSTART:20261123T090000", uid="good")
    bad = [
        event("DTSTART:20261123T", uid="b1", title="No time"),
        event("DTSTART:20261323T090000", uid="b2", title="Month 13"),
        event(uid="b3", title="No start"),
        event("DTSTART:20261123T090000", "RRULE:FREQ=SOMETIMES", uid="b4", title="Odd rule"),
        "BEGIN:VEVENT\nSUMMARY:Cut\nDTSTART:2026",
    ]
    found = read(good, *bad)
    assert [a.uid for a in found.appointments] == ["good"]
    assert [p.split(":")[0] for p in found.problems] == [
        "entry 6 (Cut) is cut off", "No time", "Month 13", "No start", "Odd rule",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "<!DOCTYPE html><html>Sign in to Hotel Wi-Fi", "\0" * 99, "{}"]
)
def test_what_is_no_calendar(text: str) -> None:
    now = datetime(2026, 11, 23, tzinfo=BERLIN)
    with pytest.raises(ValueError, match=r"not a calendar|empty"):
        expand(text, Span(start=now, end=now), Reader(name="x", zone=BERLIN))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=1000000000",
        "FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5,6,7,8,9",
        "FREQ=HOURLY;BYSETPOS=5",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=9;BYHOUR=1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=YEARLY;BYHOUR=0,6,12,18;BYMINUTE=0,15,30,45;BYSECOND=0,15,30,45",
        "FREQ=DAILY;BYHOUR="
        + ",".join(map(str, range(24)))
        + ";BYMINUTE="
        + ",".join(map(str, range(60))),
    ],
)
def test_endless_rules_are_refused(rule: str) -> None:
    found = read(event("DTSTART:19700101T000000", f"RRULE:{rule}", title="Bomb"))
    assert found.appointments == ()
    assert [p.partition(":")[0] for p in found.problems] == ["Bomb"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=YEARLY;INTERVAL=0",
        "FREQ=YEARLY;BYHOUR=0,1;BYMINUTE=0,1",
        "FREQ=DAILY",
    ],
)
def test_a_restless_time_zone_is_refused(rule: str) -> None:
    """It would be walked through from 1950 for every moment in it."""
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Bomb\nBEGIN:DAYLIGHT\nDTSTART:19500326T020000\n"
        f"RRULE:{rule}\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    found = read(
        event("DTSTART;TZID=Bomb:20261123T090000"),
        event("DTSTART:20261123T100000", uid="2"),
        head=zone,
    )
    assert [a.title for a in found.appointments] == ["T", "T"]
    assert found.problems[0].startswith("time zone Bomb: changes too often")


def test_an_entry_of_a_million_lines_takes_no_time() -> None:
    begun = time.process_time()
    found = read(event("DTSTART:20261123T090000", *["X-A:1"] * 1_000_000, title="Bomb"))
    assert time.process_time() - begun < 10
    assert [a.title for a in found.appointments] == ["Bomb"]
    assert found.problems == ("entry 1 (Bomb) is cut: it has 1000003 lines",)


@pytest.mark.parametrize(
    "start",
    [
        ";TZID=Europe/Berlin:20190101T233000",
        ":20190331T013000",
        ";VALUE=DATE:20190228",
        ":20190101T080000Z",
    ],
)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=11;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=MO",
        "FREQ=WEEKLY;UNTIL=20261122",
        "FREQ=WEEKLY;COUNT=420",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY;BYMONTH=11",
    ],
)
@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 11, 20)])
def test_old_series_are_where_the_plain_library_has_them(start: str, rule: str, day: date) -> None:
    """Old series are begun anew near the window; nothing may shift by that."""
    text = event(f"DTSTART{start}", f"RRULE:{rule}")
    plain = recurring_ical_events.of(
        icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n")
    )
    begin = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    expected = plain.between(begin, begin + timedelta(days=40))
    found = read(text, day=day, days=40).appointments
    assert [in_berlin(a.start) for a in found] == [in_berlin(e["DTSTART"].dt) for e in expected]


def in_berlin(moment: date) -> date:
    if not isinstance(moment, datetime):
        return moment
    return moment.astimezone(BERLIN) if moment.tzinfo else moment.replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    "junk",
    [
        "BEGIN:VEVENT\n" * 50_000,
        "BEGIN:VTIMEZONE\n" * 50_000,
        "BEGIN:VCALENDAR\n" * 5_000,
        event("DTSTART:20261123T090000", *["BEGIN:A"] * 20_000, uid="junk"),
        event(
            "DTSTART:20261123T090000", *["BEGIN:A"] * 999, *["END:A"] * 999, "DTSTART:x", uid="j"
        ),
        event('ATTENDEE;CN="' + '"' * 50_000 + ":mailto:a", uid="junk"),
    ],
    ids=["entries", "zones", "calendars", "open", "nested", "quotes"],
)
def test_junk_does_not_hide_the_good(junk: str) -> None:
    found = read(event("DTSTART:20261123T090000", uid="good"), junk)
    assert "good" in [a.uid for a in found.appointments]


def test_huge_entries_are_cut() -> None:
    many = [f"ATTENDEE:mailto:{n}@x.example" for n in range(10_000)]
    found = one("DTSTART:20261123T090000", "DESCRIPTION:" + "x" * 5_000_000, *many)
    assert len(found.attendees) == 1_000


def test_the_sample_week_has_every_kind_of_entry() -> None:
    now = datetime(2026, 3, 29, 9, 40, tzinfo=BERLIN)
    text = sample.build_week(now, "Europe/Berlin")
    start = now.replace(hour=0, minute=0)
    reader = Reader(name="Work", zone=BERLIN, market="DE")
    found = expand(text, Span(start=start, end=start + timedelta(days=7)), reader)
    assert found.problems == ()
    today = [
        a for a in found.appointments if not a.is_all_day and a.span.start.date() == now.date()
    ]
    assert {a.response for a in today} >= {
        Response.ORGANIZER,
        Response.DECLINED,
        Response.TENTATIVE,
    }
    assert any(a.is_cancelled for a in today) and any(a.is_private for a in today)
    providers = {a.join.provider for a in found.appointments if a.join}
    assert providers == {"teams", "skype-business", "zoom", "meet", "webex", "phone"}
    (three,) = (a for a in today if a.span.start.hour == 15)
    assert [other.name for other in three.others] == ["Anna Weber"]
