"""The push-to-talk button: follows one switch, announces its loss and return.

Where the presses come from is one line in SOURCES and one class with four methods. The page's
own button needs no thread and posts the same events (`display/page.py`). Neighbours:
`core/debounce.py` decides what is a press, `app` owns the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread
from typing import Protocol

from assistant.core.debounce import Debouncer, Edge
from assistant.core.events import DeviceBack, DeviceFailed, Event
from assistant.core.states import State
from assistant.devices.gpio import Gpio
from assistant.devices.keyboard import Keyboard
from assistant.devices.keypad import Keypad
from assistant.devices.serial_line import SerialLine
from assistant.errors import AssistantError, ButtonLost, ConfigError

LOOK_S = 0.25
"""How often a waiting switch looks whether it should stop."""
RETRY_S = 1.0
"""Pause between attempts to find a lost switch again."""
STOP_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonSettings:
    """Which switch, and where it is."""

    source: str
    """A key of SOURCES."""
    device: str = ""
    """evdev, serial: path, or part of the device's name; keyboard: path, "" for standard input."""
    key: str = "KEY_VOICECOMMAND"
    """evdev: name or number of the key (linux/input-event-codes.h)."""
    grab: bool = True
    """evdev: whether nobody else sees the device's keys."""
    pin: int = 17
    """gpio: BCM number of the pin that the switch connects to ground."""
    led_pin: int | None = None
    """gpio: BCM number of the LED's pin."""


def parse_settings(text: str) -> ButtonSettings:
    """`source`, `source:device` or `source:device,more`, as docs/buttons.md lists them.

    Raises: ConfigError.
    """
    source, _, rest = text.partition(":")
    match source, [part.strip() for part in rest.split(",") if part.strip()]:
        case _, []:
            return ButtonSettings(source=source)
        case "gpio", [pin] if pin.isdecimal():
            return ButtonSettings(source=source, pin=int(pin))
        case "gpio", [pin, led] if pin.isdecimal() and led.isdecimal():
            return ButtonSettings(source=source, pin=int(pin), led_pin=int(led))
        case "evdev", [device, key]:
            return ButtonSettings(source=source, device=device, key=key)
        case "evdev", [device, key, "shared"]:
            return ButtonSettings(source=source, device=device, key=key, grab=False)
        case "evdev" | "serial" | "keyboard", [device]:
            return ButtonSettings(source=source, device=device)
    raise ConfigError("config", "button", f"{text!r} is not understood; see docs/buttons.md")


class Switch(Protocol):
    """One kind of switch. The constructor raises ConfigError, everything else ButtonLost."""

    name: str
    """What the driver would call it."""

    def open(self) -> None: ...
    def read(self, timeout_s: float) -> Edge | None:
        """The next edge; None if none came within `timeout_s`."""

    def light(self, state: State) -> None:
        """Show what the assistant is doing, where there is a lamp."""

    def close(self) -> None:
        """Free the device; harmless twice."""


SOURCES: Mapping[str, Callable[[ButtonSettings], Switch]] = {
    "keyboard": lambda settings: Keyboard(settings.device),
    "gpio": lambda settings: Gpio(settings.pin, settings.led_pin),
    "evdev": lambda settings: Keypad(settings.device, settings.key, grab=settings.grab),
    "serial": lambda settings: SerialLine(settings.device),
}


def build_switch(settings: ButtonSettings) -> Switch:
    """Raises: ConfigError (unknown source, missing extra, wrong key)."""
    if settings.source not in SOURCES:
        raise ConfigError("config", "button", " or ".join([*SOURCES, "web"]))
    return SOURCES[settings.source](settings)


class Button:
    """Posts ButtonDown and ButtonUp from a thread, until the `with` ends."""

    def __init__(self, switch: Switch, post: Callable[[Event], None]) -> None:
        self._switch = switch
        self._post = post
        self._stop = Flag()
        self._debouncer = Debouncer()
        self._thread = Thread(target=self._run, name="button", daemon=True)

    def __enter__(self) -> Button:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(STOP_S)

    def light(self, state: State) -> None:
        """Show `state` on the button's lamp, if it has one."""
        self._switch.light(state)

    def _run(self) -> None:
        """Follow the switch; when it goes, say so once and look for it until it is back."""
        is_lost = False
        while not self._stop.is_set():
            try:
                self._switch.open()
                if is_lost:
                    self._post(DeviceBack(kind="button", device=self._switch.name))
                is_lost = False
                self._follow()
            except ButtonLost as lost:
                self._let_go()
                if not is_lost:
                    self._post(DeviceFailed(error=lost))
                is_lost = True
                self._stop.wait(RETRY_S)
            except AssistantError as error:  # nothing that comes back by itself
                self._post(DeviceFailed(error=error))
                return
            finally:
                self._switch.close()

    def _follow(self) -> None:
        while not self._stop.is_set():
            due_s = self._debouncer.due_s
            now_s = time.monotonic()
            wait_s = LOOK_S if due_s is None else min(LOOK_S, max(0.001, due_s - now_s))
            edge = self._switch.read(wait_s)
            found = self._debouncer.feed(edge) if edge else self._debouncer.settle(time.monotonic())
            for event in found:
                self._post(event)

    def _let_go(self) -> None:
        """A switch that is gone holds nothing down."""
        for event in self._debouncer.release(time.monotonic()):
            self._post(event)
