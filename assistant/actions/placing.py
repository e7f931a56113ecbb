"""From a contact to an announced call: which of the numbers, over which line, asked or not.

Nothing here dials. Numbers are judged by `core.dialing`: what is foreign, costly or unknown is
asked, what is dangerous is refused. Neighbours: `calls` knows whom, `ladder` which meeting,
`fallback` what to offer when a call failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.actions.selection import exactly
from assistant.actions.world import World
from assistant.core.dialing import Ruling, Verdict, judge, parse_target
from assistant.core.model import Contact, Interpretation, NumberKind, PhoneNumber
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, Reply
from assistant.errors import Busy, NoHandler, NoNumber, UnsafeTarget

_ASKED = (NumberKind.WORK, NumberKind.HOME)
"""Without a mobile number nobody can know which of these is meant."""


def call_contact(world: World, contact: Contact, kind: str = "", *, sure: bool = True) -> Outcome:
    """Announce the number that is meant; ask when only the driver can know. Raises: NoNumber."""
    if not contact.numbers:
        raise NoNumber(contact.name)
    wanted = NumberKind.SIP if kind == "skype" else kind
    fitting = [n for n in contact.numbers if wanted in ("", n.kind)]
    usable = reachable(world, fitting or contact.numbers)
    number = _preferred(world, contact, usable)
    if number is None:
        return _ask_which_number(world, contact)
    has_choice = bool(kind) or len(contact.numbers) > 1
    outcome = call_number(world, contact.name, number, sure=sure, says_kind=has_choice)
    if fitting:
        return outcome
    return asked(outcome, _why_not(world, kind))


def _why_not(world: World, kind: str) -> str:
    """Why nobody is called as the driver wished."""
    if kind == "teams":
        return world.wording.phrase("wants_tap", service="Teams")
    if kind == "skype" and all(line.name != "skype" for line in world.lines):
        return world.wording.phrase("why_skype")
    return world.wording.phrase("no_such_number")


def call_number(
    world: World, name: str, number: PhoneNumber, *, sure: bool = True, says_kind: bool = True
) -> Outcome:
    """Announce a call to one number of `name`."""
    label = world.wording.phrase(f"kind_{number.kind.value}") if says_kind else ""
    action = Action(kind="call", target=number.uri, name=name)
    text = world.wording.reply("call.person.say", name=name, kind=label)
    confirm = world.wording.reply("call.person.confirm", name=name, kind=label)
    return announced(world, action, text, confirm, sure=sure)


def reachable(world: World, numbers: Sequence[PhoneNumber]) -> list[PhoneNumber]:
    """Those that a line can reach; all of them when none can (the line says why)."""
    usable = [n for n in numbers if any(line.can(n.uri) for line in world.lines)]
    return usable or list(numbers)


def _preferred(
    world: World, contact: Contact, numbers: Sequence[PhoneNumber]
) -> PhoneNumber | None:
    """The one used last, else the mobile one, else the first; None where that is a guess."""
    used = world.recent.numbers.get(contact.name)
    for number in numbers:
        if number.uri == used:
            return number
    kinds = {number.kind for number in numbers}
    is_guess = NumberKind.MOBILE not in kinds and kinds.issuperset(_ASKED)
    return None if is_guess else numbers[0]


def _ask_which_number(world: World, contact: Contact) -> Ask:
    """ "At work or at home?" """
    labels = [world.wording.phrase(f"kind_{kind.value}") for kind in _ASKED]
    slots = {"person": exactly(contact.name), "employer": contact.organisation}
    choices = tuple(
        Choice(label=label, slots={"kind": kind.value})
        for label, kind in zip(labels, _ASKED, strict=True)
    )
    text = world.wording.phrase("which", choices=world.wording.listing(labels, "or"))
    return Ask(
        text=f"{contact.name}, {text}",
        card=Card(glyph=Glyph.QUESTION, lines=(contact.name, *labels), is_private=True),
        interpretation=Interpretation(intent="call.person", slots=slots),
        choices=choices,
        slot="kind",
    )


def line_for(world: World, uri: str) -> str:
    """Name of the best line for `uri`. Raises NoHandler when none can reach it."""
    for line in world.lines:
        if line.can(uri):
            return line.name
    raise NoHandler(uri.partition(":")[0])


def announced(
    world: World, action: Action, text: str, confirm: str, *, sure: bool = True
) -> Outcome:
    """Announce a call, or ask first where the number wants it.

    Raises: Busy, UnsafeTarget, NoHandler.
    """
    if world.context.in_call:
        raise Busy
    verdict = judge(parse_target(action.target, world.market), (world.market,))
    if verdict.ruling is Ruling.REFUSE:
        raise UnsafeTarget(action.name or action.target, verdict.reason.value)
    action, card = replace(action, backend=line_for(world, action.target)), call_card(action)
    if verdict.ruling is Ruling.ASK:
        return Confirm(text=question(world, action, verdict), card=card, action=action)
    if not sure:
        return Confirm(text=confirm, card=card, action=action)
    return Reply(text=text, card=card, action=action, person=action.name, confirm=confirm)


def question(world: World, action: Action, verdict: Verdict) -> str:
    """ "That's a number in France. Call Claire?" """
    where = world.wording.cldr.territories.get(verdict.country, verdict.country)
    name = action.name or action.target
    return world.wording.phrase(f"ask_{verdict.reason.value}", name=name, country=where)


def asked(outcome: Outcome, why: str) -> Outcome:
    """`outcome` as a question that begins with `why`; nothing happens without a yes."""
    if isinstance(outcome, Reply) and outcome.action:
        text = f"{why} {outcome.confirm}"
        return Confirm(text=text, card=outcome.card, action=outcome.action)
    return replace(outcome, text=f"{why} {outcome.text}")


def call_card(action: Action) -> Card:
    return Card(glyph=Glyph.CALL, lines=(action.name or action.target,), is_private=True)
