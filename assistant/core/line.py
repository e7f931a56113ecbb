"""What the call line reports: who rings, who is there, why it ended, and what to say of it.

Changes the memory's call and returns what is worth telling; `dialog` decides when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.core.events import Connected, Ended, EndReason, Ringing
from assistant.core.memory import Call, Memory
from assistant.core.model import Interpretation
from assistant.core.outcome import Action, Card, Glyph
from assistant.core.wording import Wording

AFTER_CALL = Interpretation(intent="call.after")
"""After hanging up: minutes to the next appointment and the one thing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """`text` is spoken when the driver is free to listen, `card` is shown at once."""

    card: Card
    text: str = ""
    run: Interpretation | None = None


def report(
    memory: Memory, event: Ringing | Connected | Ended, now: datetime, wording: Wording
) -> News:
    """Take note of `event` and say what it means for the driver."""
    if isinstance(event, Ringing):
        return _ringing(memory, event, wording)
    if isinstance(event, Connected):
        return _connected(memory, event, now, wording)
    return _ended(memory, event, wording)


def _who(memory: Memory, event: Ringing | Connected | Ended, wording: Wording) -> str:
    name = event.name or (memory.call.name if memory.call else "")
    return wording.phrase("somebody") if memory.is_private or not name else name


def _ringing(memory: Memory, event: Ringing, wording: Wording) -> News:
    memory.call = Call(uri=event.uri, name=event.name, incoming=event.incoming)
    who = _who(memory, event, wording)
    if not event.incoming:
        return News(card=_card(wording.phrase("ringing", name=who), who))
    text = wording.phrase("incoming", name=who)
    return News(card=_card(text, who), text=text)


def _connected(memory: Memory, event: Connected, now: datetime, wording: Wording) -> News:
    name = event.name or (memory.call.name if memory.call else "")
    incoming = memory.call.incoming if memory.call else False
    memory.call = Call(uri=event.uri, name=name, incoming=incoming, began=now)
    who = _who(memory, event, wording)
    return News(card=_card(wording.phrase("connected", name=who), who))


def _ended(memory: Memory, event: Ended, wording: Wording) -> News:
    who = _who(memory, event, wording)
    call, memory.call = memory.call, None
    card = _card(wording.phrase(f"ended_{event.reason.value}", name=who), who)
    if call and call.incoming and call.began is None:
        memory.missed_call = Action(kind="call", target=call.uri, name=call.name)
        return News(card=card)
    if event.reason is EndReason.HANG_UP:
        return News(card=card, run=AFTER_CALL if call and call.began else None)
    return News(card=card, text=card.lines[0])


def _card(text: str, name: str) -> Card:
    return Card(glyph=Glyph.CALL, lines=(text,), is_private=name in text)
