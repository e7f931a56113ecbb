"""A key of an input device that the kernel makes: found by its name, pressed, grabbed, unplugged.

Only where the kernel has uinput and lets us use it; elsewhere a pipe stands for the device, in
`test_button`. Source: Linux, Documentation/input/uinput.rst and include/uapi/linux/uinput.h.
"""

from __future__ import annotations

import fcntl
import os
import queue
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.core.events import ButtonDown, ButtonUp, DeviceFailed, Event
from assistant.devices.button import Button
from assistant.devices.keypad import EV_KEY, EV_SYN, EVENT, KEYS, Keypad
from tests.integration.parts import eventually

UINPUT = Path("/dev/uinput")
UI_SET_EVBIT, UI_SET_KEYBIT = 0x40045564, 0x40045565
UI_DEV_SETUP, UI_DEV_CREATE, UI_DEV_DESTROY = 0x405C5503, 0x5501, 0x5502
SETUP = struct.Struct("@HHHH80sI")
"""struct uinput_setup: bus, vendor, product, version, name, force-feedback effects."""
BUS_USB = 3
NAME = "roadcall test wheel"
KEY = KEYS["KEY_VOICECOMMAND"]


class Wheel:
    """A device with one key."""

    def __init__(self) -> None:
        self._fd = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._fd, UI_SET_EVBIT, EV_KEY)
        fcntl.ioctl(self._fd, UI_SET_KEYBIT, KEY)
        setup = SETUP.pack(BUS_USB, 1, 1, 1, NAME.encode(), 0)
        fcntl.ioctl(self._fd, UI_DEV_SETUP, setup)
        fcntl.ioctl(self._fd, UI_DEV_CREATE)

    def turn(self, is_down: bool) -> None:
        os.write(self._fd, EVENT.pack(0, 0, EV_KEY, KEY, is_down) + EVENT.pack(0, 0, EV_SYN, 0, 0))

    def unplug(self) -> None:
        with suppress(OSError):
            fcntl.ioctl(self._fd, UI_DEV_DESTROY)


@pytest.fixture
def wheel() -> Iterator[Wheel]:
    if not os.access(UINPUT, os.W_OK) or not Path("/dev/input").is_dir():
        pytest.skip("this kernel has no uinput, or does not let us use it")
    wheel = Wheel()
    yield wheel
    wheel.unplug()


def test_key_of_a_real_device(wheel: Wheel) -> None:
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    keypad = Keypad(NAME, "KEY_VOICECOMMAND")

    def is_pressed() -> bool:
        wheel.turn(True)
        wheel.turn(False)
        with suppress(queue.Empty):
            return inbox.get(timeout=0.3) == ButtonDown()
        return False

    with Button(keypad, inbox.put):
        eventually(is_pressed, "a press")
        assert isinstance(inbox.get(timeout=5), ButtonUp)
        other = os.open(keypad._path(), os.O_RDONLY | os.O_NONBLOCK)
        wheel.turn(True)
        assert inbox.get(timeout=5) == ButtonDown()
        with pytest.raises(BlockingIOError):
            os.read(other, EVENT.size)  # the key is ours alone
        os.close(other)
        wheel.turn(False)
        assert isinstance(inbox.get(timeout=5), ButtonUp)
        wheel.unplug()
        assert isinstance(inbox.get(timeout=10), DeviceFailed)
