"""Questions about a stretch of time: what is on, what is free, what clashes, how many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from assistant.actions import meetings, telling
from assistant.actions.changes import minutes_of
from assistant.actions.selection import meant, named_of, when_of
from assistant.actions.world import World, in_view
from assistant.core import agenda
from assistant.core.model import Appointment, Grain, Interpretation, Span
from assistant.core.outcome import Glyph, Outcome, Reply
from assistant.core.wording import MAX_ITEMS, MAX_WORDS
from assistant.errors import OutOfView

WORKING_DAY_H = (8, 18)
"""Hours of the car's clock in which a gap is worth naming."""
WORTH_NAMING = timedelta(minutes=30)
"""A shorter gap is none when several days are asked about."""


def overview(world: World, reading: Interpretation) -> Outcome:
    """calendar.agenda: the rest of today, or the stretch asked for; three items, then "more"."""
    when = when_of(reading)
    if when and when.grain is Grain.INSTANT and when.spans[0].contains(world.now):
        return meetings.running(world, reading)
    if when is None and named_of(reading, "person"):
        return meetings.upcoming(world, reading)
    stretch, words = _stretch(world, reading)
    if when and when.grain in (Grain.WEEK, Grain.MONTH) and stretch.contains(world.now):
        stretch = Span(start=world.now, end=stretch.end)
    found = tuple(a for a in agenda.within(world.appointments, stretch) if _fits(a, reading))
    whole = _whole_days(world, reading, stretch)
    if not found and not whole:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    day = "" if found or words == world.wording.phrase("today") else words
    text, *rest = [*_timed(world, found, stretch, words), *_all_day(world, whole, day)]
    if found and whole and not rest[1:] and len(f"{text} {rest[0]}".split()) <= MAX_WORDS:
        text, rest = f"{text} {rest[0]}", []
    return _in_parts(world, text, rest, found or whole)


def _in_parts(
    world: World, text: str, rest: Sequence[str], topic: Sequence[Appointment] = ()
) -> Reply:
    """What is left is told when the driver wants more."""
    if rest:
        text = f"{text} {world.wording.phrase('more')}"
    reply = telling.reply(world, text, topic, Glyph.AGENDA)
    return replace(reply, rest=" ".join(rest))


def _timed(world: World, found: Sequence[Appointment], stretch: Span, words: str) -> Iterator[str]:
    """Sentences short enough for ears: how many there are and the first, then the others."""
    is_one_day = stretch.end - stretch.start <= timedelta(hours=25)
    known = stretch.start.date() if is_one_day else None

    def opening(items: str) -> str:
        return world.wording.counted("calendar.agenda", len(found), day=words, items=items)

    said = telling.items(world, found, known)
    if said:
        yield from _portions(world, said, opening)


def _portions(world: World, items: Sequence[str], opening: Callable[[str], str]) -> Iterator[str]:
    """At most three items and MAX_WORDS words each; the first one as `opening` puts it."""
    put = opening
    while items:
        texts = (
            (count, put(world.wording.listing(items[:count])))
            for count in range(min(MAX_ITEMS, len(items)), 0, -1)
        )
        count, text = next(t for t in texts if t[0] == 1 or len(t[1].split()) <= MAX_WORDS)
        yield text
        items, put = items[count:], _sentence


def _sentence(items: str) -> str:
    return f"{items[0].upper()}{items[1:]}."


def _fits(appointment: Appointment, reading: Interpretation) -> bool:
    named = named_of(reading, "person")
    return named is None or any(a.name in meant(named) for a in appointment.others)


def _who(found: Sequence[Appointment], reading: Interpretation) -> tuple[str, ...]:
    """Of those who may be meant, whoever is there."""
    named = named_of(reading, "person")
    there = {guest.name for one in found for guest in one.others}
    return tuple(name for name in meant(named) if name in there) if named else ()


def _whole_days(world: World, reading: Interpretation, stretch: Span) -> tuple[Appointment, ...]:
    when = when_of(reading)
    if when and when.grain is not Grain.DAY:
        return ()
    whole = agenda.whole_days(world.appointments, stretch.start.date())
    return tuple(a for a in whole if _fits(a, reading))


def _all_day(world: World, whole: Sequence[Appointment], day: str) -> Iterator[str]:
    if whole:
        titles = world.wording.listing([telling.title(world, a) for a in whole[:MAX_ITEMS]])
        yield world.wording.phrase("whole_day", titles=titles, day=day)


def _stretch(world: World, reading: Interpretation) -> tuple[Span, str]:
    """What is asked about and how it is called; without words, from now to midnight."""
    when = when_of(reading)
    if when and when.spans:
        return _in_view(world, when.spans[0]), telling.time_asked(world, when)
    today = agenda.day_span(world.now.date(), world.zone)
    return Span(start=world.now, end=today.end), world.wording.phrase("today")


def _in_view(world: World, span: Span) -> Span:
    """Raises OutOfView where any of it, apart from what is past, is unknown."""
    known = in_view(world.now)
    if span.end > known.end or span.end <= known.start:
        raise OutOfView("calendar")
    return span


