"""Whom to call: from a sentence to a target that is announced before it is dialled.

Nothing here dials. Each intent returns a Reply with an Action, which the dialogue announces and
holds for the cancel window, or an Ask or Confirm, or an error. Neighbours: `placing` chooses the
number and judges it, `ladder` enters meetings, `carry` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.actions import ladder
from assistant.actions.changes import asked_for
from assistant.actions.placing import announced, call_contact, line_for
from assistant.actions.selection import (
    appointments_meant,
    ask_which_person,
    contact_of,
    contacts_called,
    exactly,
    is_clear,
    meant,
    named_of,
    when_of,
    works_for,
)
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.dialing import emergency_uri, is_emergency, parse_target
from assistant.core.model import Appointment, Contact, Interpretation
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, Reply, told
from assistant.errors import NoHandler, NoSuchContact


def person(world: World, reading: Interpretation) -> Outcome:
    """call.person: one clear contact, or a question."""
    named = named_of(reading, "person")
    if named is None and not world.context.person:
        if names := _spoken_of(world):
            return ask_which_person(world, reading, names)
        return asked_for(world, reading, "person")
    named = named or exactly(world.context.person)
    names = meant(named)
    if not names:
        raise NoSuchContact(named.heard)
    if len(names) > 1:
        return ask_which_person(world, reading, names[:3])
    contacts = contacts_called(world, names)
    employer = reading.slots.get("employer")
    if employer is not None:
        contacts = tuple(c for c in contacts if c.organisation == employer)
    if not contacts:
        raise NoSuchContact(named.heard)
    if len(contacts) > 1:
        return _ask_which_namesake(world, reading, contacts)
    kind = reading.slots.get("kind")
    kind = kind if isinstance(kind, str) else ""
    return call_contact(world, contacts[0], kind, sure=is_clear(named))


def _spoken_of(world: World) -> tuple[str, ...]:
    """Whom "call them" may mean: the people in the meeting last talked about."""
    topic = [a for a in world.context.topic[:1] if not (a.is_private or world.context.is_private)]
    return tuple(other.name for one in topic for other in one.others[:3])


def _ask_which_namesake(world: World, reading: Interpretation, contacts: Sequence[Contact]) -> Ask:
    """Two people of one name are told apart by where they work."""
    labels = [f"{c.name}, {c.organisation}" for c in contacts[:3]]
    text = world.wording.phrase("which", choices=world.wording.listing(labels, "or"))
    choices = tuple(
        Choice(label=label, slots={"employer": c.organisation})
        for label, c in zip(labels, contacts, strict=False)
    )
    card = Card(glyph=Glyph.QUESTION, lines=tuple(labels), is_private=True)
    return Ask(text=text, card=card, interpretation=reading, choices=choices)


def number(world: World, reading: Interpretation) -> Outcome:
    """call.number: read back and asked, because a misheard digit rings a stranger."""
    digits = str(reading.slots.get("digits", ""))
    if is_emergency(digits):
        return emergency(world, reading)
    target = parse_target(f"tel:{digits}", world.market)
    spoken = " ".join(digits)
    action = Action(kind="call", target=target.uri, name=spoken)
    confirm = world.wording.reply("call.number.confirm", number=spoken)
    return announced(world, action, confirm, confirm, sure=False)


def emergency(world: World, reading: Interpretation) -> Outcome:
    """call.emergency: only by its own phrase, and never without a yes."""
    digits = str(reading.slots.get("digits", ""))
    uri = emergency_uri(digits)
    try:
        action = Action(kind="call", target=uri, name=digits, backend=line_for(world, uri))
    except NoHandler:
        return told(world.wording.phrase("no_emergency_line"), glyph=Glyph.ERROR)
    text = world.wording.reply("call.emergency.confirm", number=" ".join(digits), whole=digits)
    return Confirm(text=text, card=Card(glyph=Glyph.CALL, lines=(digits,)), action=action)


def meeting(world: World, reading: Interpretation) -> Outcome:
    """call.meeting, "call my 3 pm": join it if it can be joined now, else call who is in it."""
    is_next = reading.slots.keys() == {"next"}
    found = () if is_next else appointments_meant(world, reading)
    found = found or _default(world, reading)
    if not found:
        return _nothing_there(world, reading)
    one = found[0]
    person_named = named_of(reading, "counterpart")
    if person_named is None and one in agenda.joinable(world.appointments, world.now):
        return ladder.join(world, one)
    return _call_counterpart(world, reading, one)


def _default(world: World, reading: Interpretation) -> tuple[Appointment, ...]:
    """What runs, which whoever is late for it calls "next", or what comes."""
    if reading.slots.keys() - {"next"}:
        return ()
    view = agenda.outlook(world.appointments, world.now)
    return view.running or view.next


def _call_counterpart(world: World, reading: Interpretation, one: Appointment) -> Outcome:
    chosen = named_of(reading, "counterpart")
    people = [contact_of(world, a) for a in agenda.counterparts(one)]
    if chosen:
        people = [contact_of(world, a) for a in one.others]
        people = [c for c in people if c.name in meant(chosen)]
    elif org := named_of(reading, "org"):
        staff = [a for a in one.others if works_for(a, meant(org))]
        people = [contact_of(world, a) for a in staff] or people
    spoken = world.wording.title(one, hidden=world.context.is_private)
    if not people:
        return told(world.wording.reply("call.meeting.nobody", title=spoken), (one,))
    if len(people) > 1:
        names = [c.name for c in people[:3]]
        asked = replace(reading, slots={**reading.slots, "uid": one.uid})
        return ask_which_person(world, asked, names, slot="counterpart")
    outcome = call_contact(world, people[0])
    if not isinstance(outcome, Reply):
        return outcome
    text = world.wording.reply("call.meeting.say", title=spoken, name=people[0].name)
    return replace(outcome, text=text, topic=(one,))


def _nothing_there(world: World, reading: Interpretation) -> Outcome:
    """Nothing at that time: say what is near, and offer it; of a company, its people."""
    org = named_of(reading, "org")
    staff = [c.name for c in world.people if org and c.organisation in meant(org)]
    if staff:
        someone = replace(reading, intent="call.person", slots={})
        return ask_which_person(world, someone, staff[:3])
    when = when_of(reading)
    around = agenda.near(world.appointments, when.spans[0].start) if when and when.spans else ()
    if not around:
        return told(world.wording.reply("call.meeting.none"))
    return ladder.ask_which_meeting(world, reading, around, "call.meeting.near")


def organizer(world: World, reading: Interpretation) -> Outcome:
    """call.organizer"""
    found = appointments_meant(world, reading) or _default(world, replace(reading, slots={}))
    if not found or found[0].organizer is None:
        raise NoSuchContact(world.wording.phrase("organizer"))
    if found[0].organizer.is_self:
        spoken = world.wording.title(found[0], hidden=world.context.is_private)
        return told(world.wording.reply("call.organizer.self", title=spoken), found[:1])
    return call_contact(world, contact_of(world, found[0].organizer))


def join(world: World, reading: Interpretation) -> Outcome:
    """call.join: the meeting that is meant, else the one that can be entered now."""
    if reading.slots.keys() - {"next"}:
        found = appointments_meant(world, reading)
    else:
        open_now = agenda.joinable(world.appointments, world.now)
        topic = () if reading.slots else world.context.topic
        found = open_now or topic or agenda.outlook(world.appointments, world.now).next
    if not found:
        return told(world.wording.reply("call.join.none"))
    return ladder.join(world, found[0])


def redial(world: World, _: Interpretation) -> Outcome:
    """call.redial"""
    return _again(world, world.context.last_call or world.recent.last)


def back(world: World, _: Interpretation) -> Outcome:
    """call.back: the call that was missed."""
    return _again(world, world.context.missed_call)


def missed(world: World, _: Interpretation) -> Outcome:
    """call.missed: who called in vain."""
    call = world.context.missed_call
    if call is None:
        return told(world.wording.reply("call.missed.none"))
    if world.context.is_private:
        return told(world.wording.phrase("private_facts"))
    return told(world.wording.reply("call.missed.say", name=_name(world, call)))


def _name(world: World, call: Action) -> str:
    return call.name or _spelt(parse_target(call.target, world.market).number) or call.target


def _again(world: World, call: Action | None) -> Outcome:
    if call is None:
        return told(world.wording.reply("call.redial.none"))
    name = _name(world, call)
    call = replace(call, name=name)
    return announced(
        world,
        call,
        world.wording.reply("call.person.say", name=name, kind=""),
        world.wording.reply("call.person.confirm", name=name, kind=""),
    )


def _spelt(number: str) -> str:
    """Digit by digit; "" of an address that is no number."""
    return f"+{' '.join(number[1:])}" if number.startswith("+") else " ".join(number)


def control(world: World, reading: Interpretation) -> Outcome:
    """Answer, decline, hang up, mute, hold, keypad and back: on the line that has the call."""
    verb = reading.intent.partition(".")[2]
    has_call = world.context.in_call
    if verb in ("answer", "decline"):
        has_call = world.context.rings_in
    if not has_call:
        key = "nobody_rings" if world.context.in_call else "no_call"
        return told(world.wording.phrase(key))
    tones = "".join(str(reading.slots.get(slot, "")) for slot in ("digits", "key"))
    details = {"tones": tones} if tones else {}
    if verb == "hangup" and world.context.on_hold:
        details = {"held": "yes"}
    action = Action(kind=verb, target="", details=details)
    text = "" if verb in ("hangup", "answer", "decline") else world.wording.phrase(f"line_{verb}")
    return told(text, glyph=Glyph.CALL, action=action)


def duration(world: World, _: Interpretation) -> Outcome:
    """call.time: how long the call has lasted."""
    began = world.context.call_began
    if began is None:
        return told(world.wording.phrase("no_call"))
    lasts = world.wording.duration(world.now - began)
    return told(world.wording.phrase("call_lasts", time=lasts), glyph=Glyph.CALL)
