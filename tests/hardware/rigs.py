"""A finger for every kind of switch: pseudo-terminals, a pipe of input events, mock pins."""

from __future__ import annotations

import os
import struct
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from assistant.devices.button import ButtonSettings, Switch, build_switch
from assistant.devices.gpio import Gpio

PIN = 4


class Rig(Protocol):
    """Somebody's hand on a switch."""

    switch: Switch

    def press(self) -> None: ...
    def release(self) -> None: ...
    def bounce(self) -> None:
        """One contact bounce, whichever way the switch is."""

    def close(self) -> None: ...


class Terminal:
    """A pseudo-terminal at a path that stays the same when it is unplugged and plugged in again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "port"
        self.plug()

    def plug(self) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        self.path.unlink()
        os.close(self._slave)
        os.close(self.master)

    def write(self, text: bytes) -> None:
        os.write(self.master, text)


class SerialRig:
    def __init__(self, folder: Path) -> None:
        self.port = Terminal(folder)
        self.unplug, self.plug, self.close = self.port.unplug, self.port.plug, self.port.unplug
        self.switch = build_switch(ButtonSettings(source="serial", device=str(self.port.path)))
        self._is_down = False

    def press(self) -> None:
        self.port.write(b"PTT 1\n")
        self._is_down = True

    def release(self) -> None:
        self.port.write(b"PTT 0\n")
        self._is_down = False

    def bounce(self) -> None:
        here, there = (b"PTT 1\n", b"PTT 0\n") if self._is_down else (b"PTT 0\n", b"PTT 1\n")
        self.port.write(there + here)


class KeyboardRig:
    """A held key repeats; letting go of it sends nothing at all."""

    def __init__(self, folder: Path) -> None:
        self.port = Terminal(folder)
        self.unplug, self.plug, self.close = self.port.unplug, self.port.plug, self.port.unplug
        self.switch = build_switch(ButtonSettings(source="keyboard", device=str(self.port.path)))

    def press(self) -> None:
        self.port.write(b" ")

    def release(self) -> None:
        pass

    def bounce(self) -> None:
        self.port.write(b" ")


class KeypadRig:
    """A named pipe in place of /dev/input/eventN."""

    KEY = 582

    def __init__(self, folder: Path) -> None:
        self._path = folder / "event7"
        self.plug()
        self.switch = build_switch(ButtonSettings(source="evdev", device=str(self._path)))
        self._is_down = False

    def plug(self) -> None:
        os.mkfifo(self._path)
        self._pipe = os.open(self._path, os.O_RDWR)

    def unplug(self) -> None:
        self._path.unlink()
        os.close(self._pipe)

    close = unplug

    def send(self, kind: int, code: int, value: int) -> None:
        os.write(self._pipe, struct.pack("@llHHi", 0, 0, kind, code, value))

    def press(self) -> None:
        self.send(1, self.KEY, 1)
        self.send(0, 0, 0)
        self._is_down = True

    def release(self) -> None:
        self.send(1, self.KEY, 0)
        self._is_down = False

    def bounce(self) -> None:
        self.send(1, self.KEY, int(not self._is_down))
        self.send(1, self.KEY, int(self._is_down))


class GpioRig:
    """gpiozero's mock pins: the board is not there, everything above it is."""

    def __init__(self, _: Path) -> None:
        from gpiozero.pins.mock import MockFactory

        self.factory = MockFactory()
        self.led_pin = PIN + 1
        self.switch: Switch = Gpio(PIN, self.led_pin, self.factory)
        self.pin = self.factory.pin(PIN)

    def press(self) -> None:
        self.pin.drive_low()

    def release(self) -> None:
        self.pin.drive_high()

    def bounce(self) -> None:
        was_high = bool(self.pin.state)
        first, second = (
            (self.pin.drive_low, self.pin.drive_high)
            if was_high
            else (self.pin.drive_high, self.pin.drive_low)
        )
        first()
        second()

    def close(self) -> None:
        self.factory.reset()


RIGS: dict[str, Callable[[Path], Rig]] = {
    "keyboard": KeyboardRig,
    "gpio": GpioRig,
    "evdev": KeypadRig,
    "serial": SerialRig,
}
