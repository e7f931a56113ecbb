"""The MicroPython sketch and the serial button speak the same protocol.

The sketch itself runs, in CPython. `machine.Pin`, the millisecond clock and the unbuffered standard
input are fakes of MicroPython's documented API; the pin and the LED are files.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core.events import ButtonDown, ButtonUp, Event
from assistant.core.states import State
from assistant.devices.button import Button, ButtonSettings, build_switch

SKETCHES = Path(__file__).parents[2] / "docs" / "firmware"
SOON_S = 10.0
BOARD = """
import os, runpy, sys, time, types
class Pin:
    IN = OUT = PULL_UP = 0
    def __init__(self, number, *modes): self.file = f"pin{number}"
    def value(self, *level):
        if level: open(self.file, "w").write(str(level[0] + 0))
        return int(open(self.file).read() or 1)
class Stdin:
    def fileno(self): return 0
    def read(self, count): return os.read(0, count).decode()
sys.modules["machine"] = types.SimpleNamespace(Pin=Pin)
sys.stdin = Stdin()
time.sleep_ms = lambda ms: time.sleep(ms / 1000)
time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000
time.ticks_diff = lambda one, other: one - other
runpy.run_path(sys.argv[1])
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """A board with the sketch on it, at the far end of a pseudo-terminal."""
    (tmp_path / "pin15").write_text("1")
    board, computer = os.openpty()
    tty.setraw(board)
    tty.setraw(computer)
    running = subprocess.Popen(
        [sys.executable, "-u", "-c", BOARD, str(SKETCHES / "ptt.py")],
        stdin=board,
        stdout=board,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    yield os.ttyname(computer)
    running.kill()
    running.wait()
    os.close(board)
    os.close(computer)


def wait_for(led: Path, level: str) -> None:
    until_s = time.monotonic() + SOON_S
    while led.read_text() != level:
        assert time.monotonic() < until_s, f"the LED never was {level}"
        time.sleep(0.02)


def test_sketch_and_button_understand_each_other(port: str, tmp_path: Path) -> None:
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    switch, led = tmp_path / "pin15", tmp_path / "pin25"
    with Button(build_switch(ButtonSettings(source="serial", device=port)), inbox.put) as button:
        switch.write_text("0")
        assert inbox.get(timeout=SOON_S) == ButtonDown()
        switch.write_text("1")
        assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)
        for state, level in ((State.LISTENING, "1"), (State.ASLEEP, "0")):
            button.light(state)
            wait_for(led, level)
    assert inbox.empty()


@pytest.mark.parametrize("sketch", ["ptt.py", "ptt.ino"])
def test_sketch_is_short_and_speaks_the_protocol(sketch: str) -> None:
    text = (SKETCHES / sketch).read_text(encoding="utf-8")
    assert text.count("\n") < 40
    assert all(line in text for line in ("PTT 1", "PTT 0", "LED "))
