"""Changing the calendar and telling people: read back and asked, always.

Each intent answers with a Confirm whose Action `carry` performs after a yes. What the calendar
cannot do is refused before the question, not after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from assistant.actions.selection import (
    appointments_meant,
    contacts_called,
    meant,
    named_of,
    when_of,
)
from assistant.actions.telling import title, values
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Grain, Interpretation, Response, Span, When
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, Reply
from assistant.errors import BadSlot, NotFound, Refused

DEFAULT_MINUTES = 30
"""Length of an appointment nobody gave a length."""

CALENDAR = "calendar"


def create(world: World, reading: Interpretation) -> Outcome:
    """calendar.create: a title or a person, and an instant; what is missing or past is asked."""
    if "every" in reading.slots:
        return _only_once(world)
    when = when_of(reading)
    if when is None or (when.spans and when.grain is not Grain.INSTANT):
        return _ask(world, reading, "when")
    start = next((s.start for s in when.spans if s.start > world.now), None)
    if start is None:
        return _ask(world, reading, "when", "past_when")
    minutes = _minutes(reading, DEFAULT_MINUTES)
    subject = _subject(world, reading)
    span = Span(start=start, end=start + timedelta(minutes=minutes))
    action = Action(
        kind="create",
        target="",
        name=subject,
        details={**_stretch(span), "person": _person_name(reading)},
    )
    clash = next((a for a in agenda.blocking(world.appointments) if a.span.overlaps(span)), None)
    text = world.wording.reply(
        "calendar.create.confirm",
        title=subject,
        time=world.wording.time(start),
        day=world.wording.day(start.date(), world.now.date()),
        duration=world.wording.duration(span.end - span.start),
        clash=title(world, clash) if clash else "",
    )
    return _confirm(world, action, text, "calendar.create.done")


def _subject(world: World, reading: Interpretation) -> str:
    named = named_of(reading, "title")
    if named:
        return named.candidates[0].value if meant(named) else named.heard
    text = reading.slots.get("title")
    if isinstance(text, str) and text:
        return text
    person = _person_name(reading)
    if person:
        return world.wording.phrase("meeting_with", name=person)
    return world.wording.phrase("meeting")


def _person_name(reading: Interpretation) -> str:
    named = named_of(reading, "person")
    names = meant(named) if named else ()
    return names[0] if len(names) == 1 else (named.heard if named else "")


def _only_once(world: World) -> Reply:
    """A single entry would be wrong, and found out too late."""
    text = world.wording.reply("calendar.create.repeated")
    return Reply(text=text, card=Card(glyph=Glyph.INFO, lines=(text,)))


def move(world: World, reading: Interpretation) -> Outcome:
    """calendar.move: to a new time, or to the same time of another day."""
    found = _one(world, reading)
    if not isinstance(found, Appointment):
        return found
    to = when_of(reading, "to")
    if to is None:
        return _ask(world, reading, "to")
    span = _moved(world, found, to)
    if span is None:
        return _ask(world, reading, "to", "past_when")
    action = Action(kind="move", target=found.uid, name=title(world, found), details=_stretch(span))
    text = world.wording.reply(
        "calendar.move.confirm",
        title=action.name,
        time=world.wording.time(span.start),
        day=world.wording.day(span.start.date(), world.now.date()),
    )
    return _confirm(world, action, text, "calendar.move.done")


def _moved(world: World, one: Appointment, to: When) -> Span | None:
    """None when it would be past. Raises BadSlot for what is no moment."""
    length = one.span.end - one.span.start
    starts = [s.start for s in to.spans]
    if to.grain is Grain.DAY:
        clock = one.span.start.timetz()
        starts = [datetime.combine(s.date(), clock) for s in starts]
    elif to.grain is not Grain.INSTANT:
        raise BadSlot("to", to.heard)
    same_day = [s for s in starts if s.date() == one.span.start.date()]
    ahead = [s for s in (*same_day, *starts) if s > world.now]
    return Span(start=ahead[0], end=ahead[0] + length) if ahead else None


def cancel(world: World, reading: Interpretation) -> Outcome:
    """calendar.cancel"""
    return _about_one(world, reading, "cancel", {})


def respond(world: World, reading: Interpretation) -> Outcome:
    """calendar.respond: accept, decline or tentative."""
    response = Response(str(reading.slots.get("response", Response.ACCEPTED.value)))
    return _about_one(world, reading, "respond", {"response": response.value})


def _about_one(
    world: World, reading: Interpretation, kind: str, details: dict[str, str]
) -> Outcome:
    found = _one(world, reading)
    if not isinstance(found, Appointment):
        return found
    action = Action(kind=kind, target=found.uid, name=title(world, found), details=details)
    suffix = f"_{details['response']}" if "response" in details else ""
    text = world.wording.reply(f"calendar.{kind}.confirm{suffix}", **values(world, found))
    return _confirm(world, action, text, f"calendar.{kind}.done")


def _one(world: World, reading: Interpretation) -> Appointment | Ask:
    """The one upcoming appointment that is meant, or the question which. Raises NotFound."""
    found = [
        a for a in appointments_meant(world, reading) if not a.is_all_day and a.span.end > world.now
    ]
    if not found:
        raise NotFound(CALENDAR)
    if len(found) == 1 or not _differ(found):
        return found[0]
    facts = [values(world, a) for a in found[:3]]
    items = [world.wording.reply("calendar.agenda.item", **f) for f in facts]
    text = world.wording.phrase("which", choices=world.wording.listing(items, "or"))
    choices = tuple(
        Choice(label=f["title"], slots={"uid": a.uid}) for a, f in zip(found, facts, strict=False)
    )
    card = Card(glyph=Glyph.QUESTION, lines=tuple(items), is_private=True)
    return Ask(text=text, card=card, interpretation=reading, choices=choices)


def _differ(found: list[Appointment]) -> bool:
    """Occurrences of one series do not differ: the next one is meant."""
    return len({a.title for a in found}) > 1


def late(world: World, reading: Interpretation) -> Outcome:
    """message.late: to everyone in the meeting that runs or is next, or the one named."""
    found = _meeting(world, reading)
    minutes = _minutes(reading, 0)
    spoken = world.wording.duration(timedelta(minutes=minutes)) if minutes else ""
    message = world.wording.phrase("late_text", minutes=spoken)
    return _message(world, reading, found, message, "message.late")


def send(world: World, reading: Interpretation) -> Outcome:
    """message.send: free words to a person or to everyone in a meeting."""
    text = str(reading.slots.get("text", ""))
    if not text:
        return _ask(world, reading, "text")
    return _message(world, reading, _meeting(world, reading), text, "message.send")


def _meeting(world: World, reading: Interpretation) -> Appointment | None:
    """What the slots or the talk name, else the meeting that is due: one with somebody in it."""
    named = appointments_meant(world, reading)
    if named and (reading.slots.keys() & {"uid", "title", "when"} or len(named) == 1):
        return named[0]
    view = agenda.outlook(world.appointments, world.now)
    due = (*agenda.joinable(world.appointments, world.now), *view.running, *view.next)
    return next((a for a in due if a.others), None)


def _message(
    world: World, reading: Interpretation, one: Appointment | None, text: str, key: str
) -> Outcome:
    emails, name = _recipients(world, reading, one)
    if not emails:
        raise NotFound(CALENDAR)
    details = {"text": text, "emails": ",".join(emails)}
    action = Action(kind="message", target=one.uid if one else "", name=name, details=details)
    question = world.wording.reply(f"{key}.confirm", name=name, text=text)
    return _confirm(world, action, question, f"{key}.done")


def _recipients(
    world: World, reading: Interpretation, one: Appointment | None
) -> tuple[tuple[str, ...], str]:
    """Addresses and how they are called. One clear person, else everyone in the meeting."""
    named = named_of(reading, "person")
    if named:
        names = meant(named)
        if len(names) != 1:
            return (), ""
        people = contacts_called(world, names)
        return tuple(e for c in people for e in c.emails[:1]), names[0]
    if one is None:
        return (), ""
    emails = tuple(a.email for a in one.others if a.email)
    return emails, world.wording.phrase("everyone_in", title=title(world, one))


def _confirm(world: World, action: Action, text: str, done: str) -> Confirm:
    if world.writable is None:
        raise Refused(CALENDAR, f"this calendar cannot {action.kind}")
    card = Card(glyph=Glyph.QUESTION, lines=(text,), is_private=True)
    return Confirm(text=text, card=card, action=action, done=world.wording.reply(done))


def _ask(world: World, reading: Interpretation, slot: str, phrase: str = "") -> Ask:
    text = world.wording.phrase(phrase or f"missing_{slot}")
    card = Card(glyph=Glyph.QUESTION, lines=(text,))
    kept = {k: v for k, v in reading.slots.items() if k != slot}
    return Ask(text=text, card=card, interpretation=replace(reading, slots=kept), slot=slot)


def _minutes(reading: Interpretation, default: int) -> int:
    minutes = reading.slots.get("minutes", default)
    return minutes if isinstance(minutes, int) else default


def _stretch(span: Span) -> dict[str, str]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()}
