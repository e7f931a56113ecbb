"""What the call line reports: who rings, who is there, why it ended, and what to say of it.

Changes the memory's call and returns what is worth telling; `dialog` decides when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from assistant.core.events import Connected, Ended, EndReason, Ringing
from assistant.core.memory import Call, Memory
from assistant.core.model import Interpretation
from assistant.core.outcome import Action, Card, Glyph
from assistant.core.wording import Wording

AFTER_CALL = Interpretation(intent="call.after")
"""After hanging up: minutes to the next appointment and the one thing to do."""
CALL_FAILED = "call.failed"
"""After a call that never came up: the reason, and the next best way to ask for."""
_BEFORE_ANSWER = {EndReason.NO_ANSWER: "missed", EndReason.DECLINED: "turned_down"}
"""How a call ends that nobody took -> what is shown when it was one to the driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """`text` is spoken when the driver is free to listen, `card` is shown at once."""

    card: Card
    text: str = ""
    run: Interpretation | None = None
    rings: bool = False
    """Worth an earcon even in a call."""


def report(
    memory: Memory, event: Ringing | Connected | Ended, now: datetime, wording: Wording
) -> News:
    """Take note of `event` and say what it means for the driver."""
    if isinstance(event, Ringing):
        return _ringing(memory, event, wording)
    if isinstance(event, Connected):
        return _connected(memory, event, now, wording)
    return _ended(memory, event, wording)


def _who(memory: Memory, name: str, wording: Wording) -> str:
    return wording.phrase("somebody") if memory.is_private or not name else name


def _ringing(memory: Memory, event: Ringing, wording: Wording) -> News:
    call = Call(uri=event.uri, name=event.name, incoming=event.incoming)
    who = _who(memory, event.name, wording)
    if event.incoming and memory.call:
        memory.waiting = call
        return News(card=_card(wording.phrase("waiting", name=who), who), rings=True)
    memory.held = _put_by(memory.call)
    memory.call = call
    if not event.incoming:
        return News(card=_card(wording.phrase("ringing", name=who), who))
    return _calls(who, wording)


def _calls(who: str, wording: Wording) -> News:
    text = wording.phrase("incoming", name=who)
    return News(card=_card(text, who), text=text, rings=True)


def _put_by(call: Call | None) -> Call | None:
    """`call` while another one takes its place; one that was never up is not kept."""
    return replace(call, is_held=True) if call and call.began else None


def _connected(memory: Memory, event: Connected, now: datetime, wording: Wording) -> News:
    """A call came up, was taken off hold, or changed places with the held one."""
    places = (memory.waiting, memory.held, memory.call)
    found = next((call for call in places if call and call.uri == event.uri), None)
    found = found or (memory.call if memory.call and memory.call.began is None else None)
    if found is None or found is not memory.call:
        memory.held = _put_by(memory.call)
    if found is memory.waiting:
        memory.waiting = None
    call = found or Call(uri=event.uri, name=event.name, incoming=False)
    memory.call = replace(
        call, name=call.name or event.name, began=call.began or now, is_held=False
    )
    who = _who(memory, memory.call.name, wording)
    return News(card=_card(wording.phrase("connected", name=who), who))


def _ended(memory: Memory, event: Ended, wording: Wording) -> News:
    call = _leave(memory, event)
    who = _who(memory, (call.name if call else "") or event.name, wording)
    card = _card(wording.phrase(f"ended_{event.reason.value}", name=who), who)
    if call and call.incoming and call.began is None:
        memory.missed_call = Action(kind="call", target=call.uri, name=call.name)
        if event.reason in _BEFORE_ANSWER:
            card = _card(wording.phrase(_BEFORE_ANSWER[event.reason], name=who), who)
        return News(card=card)
    if memory.rings_in and memory.call:
        return _calls(_who(memory, memory.call.name, wording), wording)
    if memory.call and memory.call.is_held:
        left = _who(memory, memory.call.name, wording)
        return News(card=card, text=wording.phrase("still_held", name=left), rings=True)
    if memory.call:
        return News(card=card, rings=True)
    if event.reason is EndReason.HANG_UP:
        return News(card=card, run=AFTER_CALL if call and call.began else None)
    is_ours = memory.last_call and not (call and call.incoming)
    if is_ours and event.reason is not EndReason.AWAY:
        slots = {"reason": event.reason.value, "uri": event.uri, "name": who}
        return News(card=card, run=Interpretation(intent=CALL_FAILED, slots=slots), rings=True)
    return News(card=card, text=card.lines[0], rings=True)


def _leave(memory: Memory, event: Ended) -> Call | None:
    """Take the ended call out of its place; the next one moves up."""
    places = (memory.call, memory.held, memory.waiting)
    if event.reason in _BEFORE_ANSWER:
        places = places[::-1]
    call = next((one for one in places if one and one.uri == event.uri), memory.call)
    if call is memory.waiting:
        memory.waiting = None
    elif call is memory.held:
        memory.held = None
    else:
        memory.call, memory.held = memory.held, None
    if memory.call is None:
        memory.call, memory.waiting = memory.waiting, None
    return call


def _card(text: str, name: str) -> Card:
    return Card(glyph=Glyph.CALL, lines=(text,), is_private=name in text)
