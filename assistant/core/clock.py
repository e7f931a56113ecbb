"""Spoken time-of-day fields -> minutes of the day, and those -> instants of the car's clock.

Neighbours: `when` lists the fields and adds the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from assistant.core.days import Fields, number
from assistant.core.model import Span

WORK = range(8 * 60, 19 * 60)
"""Minutes of the day that a bare hour prefers."""
HALF_DAY, DAY = 12 * 60, 24 * 60


def possible_clocks(fields: Fields, suffix: str) -> list[int]:
    """Minutes of the day that the spoken time may mean, likeliest first."""
    shift = number(fields, "past" + suffix) - number(fields, "before" + suffix)
    if clock := fields.get("clock" + suffix):
        return [(parse_clock(str(clock)) + shift) % DAY]
    hour = number(fields, "hour" + suffix)
    base = hour * 60 + number(fields, "minute" + suffix) + shift
    meridiem = fields.get("meridiem" + suffix) or fields.get("meridiem_2" if not suffix else "")
    if hour > 12 or hour == 0:
        return [base % DAY]
    early, late = base % HALF_DAY, base % HALF_DAY + HALF_DAY
    if meridiem == "am":
        return [early]
    if meridiem == "pm":
        return [late]
    if meridiem == "night":
        return [late if late >= 18 * 60 else early]
    return _bare(fields, early, late)


def _bare(fields: Fields, early: int, late: int) -> list[int]:
    """An hour without am or pm: the one in the part of day said, or in working hours."""
    if part := fields.get("part"):
        start, end = parse_part(str(part))
        inside = [c for c in (early, late, early + DAY) if start <= c <= end]
        if inside:
            return [clock % DAY for clock in inside[:1]]
    return [early, late] if early in WORK or late not in WORK else [late, early]


def instants(day: date, clock: int, zone: tzinfo) -> list[datetime]:
    """When the clock shows this: one instant, or two when clocks go back."""
    return list(_readings(datetime.combine(day, time()) + timedelta(minutes=clock), zone))


def _readings(wall: datetime, zone: tzinfo) -> Iterator[datetime]:
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        yield first
    elif (first.utcoffset() or timedelta()) < (second.utcoffset() or timedelta()):
        yield first.astimezone(UTC).astimezone(zone)  # skipped: fold=0 reads on the old offset
    else:
        yield first
        yield second


def instant(moment: datetime) -> Span:
    end = (moment.astimezone(UTC) + timedelta(minutes=1)).astimezone(moment.tzinfo)
    return Span(start=moment, end=end)


def later(clocks: Iterable[int], start: int) -> Iterator[int]:
    for clock in clocks:
        yield clock
        if clock <= start:
            yield clock + DAY


def parse_clock(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute or 0)


def parse_part(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return parse_clock(start), parse_clock(end)
