"""How long an entry is to last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assistant.actions.lengths import resized
from assistant.core.model import Appointment, Grain, Interpretation, Span, When

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=LONDON)
MEETING = Appointment(
    uid="a", title="A", start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=2)
)


def told(**slots: object) -> Interpretation:
    return Interpretation(intent="calendar.move", slots=slots)


@pytest.mark.parametrize(
    ("length", "minutes", "lasts"),
    [("set", 30, 30), ("longer", 15, 75), ("shorter", 15, 45), ("shorter", 60, None)],
)
def test_minutes_set_lengthen_or_shorten(length: str, minutes: int, lasts: int | None) -> None:
    span = resized(MEETING, told(length=length, minutes=minutes), NOW)
    assert (span and (span.end - span.start) / timedelta(minutes=1)) == lasts


def test_an_end_that_is_past_is_none() -> None:
    later = NOW + timedelta(hours=1, minutes=40)
    assert resized(MEETING, told(length="set", minutes=30), later) is None


def test_until_is_on_the_day_of_the_entry_by_the_clock_of_the_car() -> None:
    start = datetime(2026, 3, 12, 20, 0, tzinfo=NEW_YORK)  # midnight in London
    late = Appointment(uid="b", title="B", start=start, end=start + timedelta(hours=1))
    two = datetime(2026, 3, 10, 2, 0, tzinfo=LONDON)
    until = When(
        heard="two", spans=(Span(start=two, end=two + timedelta(minutes=1)),), grain=Grain.INSTANT
    )
    span = resized(late, told(end=until), NOW)
    assert span and span.end.astimezone(UTC) == datetime(2026, 3, 13, 2, 0, tzinfo=UTC)


def test_nothing_said_is_no_end() -> None:
    assert resized(MEETING, told(length="longer"), NOW) is None
