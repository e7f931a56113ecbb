"""Which SIP calls there are right now, and why one of them ended.

At most one is spoken in; another may ring or be held. Neighbour: `sip` gives the orders.

Source: RFC 3261 §21 (response codes); events of baresip 1.0, observed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.core.events import EndReason
from assistant.errors import Busy

_CODES: Mapping[int, EndReason] = {
    401: EndReason.REFUSED,
    403: EndReason.REFUSED,
    404: EndReason.NOT_FOUND,
    407: EndReason.REFUSED,
    408: EndReason.UNREACHABLE,
    410: EndReason.NOT_FOUND,
    480: EndReason.NO_ANSWER,
    484: EndReason.NOT_FOUND,
    485: EndReason.NOT_FOUND,
    486: EndReason.BUSY,
    487: EndReason.HANG_UP,
    600: EndReason.BUSY,
    603: EndReason.DECLINED,
    604: EndReason.NOT_FOUND,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    uri: str
    name: str
    is_incoming: bool
    tones: str = ""
    id: str = ""
    """baresip's; "" until the far end has shown a sign of life."""
    has_rung: bool = False
    is_up: bool = False
    is_held: bool = False
    ending: EndReason | None = None
    """Why we hung up, if we did."""


class CallBook:
    """Used from the `baresip` thread and from whoever gives orders."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def __contains__(self, call: Call) -> bool:
        with self._lock:
            return call in self._calls

    def start(self, call: Call) -> None:
        """Raises: Busy when there is any other call."""
        with self._lock:
            if self._calls:
                raise Busy
            self._calls.append(call)

    def ring(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def drop(self, call: Call) -> None:
        with self._lock:
            if call in self._calls:
                self._calls.remove(call)

    def clear(self) -> list[Call]:
        with self._lock:
            gone, self._calls = self._calls, []
        return gone

    def about(self, call_id: str, *, is_outgoing: bool) -> Call | None:
        """The call an event is about; an unknown outgoing id is that of the call just dialled."""
        call = self._first(lambda c: c.id == call_id or (is_outgoing and not c.id))
        if call is not None:
            call.id = call_id
        return call

    def ringing(self) -> Call | None:
        return self._first(lambda c: c.is_incoming and not c.is_up)

    def spoken(self) -> Call | None:
        return self._first(lambda c: c.is_up and not c.is_held)

    def held(self) -> Call | None:
        return self._first(lambda c: c.is_held)

    def endable(self) -> Call | None:
        """What "hang up" means: the call spoken in, else the one being dialled or ringing."""
        return self.spoken() or self._first(lambda c: not c.is_held)

    def left_on_hold(self) -> Call | None:
        """The held call, when it is the only one."""
        with self._lock:
            return self._calls[0] if len(self._calls) == 1 and self._calls[0].is_held else None

    def _first(self, wanted: Callable[[Call], bool]) -> Call | None:
        with self._lock:
            return next((call for call in self._calls if wanted(call)), None)


def end_reason(call: Call, param: str) -> EndReason:
    """Why a call ended that we did not end: a SIP response or the system's word for an error."""
    found = re.match(r"(\d{3}) ?(.*)", param)
    if found:
        code = int(found[1])
        if code in (486, 600) and re.search("reject|declin", found[2], re.IGNORECASE):
            return EndReason.DECLINED
        if code == 408 and call.has_rung:
            return EndReason.NO_ANSWER
        return _CODES.get(code, EndReason.UNREACHABLE if code >= 500 else EndReason.REFUSED)
    if param.startswith("Connection reset by"):  # baresip's word for BYE and CANCEL
        return EndReason.NO_ANSWER if call.is_incoming and not call.is_up else EndReason.HANG_UP
    return EndReason.LOST if call.is_up else EndReason.UNREACHABLE
