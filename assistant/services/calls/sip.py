"""Calls over SIP: what baresip's events mean, and the orders it gets.

At most one call is spoken in; a second one may ring or be on hold. A dead peer makes no event,
so an outgoing call has its own clock: `dial_limit_s` to the first sign of life, `ring_limit_s` to
the answer. Emergency numbers do not go this way: a SIP provider may not know where the car is.
Neighbours: `baresip` runs the child, `sip_calls` keeps the calls, `sip_settings` the settings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial

from assistant.core.dialing import Target, is_dialable, safe_target
from assistant.core.events import (
    Connected,
    DeviceFailed,
    Ended,
    EndReason,
    Event,
    Ringing,
)
from assistant.core.links import shown
from assistant.core.model import JoinInfo
from assistant.core.tones import parse_tones, split_tones
from assistant.errors import CallFailed, SignInNeeded, Unreachable
from assistant.services.calls.baresip import Baresip, Message
from assistant.services.calls.sip_calls import Call, CallBook, end_reason
from assistant.services.calls.sip_settings import read_settings

KEY_GAP_S = 0.25
"""From one tone to the next: a bridge hears 40 ms on and 40 ms off (ITU-T Q.24); tones over RTP
last longer."""

_SIGN_IN_AGAIN_S = 10.0
"""After a failed sign-in. baresip itself waits 30 s and doubles that with every failure."""
_LIMITS = (("dial_limit_s", EndReason.UNREACHABLE), ("ring_limit_s", EndReason.NO_ANSWER))


class SipLine:
    """Settings: see `sip_settings`; only `account` is required."""

    name = "sip"

    def __init__(self, settings: Mapping[str, str], post: Callable[[Event], None]) -> None:
        self._settings = read_settings(settings)
        self._country = self._settings.values["country"]
        self._post = post
        self._calls = CallBook()
        self._is_ready = False
        self._has_complained = False
        self._baresip = Baresip(self._settings, self)

    # --- the port ------------------------------------------------------------------------------

    def can(self, uri: str) -> bool:
        return self._is_ready and is_dialable(uri, self._country, ("tel", "sip", "sips"))

    def can_join(self, join: JoinInfo) -> bool:
        """A plain SIP room; a Skype for Business focus speaks a dialect that baresip does not."""
        return ";" not in join.sip_uri and join.sip_uri != "" and self.can(join.sip_uri)

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        target = safe_target(uri, self._country)
        keys = target.tones + parse_tones(tones)
        address = self._address(target)
        if not self._is_ready:
            raise Unreachable("sip", "not signed in")
        call = Call(uri=target.uri, name=name, is_incoming=False, tones=keys)
        self._calls.start(call)
        try:
            self._baresip.ask("dial", address)
        except (CallFailed, Unreachable):
            self._calls.drop(call)
            self._baresip.tell("hangup")  # an order whose answer was late must not ring later
            raise
        for key, reason in _LIMITS:
            limit_s = float(self._settings.values[key])
            self._baresip.after(limit_s, partial(self._give_up, call, reason))

    def join(self, join: JoinInfo, name: str = "") -> None:
        self.dial(join.sip_uri, name)

    def answer(self) -> None:
        ringing = _there(self._calls.ringing())
        with contextlib.suppress(CallFailed):
            self.hold(True)
        self._order(ringing, "accept")

    def decline(self) -> None:
        ringing = _there(self._calls.ringing())
        ringing.ending = EndReason.DECLINED
        self._order(ringing, "hangup")

    def hang_up(self, held: bool = False) -> None:
        call = self._calls.held() if held else self._calls.endable()
        if call is not None:
            is_unanswered = call.is_incoming and not call.is_up
            call.ending = EndReason.DECLINED if is_unanswered else EndReason.HANG_UP
            self._order(call, "hangup")

    def mute(self, on: bool) -> None:
        """baresip only has a toggle, but says what it did."""
        wanted = "call muted" if on else "call un-muted"
        call = _there(self._calls.spoken())
        if wanted not in self._order(call, "mute"):
            self._order(call, "mute")

    def hold(self, on: bool) -> None:
        """Where one call is spoken in and one is held, they change places."""
        spoken, held = self._calls.spoken(), self._calls.held()
        _there(spoken if on else held)
        if spoken:
            self._order(spoken, "hold")
            spoken.is_held = True
        if held:
            self._order(held, "resume")
            self._back_in(held)

    def send_tones(self, tones: str) -> None:
        self._key_in(_there(self._calls.spoken()), parse_tones(tones))

    def close(self) -> None:
        self._baresip.close()

    # --- baresip's side, in its thread ---------------------------------------------------------

    def child_ready(self) -> None:
        self._is_ready = not self._settings.registers

    def child_lost(self) -> None:
        """The account is signed in again with the next child; its calls are gone."""
        self._is_ready = False
        for call in self._calls.clear():
            self._post(Ended(uri=call.uri, name=call.name, reason=EndReason.LOST))

    def child_event(self, message: Message) -> None:
        match message.get("type"):
            case "REGISTER_OK":
                self._is_ready, self._has_complained = True, False
            case "REGISTER_FAIL":
                self._complain(str(message.get("param")))
            case "CALL_INCOMING":
                self._on_incoming(message)
            case "CALL_RINGING" | "CALL_PROGRESS":
                self._on_ringing(message)
            case "CALL_ESTABLISHED":
                self._on_established(message)
            case "CALL_CLOSED":
                self._on_closed(message)

    def _complain(self, param: str) -> None:
        """A wrong password is told once; a registrar out of reach is tried again and again."""
        self._is_ready = False
        if not param.startswith(("401", "403", "407")):
            self._baresip.after(_SIGN_IN_AGAIN_S, self._sign_in_again)
        elif not self._has_complained:
            self._has_complained = True
            self._post(DeviceFailed(error=SignInNeeded("sip", param)))

    def _sign_in_again(self) -> None:
        """With a new account: the old one would wait for up to half an hour."""
        if self._is_ready:
            return
        if self._calls.endable() or self._calls.held():
            self._baresip.after(_SIGN_IN_AGAIN_S, self._sign_in_again)
            return
        self._baresip.tell("uadel", self._settings.values["account"])
        self._baresip.tell("uanew", self._settings.account())

    def _on_incoming(self, message: Message) -> None:
        uri = shown(str(message.get("peeruri", "")).partition(";")[0])
        name = shown(str(message.get("peerdisplayname") or ""))
        call = Call(uri=uri, name=name, is_incoming=True, id=str(message["id"]))
        self._calls.ring(call)
        self._post(Ringing(uri=uri, name=name, incoming=True))

    def _on_ringing(self, message: Message) -> None:
        call = self._find(message)
        if call and not call.has_rung:
            call.has_rung = True
            self._post(Ringing(uri=call.uri, name=call.name))

    def _on_established(self, message: Message) -> None:
        call = self._find(message)
        if call:
            call.is_up = call.has_rung = True
            self._post(Connected(uri=call.uri, name=call.name))
            self._key_in(call, call.tones)

    def _on_closed(self, message: Message) -> None:
        call = self._find(message)
        if call is None:
            return
        self._calls.drop(call)
        held = self._calls.left_on_hold()
        if held is not None:  # back before the end is told, so that nobody has to ask for it
            self._tell(held, "resume")
            self._back_in(held)
        reason = call.ending or end_reason(call, str(message.get("param", "")))
        self._post(Ended(uri=call.uri, name=call.name, reason=reason))

    def _back_in(self, call: Call) -> None:
        call.is_held = False
        self._post(Connected(uri=call.uri, name=call.name))

    def _give_up(self, call: Call, reason: EndReason) -> None:
        """The dial or ring limit has passed."""
        is_alive = call.is_up or (call.has_rung and reason is EndReason.UNREACHABLE)
        if call in self._calls and not is_alive:
            call.ending = reason
            self._tell(call, "hangup")

    def _key_in(self, call: Call, tones: str) -> None:
        delay_s = 0.0
        for pause_s, keys in split_tones(tones):
            delay_s += pause_s
            for key in keys:
                self._baresip.after(delay_s, partial(self._press, call, key))
                delay_s += KEY_GAP_S

    def _press(self, call: Call, key: str) -> None:
        if call in self._calls and call.is_up:
            self._tell(call, "sndcode", key)

    def _order(self, call: Call, command: str) -> str:
        """Make `call` baresip's current one, then run `command` on it."""
        if call.id:
            self._baresip.ask("callfind", call.id)
        return self._baresip.ask(command)

    def _tell(self, call: Call, command: str, params: str = "") -> None:
        if call.id:
            self._baresip.tell("callfind", call.id)
        self._baresip.tell(command, params)

    def _find(self, message: Message) -> Call | None:
        is_outgoing = message.get("direction") == "outgoing"
        return self._calls.about(str(message.get("id", "")), is_outgoing=is_outgoing)

    def _address(self, target: Target) -> str:
        if target.scheme in ("sip", "sips"):
            return target.uri
        if target.scheme != "tel":
            raise CallFailed("no SIP address")
        return f"sip:{target.number}@{self._settings.domain}"


def _there(call: Call | None) -> Call:
    if call is None:
        raise CallFailed("no such call")
    return call
