"""Questions about a stretch of time: what is on, what is free, what clashes, how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from assistant.actions import telling
from assistant.actions.selection import meant, named_of, when_of
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Grain, Interpretation, Span
from assistant.core.outcome import Glyph, Outcome, Reply
from assistant.core.wording import MAX_ITEMS, MAX_WORDS

WORKING_DAY_H = (8, 18)
"""Hours of the car's clock in which a gap is worth naming."""


def overview(world: World, reading: Interpretation) -> Outcome:
    """calendar.agenda: the rest of today, or the stretch asked for; three items, then "more"."""
    stretch, words = _stretch(world, reading)
    found = tuple(a for a in agenda.within(world.appointments, stretch) if _fits(a, reading))
    whole = _whole_days(world, reading, stretch)
    if not found and not whole:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    text = _timed(world, found, words) if found else ""
    rest = _rest(world, found[MAX_ITEMS:])
    if whole and len(text.split()) < MAX_WORDS // 2:
        text = f"{text} {_all_day(world, whole)}".strip()
    elif whole:
        rest = f"{rest} {_all_day(world, whole)}".strip()
    if rest:
        text = f"{text} {world.wording.phrase('more')}"
    return replace(telling.reply(world, text, found or whole, Glyph.AGENDA), rest=rest)


def _timed(world: World, found: Sequence[Appointment], words: str) -> str:
    items = telling.items(world, "calendar.agenda.item", found[:MAX_ITEMS])
    return world.wording.counted("calendar.agenda", len(found), day=words, items=items)


def _fits(appointment: Appointment, reading: Interpretation) -> bool:
    named = named_of(reading, "person")
    return named is None or any(a.name in meant(named) for a in appointment.others)


def _rest(world: World, found: Sequence[Appointment]) -> str:
    """Sentences of at most three items, for "more"."""
    parts = [found[i : i + MAX_ITEMS] for i in range(0, len(found), MAX_ITEMS)]
    said = [telling.items(world, "calendar.agenda.item", part) for part in parts]
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in said)


def _whole_days(world: World, reading: Interpretation, stretch: Span) -> tuple[Appointment, ...]:
    when = when_of(reading)
    if when and when.grain is not Grain.DAY:
        return ()
    return agenda.whole_days(world.appointments, stretch.start.date())


def _all_day(world: World, whole: Sequence[Appointment]) -> str:
    titles = world.wording.listing([telling.title(world, a) for a in whole[:MAX_ITEMS]])
    return world.wording.phrase("whole_day", titles=titles)


def _stretch(world: World, reading: Interpretation) -> tuple[Span, str]:
    """What is asked about and how it is called; without words, from now to midnight."""
    when = when_of(reading)
    if when and when.spans:
        span = when.spans[0]
        if when.grain is Grain.DAY:
            return span, world.wording.day(span.start.date(), world.now.date())
        return span, when.heard
    today = agenda.day_span(world.now.date(), world.zone)
    return Span(start=world.now, end=today.end), world.wording.phrase("today")


def free(world: World, reading: Interpretation) -> Outcome:
    """calendar.free: whether the time asked for is free, and what is in the way."""
    spoken = when_of(reading)
    if spoken is None or not spoken.spans:
        return gap(world, reading)
    span = spoken.spans[0]
    if spoken.grain is Grain.INSTANT:
        span = Span(start=span.start, end=span.start + timedelta(minutes=30))
    taken = tuple(a for a in agenda.blocking(world.appointments) if a.span.overlaps(span))
    if not taken:
        return telling.reply(world, world.wording.reply("calendar.free.say", when=spoken.heard))
    open_spans = agenda.gaps(world.appointments, span) if spoken.grain is not Grain.INSTANT else ()
    if open_spans:
        return _gap_reply(world, open_spans)
    text = world.wording.reply("calendar.free.busy", **telling.values(world, taken[0]))
    return telling.reply(world, text, taken[:1])


def gap(world: World, reading: Interpretation) -> Outcome:
    """calendar.gap: the free stretches of the working day ahead."""
    stretch, _ = _stretch(world, reading)
    found = agenda.gaps(world.appointments, _working(stretch))
    if not found:
        return telling.reply(world, world.wording.reply("calendar.gap.none"))
    return _gap_reply(world, found)


def _working(stretch: Span) -> Span:
    """Only the first day's working hours count, unless the driver asks for later ones."""
    first, last = WORKING_DAY_H
    opening = stretch.start.replace(hour=first, minute=0, second=0, microsecond=0)
    closing = stretch.start.replace(hour=last, minute=0, second=0, microsecond=0)
    if stretch.start >= closing:
        return stretch
    return Span(start=max(stretch.start, opening), end=min(stretch.end, closing))


def _gap_reply(world: World, spans: Sequence[Span]) -> Reply:
    said = [
        world.wording.reply(
            "calendar.gap.item",
            time=world.wording.time(s.start),
            until=world.wording.time(s.end),
            duration=world.wording.duration(s.end - s.start),
        )
        for s in spans[:MAX_ITEMS]
    ]
    text = world.wording.reply("calendar.gap.say", items=world.wording.listing(said))
    return telling.reply(world, text)


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
    found = agenda.blocking(agenda.within(world.appointments, stretch))
    if not found:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    chosen = found[index]
    return telling.reply(
        world, world.wording.reply(f"{key}.say", **telling.values(world, chosen)), (chosen,)
    )


def count(world: World, reading: Interpretation) -> Outcome:
    """calendar.count"""
    stretch, words = _stretch(world, reading)
    found = agenda.blocking(agenda.within(world.appointments, stretch))
    if not found:
        return telling.reply(world, world.wording.reply("calendar.agenda.none", day=words))
    text = world.wording.counted("calendar.count", len(found), day=words)
    return telling.reply(world, text, found, Glyph.AGENDA)
