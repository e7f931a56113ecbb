""" "No, the other one", "no, Ben Carter": whom or what else the last order may have meant.

Asks, or does as if it had been said so at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from assistant.actions import calls, changes, creating, messages
from assistant.actions.ladder import ask_which_meeting
from assistant.actions.selection import appointments_meant, ask_which_person, named_of
from assistant.actions.world import World
from assistant.core.model import Interpretation
from assistant.core.outcome import Outcome, told

_MOST = 3
_ABOUT_ONE: Mapping[str, Callable[[World, Interpretation], Outcome]] = {
    "calendar.create": creating.create,
    "calendar.move": changes.move,
    "calendar.cancel": changes.cancel,
    "calendar.respond": changes.respond,
    "call.meeting": calls.meeting,
    "call.join": calls.join,
    "message.late": messages.late,
    "message.send": messages.send,
}
_WHICH = {"alone", "title", "person", "when", "uid", "org", "next", "subject", "counterpart"}


def other(world: World, reading: Interpretation) -> Outcome:
    """call.other: what is named now; the rivals of whoever was, else the next such meeting."""
    order = world.context.order
    if order and reading.slots:
        return _instead(world, order, reading)
    names = tuple(dict.fromkeys(_rivals(world, order)))[:_MOST] if order else ()
    if order and names:
        return ask_which_person(world, replace(order, intent="call.person", slots={}), names)
    meetings = appointments_meant(world, order)[1 : _MOST + 1] if order and order.slots else ()
    if order and meetings:
        return ask_which_meeting(world, order, meetings, "call.other.meetings")
    return told(world.wording.reply("call.other.none"))


def _instead(world: World, order: Interpretation, said: Interpretation) -> Outcome:
    if order.intent == "call.person" and "kind" in said.slots:
        return calls.person(world, replace(order, slots={**order.slots, **said.slots}))
    if "person" in said.slots and order.intent.startswith("call."):
        return calls.person(world, replace(said, intent="call.person"))
    act = _ABOUT_ONE.get(order.intent)
    if act is None:
        return told(world.wording.reply("call.other.none"))
    which = set() if order.intent == "calendar.create" else _WHICH
    kept = {name: value for name, value in order.slots.items() if name not in which}
    return act(world, replace(order, slots={**kept, **said.slots}, missing=()))


def _rivals(world: World, order: Interpretation) -> Iterator[str]:
    """Names as likely, then those that share a word with the one that was called."""
    named = named_of(order, "person")
    if named is None or not named.candidates or not order.intent.startswith("call."):
        return
    called = named.candidates[0].value
    yield from (c.value for c in named.candidates[1:])
    words = set(called.casefold().split())
    for contact in world.people:
        if contact.name != called and words & set(contact.name.casefold().split()):
            yield contact.name
