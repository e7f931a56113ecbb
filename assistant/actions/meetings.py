"""Questions about the day. Each function answers one intent; the rules are `core.agenda`'s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from assistant.actions import telling
from assistant.actions.selection import appointments_meant, meant, named_of
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.model import Appointment, Interpretation
from assistant.core.outcome import Outcome, Reply


def upcoming(world: World, reading: Interpretation) -> Outcome:
    """calendar.next: what runs, then what is next; with a name, the next one with it."""
    if reading.slots:
        return _next_such(world, reading)
    view = agenda.outlook(world.appointments, world.now)
    if view.running and view.next:
        text = _said(world, "calendar.next.running", view.running[0], view.next[0])
        return telling.reply(world, text, (*view.next, *view.running[:1]))
    if view.running:
        text = world.wording.reply("calendar.next.last", **telling.values(world, view.running[0]))
        return telling.reply(world, text, view.running[:1])
    if not view.next:
        return telling.reply(world, world.wording.reply("calendar.next.none"))
    if len(view.next) > 1:
        return _several_next(world, view.next)
    text = telling.brief(world, "calendar.next.say", telling.values(world, view.next[0]))
    return telling.reply(world, text, view.next)


def _said(world: World, key: str, running: Appointment, following: Appointment) -> str:
    now = telling.values(world, running)
    named = {"running": now["title"], "running_until": now["until"]}
    return telling.brief(world, key, telling.values(world, following) | named)


def _several_next(world: World, entries: Sequence[Appointment]) -> Reply:
    titles = world.wording.listing([telling.title(world, a) for a in entries])
    text = world.wording.reply(
        "calendar.next.clash", **{**telling.values(world, entries[0]), "titles": titles}
    )
    return telling.reply(world, text, entries)


def _next_such(world: World, reading: Interpretation) -> Reply:
    found = [
        a
        for a in appointments_meant(world, reading)
        if not a.is_all_day and a.span.start > world.now
    ]
    if not found:
        return telling.reply(world, world.wording.reply("calendar.next.none_such"))
    text = telling.brief(world, "calendar.next.say", telling.values(world, found[0]))
    return _with_person(telling.reply(world, text, found[:1]), reading)


def _with_person(reply: Reply, reading: Interpretation) -> Reply:
    """Whoever was named is "her" from now on."""
    asked = named_of(reading, "person")
    names = meant(asked) if asked else ()
    return replace(reply, person=names[0]) if len(names) == 1 else reply


def after(world: World, reading: Interpretation) -> Outcome:
    """calendar.after: what follows the meeting that is named, or was last talked about."""
    named = appointments_meant(world, reading)[:1] if reading.slots else world.context.topic
    if reading.slots and not named:
        return telling.reply(world, world.wording.reply("calendar.next.none_such"))
    spoken = [a.span.end for a in named if not a.is_all_day]
    start = max(spoken, default=world.now)
    found = [a for a in agenda.blocking(world.appointments) if a.span.start >= start]
    if not found:
        return telling.reply(world, world.wording.reply("calendar.after.none"))
    text = telling.brief(world, "calendar.after.say", telling.values(world, found[0]))
    return telling.reply(world, text, found[:1])


def running(world: World, _: Interpretation) -> Outcome:
    """calendar.now"""
    view = agenda.outlook(world.appointments, world.now)
    if view.running:
        text = telling.brief(world, "calendar.now.say", telling.values(world, view.running[0]))
        return telling.reply(world, text, view.running)
    if view.next:
        text = world.wording.reply("calendar.now.free", **telling.values(world, view.next[0]))
        return telling.reply(world, text, view.next)
    return telling.reply(world, world.wording.reply("calendar.now.none"))


def when(world: World, reading: Interpretation) -> Outcome:
    """calendar.when"""
    return _about(world, reading, "calendar.when")


def who(world: World, reading: Interpretation) -> Outcome:
    """calendar.who"""
    return _about(world, reading, "calendar.who")


def where(world: World, reading: Interpretation) -> Outcome:
    """calendar.where"""
    return _about(world, reading, "calendar.where")


def details(world: World, reading: Interpretation) -> Outcome:
    """calendar.details"""
    return _about(world, reading, "calendar.details")


_NEEDS = {"calendar.who": "who", "calendar.where": "place"}


def _about(world: World, reading: Interpretation, key: str) -> Outcome:
    """One fact about the appointment that is meant; upcoming ones first, the next by default."""
    found = appointments_meant(world, reading) or _default(world, reading)
    if not found:
        return telling.reply(world, world.wording.reply(f"{key}.none"))
    ahead = [a for a in found if a.is_all_day or a.span.end > world.now] or list(found)
    one = ahead[0]
    facts = telling.values(world, one)
    if (one.is_private or world.context.is_private) and key in _NEEDS:
        return telling.reply(world, world.wording.phrase("private_facts"), (one,))
    sentence = world.wording.reply(f"{key}.{_form(reading, key, one, facts)}", **facts)
    return _with_person(telling.reply(world, sentence, (one,)), reading)


def _form(reading: Interpretation, key: str, one: Appointment, facts: Mapping[str, str]) -> str:
    """Which of the sentences of `key`: what there is to say, and what was asked."""
    missing = _NEEDS.get(key)
    if missing is None:
        lasts = "length" in reading.slots and not one.is_all_day
        return "lasts" if lasts else "all_day" if one.is_all_day else "say"
    if "organizer" in reading.slots and facts["organizer"]:
        return "organizer"
    if facts[missing]:
        return "say"
    return "online" if key == "calendar.where" and one.join else "unknown"


def _default(world: World, reading: Interpretation) -> tuple[Appointment, ...]:
    if reading.slots.keys() - {"length", "organizer"}:
        return ()
    view = agenda.outlook(world.appointments, world.now)
    return view.running or view.next


def after_call(world: World, _: Interpretation) -> Outcome:
    """call.after: the whisper on hang-up."""
    following = agenda.outlook(world.appointments, world.now).next[:1]
    facts = telling.values(world, following[0]) if following else {"in_time": ""}
    if not facts["in_time"]:
        return telling.reply(world, world.wording.phrase("after_call_none"), following)
    one = following[0]
    leave_by = one.span.start - (world.travel or timedelta())
    facts["time"] = world.wording.time(leave_by)
    key = "after_call_join" if one.join else "after_call"
    if not one.join and world.travel and telling.place(one):
        key = "after_call_leave_now" if leave_by <= world.now else "after_call_leave"
    return telling.reply(world, world.wording.phrase(key, **facts), following)
