"""Appointments as values for sentences and as lines for cards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.actions.world import World
from assistant.core.model import Appointment, Grain, When
from assistant.core.outcome import Card, Glyph, Reply
from assistant.core.wording import MAX_ITEMS, MAX_WORDS, speakable

_SERVICE = re.compile(
    r"(microsoft )?(teams|skype|zoom|webex|google meet|online|virtu)", re.IGNORECASE
)


def title(world: World, appointment: Appointment) -> str:
    """Title for ears, "tentatively" said, private ones hidden."""
    spoken = world.wording.title(appointment, hidden=world.context.is_private)
    if appointment.is_tentative:
        return world.wording.phrase("tentative", title=spoken)
    return spoken


def values(world: World, appointment: Appointment) -> dict[str, str]:
    """Everything a sentence may say about one appointment; "" for what there is nothing to say."""
    start = appointment.start
    today = world.now.date()
    day = (start.date() if isinstance(start, datetime) else start) if start else today
    hidden = appointment.is_private or world.context.is_private
    spoken_day = "" if day == today else world.wording.day(day, today)
    return {
        "title": title(world, appointment),
        "time": world.wording.time(start) if isinstance(start, datetime) else "",
        "until": _until(world, appointment),
        "duration": world.wording.duration(appointment.span.end - appointment.span.start),
        "organizer": "" if hidden else _organizer(appointment),
        "day": spoken_day,
        "any_day": world.wording.day(day, today),
        "who": "" if hidden else people(world, appointment),
        "place": "" if hidden else place(appointment),
        "elsewhere": _elsewhere(world, appointment),
        "in_time": _in_time(world, appointment),
    }


def people(world: World, appointment: Appointment) -> str:
    """The others by name, at most three, then "and two more"."""
    names = [a.name for a in appointment.others]
    if len(names) > MAX_ITEMS:
        more = world.wording.phrase(
            "and_more", count=world.wording.number(len(names) - MAX_ITEMS + 1)
        )
        names = [*names[: MAX_ITEMS - 1], more]
    return world.wording.listing(names) if names else ""


def _organizer(appointment: Appointment) -> str:
    one = appointment.organizer
    return one.name if one and not one.is_self else ""


def place(appointment: Appointment) -> str:
    """A room or address that can be said; a link or the name of a service is not a place."""
    text = speakable(appointment.location.split("\n")[0])
    return "" if appointment.join and _SERVICE.match(text) else text


def _until(world: World, appointment: Appointment) -> str:
    end = appointment.end
    return world.wording.time(end) if isinstance(end, datetime) else ""


def _in_time(world: World, appointment: Appointment) -> str:
    """Duration until the start when it is within two hours."""
    if appointment.is_all_day:
        return ""
    ahead = appointment.span.start - world.now
    if timedelta(0) < ahead <= timedelta(hours=2):
        return world.wording.duration(ahead)
    return ""


def _elsewhere(world: World, appointment: Appointment) -> str:
    """The second clock: "16:00 in Berlin" when the meeting was written in another zone."""
    if appointment.is_all_day or not appointment.zone:
        return ""
    try:
        there = appointment.span.start.astimezone(ZoneInfo(appointment.zone))
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    if there.utcoffset() == appointment.span.start.utcoffset():
        return ""
    city = appointment.zone.rpartition("/")[2].replace("_", " ")
    return world.wording.phrase("elsewhere", time=world.wording.time(there), city=city)


def card(world: World, appointments: Sequence[Appointment], glyph: Glyph = Glyph.MEETING) -> Card:
    """One line per appointment: `15:00 Budget review`."""
    lines = tuple(_line(world, a) for a in appointments[:6])
    return Card(glyph=glyph, lines=lines, is_private=True)


def _line(world: World, appointment: Appointment) -> str:
    clock = (
        world.wording.clock(appointment.start) + " "
        if isinstance(appointment.start, datetime)
        else ""
    )
    return clock + world.wording.title(appointment, hidden=world.context.is_private)


def reply(
    world: World, text: str, appointments: Sequence[Appointment] = (), glyph: Glyph = Glyph.MEETING
) -> Reply:
    """An answer about the calendar: its age is said first when the copy is old."""
    if world.is_stale:
        text = (
            world.wording.phrase(
                "as_of", time=world.wording.time(world.copy.as_of.astimezone(world.now.tzinfo))
            )
            + " "
            + text
        )
    shown = card(world, appointments, glyph) if appointments else Card(glyph=glyph, lines=(text,))
    return Reply(text=text, card=shown, topic=tuple(appointments), person=_person(appointments))


def brief(world: World, key: str, facts: Mapping[str, str]) -> str:
    """The sentence `key`, without the place and the people where it is too long for ears."""
    for left_out in ((), ("place",), ("place", "who")):
        text = world.wording.reply(key, **{**facts, **dict.fromkeys(left_out, "")})
        if len(text.split()) <= MAX_WORDS:
            break
    return text


def _person(appointments: Sequence[Appointment]) -> str:
    """The one other person, so that "call her" has somebody to mean."""
    if len(appointments) == 1 and len(appointments[0].others) == 1:
        return appointments[0].others[0].name
    return ""


def items(
    world: World, appointments: Sequence[Appointment], known: date | None = None
) -> tuple[str, ...]:
    """ "stand-up at nine", "budget review tomorrow at ten": a day is said where it is another than
    the one before; `known` has been said."""
    said = []
    for one in appointments:
        facts, day = values(world, one), one.span.start.date()
        said.append(
            world.wording.reply(
                "calendar.agenda.item", **(facts | {"day": ""} if day == known else facts)
            )
        )
        known = day
    return tuple(said)


def time_asked(world: World, when: When) -> str:
    """What the driver asked about: a moment or a day in the words of every answer."""
    start = when.spans[0].start
    match when.grain:
        case Grain.INSTANT:
            return world.wording.moment(start, world.now.date())
        case Grain.DAY:
            return world.wording.day(start.date(), world.now.date())
    return world.wording.spelt(when.heard)
