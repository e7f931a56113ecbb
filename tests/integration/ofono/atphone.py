"""A scripted telephone that speaks AT commands on TCP to the real ofonod (a fake, our own).

It knows what 3GPP TS 27.007 asks of voice calls (ATD, ATA, +CHUP, +CHLD, +CLCC, +VTS, +CMUT) and
says OK to the rest. The test plays the far end: `answer`, `ring`, `drop`.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass

ACTIVE, HELD, DIALING, ALERTING, INCOMING, WAITING = range(6)
_ANSWERS = {
    "AT+CGMI": "roadcall",
    "AT+CGMM": "scripted telephone",
    "AT+CGMR": "1.0",
    "AT+CGSN": "123456789012347",
    "AT+CHLD=?": "+CHLD: (0,1,1x,2,2x,3)",
    "AT+CPIN?": "+CPIN: READY",
    "AT+CIMI": "262011234567890",
    "AT+CREG=?": "+CREG: (0-2)",
    "AT+CREG?": "+CREG: 2,1",
}


@dataclass
class Call:
    number: str
    state: int


class AtPhone:
    def __init__(self) -> None:
        self.heard: list[str] = []
        """Every AT command so far."""
        self.dialled: list[str] = []
        self.tones = ""
        self.refuses_tones = False
        self.muted: list[bool] = []
        self.calls: dict[int, Call] = {}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._closing = False
        self._is_near = threading.Event()
        self._is_near.set()
        self._again: threading.Timer | None = None
        self._thread = threading.Thread(target=self._serve, name="at-phone")
        self._thread.start()

    # --- the far end ---------------------------------------------------------------------------

    def alert(self) -> None:
        self._set(DIALING, ALERTING)

    def answer(self) -> None:
        self._set(ALERTING, ACTIVE)

    def ring(self, number: str) -> None:
        """Somebody calls the driver."""
        with self._lock:
            state = WAITING if self.calls else INCOMING
            self.calls[max(self.calls, default=0) + 1] = Call(number, state)
        if state == WAITING:
            self._say(f'+CCWA: "{number}",145,1')
        else:
            self._ring(number)

    def _ring(self, number: str) -> None:
        """Again every second, as a real telephone does, until somebody reacts."""
        with self._lock:
            is_ringing = any(call.state == INCOMING for call in self.calls.values())
        if is_ringing and not self._closing:
            self._say("RING")
            self._say(f'+CLIP: "{number}",145')
            self._again = threading.Timer(1.0, self._ring, [number])
            self._again.start()

    def drop(self, word: str = "NO CARRIER") -> None:
        """The far end, or the network, ends every call."""
        with self._lock:
            self.calls.clear()
        self._say(word)

    def leave(self, number: str) -> None:
        """One far end hangs up; the network keeps the other call as it is."""
        with self._lock:
            self.calls = {i: c for i, c in self.calls.items() if c.number != number}
        self._say("NO CARRIER")

    def out_of_range(self) -> None:
        """The Bluetooth link is gone, until `back_in_range`."""
        self._is_near.clear()
        if self._link:
            self._link.shutdown(socket.SHUT_RDWR)

    def back_in_range(self) -> None:
        self._is_near.set()

    def close(self) -> None:
        self._closing = True
        self._is_near.set()
        if self._again:
            self._again.cancel()
            self._again.join()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        if self._link:
            with contextlib.suppress(OSError):
                self._link.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._server.close()

    # --- towards ofonod ------------------------------------------------------------------------

    def _set(self, before: int, after: int) -> None:
        with self._lock:
            for call in self.calls.values():
                call.state = after if call.state == before else call.state

    def _serve(self) -> None:
        while not self._closing:
            link, _ = self._server.accept()
            self._is_near.wait()
            with link, contextlib.suppress(OSError), link.makefile("rb") as stream:
                self._link = link
                self._talk(stream.read1)
            self._link = None

    def _talk(self, read: object) -> None:
        buffer = b""
        while not self._closing and (data := read(4096)):  # type: ignore[operator]
            buffer += data
            *lines, buffer = buffer.split(b"\r")
            for line in lines:
                if command := line.decode("latin-1").strip():
                    self._obey(command)

    def _say(self, line: str) -> None:
        if self._link:
            with contextlib.suppress(OSError):
                self._link.sendall(f"\r\n{line}\r\n".encode())

    def _obey(self, command: str) -> None:
        """Answer one AT command."""
        upper = command.upper()
        self.heard.append(upper)
        if upper.startswith("ATD"):
            self._dial(command[3:].rstrip(";"))
        elif upper == "AT+CLCC":
            self._list()
        elif upper.startswith("AT+VTS=") and self.refuses_tones:
            self._say("ERROR")
            return
        elif upper.startswith("AT+VTS="):
            self.tones += "".join(re.findall(r"\+VTS=(.)", upper))
        elif found := re.fullmatch(r"AT\+CMUT=([01])", upper):
            self.muted.append(found[1] == "1")
        elif upper == "ATA":
            self._set(INCOMING, ACTIVE)
        elif upper in ("AT+CHUP", "ATH"):
            self._end(lambda state: state not in (HELD, WAITING))
        elif upper.startswith("AT+CHLD=") and upper[-1] != "?":
            self._supplementary(upper.removeprefix("AT+CHLD="))
        elif upper.startswith("AT+CRSM="):
            self._say("+CRSM: 106,130")  # no such file on the SIM
        elif upper in _ANSWERS:
            self._say(_ANSWERS[upper])
        self._say("OK")

    def _dial(self, number: str) -> None:
        with self._lock:
            self.dialled.append(number)
            for call in self.calls.values():  # a telephone holds the call it is in
                call.state = HELD if call.state == ACTIVE else call.state
            self.calls[max(self.calls, default=0) + 1] = Call(number, DIALING)

    def _list(self) -> None:
        with self._lock:
            calls = list(self.calls.items())
        for index, call in calls:
            direction = 1 if call.state in (INCOMING, WAITING) else 0
            kind = 145 if call.number.startswith("+") else 129
            number = call.number.lstrip("+")
            self._say(f'+CLCC: {index},{direction},{call.state},0,0,"{number}",{kind}')

    def _end(self, which: object) -> None:
        with self._lock:
            gone = [i for i, c in self.calls.items() if which(c.state)]  # type: ignore[operator]
            for index in gone:
                del self.calls[index]

    def _supplementary(self, what: str) -> None:
        """3GPP TS 22.030: 0 refuses waiting or ends held, 1 ends active and takes the held
        one back, 1x ends x, 2 swaps."""
        if what == "0":
            states = {call.state for call in self.calls.values()}
            self._end(lambda state: state == (WAITING if WAITING in states else HELD))
        elif what == "1":
            self._end(lambda state: state == ACTIVE)
            self._set(HELD, ACTIVE)
        elif what.startswith("1"):
            with self._lock:
                self.calls.pop(int(what[1:]), None)
        elif what == "2":
            swap = {ACTIVE: HELD, HELD: ACTIVE, WAITING: ACTIVE}
            with self._lock:
                for call in self.calls.values():
                    call.state = swap.get(call.state, call.state)
