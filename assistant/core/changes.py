"""What became different between two copies of the calendar, as far as the driver cares.

Neighbours: the calendar mirror compares two syncs with it; an action tells the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.core.model import Appointment, Response


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


def diff(
    before: Iterable[Appointment], after: Iterable[Appointment], now: datetime
) -> tuple[Change, ...]:
    """Changes of timed appointments that are still ahead, in the order of their day.

    Entries beyond what `before` reached were not added, they came into view. What a declined
    entry does is nobody's concern.
    """
    old, new = _timed(before), _timed(after)
    horizon = max((one.span.start for one in old.values()), default=now)
    found = [
        change
        for uid in dict.fromkeys((*old, *new))
        if (change := _compare(old.get(uid), new.get(uid)))
        and _is_ahead(change, now)
        and not (change.kind is ChangeKind.ADDED and change.appointment.span.start > horizon)
    ]
    return tuple(sorted(found, key=lambda change: change.appointment.span.start))


def _timed(appointments: Iterable[Appointment]) -> Mapping[str, Appointment]:
    return {
        f"{one.calendar}/{one.uid}": one
        for one in appointments
        if not one.is_all_day and one.response is not Response.DECLINED
    }


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


def _is_ahead(change: Change, now: datetime) -> bool:
    return any(one and one.span.end > now for one in (change.before, change.after))
