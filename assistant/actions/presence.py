"""Whether a colleague can be reached right now, as far as a line can see. Nobody is rung.

Neighbour: `selection` knows who is meant; the line asks its server.
"""

from __future__ import annotations

from assistant.actions.ports import KnowsPresence
from assistant.actions.selection import ask_which_person, contacts_called, exactly, meant, named_of
from assistant.actions.world import World
from assistant.core.model import Interpretation, NumberKind, Presence
from assistant.core.outcome import Card, Glyph, Outcome, Reply
from assistant.errors import NoSuchContact


def presence(world: World, reading: Interpretation) -> Outcome:
    """call.presence: "is Anna available?" """
    named = named_of(reading, "person") or exactly(world.context.person)
    names = meant(named)
    contacts = contacts_called(world, names)
    if not contacts:
        raise NoSuchContact(named.heard)
    if len(names) > 1:
        return ask_which_person(world, reading, names[:3])
    name = contacts[0].name
    addresses = [n.uri for n in contacts[0].numbers if n.kind is NumberKind.SIP]
    seen = _seen(world, addresses)
    text = world.wording.reply("call.presence.unknown", name=name)
    if seen is not Presence.UNKNOWN:
        state = world.wording.phrase(f"presence_{seen.value}")
        text = world.wording.reply("call.presence.say", name=name, state=state)
    card = Card(glyph=Glyph.PERSON, lines=(text,), is_private=True)
    return Reply(text=text, card=card, person=name)


def _seen(world: World, addresses: list[str]) -> Presence:
    """What the first line that can see one of them says. Raises: ServiceError."""
    for line in world.lines:
        for address in addresses:
            if isinstance(line, KnowsPresence) and line.can(address):
                return line.presence(address)
    return Presence.UNKNOWN
