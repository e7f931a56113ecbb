"""When appointments touch a stretch of time, and in what order they stand.

Neighbours: `ics` and `mirror` answer questions with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, tzinfo

from assistant.core.model import Appointment, Span


def touches(start: datetime, end: datetime, span: Span) -> bool:
    """Whether any moment of `[start, end)` lies in `span`; what starts with it always does."""
    return start == span.start or (start < span.end and end > span.start)


def in_order(appointments: Iterable[Appointment], zone: tzinfo) -> tuple[Appointment, ...]:
    """By start, whole days before the timed ones of their day."""
    return tuple(sorted(appointments, key=lambda a: (as_instants(a, zone), a.title, a.uid)))


def distinct(appointments: Iterable[Appointment]) -> Iterator[Appointment]:
    """Every meeting once, though it stands in two calendars; the first one's counts.

    The same meeting has the same UID or, copied by hand or by another service, the same title
    and times. A cancelled one does not hide its namesake: it may have been sent anew.
    """
    homes: dict[tuple[object, ...], str] = {}
    for one in appointments:
        keys = [(one.uid, one.start, one.end), (one.title, one.start, one.end)]
        del keys[1 if one.is_cancelled else 2 :]
        home = next((homes[key] for key in keys if key in homes), one.calendar)
        if home == one.calendar:
            for key in keys:
                homes.setdefault(key, home)
            yield one


def as_instants(appointment: Appointment, zone: tzinfo) -> tuple[datetime, datetime]:
    """Start and end; a whole day runs from midnight to midnight where the car is."""
    return _as_instant(appointment.start, zone), _as_instant(appointment.end, zone)


def _as_instant(moment: datetime | date, zone: tzinfo) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.min, zone)
