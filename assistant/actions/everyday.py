"""The clock, help, and the way to the next meeting."""

from __future__ import annotations

from urllib.parse import quote

from assistant.actions.changes import CALENDAR
from assistant.actions.selection import appointments_meant, named_of, when_of
from assistant.actions.telling import place, title
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Interpretation
from assistant.core.outcome import Action, Card, Glyph, Outcome, Reply, told
from assistant.errors import NotFound

_NAMED = {"title", "subject", "when", "person", "org"}
"""Slots that name a meeting; where there is none, the way to another one is no answer."""


def time(world: World, _: Interpretation) -> Outcome:
    """session.time"""
    return told(world.wording.reply("session.time.say", time=world.wording.time(world.now)))


def date(world: World, reading: Interpretation) -> Outcome:
    """session.date: today's, or that of the day asked about."""
    when = when_of(reading)
    day = when.spans[0].start if when and when.spans else world.now
    key = "session.date.that" if when else "session.date.say"
    spoken = world.wording.full_date(day.date(), with_year=True)
    return told(world.wording.reply(key, date=spoken))


def help_(world: World, _: Interpretation) -> Outcome:
    """session.help: three things that make sense right now."""
    key = "session.help.call" if world.context.in_call else "session.help.say"
    return told(world.wording.reply(key))


def navigate(world: World, reading: Interpretation) -> Outcome:
    """drive.navigate: hands the place to the navigation. Source: RFC 5870 (geo URI)."""
    one = _somewhere(world, reading)
    if not place(one):
        return _nowhere(world, one)
    hidden = one.is_private or world.context.is_private
    name = title(world, one) if hidden else place(one)
    text = world.wording.reply("drive.navigate.say", place=name)
    action = Action(kind="navigate", target=f"geo:0,0?q={quote(place(one))}", name=name)
    card = Card(glyph=Glyph.INFO, lines=(text,), is_private=True)
    return Reply(text=text, card=card, topic=(one,), action=action)


def leave(world: World, reading: Interpretation) -> Outcome:
    """drive.leave: start minus travel time."""
    one = _somewhere(world, reading)
    if not place(one):
        return _nowhere(world, one)
    if world.travel is None:
        return told(world.wording.reply("drive.leave.unknown", title=title(world, one)))
    leave_by = one.span.start - world.travel
    key = "drive.leave.now" if leave_by <= world.now else "drive.leave.say"
    text = world.wording.reply(key, title=title(world, one), time=world.wording.time(leave_by))
    return told(text, (one,))


def sign_in(world: World, _: Interpretation) -> Outcome:
    """session.sign_in: a code to be entered on another device, told to a parked driver only."""
    if not world.context.is_parked:
        return told(world.wording.phrase("only_parked"))
    shown = world.sign_ins.begin() if world.sign_ins else None
    if shown is None:
        return told(world.wording.reply("session.sign_in.none"))
    address = shown.address.removeprefix("https://").removeprefix("www.")
    text = world.wording.reply(
        "session.sign_in.say", address=_spelt(world, address), code=", ".join(shown.code)
    )
    card = Card(glyph=Glyph.INFO, lines=(shown.code, address, shown.account), is_for_parked=True)
    return Reply(text=text, card=card)


def _spelt(world: World, address: str) -> str:
    """An address in words: voices leave its dots and slashes out."""
    dotted = address.replace(".", f" {world.wording.phrase('dot')} ")
    return dotted.replace("/", f" {world.wording.phrase('slash')} ")


def _nowhere(world: World, one: Appointment) -> Reply:
    """There is no way to a meeting that is online or that names no place."""
    if one.is_private or world.context.is_private:
        return told(world.wording.phrase("private_facts"), (one,))
    key = "calendar.where.online" if one.join else "calendar.where.unknown"
    return told(world.wording.reply(key, title=title(world, one)), (one,))


def _somewhere(world: World, reading: Interpretation) -> Appointment:
    """The meeting that is meant, or is "there"; else the next one with a place. Raises NotFound."""
    found = appointments_meant(world, reading) if reading.slots.keys() - {"next"} else ()
    if not found and reading.slots.keys() & _NAMED:
        sought = named_of(reading, "title")
        raise NotFound(CALENDAR, heard=sought.heard if sought else "")
    ahead = [a for a in found or agenda.blocking(world.appointments) if a.span.end > world.now]
    with_place = [a for a in ahead if place(a) and not a.is_all_day]
    if with_place or (found and ahead):
        return (with_place or ahead)[0]
    raise NotFound("place")
