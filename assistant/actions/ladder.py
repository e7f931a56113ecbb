"""The join ladder: the best way into a meeting that this car has right now, then the next.

Rungs: SIP or Skype join -> dial-in number with the conference id as tones -> phone call to the
organiser -> the offer to tell them "I'm late". The answer names the rung and, when a better one
had to be skipped, why, in one short sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.actions.selection import contact_of
from assistant.actions.telling import values
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.dialing import Ruling, judge, parse_target
from assistant.core.model import Appointment, DialIn, Interpretation, JoinInfo, NumberKind
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, Reply
from assistant.errors import Busy, UnsafeTarget

ANSWER_PAUSE = ",,"
"""Four seconds between the answer and the conference id: bridges greet first."""


def join(world: World, one: Appointment) -> Outcome:
    """Climb down until a rung holds; a room that is not open yet is asked about first."""
    if world.context.in_call:
        raise Busy
    outcome = _climb(world, one)
    is_open = one in agenda.joinable(world.appointments, world.now)
    if is_open or not isinstance(outcome, Reply) or outcome.action is None:
        return outcome
    text = world.wording.reply("call.join.early", **values(world, one))
    return Confirm(text=text, card=outcome.card, action=outcome.action)


def _climb(world: World, one: Appointment) -> Outcome:
    info = one.join
    if info:
        line = next((line for line in world.lines if line.can_join(info)), None)
        if line:
            action = Action(
                kind="join",
                target=info.sip_uri or info.url,
                name=_title(world, one),
                backend=line.name,
            )
            return _announce(world, one, action, "call.join.say")
        dial_in = _dial_in(world, info)
        if dial_in:
            return _by_phone(world, one, info, dial_in)
    return _call_organizer(world, one)


def _title(world: World, one: Appointment) -> str:
    return world.wording.title(one, hidden=world.context.is_private)


def _dial_in(world: World, info: JoinInfo) -> DialIn | None:
    """The first number a line can dial without doubt about its cost, home numbers first."""
    usable = [d for d in info.dial_ins if _can_dial(world, d)]
    home = [d for d in usable if d.country == world.market or d.is_toll_free]
    return next(iter(home or usable), None)


def _can_dial(world: World, dial_in: DialIn) -> bool:
    try:
        verdict = judge(parse_target(f"tel:{dial_in.number}", world.market), (world.market,))
    except UnsafeTarget:
        return False
    reaches = any(line.can(f"tel:{dial_in.number}") for line in world.lines)
    return reaches and verdict.ruling is not Ruling.REFUSE


def _by_phone(world: World, one: Appointment, info: JoinInfo, dial_in: DialIn) -> Outcome:
    uri = f"tel:{dial_in.number}"
    line = next(line for line in world.lines if line.can(uri))
    tones = f"{ANSWER_PAUSE}{info.conference_id}#" if info.conference_id else ""
    details = {"tones": tones} if tones else {}
    action = Action(
        kind="join", target=uri, name=_title(world, one), backend=line.name, details=details
    )
    if judge(parse_target(uri, world.market), (world.market,)).ruling is Ruling.ASK:
        where = world.wording.cldr.territories.get(dial_in.country, dial_in.country)
        text = world.wording.phrase("ask_foreign", name=action.name, country=where)
        return Confirm(text=text, card=_card(action), action=action)
    return _announce(world, one, action, "call.join.phone")


def _call_organizer(world: World, one: Appointment) -> Outcome:
    """No way in: ring the person who called the meeting, or offer to tell them."""
    organizer = one.organizer
    numbers = contact_of(world, organizer).numbers if organizer else ()
    reason = "call.join.no_phone" if one.join else "call.join.offline_meeting"
    for number in (n for n in numbers if n.kind is not NumberKind.SIP):
        line = next((line for line in world.lines if line.can(number.uri)), None)
        if line and organizer and not organizer.is_self:
            action = Action(kind="call", target=number.uri, name=organizer.name, backend=line.name)
            text = world.wording.reply(
                "call.join.organizer", why=world.wording.reply(reason), name=organizer.name
            )
            return Confirm(text=text, card=_card(action), action=action)
    why = world.wording.reply(reason)
    if world.now < one.span.start - agenda.JOIN_EARLY:
        return Reply(text=why, card=Card(glyph=Glyph.INFO, lines=(why,)), topic=(one,))
    text = world.wording.reply("call.join.late", why=why)
    card = Card(glyph=Glyph.QUESTION, lines=(text,))
    late = Interpretation(intent="message.late", slots={"uid": one.uid})
    return Ask(text=text, card=card, interpretation=late, choices=(Choice(label="", slots={}),))


def _announce(world: World, one: Appointment, action: Action, key: str) -> Reply:
    facts = values(world, one)
    return Reply(
        text=world.wording.reply(key, **facts),
        card=_card(action),
        topic=(one,),
        action=action,
        confirm=world.wording.reply("call.join.confirm", **facts),
    )


def _card(action: Action) -> Card:
    return Card(glyph=Glyph.CALL, lines=(action.name,), is_private=True)


def ask_which_meeting(
    world: World, reading: Interpretation, around: Sequence[Appointment], key: str
) -> Ask:
    """ "Nothing at three. There is A at two and B at four: which one?" """
    facts = [values(world, a) for a in around]
    said = world.wording.listing(
        [world.wording.reply("calendar.agenda.item", **f) for f in facts], "or"
    )
    choices = tuple(
        Choice(label=f["title"], slots={"when": None, "uid": a.uid})
        for a, f in zip(around, facts, strict=True)
    )
    text = world.wording.reply(key, items=said)
    card = Card(glyph=Glyph.QUESTION, lines=tuple(f["title"] for f in facts), is_private=True)
    return Ask(text=text, card=card, interpretation=reading, choices=choices)
