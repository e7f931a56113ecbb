"""Push-to-talk from a micro-controller on a serial port: `PTT 1`, `PTT 0` in, `LED n` out.

The protocol is in docs/buttons.md, sketches are in docs/firmware/.
"""

from __future__ import annotations

import time
from contextlib import suppress

from assistant.core.debounce import Edge
from assistant.core.states import State
from assistant.errors import ButtonLost, ConfigError

BAUD = 115_200
MAX_LINE = 64
"""Bytes; a longer line is noise."""
WRITE_S = 0.2
LEVELS = {b"PTT 1": True, b"PTT 0": False}
LAMPS = {State.LISTENING: 1, State.THINKING: 2, State.SPEAKING: 3}


class SerialLine:
    """The port at a path, or the first whose description contains `device`."""

    def __init__(self, device: str) -> None:
        """Raises: ConfigError (no device named, the `button` extra is not installed)."""
        if not device:
            raise ConfigError("config", "button", "a port or part of its description")
        try:
            import serial
            from serial.tools import list_ports
        except ImportError as missing:
            raise ConfigError("config", "button", "pip install 'roadcall[button]'") from missing
        self.name = device
        self._serial = serial
        self._list = list_ports.comports
        self._port: serial.Serial | None = None
        self._unread = b""

    def open(self) -> None:
        try:
            self._port = self._serial.Serial(
                self._path(), BAUD, timeout=0, write_timeout=WRITE_S, exclusive=True
            )
        except OSError as error:  # SerialException is one
            raise ButtonLost(self.name) from error

    def read(self, timeout_s: float) -> Edge | None:
        if b"\n" not in self._unread:
            self._unread += self._bytes(timeout_s)
        line, end, rest = self._unread.partition(b"\n")
        if not end:
            self._unread = line[-MAX_LINE:]
            return None
        self._unread = rest
        level = LEVELS.get(line.strip())
        return None if level is None else Edge(is_down=level, at_s=time.monotonic())

    def light(self, state: State) -> None:
        port = self._port  # the reader may close it meanwhile
        if port is None:
            return
        with suppress(OSError):  # the reader notices the same loss and announces it
            port.write(b"LED %d\n" % LAMPS.get(state, 0))

    def close(self) -> None:
        self._unread = b""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _path(self) -> str:
        if self.name.startswith("/") or self.name.upper().startswith("COM"):
            return self.name
        wanted = self.name.casefold()
        for port in self._list():
            if wanted in f"{port.description} {port.hwid}".casefold():
                return str(port.device)
        raise ButtonLost(self.name)

    def _bytes(self, timeout_s: float) -> bytes:
        """What is there, or the first byte that comes within `timeout_s`."""
        if self._port is None:
            raise ButtonLost(self.name)
        try:
            self._port.timeout = timeout_s
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except (OSError, TypeError) as error:  # TypeError: closed under the read
            raise ButtonLost(self.name) from error
