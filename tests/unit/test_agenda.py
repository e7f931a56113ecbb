"""The one rule for "next" and its friends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.core import agenda
from assistant.core.model import (
    Appointment,
    Attendee,
    Grain,
    JoinInfo,
    Response,
    Span,
    When,
)

LONDON = ZoneInfo("Europe/London")
DAY = date(2026, 11, 23)
ANNA = Attendee(name="Anna Weber", email="anna@example.com")
BEN = Attendee(name="Ben Okafor", email="ben@example.com")
ME = Attendee(name="Me", is_self=True)


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), tzinfo=LONDON)


def entry(title: str, start: str, end: str, **fields: object) -> Appointment:
    return Appointment(uid=title, title=title, start=at(start), end=at(end), **fields)  # type: ignore[arg-type]


STANDUP = entry("stand-up", "09:00", "09:15")
BUDGET = entry("budget", "10:00", "11:00")
REVIEW = entry("review", "11:00", "12:00")
DECLINED = entry("declined", "09:30", "10:00", response=Response.DECLINED)
CANCELLED = entry("cancelled", "09:30", "10:00", is_cancelled=True)
FREE = entry("free", "09:30", "10:00", is_free=True)
WHOLE = Appointment(uid="w", title="fair", start=DAY, end=DAY + timedelta(days=2))
ALL = (WHOLE, STANDUP, DECLINED, CANCELLED, FREE, BUDGET, REVIEW)


@pytest.mark.parametrize(
    ("clock", "running", "following"),
    [
        ("08:00", [], ["stand-up"]),
        ("09:00", ["stand-up"], ["budget"]),
        ("09:15", [], ["budget"]),
        ("10:30", ["budget"], ["review"]),
        ("11:00", ["review"], []),
        ("12:00", [], []),
    ],
)
def test_next_leaves_out_what_is_not_attended(
    clock: str, running: list[str], following: list[str]
) -> None:
    view = agenda.outlook(ALL, at(clock))
    assert [a.title for a in view.running] == running
    assert [a.title for a in view.next] == following


def test_entries_that_start_together_are_all_next() -> None:
    twin = entry("twin", "10:00", "10:30")
    view = agenda.outlook((BUDGET, twin), at("09:00"))
    assert {a.title for a in view.next} == {"budget", "twin"}
    assert agenda.clashes((BUDGET, twin)) == ((twin, BUDGET),)


def test_whole_days_are_apart() -> None:
    assert agenda.whole_days(ALL, DAY) == (WHOLE,)
    assert agenda.whole_days(ALL, DAY + timedelta(days=2)) == ()
    assert WHOLE not in agenda.within(ALL, agenda.day_span(DAY, LONDON))


def test_gaps_forgive_five_minutes() -> None:
    near = entry("near", "12:04", "12:30")
    span = Span(start=at("09:00"), end=at("13:00"))
    found = agenda.gaps((STANDUP, BUDGET, REVIEW, near), span)
    assert [(s.start, s.end) for s in found] == [
        (at("09:15"), at("10:00")),
        (at("12:30"), at("13:00")),
    ]


def instant(*clocks: str) -> When:
    spans = tuple(Span(start=at(c), end=at(c) + timedelta(minutes=1)) for c in clocks)
    return When(heard="then", spans=spans, grain=Grain.INSTANT)


def test_an_instant_means_what_starts_then_else_what_runs() -> None:
    assert agenda.at(ALL, instant("11:00")) == (REVIEW,)
    assert agenda.at(ALL, instant("10:20")) == (BUDGET,)
    assert agenda.at(ALL, instant("03:00", "11:00")) == (REVIEW,)
    assert agenda.at(ALL, instant("15:00")) == ()
    assert agenda.near(ALL, at("13:00")) == (REVIEW,)


@pytest.mark.parametrize(
    ("organizer", "others", "called"),
    [
        (None, (ANNA,), ["Anna Weber"]),
        (BEN, (ANNA, BEN), ["Ben Okafor"]),
        (ME, (ANNA, BEN), ["Anna Weber", "Ben Okafor"]),
        (None, (), []),
    ],
)
def test_whom_a_meeting_means(
    organizer: Attendee | None, others: tuple[Attendee, ...], called: list[str]
) -> None:
    meeting = entry("m", "10:00", "11:00", organizer=organizer, attendees=(ME, *others))
    assert [a.name for a in agenda.counterparts(meeting)] == called


def test_joinable_prefers_what_is_about_to_start() -> None:
    long = entry("long", "08:00", "12:00", join=JoinInfo(provider="teams", url="u"))
    soon = entry("soon", "10:00", "10:30", join=JoinInfo(provider="teams", url="v"))
    assert agenda.joinable((long, soon), at("09:58")) == (soon, long)
    assert agenda.joinable((soon,), at("09:40")) == ()


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_are_cut_at_the_cars_midnight(day: date, hours: int) -> None:
    span = agenda.day_span(day, LONDON)
    assert span.end.astimezone(ZoneInfo("UTC")) - span.start.astimezone(
        ZoneInfo("UTC")
    ) == timedelta(hours=hours)
