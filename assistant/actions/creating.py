"""A new entry: with whom or about what, when and how long; read back and asked like any change.

Neighbours: `changes` has what all changes share.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from assistant.actions.changes import (
    asked_for,
    clash,
    confirmed,
    minutes_of,
    names_meant,
    one_meant,
    person_name,
    stretch,
)
from assistant.actions.selection import ask_which_person, meant, named_of, when_of
from assistant.actions.telling import title
from assistant.actions.world import World
from assistant.core.model import Appointment, Grain, Interpretation, Span, When
from assistant.core.outcome import Action, Outcome, Reply, told

DEFAULT_MINUTES = 30
"""Length of an appointment nobody gave a length."""
_GUESTS = ("person", "other")


def create(world: World, reading: Interpretation) -> Outcome:
    """calendar.create: a title or a person, and an instant; what is missing or past is asked."""
    if "every" in reading.slots:
        return _only_once(world)
    if "guest" in reading.slots:
        return told(world.wording.reply("calendar.create.guest", name=person_name(reading)))
    if "ahead" in reading.slots:
        return _create_before(world, reading)
    for slot in _GUESTS:
        if len(namesakes := names_meant(reading, slot)) > 1:
            return ask_which_person(world, reading, namesakes[:3], slot)
    when = when_of(reading)
    if when is None or when.grain in (Grain.WEEK, Grain.MONTH):
        return asked_for(world, reading, "when", "ask_when", keeps=True)
    is_whole = when.has_end or "whole" in reading.slots
    if when.grain is Grain.DAY or (when.grain is Grain.RANGE and not is_whole):
        return asked_for(world, reading, "when", "ask_time", keeps=True)
    subject = _subject(world, reading)
    span = _ahead(world, _in_evening(world, when, subject), minutes_of(reading, 0))
    if span is None:
        return asked_for(world, reading, "when", "past_when")
    guests = _guests(reading)
    details = {**stretch(span), "guests": "\n".join(guests)}
    action = Action(kind="create", target="", name=subject, details=details)
    text = world.wording.reply(
        "calendar.create.confirm",
        title=subject,
        who=world.wording.listing([name for name in guests if name not in subject]),
        time=world.wording.time(span.start),
        day=world.wording.day(span.start.date(), world.now.date()),
        duration=world.wording.duration(span.end - span.start),
        clash=clash(world, span),
    )
    return confirmed(world, action, text, "calendar.create.done", reading)


def _create_before(world: World, reading: Interpretation) -> Outcome:
    """ "Remind me ten minutes before the budget review"."""
    found = one_meant(world, reading)
    if not isinstance(found, Appointment):
        return found
    ahead = reading.slots["ahead"]
    start = found.span.start - timedelta(minutes=ahead if isinstance(ahead, int) else 0)
    slots: dict[str, object] = {
        "title": world.wording.phrase("reminder_of", title=title(world, found)),
        "when": When(
            heard="", spans=(Span(start=start, end=found.span.start),), grain=Grain.INSTANT
        ),
        "minutes": ahead,
    }
    return create(world, replace(reading, slots=slots))


def _in_evening(world: World, when: When, subject: str) -> When:
    """Dinner "on Saturday at seven" is in the evening, where it may be."""
    names = world.wording.phrase("evening_titles")
    if when.grain is not Grain.INSTANT or not re.search(rf"\b({names})\b", subject, re.IGNORECASE):
        return when
    return replace(when, spans=tuple(sorted(when.spans, key=lambda span: span.start.hour < 12)))


def _ahead(world: World, when: When, minutes: int) -> Span | None:
    """The first meaning that is still to come; a part of a day is taken whole."""
    for span in when.spans:
        start = max(span.start, world.now) if when.grain is Grain.RANGE else span.start
        if start <= world.now and (when.grain is not Grain.RANGE or span.end <= start):
            continue
        if minutes or when.grain is not Grain.RANGE:
            return Span(start=start, end=start + timedelta(minutes=minutes or DEFAULT_MINUTES))
        return Span(start=start, end=span.end)
    return None


def _subject(world: World, reading: Interpretation) -> str:
    named = named_of(reading, "title")
    if named:
        return named.candidates[0].value if meant(named) else named.heard
    text = reading.slots.get("title")
    if isinstance(text, str) and text:
        return text
    guests = _guests(reading)
    if guests:
        return world.wording.phrase("meeting_with", name=world.wording.listing(guests))
    return world.wording.phrase("meeting")


def _guests(reading: Interpretation) -> tuple[str, ...]:
    return tuple(filter(None, (person_name(reading, slot) for slot in _GUESTS)))


def _only_once(world: World) -> Reply:
    """A single entry would be wrong, and found out too late."""
    return told(world.wording.reply("calendar.create.repeated"))
