"""Push-to-talk with a key of an input device: a steering-wheel remote, a pedal, a headset.

Reads `struct input_event` from the device file itself, so that a pipe can stand for the device.
Source: Linux, Documentation/input/input.rst and include/uapi/linux/input.h.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from assistant.core.debounce import Edge
from assistant.core.states import State
from assistant.errors import ButtonLost, ConfigError

EVENT = struct.Struct("@llHHi")
"""Two machine words of time, type, code, value."""
EV_SYN, EV_KEY = 0x00, 0x01
SYN_DROPPED = 3
EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int)"""
KEYS: Mapping[str, int] = MappingProxyType(
    {
        "KEY_ENTER": 28,
        "KEY_SPACE": 57,
        "KEY_PLAYPAUSE": 164,
        "KEY_PHONE": 169,
        "KEY_F13": 183,
        "KEY_PLAYCD": 200,
        "KEY_MEDIA": 226,
        "BTN_LEFT": 272,
        "BTN_A": 304,
        "KEY_PICKUP_PHONE": 445,
        "KEY_VOICECOMMAND": 582,
    }
)
"""Source: include/uapi/linux/input-event-codes.h."""
NAMES = Path("/sys/class/input")
"""Has eventN/device/name for every device."""


class Keypad:
    """One key of the device at a path, or of the first whose name contains `device`."""

    def __init__(self, device: str, key: str, *, grab: bool = True, names: Path = NAMES) -> None:
        """Raises: ConfigError (no device named, unknown key)."""
        if not device:
            raise ConfigError("config", "button", "a path or a name; see `evtest`")
        if key not in KEYS and not key.isdecimal():
            raise ConfigError("config", "button", f"a key number, or {', '.join(KEYS)}")
        self.name = device
        self._code = KEYS[key] if key in KEYS else int(key)
        self._grab = grab
        self._names = names
        self._fd = -1
        self._unread = b""

    def open(self) -> None:
        try:
            self._fd = os.open(self._path(), os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise ButtonLost(self.name) from error
        if self._grab:
            self._take()

    def read(self, timeout_s: float) -> Edge | None:
        """Keys that are not ours end the wait early and are dropped."""
        if len(self._unread) < EVENT.size:
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return None
            self._unread += self._bytes()
        if len(self._unread) < EVENT.size:
            return None
        record, self._unread = self._unread[: EVENT.size], self._unread[EVENT.size :]
        _, _, kind, code, value = EVENT.unpack(record)
        if (kind, code) == (EV_SYN, SYN_DROPPED):  # a release may have been lost: let go
            return Edge(is_down=False, at_s=time.monotonic())
        if (kind, code) == (EV_KEY, self._code) and value in (0, 1):  # 2 is a repeat
            return Edge(is_down=value == 1, at_s=time.monotonic())
        return None

    def light(self, state: State) -> None:
        """Input devices have no lamp that means anything."""

    def close(self) -> None:
        """Closing the file also lets go of the grab."""
        self._unread = b""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _path(self) -> str:
        if self.name.startswith("/"):
            return self.name
        for entry in sorted(self._names.glob("event*/device/name")):
            if self.name.casefold() in entry.read_text("utf-8", "replace").casefold():
                return f"/dev/input/{entry.parts[-3]}"
        raise ButtonLost(self.name)

    def _take(self) -> None:
        """Keep the media player from acting on the same key; not every file can be grabbed."""
        with suppress(OSError):
            fcntl.ioctl(self._fd, EVIOCGRAB, 1)

    def _bytes(self) -> bytes:
        try:
            found = os.read(self._fd, 64 * EVENT.size)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise ButtonLost(self.name) from error
        if not found:
            raise ButtonLost(self.name)
        return found
