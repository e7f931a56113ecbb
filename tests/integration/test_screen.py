"""What the loop knows reaches the page: devices, the call, the car."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.__main__ import build_parser
from assistant.commands import Session
from assistant.core import events as ev
from assistant.core.events import Connected, DeviceBack, DeviceFailed, Event, Ringing
from assistant.core.outcome import Action, Card, Glyph
from assistant.core.view import View
from assistant.devices.vehicle import Motion
from assistant.errors import (
    AssistantError,
    ButtonLost,
    CodeExpired,
    MicrophoneLost,
    SignInDeclined,
    SignInNeeded,
    SpeakerLost,
    Unreachable,
)
from assistant.screen import Screen


class Stage:
    """A sample day, a dialogue and its page, without devices."""

    def __init__(self, session: Session) -> None:
        self.car = session.car
        self.dialog = session.car.new_dialog()
        self.screen = Screen(self.car, self.dialog)

    def after(self, *events: Event, motion: Motion = Motion.MOVING) -> View:
        for event in events:
            self.screen.notice(event)
            self.dialog.handle(event, self.car.clock())
        return self.screen.view(motion)

    def problems(self, *events: Event) -> list[str]:
        return [notice.kind for notice in self.after(*events).notices if notice.is_problem]


@pytest.fixture
def stage() -> Iterator[Stage]:
    options = build_parser().parse_args(["drive", "--now", "2026-03-10T09:50"])
    with Session(options, fill=False) as session:
        yield Stage(session)


ANNA, BEN = "tel:+1", "tel:+2"
CALL: tuple[Event, ...] = (Ringing(uri=ANNA, name="Anna"), Connected(uri=ANNA, name="Anna"))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("microphone", MicrophoneLost("USB")),
        ("speaker", SpeakerLost("USB")),
        ("button", ButtonLost("USB")),
    ],
)
def test_lost_device_is_shown_until_it_is_back(
    stage: Stage, kind: str, error: AssistantError
) -> None:
    assert stage.problems(DeviceFailed(error=error)) == [kind]
    assert stage.problems(ev.SpeechDone()) == [kind]
    assert stage.problems(DeviceBack(kind=kind, device="USB")) == []


def test_account_that_is_signed_out_is_shown_until_it_is_back(stage: Stage) -> None:
    assert stage.problems(DeviceFailed(error=SignInNeeded("Work"))) == ["sign_in"]
    assert stage.problems(DeviceBack(kind="sign_in", device="Work")) == []


@pytest.mark.parametrize(
    "end",
    [
        DeviceBack(kind="sign_in", device="Work"),
        DeviceFailed(error=CodeExpired("Work")),
        DeviceFailed(error=SignInDeclined("Work")),
    ],
)
def test_code_stays_while_it_counts_and_the_car_is_parked(stage: Stage, end: Event) -> None:
    code = Card(glyph=Glyph.INFO, lines=("ABCD1234",), is_for_parked=True)
    stage.screen.show(code)
    assert stage.after(motion=Motion.PARKED).focus.lines == ("ABCD1234",)
    assert "ABCD1234" not in stage.after(motion=Motion.MOVING).focus.lines
    stage.screen.show(Card(glyph=Glyph.INFO, lines=("Nothing today",)))
    assert stage.after(motion=Motion.PARKED).focus.lines == ("Nothing today",)
    stage.screen.show(code)
    assert "ABCD1234" not in stage.after(end, motion=Motion.PARKED).focus.lines


def test_calendar_that_was_never_read_is_shown(stage: Stage) -> None:
    stage.car.trouble = Unreachable("calendar")
    assert stage.problems() == ["network"]


def test_call_is_shown_as_it_is(stage: Stage) -> None:
    assert "Connected" in stage.after(*CALL).focus.lines
    stage.dialog.memory.obeyed(Action(kind="mute", target=""))
    assert "Muted" in stage.after().focus.lines
    stage.dialog.memory.obeyed(Action(kind="hold", target=""))
    assert "Muted · On hold" in stage.after().focus.lines
    waiting = stage.after(Ringing(uri=BEN, name="Ben", incoming=True)).focus
    assert "Ben is calling" in waiting.lines
    answered = stage.after(Connected(uri=BEN, name="Ben")).focus
    assert answered.lines[:2] == ("Ben", "Connected")


@pytest.mark.parametrize(
    ("motion", "is_moving", "is_off"),
    [(Motion.MOVING, True, False), (Motion.PARKED, False, False), (Motion.OFF, False, True)],
)
def test_car_changes_what_may_be_seen(
    stage: Stage, motion: Motion, is_moving: bool, is_off: bool
) -> None:
    view = stage.after(motion=motion)
    assert view.is_moving is is_moving
    assert ("muted" in [notice.kind for notice in view.notices]) is is_off
    assert any(block.title for block in view.time_line.blocks) is not is_moving
