"""A line that only says what it would dial, and behaves like one that was answered at once.

Used by `roadcall demo` and wherever nothing may leave the machine. Neighbours: `core.dialing`
checks every target as for the real lines.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.core.dialing import is_dialable, safe_target
from assistant.core.events import Connected, Ended, EndReason, Event, Ringing
from assistant.core.model import JoinInfo
from assistant.core.tones import parse_tones
from assistant.errors import Busy, CallFailed

_CALLS = ("tel", "sip", "sips", "sos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialled:
    """One call that would have been placed."""

    uri: str
    name: str
    tones: str


class DryRunLine:
    """Settings: `country` (completes national numbers), `quiet` ("yes": nothing is printed)."""

    name = "dryrun"

    def __init__(self, settings: Mapping[str, str], post: Callable[[Event], None]) -> None:
        self._country = settings.get("country", "")
        self._is_quiet = settings.get("quiet", "") == "yes"
        self._post = post
        self._call: Dialled | None = None
        self.dialled: list[Dialled] = []

    def can(self, uri: str) -> bool:
        return is_dialable(uri, self._country, _CALLS)

    def can_join(self, join: JoinInfo) -> bool:
        return bool(join.sip_uri)

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        if self._call:
            raise Busy
        target = safe_target(uri, self._country)
        self._call = Dialled(uri=target.uri, name=name, tones=target.tones + parse_tones(tones))
        self.dialled.append(self._call)
        tail = f" then {self._call.tones}" if self._call.tones else ""
        self._say(f"would dial {target.uri}{tail}")
        self._post(Ringing(uri=target.uri, name=name))
        self._post(Connected(uri=target.uri, name=name))

    def join(self, join: JoinInfo, name: str = "") -> None:
        self.dial(join.sip_uri or join.url, name)

    def answer(self) -> None:
        raise CallFailed("no incoming call")

    def decline(self) -> None:
        raise CallFailed("no incoming call")

    def hang_up(self, held: bool = False) -> None:
        del held  # there is one call at most
        if self._call:
            ended = Ended(uri=self._call.uri, name=self._call.name, reason=EndReason.HANG_UP)
            self._call = None
            self._post(ended)

    def mute(self, on: bool) -> None:
        self._in_call(f"would {'mute' if on else 'unmute'}")

    def hold(self, on: bool) -> None:
        self._in_call(f"would {'hold' if on else 'resume'}")

    def send_tones(self, tones: str) -> None:
        self._in_call(f"would send {parse_tones(tones)}")

    def close(self) -> None:
        self.hang_up()

    def _in_call(self, line: str) -> None:
        if self._call is None:
            raise CallFailed("no call")
        self._say(line)

    def _say(self, line: str) -> None:
        if not self._is_quiet:
            print(line, file=sys.stderr)
