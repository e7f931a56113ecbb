"""Telling people: read back and asked, always. `carry` sends after a yes.

Neighbours: `changes` does the same for the calendar and has the questions both ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from assistant.actions.changes import (
    CALENDAR,
    asked_for,
    confirmed,
    minutes_of,
    names_meant,
    person_name,
)
from assistant.actions.selection import (
    appointments_meant,
    ask_which_person,
    contacts_called,
    exactly,
)
from assistant.actions.telling import title
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Interpretation
from assistant.core.outcome import Action, Ask, Card, Choice, Glyph, Outcome, told
from assistant.errors import NotFound


def late(world: World, reading: Interpretation) -> Outcome:
    """message.late: to everyone in the meeting that runs or is next, or the one named."""
    found = _meeting(world, reading)
    minutes = minutes_of(reading, 0)
    spoken = world.wording.duration(timedelta(minutes=minutes)) if minutes else ""
    message = world.wording.phrase("late_text", minutes=spoken)
    return _message(world, reading, found, message, "message.late")


def send(world: World, reading: Interpretation) -> Outcome:
    """message.send: free words to a person or to everyone in a meeting."""
    text = str(reading.slots.get("text", ""))
    if not text:
        return _ask_text(world, reading)
    if "clause" in reading.slots:
        text = world.wording.phrase("clause_text", text=text)
    return _message(world, reading, _meeting(world, reading), text, "message.send")


def _ask_text(world: World, reading: Interpretation) -> Ask:
    """Free words are for typists; a driver has three sentences to choose from."""
    texts = [world.wording.phrase(f"text_{n}") for n in (1, 2, 3)]
    said = world.wording.phrase("missing_text", choices=world.wording.listing(texts, "or"))
    return Ask(
        text=said,
        card=Card(glyph=Glyph.QUESTION, lines=tuple(texts)),
        interpretation=reading,
        choices=tuple(Choice(label=text, slots={"text": text}) for text in texts),
        slot="text",
    )


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
    if "alone" in reading.slots and "person" not in reading.slots:
        return _to_one(world, reading, one)
    namesakes = names_meant(reading, "person")
    present = [n for n in namesakes if one and n in [a.name for a in one.others]]
    if len(present) == 1:
        reading = replace(reading, slots={**reading.slots, "person": exactly(present[0])})
    elif len(namesakes) > 1:
        return ask_which_person(world, reading, namesakes[:3])
    if "organizer" in reading.slots and one and one.organizer and one.organizer.is_self:
        return told(world.wording.reply("call.organizer.self", title=title(world, one)), (one,))
    emails, name = _recipients(world, reading, one)
    if not emails and not name:
        raise NotFound(CALENDAR)
    if not emails:
        return told(world.wording.phrase("no_address", name=name))
    text = text[0].upper() + text[1:].replace("' ", "'")
    details = {"text": text, "emails": ",".join(emails)}
    if not one or not _are_guests(one, emails, person_name(reading)):
        details["outside"] = "yes"
    action = Action(kind="message", target=one.uid if one else "", name=name, details=details)
    question = world.wording.reply(f"{key}.confirm", name=name, text=text)
    about = None if "outside" in details else one
    return confirmed(world, action, question, f"{key}.done", reading, about)


def _to_one(world: World, reading: Interpretation, one: Appointment | None) -> Outcome:
    """ "Tell her": who was talked about, else the only other one of the meeting, else who?"""
    guests = one.others if one else ()
    name = world.context.person or (guests[0].name if len(guests) == 1 else "")
    if not name and not guests:
        return asked_for(world, reading, "person")
    if not name:
        return ask_which_person(world, reading, [guest.name for guest in guests[:3]])
    act = late if reading.intent == "message.late" else send
    meeting = {"uid": one.uid} if one else {}
    return act(world, replace(reading, slots={**reading.slots, **meeting, "person": exactly(name)}))


def _are_guests(one: Appointment, emails: Sequence[str], name: str) -> bool:
    """Whether they know of the meeting: nobody else is told its title."""
    guests = (*one.others, *filter(None, (one.organizer,)))
    known = {guest.email for guest in guests}
    return known.issuperset(emails) or name in {guest.name for guest in guests}


def _recipients(
    world: World, reading: Interpretation, one: Appointment | None
) -> tuple[tuple[str, ...], str]:
    """Addresses and how they are called. One clear person, the organiser, else everyone."""
    host = one.organizer if one and "organizer" in reading.slots else None
    if host:
        return tuple(filter(None, (host.email,))), host.name
    name = person_name(reading)
    if name:
        people = contacts_called(world, (name,))
        return tuple(e for c in people for e in c.emails[:1]), name
    if one is None:
        return (), ""
    emails = tuple(a.email for a in one.others if a.email)
    return emails, world.wording.phrase("everyone_in", title=title(world, one))
