"""The change digest: what of two copies is worth a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from assistant.core.changes import ChangeKind, combine, diff, soon
from assistant.core.model import Appointment, Response

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REACH = NOW + timedelta(days=14)


def meeting(uid: str, hour: int, title: str = "Budget") -> Appointment:
    start = NOW.replace(hour=hour)
    return Appointment(uid=uid, title=title, start=start, end=start + timedelta(minutes=30))


def kinds(before: list[Appointment], after: list[Appointment]) -> list[tuple[ChangeKind, str]]:
    return [(c.kind, c.appointment.uid) for c in diff(before, after, NOW, REACH)]


def test_nothing_changed() -> None:
    same = [meeting("a", 10), meeting("b", 14)]
    assert kinds(same, list(reversed(same))) == []


def test_moved_cancelled_vanished_added_relocated_in_the_order_of_the_day() -> None:
    before = [meeting(uid, hour) for uid, hour in zip("abcde", (15, 14, 11, 10, 16), strict=True)]
    after = [
        meeting("a", 17),
        replace(meeting("b", 14), is_cancelled=True),
        replace(meeting("d", 10), location="Room 4"),
        meeting("e", 16),
        meeting("f", 12, "Lunch"),
    ]
    assert kinds(before, after) == [
        (ChangeKind.RELOCATED, "d"),
        (ChangeKind.CANCELLED, "c"),
        (ChangeKind.ADDED, "f"),
        (ChangeKind.CANCELLED, "b"),
        (ChangeKind.MOVED, "a"),
    ]


def test_what_is_over_or_declined_or_out_of_view_is_not_told() -> None:
    past, declined = meeting("a", 7), replace(meeting("b", 11), response=Response.DECLINED)
    assert kinds([past, declined, meeting("c", 12)], [meeting("c", 12)]) == []
    beyond = replace(meeting("d", 10), start=NOW + timedelta(days=14), end=NOW + timedelta(days=15))
    assert kinds([meeting("c", 12)], [meeting("c", 12), beyond]) == []
    whole_day = replace(meeting("e", 10), start=date(2026, 11, 23), end=date(2026, 11, 24))
    assert kinds([meeting("c", 12), whole_day], [meeting("c", 12)]) == []


def test_a_cancelled_meeting_that_comes_back_is_new() -> None:
    off = replace(meeting("a", 10), is_cancelled=True)
    assert kinds([off, meeting("b", 12)], [meeting("a", 10), meeting("b", 12)]) == [
        (ChangeKind.ADDED, "a")
    ]


def test_a_series_that_moves_as_a_whole_is_moved_not_cancelled() -> None:
    before = [meeting("a/20261123T100000Z", 10, "Stand-up"), meeting("b", 16)]
    after = [meeting("a/20261123T103000Z", 11, "Stand-up"), meeting("b", 16)]
    (change,) = diff(before, after, NOW, REACH)
    assert change.kind is ChangeKind.MOVED
    assert change.after and change.after.span.start.hour == 11


def test_a_meeting_that_goes_on_in_another_calendar_has_not_changed() -> None:
    work, home = (replace(meeting("a", 10), calendar=name) for name in ("Work", "Home"))
    assert kinds([work, meeting("b", 12)], [home, meeting("b", 12)]) == []


def test_two_digests_tell_of_each_appointment_once() -> None:
    days = [
        [meeting("a", 10), meeting("b", 12, "Lunch"), meeting("c", 16)],
        [meeting("a", 11), meeting("b", 13, "Lunch"), meeting("c", 16)],
        [meeting("a", 14), meeting("b", 12, "Lunch"), meeting("c", 16)],
    ]
    first, second = diff(days[0], days[1], NOW, REACH), diff(days[1], days[2], NOW, REACH)
    (change,) = combine(first, second)
    assert change.before and change.before.span.start.hour == 10
    assert change.after and change.after.span.start.hour == 14


def test_only_today_and_tomorrow_morning_matter() -> None:
    def at(days: int, hour: int) -> Appointment:
        start = NOW.replace(hour=hour) + timedelta(days=days)
        return replace(meeting(f"{days}-{hour}", 9), start=start, end=start + timedelta(minutes=30))

    before = [at(0, 8), at(0, 18), at(1, 9), at(1, 14), at(2, 9)]
    gone = diff(before, [], NOW, REACH)
    assert [c.appointment.uid for c in soon(gone, NOW)] == ["0-18", "1-9"]
