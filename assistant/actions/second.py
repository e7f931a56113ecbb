""" "No, the other one": who else the last order to call may have meant. Asks, never dials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from assistant.actions.ladder import ask_which_meeting
from assistant.actions.selection import appointments_meant, ask_which_person, named_of
from assistant.actions.world import World
from assistant.core.model import Interpretation
from assistant.core.outcome import Outcome, told

_MOST = 3


def other(world: World, _: Interpretation) -> Outcome:
    """call.other: the rivals of whoever was named, else the next of the meetings meant."""
    order = world.context.order
    names = tuple(dict.fromkeys(_rivals(world, order)))[:_MOST] if order else ()
    if order and names:
        return ask_which_person(world, replace(order, intent="call.person", slots={}), names)
    meetings = appointments_meant(world, order)[1 : _MOST + 1] if order and order.slots else ()
    if order and meetings:
        return ask_which_meeting(world, order, meetings, "call.other.meetings")
    return told(world.wording.reply("call.other.none"))


def _rivals(world: World, order: Interpretation) -> Iterator[str]:
    """Names as likely, then those that share a word with the one that was called."""
    named = named_of(order, "person")
    if named is None or not named.candidates:
        return
    called = named.candidates[0].value
    yield from (c.value for c in named.candidates[1:])
    words = set(called.casefold().split())
    for contact in world.people:
        if contact.name != called and words & set(contact.name.casefold().split()):
            yield contact.name
