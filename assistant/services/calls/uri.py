"""A line that hands links to whatever program the system has for them.

It knows no more: whether the far end rings, answers or hangs up stays inside that program, so
this line posts no events and ends nothing. `can` is honest about hands-free: softphones dial
`tel:` and `sip:` links, while Teams and Skype clients want a tap first, so for those it says no
and only `dial`, an explicit order, opens them.

Source: Microsoft Teams deep links ("asks to confirm"); Skype retirement, May 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.core.dialing import Target, is_dialable, safe_target
from assistant.core.events import Event
from assistant.core.model import JoinInfo
from assistant.core.tones import parse_tones
from assistant.errors import CallFailed
from assistant.services.calls.handlers import SystemHandlers

_HANDS_FREE = ("tel", "sip", "sips", "conf")
_FOREIGN_CALL = "the call is in another program"


class UriLine:
    """Settings: `country` (completes national numbers)."""

    name = "uri"

    def __init__(self, settings: Mapping[str, str], post: Callable[[Event], None]) -> None:
        del post  # nothing ever comes back from the other program
        self._country = settings.get("country", "")
        self._handlers = SystemHandlers()

    def can(self, uri: str) -> bool:
        if not is_dialable(uri, self._country, _HANDS_FREE):
            return False
        return self._handlers.has(safe_target(uri, self._country).scheme)

    def can_join(self, join: JoinInfo) -> bool:
        return bool(join.sip_uri) and self.can(_as_conference(join.sip_uri))

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        del name
        target = safe_target(uri, self._country)
        if target.scheme == "sos":
            raise CallFailed("emergency calls need a telephone line")
        self._handlers.open(_with_tones(target, target.tones + parse_tones(tones)))

    def join(self, join: JoinInfo, name: str = "") -> None:
        self.dial(_as_conference(join.sip_uri) if join.sip_uri else join.url, name)

    def answer(self) -> None:
        raise CallFailed(_FOREIGN_CALL)

    def decline(self) -> None:
        raise CallFailed(_FOREIGN_CALL)

    def hang_up(self, held: bool = False) -> None:
        """Nothing here could be ended; the other program has its own button for that."""
        del held

    def mute(self, on: bool) -> None:
        del on
        raise CallFailed(_FOREIGN_CALL)

    def hold(self, on: bool) -> None:
        del on
        raise CallFailed(_FOREIGN_CALL)

    def send_tones(self, tones: str) -> None:
        del tones
        raise CallFailed(_FOREIGN_CALL)

    def close(self) -> None:
        """Leave the other program alone: it may be in the middle of a call."""


def _as_conference(sip_uri: str) -> str:
    """Skype for Business clients join a focus address under `conf:`."""
    return f"conf:{sip_uri}" if "app:conf:" in sip_uri else sip_uri


def _with_tones(target: Target, tones: str) -> str:
    """RFC 3966 has no pauses in the number; `;postd=` carries them where it is understood."""
    if not tones or target.scheme != "tel":
        return target.uri
    return f"{target.uri};postd={tones.replace(',', 'p')}"
