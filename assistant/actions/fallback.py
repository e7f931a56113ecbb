"""After a call that never came up: the reason, and the next best way as a question.

Another number of the same person; for a meeting the next rung of the ladder. What has been tried
travels in the action's details, so that the offers come to an end. Never dials by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.actions import ladder, placing
from assistant.actions.selection import contacts_called
from assistant.actions.world import World
from assistant.core.dialing import Ruling, judge, parse_target
from assistant.core.events import EndReason
from assistant.core.model import Interpretation, PhoneNumber
from assistant.core.outcome import Action, Card, Confirm, Glyph, Outcome, Reply


def failed(world: World, reading: Interpretation) -> Outcome:
    """call.failed: what the line reported of the call placed last."""
    reason = str(reading.slots["reason"])
    why = world.wording.phrase(f"ended_{reason}", name=str(reading.slots["name"]))
    card = Card(glyph=Glyph.CALL, lines=(why,), is_private=True)
    call = world.context.last_call
    if call is None or not _is_about(world, call, str(reading.slots["uri"])):
        return Reply(text=why, card=card)
    if reason == EndReason.DECLINED and call.kind == "call":
        return Reply(text=why, card=card)  # who does not want to talk is not rung elsewhere
    if reason == EndReason.LOST:
        return _again(world, call, why) or Reply(text=why, card=card)
    return offer(world, call, why) or Reply(text=why, card=card)


def _is_about(world: World, call: Action, uri: str) -> bool:
    """Lines may complete a number or shorten the address of a meeting."""
    return call.kind == "join" or parse_target(call.target, world.market).uri == uri


def _again(world: World, call: Action, why: str) -> Outcome | None:
    """It was up and broke: the same way is the best one."""
    if call.kind == "join":
        return _next_rung(world, call, (), why)
    confirm = world.wording.reply("call.person.confirm", name=call.name, kind="")
    return placing.asked(placing.announced(world, call, confirm, confirm, sure=False), why)


def offer(world: World, call: Action, why: str) -> Outcome | None:
    """`why`, and the next way to ask for; None where there is none."""
    tried = (*call.details.get("tried", "").split(), call.target)
    if call.kind == "join":
        outcome = _next_rung(world, call, tried, why)
    else:
        number = _next_number(world, call, tried)
        outcome = placing.call_number(world, call.name, number, sure=False) if number else None
        outcome = placing.asked(outcome, why) if outcome else None
    if isinstance(outcome, Confirm):
        details: Mapping[str, str] = {**outcome.action.details, "tried": " ".join(tried)}
        return replace(outcome, action=replace(outcome.action, details=details))
    return outcome


def _next_rung(world: World, call: Action, tried: Sequence[str], why: str) -> Outcome | None:
    one = next((a for a in world.appointments if a.uid == call.details.get("uid")), None)
    return ladder.next_rung(world, one, tried, why) if one else None


def _next_number(world: World, call: Action, tried: tuple[str, ...]) -> PhoneNumber | None:
    """Another number of whoever has the one that was dialled."""
    for contact in contacts_called(world, (call.name,)):
        if all(number.uri != call.target for number in contact.numbers):
            continue
        for number in contact.numbers:
            verdict = judge(parse_target(number.uri, world.market), (world.market,))
            is_reached = any(line.can(number.uri) for line in world.lines)
            if number.uri not in tried and is_reached and verdict.ruling is not Ruling.REFUSE:
                return number
    return None
