"""Spoken date and time fields + now -> When.

Decided here: which moment "at three", "next friday" or "the 31st" means. Future first, where a
moment up to an hour ago still counts as future (whoever is late asks for the meeting that has
begun); for an hour without am or pm, working hours first; other meanings follow. Arithmetic is
on the local clock, then DST is applied: a moment that the clock skips moves on by the gap, a
moment that comes twice is meant both ways. Neighbours: `kinds` and the locale's `[when]` find
the fields, `match` calls `resolve`.

Fields: `day` (days from today), `weekday` (0 Monday), `which` (this, coming, next, after, last),
`weeks` (later), `dom`, `month`, `year`, `period` (week, weekend, month), `rest` (of the period),
`hour`, `minute`, `past`, `before` (minutes), `clock` ("12:00"), `meridiem` (am, pm, night),
the same with `_2` for the end of a range (of days as well), `part` ("12:00-18:00"), `edge` (before,
after, around), `count` and `unit` (minute, hour, day, week, month) with `sign` (1 or
-1) or `stretch`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from assistant.core.clock import (
    DAY,
    HALF_DAY,
    WORK,
    instant,
    instants,
    later,
    parse_part,
    possible_clocks,
)
from assistant.core.days import Fields, NoSuchMoment, date_of, first_and_last, number, possible_days
from assistant.core.model import Grain, Span, When

_GRACE = timedelta(hours=1)
"""A moment this long ago is still taken for the one meant."""
_AROUND = 30
"""Minutes to both sides of "around three"."""
_MOST_SPANS = 4
_LAST_DAYS = frozenset({"day_2", "weekday_2", "dom_2"})
_UNIT_MINUTES = {"minute": 1, "hour": 60, "day": DAY, "week": 7 * DAY}


def minutes(fields: Fields) -> int:
    """A spoken duration in minutes."""
    total = number(fields, "count") * _UNIT_MINUTES.get(str(fields.get("unit", "minute")), 1)
    return total + number(fields, "hours") * 60 + number(fields, "minutes")


def resolve(heard: str, fields: Fields, now: datetime) -> When:
    """`fields` as listed above; `now` aware, in the zone of the car."""
    try:
        spans, grain = _Resolver(fields, now).meaning()
    except (NoSuchMoment, OverflowError):
        return When(heard=heard, spans=(), grain=Grain.INSTANT)
    distinct: dict[datetime, Span] = {}
    for span in spans:  # keyed in UTC: aware datetimes of one zone compare without their fold
        distinct.setdefault(span.start.astimezone(UTC), span)
    has_day = "sign" in fields or "now" in fields or bool(possible_days(fields, now.date()))
    return When(
        heard=heard,
        spans=tuple(distinct.values())[:_MOST_SPANS],
        grain=grain,
        has_day=has_day or grain is not Grain.INSTANT,
        has_end=grain is Grain.RANGE and not fields.keys().isdisjoint({"hour_2", "clock_2"}),
    )


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
            return [instant(minute)], Grain.INSTANT
        if "period" in fields and not fields.keys() & {"hour", "clock", "part", "weekday"}:
            return self._period()
        if "part" in fields and not self._has_clock():
            return self._parts(), Grain.RANGE
        if self._has_clock():
            return self._clocked()
        if not _LAST_DAYS.isdisjoint(fields):
            first, last = first_and_last(fields, self.today)
            return [Span(start=self._whole(first).start, end=self._whole(last).end)], Grain.RANGE
        if "month" in fields and "dom" not in fields:
            return [self._month()], Grain.MONTH
        days = possible_days(self.fields, self.today)
        if "edge" in fields:
            return self._beside_days(days), Grain.RANGE
        return [self._whole(day) for day in days], Grain.DAY

    def _has_clock(self) -> bool:
        return "hour" in self.fields or "clock" in self.fields

    # --- counted: in two hours, three days ago, the next two weeks -------------------------

    def _counted(self) -> tuple[list[Span], Grain]:
        unit = str(self.fields.get("unit", "minute"))
        count = number(self.fields, "count")
        if "stretch" in self.fields:
            end = self.now + timedelta(minutes=count * _UNIT_MINUTES.get(unit, 30 * DAY))
            return [Span(start=self.now, end=end)], Grain.RANGE
        signed = count * number(self.fields, "sign", 1)
        if unit in ("minute", "hour"):
            extra = number(self.fields, "extra")
            shift = timedelta(minutes=signed * _UNIT_MINUTES[unit] + extra)
            moment = (self.now.astimezone(UTC) + shift).astimezone(self.now.tzinfo)
            return [instant(moment.replace(second=0, microsecond=0))], Grain.INSTANT
        day = self._shifted(signed, unit)
        if self._has_clock():
            return self._at([day]), Grain.INSTANT
        if unit == "week" and "on_day" not in self.fields:
            return [self._week(day)], Grain.WEEK
        return [self._whole(day)], Grain.DAY

    def _shifted(self, count: int, unit: str) -> date:
        if unit == "month":
            months = self.today.year * 12 + self.today.month - 1 + count
            return date_of(months // 12, months % 12 + 1, min(self.today.day, 28))
        return self.today + timedelta(days=count * (7 if unit == "week" else 1))

    # --- periods ---------------------------------------------------------------------------

    def _period(self) -> tuple[list[Span], Grain]:
        period = str(self.fields["period"])
        which = str(self.fields.get("which", "this"))
        step = {"next": 1, "coming": 1, "after": 2, "last": -1}.get(which, 0)
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
        start, end = (date_of(m // 12, m % 12 + 1, 1) for m in (first, first + 1))
        return Span(start=self._moment(start, 0), end=self._moment(end, 0))

    def _month(self) -> Span:
        step = (number(self.fields, "month") - self.today.month) % 12
        if "year" in self.fields:
            years = number(self.fields, "year") - self.today.year
            step = years * 12 + number(self.fields, "month") - self.today.month
        elif self.fields.get("which") == "last":
            step = step - 12 if step else -12
        return self._month_span(step)

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
            return self._at(possible_days(self.fields, self.today)), Grain.INSTANT
        spans = []
        for span in self._at(possible_days(self.fields, self.today)):
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
        clocks = possible_clocks(self.fields, "")
        moments = [m for day in days for clock in clocks for m in self._instants(day, clock)]
        if not days:
            moments = self._open_day(clocks)
        return [instant(moment) for moment in moments]

    def _open_day(self, clocks: list[int]) -> list[datetime]:
        """No day was said: today or tomorrow, what is to come before what is past."""
        days = (self.today, self.today + timedelta(days=1))
        moments = [m for day in days for clock in clocks for m in self._instants(day, clock)]
        preferred = clocks[0] in WORK if clocks else False

        def rank(moment: datetime) -> tuple[bool, bool, datetime]:
            of_day = moment.hour * 60 + moment.minute
            is_past = moment <= self.now - _GRACE
            return is_past, preferred and of_day not in WORK, moment.astimezone(UTC)

        return sorted(moments, key=rank)

    def _between(self) -> list[Span]:
        named = possible_days(self.fields, self.today)
        days = named or [self.today, self.today + timedelta(days=1)]
        pairs = [
            (start, min(e for e in later(possible_clocks(self.fields, "_2"), start) if e > start))
            for start in possible_clocks(self.fields, "")
        ]
        pairs.sort(key=lambda pair: (pair[0] not in WORK, pair[1] - pair[0] > HALF_DAY))
        spans = [
            Span(start=self._moment(day, start), end=self._moment(day, end))
            for day in days
            for start, end in pairs
        ]
        return self._ahead(spans, named)

    def _parts(self) -> list[Span]:
        """Morning, lunch, tonight: of the day said, else of the next one that is not over."""
        if "period" in self.fields:
            return self._period()[0]
        start, end = parse_part(str(self.fields["part"]))
        named = possible_days(self.fields, self.today)
        days = named or [self.today, self.today + timedelta(days=1)]
        spans = [Span(start=self._moment(d, start), end=self._moment(d, end)) for d in days]
        return self._ahead(spans, named)

    def _ahead(self, spans: list[Span], named: list[date]) -> list[Span]:
        """Where no day was said, what is over comes last."""
        return spans if named else sorted(spans, key=lambda span: span.end <= self.now)

    # --- clock and calendar ----------------------------------------------------------------

    def _whole(self, day: date) -> Span:
        end = day + timedelta(days=1)
        return Span(start=self._moment(day, 0), end=self._moment(end, 0))

    def _moment(self, day: date, clock: int) -> datetime:
        return self._instants(day, clock)[0]

    def _instants(self, day: date, clock: int) -> list[datetime]:
        zone = self.now.tzinfo
        assert zone is not None, "now must be aware"
        return instants(day, clock, zone)