def free(world: World, reading: Interpretation) -> Outcome:
    """calendar.free: whether the time asked for is free, and what is in the way."""
    spoken = when_of(reading)
    if spoken is None or not spoken.spans:
        return gap(world, reading)
    span = _in_view(world, spoken.spans[0])
    if spoken.grain is Grain.INSTANT:
        span = Span(start=span.start, end=span.start + timedelta(minutes=30))
    taken = tuple(a for a in agenda.blocking(world.appointments) if a.span.overlaps(span))
    if not taken:
        words = telling.time_asked(world, spoken)
        key = "calendar.free.not_busy" if "busy" in reading.slots else "calendar.free.say"
        return telling.reply(world, world.wording.reply(key, when=words))
    open_spans = _open(world, span) if spoken.grain is not Grain.INSTANT else ()
    if open_spans:
        return _gap_reply(world, open_spans, span)
    key = "calendar.free.is_busy" if "busy" in reading.slots else "calendar.free.busy"
    text = world.wording.reply(key, **telling.values(world, taken[0]))
    return telling.reply(world, text, taken[:1])


def gap(world: World, reading: Interpretation) -> Outcome:
    """calendar.gap: the free stretches of the working day ahead."""
    stretch, _ = _stretch(world, reading)
    least = timedelta(minutes=minutes_of(reading, 0))
    found = tuple(gap for gap in _open(world, stretch) if gap.end - gap.start >= least)
    if not found:
        return telling.reply(world, world.wording.reply("calendar.gap.none"))
    return _gap_reply(world, found, stretch)


def _open(world: World, stretch: Span) -> tuple[Span, ...]:
    """Free time ahead: all of a part of a day, the working hours of whole days."""
    start = max(stretch.start, world.now) if stretch.end > world.now else stretch.start
    ahead = Span(start=start, end=stretch.end)
    if stretch.end - stretch.start < timedelta(hours=12) and stretch.start > world.now:
        awake = max(start, datetime.combine(start.date(), time(WORKING_DAY_H[0]), start.tzinfo))
        within = Span(start=awake, end=ahead.end) if awake < ahead.end else ahead
        return agenda.gaps(world.appointments, within)
    days = (ahead.end - timedelta(seconds=1)).date() - start.date()
    if not days:
        return agenda.gaps(world.appointments, _working(start.date(), ahead) or ahead)
    dates = [start.date() + timedelta(days=n) for n in range(days.days + 1)]
    hours = [hours for day in dates if day.weekday() < 5 and (hours := _working(day, ahead))]
    found = [gap for span in hours for gap in agenda.gaps(world.appointments, span)]
    return tuple(gap for gap in found if gap.end - gap.start >= WORTH_NAMING)


def _working(day: date, ahead: Span) -> Span | None:
    """The working hours of `day` that lie in `ahead`."""
    opening, closing = (
        datetime.combine(day, time(hour), ahead.start.tzinfo) for hour in WORKING_DAY_H
    )
    start, end = max(opening, ahead.start), min(closing, ahead.end)
    return Span(start=start, end=end) if start < end else None


def _gap_reply(world: World, spans: Sequence[Span], asked: Span) -> Reply:
    today = world.now.date()
    known = asked.start.date() if asked.end - asked.start <= timedelta(hours=25) else today
    items = []
    for span in spans:
        day = span.start.date()
        item = world.wording.reply(
            "calendar.gap.item",
            day="" if day == known else world.wording.day(day, today),
            time=world.wording.time(span.start),
            until=world.wording.time(span.end),
        )
        items.append(item)
        known = day
    text, *rest = _portions(
        world, items, lambda said: world.wording.reply("calendar.gap.say", items=said)
    )
    return _in_parts(world, text, rest)


def clash(world: World, reading: Interpretation) -> Outcome:
    """calendar.clash"""
    stretch, words = _stretch(world, reading)
    pairs = agenda.clashes(agenda.within(world.appointments, stretch))
    if not pairs:
        return telling.reply(world, world.wording.reply("calendar.clash.none", day=words))
    first, second = pairs[0]
    facts = telling.values(world, second)
    text = world.wording.reply(
        "calendar.clash.say",
        first=telling.title(world, first),
        second=facts["title"],
        time=facts["time"],
        day=facts["day"],
    )
    return telling.reply(world, text, (first, second))


def first(world: World, reading: Interpretation) -> Outcome:
    """calendar.first: of today's whole working day, or of the day asked for."""
    return _end_of(world, reading, "calendar.first", 0)


def last(world: World, reading: Interpretation) -> Outcome:
    """calendar.last"""
    return _end_of(world, reading, "calendar.last", -1)


def _end_of(world: World, reading: Interpretation, key: str, index: int) -> Reply:
    stretch, words = _stretch(world, reading)
    if when_of(reading) is None and index == 0:
        stretch = agenda.day_span(world.now.date(), world.zone)
    found = _blocking(world, reading, stretch)
    if not found:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    chosen = found[index]
    return telling.reply(
        world, world.wording.reply(f"{key}.say", **telling.values(world, chosen)), (chosen,)
    )


def count(world: World, reading: Interpretation) -> Outcome:
    """calendar.count"""
    stretch, words = _stretch(world, reading)
    found = _blocking(world, reading, stretch)
    if not found:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    who = world.wording.listing(_who(found, reading))
    text = world.wording.counted("calendar.count", len(found), day=words, who=who)
    return telling.reply(world, text, found, Glyph.AGENDA)


def _blocking(world: World, reading: Interpretation, stretch: Span) -> tuple[Appointment, ...]:
    found = agenda.blocking(agenda.within(world.appointments, stretch))
    return tuple(a for a in found if _fits(a, reading))
