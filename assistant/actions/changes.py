"""Changing the calendar: read back and asked, always.

Each intent answers with a Confirm whose Action `carry` performs after a yes. What the calendar
cannot do is refused before the question, not after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.actions import lengths, telling
from assistant.actions.selection import appointments_meant, meant, named_of, when_of
from assistant.actions.telling import title, values
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Grain, Interpretation, Response, Span, When
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, told
from assistant.errors import NotFound, ReadOnly

CALENDAR = "calendar"
_NEW = {"to", "minutes", "earlier", "response", *lengths.SLOTS}
"""Slots that say what is to become of a meeting, not of which."""


def move(world: World, reading: Interpretation) -> Outcome:
    """calendar.move: to a new time, to the same time of another day, or to another end."""
    found = one_meant(world, reading)
    if not isinstance(found, Appointment):
        return found
    if lengths.SLOTS & reading.slots.keys():
        return _resize(world, reading, found)
    to = when_of(reading, "to")
    minutes = minutes_of(reading, 0)
    if (to is None and not minutes) or (to and to.grain in (Grain.WEEK, Grain.MONTH)):
        return asked_for(world, reading, "to", keeps=True)
    if to and to.grain is Grain.RANGE and not to.has_end:
        return asked_for(world, reading, "to", "ask_time", keeps=True)
    later = timedelta(minutes=-minutes if "earlier" in reading.slots else minutes)
    span = _moved(world, found, to) if to else _shifted(world, found, later)
    if span is None:
        return asked_for(world, reading, "to", "past_when")
    action = Action(kind="move", target=found.uid, name=title(world, found), details=stretch(span))
    text = world.wording.reply(
        "calendar.move.confirm",
        title=action.name,
        time=world.wording.time(span.start),
        day=world.wording.day(span.start.date(), world.now.date()),
        to_day=world.wording.day(span.start.date(), world.now.date(), "to_day"),
        clash=clash(world, span, found.uid),
    )
    return confirmed(world, action, text, "calendar.move.done", reading, found)


def _resize(world: World, reading: Interpretation, found: Appointment) -> Outcome:
    if not reading.slots.keys() & {"minutes", "end"}:
        return asked_for(world, reading, "end")
    span = lengths.resized(found, reading, world.now)
    if span is None:
        return told(world.wording.reply("calendar.move.no_end"), (found,))
    action = Action(kind="move", target=found.uid, name=title(world, found), details=stretch(span))
    text = world.wording.reply(
        "calendar.move.length",
        title=action.name,
        duration=world.wording.duration(span.end - span.start),
        until=world.wording.time(span.end),
        clash=clash(world, span, found.uid),
    )
    return confirmed(world, action, text, "calendar.move.resized", reading, found)


def _shifted(world: World, one: Appointment, later: timedelta) -> Span | None:
    start, end = (moment.astimezone(UTC) + later for moment in (one.span.start, one.span.end))
    zone = one.span.start.tzinfo
    ahead = Span(start=start.astimezone(zone), end=end.astimezone(zone))
    return ahead if start > world.now else None


def _moved(world: World, one: Appointment, to: When) -> Span | None:
    """None when it would be past."""
    lasting = to.spans[0] if to.has_end else one.span
    length = lasting.end - lasting.start
    starts = [s.start for s in to.spans]
    if to.grain is Grain.DAY:
        clock = one.span.start.timetz()
        starts = [datetime.combine(s.date(), clock) for s in starts]
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
    found = one_meant(world, reading)
    if not isinstance(found, Appointment):
        return found
    action = Action(kind=kind, target=found.uid, name=title(world, found), details=details)
    suffix = f"_{details['response']}" if "response" in details else ""
    text = world.wording.reply(f"calendar.{kind}.confirm{suffix}", **values(world, found))
    return confirmed(world, action, text, f"calendar.{kind}.done", reading, found)


def one_meant(world: World, reading: Interpretation) -> Appointment | Ask:
    """The one upcoming appointment that is meant, or the question which. Raises NotFound."""
    meant = appointments_meant(world, reading)
    found = [a for a in meant if not a.is_all_day and a.span.end > world.now]
    if reading.intent == "calendar.respond":
        found = _invited(world, reading, found)
    if not found and not meant and not reading.slots.keys() - _NEW:
        return asked_for(world, reading, "title", "ask_title")
    if not found:
        sought = named_of(reading, "title")
        raise NotFound(CALENDAR, heard=sought.heard if sought else "")
    if len(found) == 1 or not _differ(found):
        return found[0]
    facts = [values(world, a) for a in found[:3]]
    items = telling.items(world, found[:3], world.now.date())
    text = world.wording.phrase("which", choices=world.wording.listing(items, "or"))
    choices = tuple(
        Choice(label=f["title"], slots={"uid": a.uid}) for a, f in zip(found, facts, strict=False)
    )
    card = Card(glyph=Glyph.QUESTION, lines=tuple(items), is_private=True)
    return Ask(text=text, card=card, interpretation=reading, choices=choices)


def _invited(world: World, reading: Interpretation, found: list[Appointment]) -> list[Appointment]:
    """Invitations that wait for an answer go before what has one."""
    is_any = not reading.slots.keys() - {"response", "next"}
    among = world.appointments if is_any and (not found or "next" in reading.slots) else found
    waiting = [a for a in among if _is_open(world, a)]
    return waiting[:1] if "next" in reading.slots and waiting else waiting or found


def _is_open(world: World, one: Appointment) -> bool:
    return one.response is Response.NEEDS_ACTION and one.span.end > world.now


def _differ(found: list[Appointment]) -> bool:
    """Occurrences of one series do not differ: the next one is meant."""
    return len({a.title for a in found}) > 1


def clash(world: World, span: Span, besides: str = "") -> str:
    """What is already on then, other than the entry with the uid `besides`."""
    taken = (a for a in agenda.blocking(world.appointments) if a.uid != besides)
    return next((title(world, a) for a in taken if a.span.overlaps(span)), "")


def person_name(reading: Interpretation, slot: str = "person") -> str:
    named = named_of(reading, slot)
    return next(iter(names_meant(reading, slot)), named.heard if named else "")


def names_meant(reading: Interpretation, slot: str) -> tuple[str, ...]:
    named = named_of(reading, slot)
    return meant(named) if named else ()


def confirmed(
    world: World,
    action: Action,
    text: str,
    done: str,
    reading: Interpretation,
    about: Appointment | None = None,
) -> Confirm:
    if world.writable is None:
        raise ReadOnly(CALENDAR, f"this calendar cannot {action.kind}")
    return Confirm(
        text=text,
        card=Card(glyph=Glyph.QUESTION, lines=(text,), is_private=True),
        action=action,
        done=world.wording.reply(done),
        interpretation=reading,
        topic=(about,) if about else (),
    )


def asked_for(
    world: World, reading: Interpretation, slot: str, phrase: str = "", *, keeps: bool = False
) -> Ask:
    """`keeps`: what was said of the slot holds, and the answer completes it."""
    text = world.wording.phrase(phrase or f"missing_{slot}")
    card = Card(glyph=Glyph.QUESTION, lines=(text,))
    kept = {k: v for k, v in reading.slots.items() if keeps or k != slot}
    return Ask(text=text, card=card, interpretation=replace(reading, slots=kept), slot=slot)


def minutes_of(reading: Interpretation, default: int) -> int:
    minutes = reading.slots.get("minutes", default)
    return minutes if isinstance(minutes, int) else default


def stretch(span: Span) -> dict[str, str]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()}
