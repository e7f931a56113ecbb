"""Push-to-talk with the space bar or Enter of a terminal.

A terminal tells of presses only, and repeats a key that is held. So a press is down at once, and
up when no repeat has come: a tap if there was none at all, a hold up to the last one otherwise.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from contextlib import suppress
from typing import Any

from assistant.core.debounce import Edge
from assistant.core.states import State
from assistant.errors import ButtonLost, ConfigError

KEYS = b" \r\n"
FIRST_REPEAT_S = 0.75
"""Longest usual delay before a held key repeats (X11: 660 ms)."""
REPEAT_S = 0.15
"""Longest usual pause between repeats (Linux console: 92 ms)."""


class Keyboard:
    """Reads the terminal at `path`, or standard input for ""."""

    def __init__(self, path: str = "") -> None:
        """Raises: ConfigError (standard input is not a terminal)."""
        if not path and not sys.stdin.isatty():
            raise ConfigError("config", "button", "not keyboard: there is no terminal here")
        self.name = "keyboard"
        self._path = path
        self._fd = -1
        self._modes: list[Any] = []
        self._first_s = self._last_s = 0.0
        self._is_down = False

    def open(self) -> None:
        try:
            self._fd = os.open(self._path or os.ttyname(sys.stdin.fileno()), os.O_RDWR)
            self._modes = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd, termios.TCSANOW)
        except (OSError, termios.error) as error:
            raise ButtonLost(self.name) from error

    def read(self, timeout_s: float) -> Edge | None:
        now_s = time.monotonic()
        wait_s = min(timeout_s, max(0.0, self._up_s - now_s)) if self._is_down else timeout_s
        if select.select([self._fd], [], [], wait_s)[0]:
            return self._typed()
        if not self._is_down or time.monotonic() < self._up_s:
            return None
        self._is_down = False
        return Edge(is_down=False, at_s=self._last_s)

    def light(self, state: State) -> None:
        """A terminal has no lamp."""

    def close(self) -> None:
        self._is_down = False
        if self._fd < 0:
            return
        with suppress(termios.error):  # the terminal is gone, and its modes with it
            termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)
        os.close(self._fd)
        self._fd = -1

    @property
    def _up_s(self) -> float:
        """When a key that has not repeated must have been released."""
        is_first = self._last_s == self._first_s
        return self._last_s + (FIRST_REPEAT_S if is_first else REPEAT_S)

    def _typed(self) -> Edge | None:
        try:
            text = os.read(self._fd, 64)
        except OSError as error:
            raise ButtonLost(self.name) from error
        if not text:
            raise ButtonLost(self.name)
        if not set(text) & set(KEYS):
            return None
        self._last_s = time.monotonic()
        if self._is_down:
            return None
        self._is_down, self._first_s = True, self._last_s
        return Edge(is_down=True, at_s=self._first_s)
