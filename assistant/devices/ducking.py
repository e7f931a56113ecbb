"""Turns other sound down while the assistant listens or speaks, and up again whatever happens.

`python -m assistant.devices.ducking` is a child process that holds the volumes as they were: it
puts them back when told to, and when the pipe to the assistant breaks, so that a crash does not
leave the music quiet. Neighbours: `pulse` knows the streams, `app` says when.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import chain

from assistant.devices.pulse import listed, pactl

STOP_S = 2.0


class Ducking:
    """Runs between `__enter__` and `__exit__`; harmless where there is no `pactl`."""

    def __init__(self, by_db: float) -> None:
        """`by_db`: how far other sound is turned down; 0 leaves it alone."""
        self._by_db = by_db
        self._is_on = False
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Ducking:
        if self._by_db:
            command = [sys.executable, "-m", __name__, str(self._by_db), str(os.getpid())]
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._child:
            with suppress(OSError, subprocess.TimeoutExpired):
                self._child.communicate(timeout=STOP_S)

    def set(self, is_on: bool) -> None:
        """Down or up; returns at once."""
        if self._child and self._child.stdin and is_on is not self._is_on:
            with suppress(OSError):  # a child that died leaves the music alone
                self._child.stdin.write("down\n" if is_on else "up\n")
                self._child.stdin.flush()
        self._is_on = is_on


def lower(by_db: float, own_pid: str) -> dict[str, list[str]]:
    """Every stream of other programs; returns their numbers and the volumes they had."""
    before = {}
    for stream in listed("sink-inputs"):
        if stream["properties"].get("application.process.id") != own_pid:
            number = str(stream["index"])
            before[number] = [str(channel["value"]) for channel in stream["volume"].values()]
            pactl("set-sink-input-volume", number, f"-{by_db:g}dB")
    return before


def main() -> int:
    by_db, own_pid = float(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM):  # the end of the pipe is the end
        signal.signal(number, signal.SIG_IGN)
    before: dict[str, list[str]] = {}
    for order in chain(sys.stdin, ["up\n"]):
        for stream, volumes in before.items():
            pactl("set-sink-input-volume", stream, *volumes)
        before = lower(by_db, own_pid) if order == "down\n" else {}
    return 0


if __name__ == "__main__":
    sys.exit(main())
