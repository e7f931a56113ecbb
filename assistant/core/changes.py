"""What became different between two copies of the calendar, as far as the driver cares.

Neighbours: the calendar mirror compares two syncs with it; `actions.news` tells the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from assistant.core.model import Appointment, Response, Span

_NOON_TOMORROW = timedelta(hours=36)


class ChangeKind(StrEnum):
    ADDED = "added"
    MOVED = "moved"
    CANCELLED = "cancelled"
    RELOCATED = "relocated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    kind: ChangeKind
    before: Appointment | None
    """None for ADDED."""
    after: Appointment | None
    """None when it vanished without being marked as cancelled."""

    @property
    def appointment(self) -> Appointment:
        """What to name: as it was known to the driver."""
        known = self.before or self.after
        assert known is not None
        return known

    @property
    def spans(self) -> tuple[Span, ...]:
        """When it was, and when it is."""
        return tuple(one.span for one in (self.before, self.after) if one)


def diff(
    before: Iterable[Appointment], after: Iterable[Appointment], now: datetime, reach: datetime
) -> tuple[Change, ...]:
    """Changes of timed appointments that are still ahead, in the order of their day.

    Entries beyond the `reach` of the first copy were not added, they came into view. What a
    declined entry does is nobody's concern.
    """
    old, new = _timed(before), _timed(after)
    found = [
        change
        for change in _compare_all(old, new)
        if any(span.end > now for span in change.spans)
        and not (change.kind is ChangeKind.ADDED and change.appointment.span.start >= reach)
    ]
    return _in_order(_paired(found))


def combine(earlier: Iterable[Change], later: Iterable[Change]) -> tuple[Change, ...]:
    """Two digests as one: every appointment once, from how it first was to how it is now."""
    before: dict[str, Appointment | None] = {}
    after: dict[str, Appointment | None] = {}
    for change in (*earlier, *later):
        key = _key(change.appointment)
        before.setdefault(key, change.before)
        after[key] = change.after
    merged = (_compare(before[key], after[key]) for key in before)
    return _in_order(change for change in merged if change)


def soon(changes: Iterable[Change], now: datetime) -> tuple[Change, ...]:
    """Those that matter on the road: of the rest of today and of tomorrow until noon."""
    until = now.replace(hour=0, minute=0, second=0, microsecond=0) + _NOON_TOMORROW
    return tuple(c for c in changes if any(s.end > now and s.start < until for s in c.spans))


def _timed(appointments: Iterable[Appointment]) -> Mapping[str, Appointment]:
    return {
        _key(one): one
        for one in appointments
        if not one.is_all_day and one.response is not Response.DECLINED
    }


def _key(appointment: Appointment) -> str:
    return f"{appointment.calendar}/{appointment.uid}"


def _compare_all(
    old: Mapping[str, Appointment], new: Mapping[str, Appointment]
) -> Iterable[Change]:
    for uid in dict.fromkeys((*old, *new)):
        if change := _compare(old.get(uid), new.get(uid)):
            yield change


def _compare(before: Appointment | None, after: Appointment | None) -> Change | None:
    was_on = before is not None and not before.is_cancelled
    is_on = after is not None and not after.is_cancelled
    if was_on and not is_on:
        return Change(kind=ChangeKind.CANCELLED, before=before, after=after)
    if is_on and not was_on:
        return Change(kind=ChangeKind.ADDED, before=None, after=after)
    if before is None or after is None or not is_on:
        return None
    if before.span != after.span:
        return Change(kind=ChangeKind.MOVED, before=before, after=after)
    if before.location != after.location:
        return Change(kind=ChangeKind.RELOCATED, before=before, after=after)
    return None


def _paired(changes: Iterable[Change]) -> Iterable[Change]:
    """What went and came under one title on one day was moved: a series that is moved as a whole
    gets new identities, and a meeting may go on in another of the driver's calendars."""
    gone: dict[tuple[str, object], list[Change]] = {}
    came: list[Change] = []
    for change in changes:
        if change.kind is ChangeKind.CANCELLED:
            gone.setdefault(_title_and_day(change), []).append(change)
        elif change.kind is ChangeKind.ADDED:
            came.append(change)
        else:
            yield change
    for change in came:
        before = gone.get(_title_and_day(change))
        moved = _compare(before.pop(0).before, change.after) if before else change
        if moved:
            yield moved
    yield from (change for left in gone.values() for change in left)


def _title_and_day(change: Change) -> tuple[str, object]:
    return change.appointment.title, change.appointment.span.start.date()


def _in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change.appointment.span.start))
