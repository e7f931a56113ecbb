"""Carrying out what has been agreed: the only place where the world is changed.

Reached by the dialogue after the end of a cancel window, after a yes, or for orders that harm
nobody (hang up, mute, navigate).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.actions import fallback
from assistant.actions.placing import call_card
from assistant.actions.ports import CallLine, WritableCalendar
from assistant.actions.world import World
from assistant.core.model import Appointment, Attendee, Response, Span
from assistant.core.outcome import Action, Outcome, Reply
from assistant.errors import (
    BrokenAnswer,
    CallFailed,
    CutOff,
    MaybeDone,
    NoHandler,
    NotDone,
    NotFound,
    OnTelephone,
    Refused,
    TooSlow,
    Unreachable,
)

_INTO_A_CALL = ("answer", "resume")


def carry(world: World, action: Action) -> Outcome:
    """Do it; a call that the line refuses ends in an offer where there is another way.

    Raises: CallError and ServiceError classes; nothing is tried twice.
    """
    try:
        _carry(world, action)
    except (CallFailed, NoHandler, Unreachable) as error:
        is_call = action.kind in ("call", "join")
        offer = fallback.offer(world, action, world.wording.error(error)) if is_call else None
        if offer is None:
            raise
        return offer
    return Reply(text="", card=call_card(action))


def _carry(world: World, action: Action) -> None:
    match action.kind:
        case "call":
            line = _line(world, action)
            line.dial(action.target, action.name, action.details.get("tones", ""))
            world.recent.note(action)
            _hold_all_but(line, world.lines)
        case "join":
            _join(world, action)
        case "navigate":
            _navigate(world, action)
        case "create" | "move" | "cancel" | "respond" | "message":
            _change(world, action)
        case _:
            _control(world, action)


def _line(world: World, action: Action) -> CallLine:
    for line in world.lines:
        if line.name == action.backend:
            return line
    raise NoHandler(action.target.partition(":")[0])


def _join(world: World, action: Action) -> None:
    line = _line(world, action)
    if action.target.startswith("tel:"):
        line.dial(action.target, action.name, action.details.get("tones", ""))
        return
    info = next(
        (
            a.join
            for a in world.appointments
            if a.join and action.target in (a.join.url, a.join.sip_uri)
        ),
        None,
    )
    if info is None:
        raise NotFound("calendar")
    line.join(info, action.name)


def _navigate(world: World, action: Action) -> None:
    """A map that does not start is no call that failed. Raises NoHandler."""
    if world.open_link is None:
        raise NoHandler("geo")
    try:
        world.open_link(action.target)
    except CallFailed as error:
        raise NoHandler("geo") from error


def _control(world: World, action: Action) -> None:
    """Every line is told and the one with the call obeys; when none does, the one with the call
    says why, else the first."""
    refusals: list[CallFailed | OnTelephone] = []
    for line in world.lines:
        try:
            _order(line, action)
        except (CallFailed, OnTelephone) as refusal:
            refusals.append(refusal)
            continue
        if action.kind in _INTO_A_CALL:
            _hold_all_but(line, world.lines)
            return
    if refusals and len(refusals) == len(world.lines):
        raise max(refusals, key=lambda refusal: isinstance(refusal, OnTelephone))


def _hold_all_but(spoken: CallLine, lines: Sequence[CallLine]) -> None:
    """Nobody hears what is meant for somebody on another line."""
    for line in lines:
        if line is not spoken:
            with contextlib.suppress(CallFailed):
                line.hold(True)


def _order(line: CallLine, action: Action) -> None:
    match action.kind:
        case "answer":
            line.answer()
        case "decline":
            line.decline()
        case "hangup":
            line.hang_up(held="held" in action.details)
        case "mute" | "unmute":
            line.mute(action.kind == "mute")
        case "hold" | "resume":
            line.hold(action.kind == "hold")
        case "keypad":
            line.send_tones(action.details.get("tones", ""))


def _change(world: World, action: Action) -> None:
    """Raises NotDone where nothing happened, MaybeDone where nobody knows."""
    try:
        _write(world, action)
    except (CutOff, TooSlow, BrokenAnswer) as error:
        raise MaybeDone(error.values["service"], str(error)) from error
    except Unreachable as error:
        raise NotDone(error.values["service"], str(error)) from error


def _write(world: World, action: Action) -> None:
    calendar = world.writable
    if calendar is None:
        raise Refused("calendar", f"cannot {action.kind}")
    if action.kind == "create":
        calendar.create(_new(world, action))
        return
    one = next((a for a in world.appointments if a.uid == action.target), None)
    if not action.target:  # a message about no meeting; it goes where new entries go
        one = Appointment(uid="", title="", start=world.now, end=world.now)
    if one is None:
        raise NotFound("calendar")
    _change_one(calendar, one, action)


def _change_one(calendar: WritableCalendar, one: Appointment, action: Action) -> None:
    match action.kind:
        case "move":
            calendar.move(one, _span(action))
        case "cancel":
            calendar.cancel(one)
        case "respond":
            calendar.respond(one, Response(action.details["response"]))
        case "message":
            emails, text = action.details["emails"].split(","), action.details["text"]
            about = replace(one, title=text.rstrip(".")) if "outside" in action.details else one
            calendar.notify(about, emails, text)


def _span(action: Action) -> Span:
    return Span(
        start=datetime.fromisoformat(action.details["start"]),
        end=datetime.fromisoformat(action.details["end"]),
    )


def _new(world: World, action: Action) -> Appointment:
    span = _span(action)
    guests = action.details.get("guests", "").split("\n")
    invited = tuple(
        Attendee(name=c.name, email=c.emails[0])
        for c in world.people
        if c.name in guests and c.emails
    )
    return Appointment(
        uid="",
        title=action.name,
        start=span.start,
        end=span.end,
        attendees=invited,
        response=Response.ORGANIZER,
    )
