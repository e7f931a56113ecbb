"""A working day and the moments of it that the page is tested and pictured in."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import assistant
from assistant.core.hud import LABELS
from assistant.core.model import Appointment, Attendee, CalendarCopy, JoinInfo, Response
from assistant.core.outcome import Card, Glyph
from assistant.core.states import State
from assistant.core.view import (
    Call,
    CallPhase,
    Look,
    Notice,
    NoticeKind,
    Scene,
    Status,
    Surface,
    Theme,
)

LOCALES = {file.stem: file for file in (Path(assistant.__file__).parent / "locales").glob("*.toml")}


def labels(tag: str) -> dict[str, str]:
    """The page's words in the language of `tag`."""
    phrases = tomllib.loads(LOCALES[tag].read_text(encoding="utf-8"))["phrases"]
    return {key: phrases[f"label_{key}"] for key in LABELS}


ENGLISH = labels("en-GB")
ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 11, 7, 20, tzinfo=ZONE)
ANNA = Attendee(name="Anna Weber", response=Response.ACCEPTED)
TEAMS = JoinInfo(provider="teams", url="https://teams.microsoft.com/l/meetup-join/x")


def at(clock: str, day: int = 23) -> datetime:
    hour, minute = clock.split(":")
    return NOW.replace(day=day, hour=int(hour), minute=int(minute), second=0)


def meeting(title: str, start: str, end: str, **rest: object) -> Appointment:
    values: dict[str, object] = {"uid": title, "title": title, "start": at(start), "end": at(end)}
    return Appointment(**{**values, **rest})  # type: ignore[arg-type]


DAY = (
    meeting("Stand-up", "8:30", "8:45", join=TEAMS),
    meeting("Supplier Brünn", "9:00", "10:30", attendees=(ANNA,)),
    meeting("Budget review", "11:20", "12:00", join=TEAMS, attendees=(ANNA,)),
    meeting("Interview", "13:00", "14:00", location="Room 4.2", attendees=(ANNA,)),
    meeting("Design clinic", "13:30", "15:00", is_tentative=True, join=TEAMS),
    meeting("Doctor", "16:00", "16:45", is_private=True),
    meeting("Retrospective", "17:00", "18:00", join=TEAMS),
)
COPY = CalendarCopy(appointments=DAY, as_of=NOW - timedelta(minutes=2))
LOOK = Look(labels=ENGLISH, theme=Theme.NIGHT)


def scene(look: Look = LOOK, copy: CalendarCopy = COPY, **status: object) -> Scene:
    return Scene(now=NOW, copy=copy, look=look, status=Status(**status))  # type: ignore[arg-type]


def day_look(look: Look = LOOK) -> Look:
    return replace(look, theme=Theme.DAY)


CARD = Card(
    glyph=Glyph.AGENDA,
    lines=("3 more today", "Interview 13:00, Room 4.2", "Design clinic 13:30, tentative"),
    is_private=True,
)
CODE = Card(
    glyph=Glyph.INFO,
    lines=("ABCD1234", "microsoft.com/devicelogin", "Microsoft 365"),
    is_for_parked=True,
)
LOST = Notice(kind=NoticeKind.MICROPHONE, text="Microphone lost: USB PnP", is_problem=True)
CALL = Call(phase=CallPhase.CONNECTED, name="Anna Weber", since=NOW - timedelta(seconds=252))
SPOKEN = {
    "heard": "what else is on today",
    "answered": "Three more today: the interview at one, the design clinic at half past one.",
}
SCENES = {
    "day": scene(day_look()),
    "night": scene(is_moving=True, leave_by=at("11:12")),
    "in-call": scene(call=CALL),
    "in-call-moving": scene(call=CALL, is_moving=True),
    "muted": scene(call=replace(CALL, is_muted=True), is_moving=True),
    "held": scene(day_look(), call=replace(CALL, is_muted=True, is_held=True), is_moving=True),
    "waiting": scene(call=replace(CALL, waiting="Ben Okafor"), is_moving=True),
    "headset-fr": scene(replace(LOOK, market="FR"), is_moving=True, is_ear_worn=True),
    "signed-out": scene(day_look(), is_signed_out=True, can_sign_in=True),
    "sign-in": scene(card=CODE, is_signed_out=True, can_sign_in=True),
    "private": scene(is_private=True, copy=replace(COPY, as_of=at("8:10"))),
    "listening": scene(is_moving=True, activity=State.LISTENING),
    "thinking": scene(is_moving=True, activity=State.THINKING, heard="call my next meeting"),
    "answer": scene(is_moving=True, activity=State.SPEAKING, card=CARD, **SPOKEN),
    "parked-answer": scene(day_look(), activity=State.SPEAKING, card=CARD, **SPOKEN),
    "incoming": scene(call=Call(phase=CallPhase.INCOMING, name="Ben Okafor"), is_moving=True),
    "microphone-lost": scene(day_look(), is_moving=True, health=(LOST,)),
    "free": scene(copy=replace(COPY, appointments=DAY[:2])),
    "head-up-de": scene(
        replace(LOOK, market="DE", surface=Surface.HEAD_UP), is_moving=True, leave_by=at("11:12")
    ),
    "hands-free-gb": scene(replace(LOOK, market="GB"), is_moving=True),
}
