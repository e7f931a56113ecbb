"""Calls over the driver's own telephone, by Bluetooth hands-free through oFono.

A hands-free link tells little about why a call never came up: an end before the far telephone
rang is taken for busy when the far side ended it and for out of reach when the network did; an
end while it rang is taken for no answer. Neighbour: `ofono` speaks to the bus.

Source: ofono/doc/voicecall-api.txt (State, DisconnectReason).
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.core.dialing import is_dialable, safe_target
from assistant.core.events import Connected, DeviceFailed, Ended, EndReason, Event, Ringing
from assistant.core.links import shown
from assistant.core.model import JoinInfo
from assistant.core.tones import parse_tones, split_tones
from assistant.errors import (
    Busy,
    CallFailed,
    ConfigError,
    OnTelephone,
    TonesRefused,
    Unreachable,
    UnsafeTarget,
)
from assistant.services.calls.ofono import Ofono

_SETTINGS = ("bus", "modem", "tones_after_s", "country")
_SCHEMES = ("tel", "sos")
_DIALLED = re.compile(r"\+?[0-9]{1,20}")
_TONES_AFTER_S = 3.0
"""From the answer to the first tone, unless the tones start with a pause of their own: conference
bridges greet first and miss what is keyed in meanwhile."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Call:
    uri: str
    name: str
    state: str
    """oFono's: dialing, alerting, active, held, incoming, waiting."""
    is_ours: bool = False
    """Dialled by this line, not by a caller or on the telephone itself."""
    tones: str = ""
    has_rung: bool = False
    was_up: bool = False
    ending: EndReason | None = None
    """Why we ended it, if we did."""
    disconnect: str = ""
    """oFono's: local, remote, network."""


