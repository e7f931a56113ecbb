"""Spoken date and time fields + now -> When.

Decided here: which moment "at three", "next friday" or "the 31st" means. Future first, where a
moment up to an hour ago still counts as future (whoever is late asks for the meeting that has
begun); for an hour without am or pm, working hours first; other meanings follow. Arithmetic is
on the local clock, then DST is applied: a moment that the clock skips moves on by the gap, a
moment that comes twice is meant both ways. Neighbours: `kinds` and the locale's `[when]` find
the fields, `match` calls `resolve`.

Fields: `day` (days from today), `weekday` (0 Monday), `which` (this, coming, next, last),
`weeks` (later), `dom`, `month`, `year`, `period` (week, weekend, month), `rest` (of the period),
`hour`, `minute`, `past`, `before` (minutes), `clock` ("12:00"), `meridiem` (am, pm, night),
the same with `_2` for the end of a range, `part` ("12:00-18:00"), `edge` (before, after,
around), `count` and `unit` (minute, hour, day, week, month) with `sign` (1 or -1) or `stretch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from assistant.core.model import Grain, Span, When

Fields = Mapping[str, object]

_GRACE = timedelta(hours=1)
"""A moment this long ago is still taken for the one meant."""
_WORK = range(8 * 60, 19 * 60)
"""Minutes of the day that a bare hour prefers."""
_HALF_DAY, _DAY = 12 * 60, 24 * 60
_AROUND = 30
"""Minutes to both sides of "around three"."""
_MOST_SPANS = 4
_UNIT_MINUTES = {"minute": 1, "hour": 60, "day": _DAY, "week": 7 * _DAY}


class _NoSuchMoment(ValueError):
    """The words name no real moment ("31 February")."""


def minutes(fields: Fields) -> int:
    """A spoken duration in minutes."""
    total = _number(fields, "count") * _UNIT_MINUTES.get(str(fields.get("unit", "minute")), 1)
    return total + _number(fields, "hours") * 60 + _number(fields, "minutes")


def resolve(heard: str, fields: Fields, now: datetime) -> When:
    """`fields` as listed above; `now` aware, in the zone of the car."""
    try:
        spans, grain = _Resolver(fields, now).meaning()
    except (_NoSuchMoment, OverflowError):
        return When(heard=heard, spans=(), grain=Grain.INSTANT)
    distinct: dict[datetime, Span] = {}
    for span in spans:  # keyed in UTC: aware datetimes of one zone compare without their fold
        distinct.setdefault(span.start.astimezone(UTC), span)
    return When(heard=heard, spans=tuple(distinct.values())[:_MOST_SPANS], grain=grain)


def _number(fields: Fields, key: str, otherwise: int = 0) -> int:
    value = fields.get(key, otherwise)
    return value if isinstance(value, int) else otherwise


class _Resolver:
    def __init__(self, fields: Fields, now: datetime) -> None:
        self.fields = fields
        self.now = now
        self.today = now.date()

    def meaning(self) -> tuple[list[Span], Grain]:
        fields = self.fields
        if "count" in fields and ("sign" in fields or "stretch" in fields):
            return self._counted()
        if "now" in fields:
            minute = self.now.replace(second=0, microsecond=0)
            return [_instant(minute)], Grain.INSTANT
        if "period" in fields and not self._has_clock() and "part" not in fields:
            return self._period()
        if "part" in fields and not self._has_clock():
            return self._parts(), Grain.RANGE
        if self._has_clock():
            return self._clocked()
        if "month" in fields and "dom" not in fields:
            return [self._month()], Grain.MONTH
        days = self._days()
        if "edge" in fields:
            return self._beside_days(days), Grain.RANGE
        return [self._whole(day) for day in days], Grain.DAY

    def _has_clock(self) -> bool:
        return "hour" in self.fields or "clock" in self.fields

    # --- counted: in two hours, three days ago, the next two weeks -------------------------

    def _counted(self) -> tuple[list[Span], Grain]:
        unit = str(self.fields.get("unit", "minute"))
        count = _number(self.fields, "count")
        if "stretch" in self.fields:
            end = self.now + timedelta(minutes=count * _UNIT_MINUTES.get(unit, 30 * _DAY))
            return [Span(start=self.now, end=end)], Grain.RANGE
        signed = count * _number(self.fields, "sign", 1)
        if unit in ("minute", "hour"):
            extra = _number(self.fields, "extra")
            shift = timedelta(minutes=signed * _UNIT_MINUTES[unit] + extra)
            moment = (self.now.astimezone(UTC) + shift).astimezone(self.now.tzinfo)
            return [_instant(moment.replace(second=0, microsecond=0))], Grain.INSTANT
        day = self._shifted(signed, unit)
        if self._has_clock():
            return self._at([day]), Grain.INSTANT
        if unit == "week" and "on_day" not in self.fields:
            return [self._week(day)], Grain.WEEK
        return [self._whole(day)], Grain.DAY

    def _shifted(self, count: int, unit: str) -> date:
        if unit == "month":
            months = self.today.year * 12 + self.today.month - 1 + count
            return _date(months // 12, months % 12 + 1, min(self.today.day, 28))
        return self.today + timedelta(days=count * (7 if unit == "week" else 1))

    # --- periods ---------------------------------------------------------------------------

    def _period(self) -> tuple[list[Span], Grain]:
        period = str(self.fields["period"])
        which = str(self.fields.get("which", "this"))
        step = {"next": 1, "coming": 1, "last": -1}.get(which, 0)
        if period == "month":
            span, grain = self._month_span(step), Grain.MONTH
        elif period == "weekend":
            span, grain = self._weekend(step), Grain.RANGE
        elif period == "day":
            span, grain = self._whole(self.today + timedelta(days=step)), Grain.DAY
        else:
            span, grain = self._week(self.today + timedelta(weeks=step)), Grain.WEEK
        if "rest" in self.fields:
            return [Span(start=self.now, end=span.end)], Grain.RANGE
        return [span], grain

    def _week(self, day: date) -> Span:
        monday = day - timedelta(days=day.weekday())
        return Span(start=self._moment(monday, 0), end=self._moment(monday + timedelta(days=7), 0))

    def _weekend(self, step: int) -> Span:
        saturday = self.today + timedelta(days=5 - self.today.weekday(), weeks=step)
        end = saturday + timedelta(days=2)
        return Span(start=self._moment(saturday, 0), end=self._moment(end, 0))

    def _month_span(self, step: int) -> Span:
        first = self.today.year * 12 + self.today.month - 1 + step
        start, end = (_date(m // 12, m % 12 + 1, 1) for m in (first, first + 1))
        return Span(start=self._moment(start, 0), end=self._moment(end, 0))

    def _month(self) -> Span:
        step = (_number(self.fields, "month") - self.today.month) % 12
        if self.fields.get("which") == "last":
            step = step - 12 if step else -12
        return self._month_span(step)

    # --- days ------------------------------------------------------------------------------

    def _days(self) -> list[date]:
        """The days that may be meant, likeliest first; no field means today and tomorrow."""
        fields = self.fields
        weeks = timedelta(weeks=_number(fields, "weeks"))
        if "day" in fields:
            return [self.today + timedelta(days=_number(fields, "day")) + weeks]
        if "weekday" in fields and "dom" not in fields:
            return [day + weeks for day in self._weekdays(_number(fields, "weekday"))]
        if "dom" in fields:
            return self._of_month(_number(fields, "dom"))
        return []

    def _weekdays(self, weekday: int) -> list[date]:
        coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        week = timedelta(days=7)
        this_week = self.today + timedelta(days=weekday - self.today.weekday())
        later = coming + week if coming == self.today else coming
        if self.fields.get("period") == "week":
            step = {"next": 1, "coming": 1, "last": -1}.get(str(self.fields.get("which")), 0)
            return [this_week + step * week]
        match self.fields.get("which"):
            case "next":
                return list(dict.fromkeys([this_week + week, later]))
            case "coming":
                return list(dict.fromkeys([later, this_week + week]))
            case "last":
                return [this_week if this_week < self.today else this_week - week]
            case _:
                return [coming, coming + week] if coming == self.today else [coming]

    def _of_month(self, dom: int) -> list[date]:
        if "month" in self.fields:
            return [self._day_and_month(dom, _number(self.fields, "month"))]
        first = self.today.year * 12 + self.today.month - 1
        for month in range(first, first + 12):
            try:
                day = date(month // 12, month % 12 + 1, dom)
            except ValueError:
                continue
            if day >= self.today and self._fits_weekday(day):
                return [day]
        raise _NoSuchMoment

    def _fits_weekday(self, day: date) -> bool:
        return "weekday" not in self.fields or day.weekday() == self.fields["weekday"]

    def _day_and_month(self, dom: int, month: int) -> date:
        """This year's, or next year's once it is past; a leap day waits for its year."""
        if "year" in self.fields:
            return _date(_number(self.fields, "year"), month, dom)
        if dom > 28:
            _date(2024, month, dom)  # no such day in any year: raises
        for year in range(self.today.year, self.today.year + 5):
            try:
                day = date(year, month, dom)
            except ValueError:
                continue
            if day >= self.today:
                return day
        raise _NoSuchMoment

    def _beside_days(self, days: list[date]) -> list[Span]:
        spans = []
        for day in days:
            whole = self._whole(day)
            if self.fields["edge"] == "after":
                spans.append(Span(start=whole.end, end=whole.end + timedelta(days=7)))
            else:
                spans.append(Span(start=min(self.now, whole.start), end=whole.start))
        return spans

    # --- times of day ----------------------------------------------------------------------

    def _clocked(self) -> tuple[list[Span], Grain]:
        if "hour_2" in self.fields or "clock_2" in self.fields:
            return self._between(), Grain.RANGE
        edge = self.fields.get("edge")
        if edge is None:
            return self._at(self._days()), Grain.INSTANT
        spans = []
        for span in self._at(self._days()):
            day = self._whole(span.start.date())
            if edge == "before":
                start = max(day.start, self.now) if self.now < span.start else day.start
                spans.append(Span(start=start, end=span.start))
            elif edge == "after":
                spans.append(Span(start=span.start, end=day.end))
            else:
                margin = timedelta(minutes=_AROUND)
                spans.append(Span(start=span.start - margin, end=span.start + margin))
        return spans, Grain.RANGE

    def _at(self, days: list[date]) -> list[Span]:
        clocks = self._clocks("")
        moments = [m for day in days for clock in clocks for m in self._twice(day, clock)]
        if not days:
            moments = self._open_day(clocks)
        return [_instant(moment) for moment in moments]

    def _open_day(self, clocks: list[int]) -> list[datetime]:
        """No day was said: today or tomorrow, what is to come before what is past."""
        days = (self.today, self.today + timedelta(days=1))
        moments = [m for day in days for clock in clocks for m in self._twice(day, clock)]
        preferred = clocks[0] in _WORK if clocks else False

        def rank(moment: datetime) -> tuple[bool, bool, datetime]:
            of_day = moment.hour * 60 + moment.minute
            is_past = moment < self.now - _GRACE
            return is_past, preferred and of_day not in _WORK, moment.astimezone(UTC)

        return sorted(moments, key=rank)

    def _clocks(self, suffix: str) -> list[int]:
        """Minutes of the day that the spoken time may mean, likeliest first."""
        fields = self.fields
        if clock := fields.get("clock" + suffix):
            return [_parse_clock(str(clock))]
        hour = _number(fields, "hour" + suffix)
        shift = _number(fields, "past" + suffix) - _number(fields, "before" + suffix)
        base = hour * 60 + _number(fields, "minute" + suffix) + shift
        meridiem = fields.get("meridiem" + suffix) or fields.get("meridiem_2" if not suffix else "")
        if hour > 12 or hour == 0:
            return [base % _DAY]
        early, late = base % _HALF_DAY, base % _HALF_DAY + _HALF_DAY
        if meridiem == "am":
            return [early]
        if meridiem == "pm":
            return [late]
        if meridiem == "night":
            return [late if late >= 18 * 60 else early]
        return self._bare(early, late)

    def _bare(self, early: int, late: int) -> list[int]:
        """An hour without am or pm: the one in the part of day said, or in working hours."""
        if part := self.fields.get("part"):
            start, end = _parse_part(str(part))
            inside = [c for c in (early, late, early + _DAY) if start <= c <= end]
            if inside:
                return [clock % _DAY for clock in inside[:1]]
        order = [early, late] if early in _WORK or late not in _WORK else [late, early]
        return order

    def _between(self) -> list[Span]:
        days = self._days() or [self.today, self.today + timedelta(days=1)]
        pairs = [
            (start, next(e for e in sorted(_later(self._clocks("_2"), start)) if e > start))
            for start in self._clocks("")
        ]
        pairs.sort(key=lambda pair: (pair[0] not in _WORK, pair[1] - pair[0] > _HALF_DAY))
        spans = [
            Span(start=self._moment(day, start), end=self._moment(day, end))
            for day in days
            for start, end in pairs
        ]
        return sorted(spans, key=lambda span: span.end <= self.now) if not self._days() else spans

    def _parts(self) -> list[Span]:
        """Morning, lunch, tonight: of the day said, else of the next one that is not over."""
        if "period" in self.fields:
            return self._period()[0]
        start, end = _parse_part(str(self.fields["part"]))
        days = self._days() or [self.today, self.today + timedelta(days=1)]
        spans = [Span(start=self._moment(d, start), end=self._moment(d, end)) for d in days]
        return sorted(spans, key=lambda span: span.end <= self.now) if not self._days() else spans

    # --- clock and calendar ----------------------------------------------------------------

    def _whole(self, day: date) -> Span:
        end = day + timedelta(days=1)
        return Span(start=self._moment(day, 0), end=self._moment(end, 0))

    def _moment(self, day: date, clock: int) -> datetime:
        return self._twice(day, clock)[0]

    def _twice(self, day: date, clock: int) -> list[datetime]:
        """The instant(s) when the car's clock shows this: one, or two when clocks go back."""
        zone = self.now.tzinfo
        assert zone is not None, "now must be aware"
        wall = datetime.combine(day, time()) + timedelta(minutes=clock)
        return list(_readings(wall, zone))


def _readings(wall: datetime, zone: tzinfo) -> Iterator[datetime]:
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        yield first
    elif (first.utcoffset() or timedelta()) < (second.utcoffset() or timedelta()):
        yield first.astimezone(UTC).astimezone(zone)  # skipped: fold=0 reads on the old offset
    else:
        yield first
        yield second


def _instant(moment: datetime) -> Span:
    end = (moment.astimezone(UTC) + timedelta(minutes=1)).astimezone(moment.tzinfo)
    return Span(start=moment, end=end)


def _date(year: int, month: int, dom: int) -> date:
    try:
        return date(year, month, dom)
    except ValueError as problem:
        raise _NoSuchMoment from problem


def _later(clocks: Iterable[int], start: int) -> Iterator[int]:
    for clock in clocks:
        yield clock
        if clock <= start:
            yield clock + _DAY


def _parse_clock(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute or 0)


def _parse_part(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return _parse_clock(start), _parse_clock(end)
