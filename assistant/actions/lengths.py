"""How long an entry is to last: "make it an hour long", "extend it to four".

Neighbours: `changes` asks before it is done.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.actions.selection import when_of
from assistant.core.model import Appointment, Grain, Interpretation, Span, When

SLOTS = frozenset({"length", "end"})
"""`length` says what `minutes` are: set, longer or shorter; `end` is a time."""


def resized(one: Appointment, reading: Interpretation, now: datetime) -> Span | None:
    """The entry with another end; None where that would be past or before its beginning."""
    end = _end(one, reading)
    return Span(start=one.span.start, end=end) if end and end > max(now, one.span.start) else None


def _end(one: Appointment, reading: Interpretation) -> datetime | None:
    until = when_of(reading, "end")
    if until:
        return _clock_after(one.span.start, until)
    minutes = reading.slots.get("minutes")
    if not isinstance(minutes, int):
        return None
    change = timedelta(minutes=minutes)
    match reading.slots.get("length"):
        case "longer":
            end = one.span.end.astimezone(UTC) + change
        case "shorter":
            end = one.span.end.astimezone(UTC) - change
        case _:
            end = one.span.start.astimezone(UTC) + change
    return end.astimezone(one.span.end.tzinfo)


def _clock_after(start: datetime, until: When) -> datetime | None:
    """ "Until four" is on the day of the entry, whatever day it is; a range is meant to its end."""
    is_range = until.grain is Grain.RANGE
    said = (span.end if is_range else span.start for span in until.spans)
    ends = (datetime.combine(start.astimezone(m.tzinfo).date(), m.timetz()) for m in said)
    return min((end for end in ends if end > start), default=None)