class PhoneLine:
    """Settings: `bus` (D-Bus address, "" = system bus), `modem` (path, name or address of the
    telephone, "" = the first), `tones_after_s` (3), `country` (completes national numbers)."""

    name = "phone"

    def __init__(self, settings: Mapping[str, str], post: Callable[[Event], None]) -> None:
        unknown = sorted(set(settings) - set(_SETTINGS))
        if unknown:
            raise ConfigError("[[lines]] phone", unknown[0], f"known: {', '.join(_SETTINGS)}")
        if not re.match(r"(?:[a-z]+:|$)", settings.get("bus", "")):
            raise ConfigError("[[lines]] phone", "bus", "expected an address like unix:path=/…")
        self._tones_after_s = _seconds(settings.get("tones_after_s", str(_TONES_AFTER_S)))
        self._country = settings.get("country", "")
        self._post = post
        self._lock = threading.Lock()
        self._calls: dict[str, _Call] = {}
        self._dialled: _Call | None = None
        self._ofono = Ofono(settings.get("bus", ""), settings.get("modem", ""), self)

    def can(self, uri: str) -> bool:
        return self._ofono.modem != "" and is_dialable(uri, self._country, _SCHEMES)

    def can_join(self, join: JoinInfo) -> bool:
        """Never by link; a dial-in number is dialled with its id as tones."""
        del join
        return False

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        target = safe_target(uri, self._country)
        keys = target.tones + parse_tones(tones)
        if target.scheme not in _SCHEMES:
            raise CallFailed("no telephone number")
        if not _DIALLED.fullmatch(target.number):  # it becomes part of an AT command
            raise UnsafeTarget(shown(uri), "not a number")
        call = _Call(uri=target.uri, name=name, state="dialing", is_ours=True, tones=keys)
        with self._lock:
            if (self._calls or self._dialled) and target.scheme != "sos":
                raise Busy  # the telephone itself holds a call for an emergency
            self._dialled = call
        try:
            self._ofono.order("Dial", "ss", target.number, "")
        except (CallFailed, Unreachable):
            with self._lock:
                self._dialled = None
            raise

    def join(self, join: JoinInfo, name: str = "") -> None:
        del join, name
        raise CallFailed("a telephone dials numbers only")

    def answer(self) -> None:
        path, states = self._path_in("incoming", "waiting"), self._states()
        if "incoming" in states:
            self._ofono.order("Answer", path=path)
            return
        if {"active", "held"} <= states:
            raise Busy  # a telephone keeps two calls at most
        self._ofono.order("HoldAndAnswer")

    def decline(self) -> None:
        self._end(self._path_in("incoming", "waiting"), EndReason.DECLINED)

    def hang_up(self, held: bool = False) -> None:
        """A held call comes back when the one that was spoken in is ended."""
        wanted = ("held",) if held else ("active", "dialing", "alerting", "incoming")
        with self._lock:
            calls = {call.state: path for path, call in self._calls.items()}
        state = next((state for state in wanted if state in calls), "")
        if state == "active" and set(calls) == {"active", "held"}:
            self._end(calls[state], EndReason.HANG_UP, "ReleaseAndSwap")
        elif state:
            is_declined = state == "incoming"
            self._end(calls[state], EndReason.DECLINED if is_declined else EndReason.HANG_UP)

    def mute(self, on: bool) -> None:
        self._path_in("active")
        try:
            self._ofono.mute(on)
        except CallFailed as error:  # hands-free profiles leave muting to the telephone
            raise OnTelephone from error

    def hold(self, on: bool) -> None:
        self._path_in("active" if on else "held")
        self._ofono.order("SwapCalls")

    def send_tones(self, tones: str) -> None:
        self._path_in("active")
        self._ofono.send_tones(split_tones(parse_tones(tones)))

    def close(self) -> None:
        """Hang up what this line dialled, except an emergency call; harmless twice."""
        with self._lock:
            calls = list(self._calls.items())
        for path, call in calls:
            if call.is_ours and not call.uri.startswith("sos:"):
                with contextlib.suppress(CallFailed, Unreachable):
                    self._end(path, EndReason.HANG_UP)
        self._ofono.close()

    # --- oFono's side, in its thread -----------------------------------------------------------

    def call_seen(self, path: str, properties: Mapping[str, Any]) -> None:
        state = str(properties.get("State", ""))
        with self._lock:
            if path in self._calls:
                return
            own, self._dialled = self._dialled, None
            if state in ("incoming", "waiting") or own is None:
                self._dialled, own = own, _heard_of(properties, state)
            self._calls[path] = own
        if state in ("incoming", "waiting"):
            self._post(Ringing(uri=own.uri, name=own.name, incoming=True))
        else:
            self._on_state(own, state)

    def call_changed(self, path: str, name: str, value: object) -> None:
        call = self._calls.get(path)
        if call is None:
            return
        if name == "State":
            self._on_state(call, str(value))
        elif name == "DisconnectReason":
            call.disconnect = str(value)

    def call_gone(self, path: str) -> None:
        with self._lock:
            call = self._calls.pop(path, None)
        if call is None:
            return
        if call.was_up:
            self._ofono.stop_tones()
        reason = call.ending or _reason(call)
        self._post(Ended(uri=call.uri, name=call.name, reason=reason))

    def tones_refused(self) -> None:
        if "active" in self._states():
            self._post(DeviceFailed(error=TonesRefused()))

    def modem_gone(self) -> None:
        with self._lock:
            lost, self._calls, self._dialled = list(self._calls.values()), {}, None
        for call in lost:
            self._post(Ended(uri=call.uri, name=call.name, reason=EndReason.AWAY))

    def _on_state(self, call: _Call, state: str) -> None:
        if state == "disconnected":
            return  # the state it had before tells more
        before, call.state = call.state, state
        if state == "alerting" and not call.has_rung:
            call.has_rung = True
            self._post(Ringing(uri=call.uri, name=call.name))
        if state != "active" or (before == "active" and call.was_up):
            return
        is_first = not call.was_up
        call.was_up = True
        self._post(Connected(uri=call.uri, name=call.name))
        if is_first and call.tones:
            wait_s = 0.0 if call.tones.startswith(",") else self._tones_after_s
            (first_s, keys), *rest = split_tones(call.tones)
            self._ofono.send_tones([(wait_s + first_s, keys), *rest])

    def _states(self) -> set[str]:
        with self._lock:
            return {call.state for call in self._calls.values()}

    def _path_in(self, *states: str) -> str:
        with self._lock:
            for path, call in self._calls.items():
                if call.state in states:
                    return path
        raise CallFailed("no such call")

    def _end(self, path: str, reason: EndReason, member: str = "") -> None:
        """By hanging up, or by the `member` of the modem that ends this call."""
        if call := self._calls.get(path):  # it may have ended by itself in this moment
            call.ending = reason
        if member:
            self._ofono.order(member)
        else:
            self._ofono.order("Hangup", path=path)


def _heard_of(properties: Mapping[str, Any], state: str) -> _Call:
    """A call that somebody else started: a caller, or the driver's own thumb on the telephone."""
    number = shown(str(properties.get("LineIdentification", "")))
    name = shown(str(properties.get("Name", "")))
    return _Call(uri=f"tel:{number}", name=name, state=state)


def _reason(call: _Call) -> EndReason:
    if call.was_up:
        return EndReason.LOST if call.disconnect == "network" else EndReason.HANG_UP
    if call.state in ("incoming", "waiting") or call.has_rung:
        return EndReason.NO_ANSWER
    return EndReason.BUSY if call.disconnect == "remote" else EndReason.UNREACHABLE


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError("[[lines]] phone", "tones_after_s", "expected seconds") from None
