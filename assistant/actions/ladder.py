"""The join ladder: the best way into a meeting that this car has right now, then the next.

Rungs: SIP or Skype join -> dial-in number with the conference id as tones -> phone call to the
organiser -> the offer to tell them "I'm late". The answer names the rung and, when a better one
had to be skipped, why, in one short sentence; what a service never allows is said once a drive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.actions.placing import asked, call_card, line_for, question
from assistant.actions.selection import contact_of
from assistant.actions.telling import values
from assistant.actions.world import World
from assistant.core import agenda
from assistant.core.dialing import Ruling, Verdict, judge, parse_target
from assistant.core.model import Appointment, DialIn, Interpretation, JoinInfo, NumberKind
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Outcome, Reply, told
from assistant.errors import Busy, UnsafeTarget

ANSWER_PAUSE = ",,"
"""Four seconds between the answer and the conference id: bridges greet first."""
_SERVICES: Mapping[str, str] = {
    "teams": "Teams",
    "zoom": "Zoom",
    "webex": "Webex",
    "meet": "Google Meet",
    "goto": "GoTo",
    "whereby": "Whereby",
    "jitsi": "Jitsi",
    "bluejeans": "BlueJeans",
    "skype-business": "Skype",
}
"""What people call them; all want a tap in their own program, but for a room on a line of ours."""


def join(world: World, one: Appointment) -> Outcome:
    """Climb down until a rung holds; a room that is not open yet is asked about first."""
    if world.context.in_call:
        raise Busy
    outcome = _climb(world, one)
    is_open = one in agenda.joinable(world.appointments, world.now)
    if is_open or not isinstance(outcome, Reply) or outcome.action is None:
        return outcome
    return asked(outcome, world.wording.reply("call.join.early", **values(world, one)))


def next_rung(world: World, one: Appointment, tried: Sequence[str], why: str) -> Outcome:
    """The best way in that has not been `tried`, asked after the reason `why`."""
    outcome = _climb(world, one, tried, why)
    has_said_why = outcome.text.startswith(why)
    return outcome if has_said_why else asked(outcome, why)


def _climb(world: World, one: Appointment, tried: Sequence[str] = (), why: str = "") -> Outcome:
    info = one.join
    if info:
        target = info.sip_uri or info.url
        line = next((line for line in world.lines if line.can_join(info)), None)
        if line and target not in tried:
            action = _joining(world, one, target, line.name)
            return _announce(world, one, action, "say")
        dial_in = _dial_in(world, info, tried)
        if dial_in:
            return _by_phone(world, one, info, dial_in)
    return _call_organizer(world, one, tried, why or _obstacle(world, one))


def _joining(world: World, one: Appointment, target: str, backend: str, tones: str = "") -> Action:
    title = world.wording.title(one, hidden=world.context.is_private)
    details = {"uid": one.uid} | ({"tones": tones} if tones else {})
    return Action(kind="join", target=target, name=title, backend=backend, details=details)


def _obstacle(world: World, one: Appointment) -> str:
    """Why there is no way in."""
    info = one.join
    if info is None:
        return world.wording.reply("call.join.offline_meeting")
    if info.dial_ins:
        is_refused = all(_verdict(world, d).ruling is Ruling.REFUSE for d in info.dial_ins)
        return world.wording.reply("call.join.bad_number" if is_refused else "call.join.no_line")
    if info.provider == "skype" and world.recent.is_first("skype"):
        return world.wording.phrase("why_skype")
    if info.provider in _SERVICES and world.recent.is_first(info.provider):
        return world.wording.phrase("why_tap", service=_SERVICES[info.provider])
    return world.wording.reply("call.join.no_phone")


def _dial_in(world: World, info: JoinInfo, tried: Sequence[str]) -> DialIn | None:
    """The first number a line can dial without doubt about its cost, home numbers first."""
    usable = [d for d in info.dial_ins if f"tel:{d.number}" not in tried and _can_dial(world, d)]
    home = [d for d in usable if d.country == world.market or d.is_toll_free]
    return next(iter(home or usable), None)


def _can_dial(world: World, dial_in: DialIn) -> bool:
    is_reached = any(line.can(f"tel:{dial_in.number}") for line in world.lines)
    return is_reached and _verdict(world, dial_in).ruling is not Ruling.REFUSE


def _verdict(world: World, dial_in: DialIn) -> Verdict:
    try:
        return judge(parse_target(f"tel:{dial_in.number}", world.market), (world.market,))
    except UnsafeTarget:
        return Verdict(ruling=Ruling.REFUSE)


def _by_phone(world: World, one: Appointment, info: JoinInfo, dial_in: DialIn) -> Outcome:
    uri = f"tel:{dial_in.number}"
    action = _joining(world, one, uri, line_for(world, uri), _keys(info))
    verdict = _verdict(world, dial_in)
    if verdict.ruling is Ruling.ASK:
        text = question(world, action, verdict)
        return Confirm(text=text, card=call_card(action), action=action)
    service = _SERVICES.get(info.provider, "")
    if service and info.sip_uri:
        return _announce(world, one, action, "phone_line", service)
    is_news = service and world.recent.is_first(info.provider)
    return _announce(world, one, action, "phone_tap" if is_news else "phone", service)


def _keys(info: JoinInfo) -> str:
    """Conference id, then the PIN where the service asks telephones for one.

    Source: Zoom's own one-tap numbers (`,,ID#,,,,*PIN#`); Teams and Meet ask for the id alone.
    """
    if not info.conference_id:
        return ""
    keys = f"{ANSWER_PAUSE}{info.conference_id}#"
    pin = info.pin if info.pin.isdecimal() else ""
    match info.provider:
        case "zoom" if pin:
            return f"{keys},,,,*{pin}#"
        case "phone" if pin:
            return f"{keys}{ANSWER_PAUSE}{pin}#"
    return keys


def _call_organizer(world: World, one: Appointment, tried: Sequence[str], why: str) -> Outcome:
    """No way in: ring the person who called the meeting, or offer to tell them."""
    organizer = one.organizer
    if organizer and not organizer.is_self:
        for number in contact_of(world, organizer).numbers:
            is_reached = any(line.can(number.uri) for line in world.lines)
            if number.kind is NumberKind.SIP or number.uri in tried or not is_reached:
                continue
            text = world.wording.reply("call.join.organizer", why=why, name=organizer.name)
            backend = line_for(world, number.uri)
            action = Action(kind="call", target=number.uri, name=organizer.name, backend=backend)
            return Confirm(text=text, card=call_card(action), action=action)
    if world.now < one.span.start - agenda.JOIN_EARLY:
        return told(why, (one,))
    text = world.wording.reply("call.join.late", why=why)
    card = Card(glyph=Glyph.QUESTION, lines=(text,))
    late = Interpretation(intent="message.late", slots={"uid": one.uid})
    return Ask(text=text, card=card, interpretation=late, choices=(Choice(label="", slots={}),))


def _announce(world: World, one: Appointment, action: Action, say: str, service: str = "") -> Reply:
    confirm = "confirm" if say == "say" else "confirm_phone"
    facts = {**values(world, one), "service": service}
    return Reply(
        text=world.wording.reply(f"call.join.{say}", **facts),
        card=call_card(action),
        topic=(one,),
        action=action,
        confirm=world.wording.reply(f"call.join.{confirm}", **facts),
    )


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
