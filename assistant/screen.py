"""What the loop knows, as the status of the head-up page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from assistant.assembly import Car
from assistant.core import agenda, hud
from assistant.core import events as ev
from assistant.core.dialog import Dialog
from assistant.core.glance import Panel
from assistant.core.outcome import Card
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
    View,
)
from assistant.devices.vehicle import Motion
from assistant.errors import (
    AssistantError,
    ButtonLost,
    MicrophoneLost,
    ServiceError,
    SignInNeeded,
    SpeakerLost,
)

CARD_S = 30.0
"""How long an answer stays before the next meeting takes its place again."""


class Screen:
    """Collects what is to be seen; `view` builds the page."""

    def __init__(self, car: Car, dialog: Dialog) -> None:
        self._car = car
        self._dialog = dialog
        self._heard = ""
        self._card: Card | None = None
        self._card_since: datetime | None = None
        self._code: Card | None = None
        """Of a sign-in, until it is over."""
        self._troubles: dict[NoticeKind, str] = {}
        self._previous: View | None = None
        self.is_microphone_off = False
        self.is_ear_worn = False
        """Sound goes to a headset."""
        labels = {key: car.wording.phrases[f"label_{key}"] for key in hud.LABELS}
        self._look = Look(
            labels=labels,
            locale=car.locale.tag,
            market=car.locale.market,
            surface=Surface(car.config.surface),
            theme=Theme(car.config.theme),
            stale_after=timedelta(minutes=car.config.stale_minutes),
            panel=Panel(
                width_px=car.config.panel_px,
                width_mm=car.config.panel_mm,
                distance_mm=car.config.eye_mm,
            ),
        )

    def notice(self, event: ev.Event) -> None:
        """Remember what an event shows."""
        match event:
            case ev.Heard():
                self._heard = event.hypothesis.text
            case ev.DeviceFailed():
                if isinstance(event.error, ServiceError):
                    self._code = None
                if kind := _LOST.get(type(event.error)):
                    self._troubles[kind] = self._car.wording.error(event.error)
            case ev.DeviceBack():
                if event.kind == "sign_in":
                    self._code = None
                self._troubles.pop(NoticeKind(event.kind), None)

    def show(self, card: Card) -> None:
        self._card, self._card_since = card, self._car.clock()
        if card.is_for_parked:
            self._code, self._card = card, None

    @property
    def warns_ear_worn(self) -> bool:
        return self.is_ear_worn and self._look.rules.warns_ear_worn

    def view(self, motion: Motion) -> View:
        """The page as of now."""
        now = self._car.clock()
        if self._card_since and now - self._card_since > timedelta(seconds=CARD_S):
            self._card = self._card_since = None
        scene = Scene(
            now=now, copy=self._car.copy, status=self._status(now, motion), look=self._look
        )
        self._previous = hud.build_view(scene, self._previous)
        return self._previous

    def _status(self, now: datetime, motion: Motion) -> Status:
        memory = self._dialog.memory
        troubles = dict(self._troubles)
        is_signed_out = troubles.pop(NoticeKind.SIGN_IN, "") != ""
        if self._car.trouble:
            troubles[NoticeKind.NETWORK] = self._car.wording.error(self._car.trouble)
        return Status(
            activity=self._dialog.state,
            heard=self._heard,
            answered=memory.said,
            card=self._card or self._code,
            call=self._call(),
            leave_by=self._leave_by(now),
            health=tuple(
                Notice(kind=kind, text=text, is_problem=True) for kind, text in troubles.items()
            ),
            is_moving=motion is Motion.MOVING,
            is_private=memory.is_private,
            is_muted=self.is_microphone_off or motion is Motion.OFF,
            is_ear_worn=self.is_ear_worn,
            is_signed_out=is_signed_out,
            can_sign_in=self._car.sign_ins is not None and self._car.sign_ins.is_needed,
        )

    def _call(self) -> Call | None:
        memory = self._dialog.memory
        call = memory.call
        if call is None:
            return None
        phase = CallPhase.INCOMING if call.incoming else CallPhase.RINGING
        if call.began:
            phase = CallPhase.CONNECTED
        return Call(
            phase=phase,
            name=call.name,
            since=call.began,
            is_muted=call.is_muted,
            is_held=call.is_held,
            waiting=memory.waiting.name if memory.waiting else None,
        )

    def _leave_by(self, now: datetime) -> datetime | None:
        minutes = self._car.config.travel_minutes
        following = agenda.outlook(self._car.copy.appointments, now).next
        if not minutes or not following:
            return None
        return following[0].span.start - timedelta(minutes=minutes)


_LOST: Mapping[type[AssistantError], NoticeKind] = {
    MicrophoneLost: NoticeKind.MICROPHONE,
    SpeakerLost: NoticeKind.SPEAKER,
    ButtonLost: NoticeKind.BUTTON,
    SignInNeeded: NoticeKind.SIGN_IN,
}
"""Shown until the device is back, or somebody has signed in."""
