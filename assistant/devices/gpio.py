"""Push-to-talk with a switch on a pin of a Raspberry Pi or another board gpiozero knows.

The switch connects the pin to ground; the pull-up is inside the board. Source: gpiozero,
`DigitalInputDevice` and "Mock pins".
"""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from assistant.core.debounce import Edge
from assistant.core.states import State
from assistant.errors import ConfigError

if TYPE_CHECKING:
    from gpiozero import LED, Factory

BLINKS_S = {State.THINKING: 0.15, State.SPEAKING: 0.6}
"""On and off times; listening is a steady light."""


class Gpio:
    """One pin, BCM number, and perhaps one LED."""

    def __init__(
        self, pin: int, led_pin: int | None = None, factory: Factory | None = None
    ) -> None:
        """`factory` None is the board's own. Raises: ConfigError (extra not installed)."""
        try:
            import gpiozero
        except ImportError as missing:
            raise ConfigError("config", "button", "pip install 'roadcall[gpio]'") from missing
        self.name = f"GPIO {pin}"
        self._gpiozero = gpiozero
        self._pins = (pin, led_pin)
        self._factory = factory
        self._edges: SimpleQueue[Edge] = SimpleQueue()
        self._devices: list[gpiozero.GPIODevice] = []
        self._led: LED | None = None

    def open(self) -> None:
        """Raises: ConfigError, because pins do not come back by themselves."""
        pin, led_pin = self._pins
        try:
            switch = self._gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=self._factory)
            self._devices.append(switch)
            if led_pin is not None:
                self._led = self._gpiozero.LED(led_pin, pin_factory=self._factory)
                self._devices.append(self._led)
        except self._gpiozero.GPIOZeroError as error:
            raise ConfigError("config", "button", f"pin {pin}: {error}") from error
        switch.when_activated = lambda: self._edges.put(Edge(is_down=True, at_s=time.monotonic()))
        switch.when_deactivated = lambda: self._edges.put(
            Edge(is_down=False, at_s=time.monotonic())
        )

    def read(self, timeout_s: float) -> Edge | None:
        try:
            return self._edges.get(timeout=timeout_s)
        except Empty:
            return None

    def light(self, state: State) -> None:
        led = self._led  # the reader may close it meanwhile
        if led is None:
            return
        if state in BLINKS_S:
            led.blink(BLINKS_S[state], BLINKS_S[state])
        elif state is State.LISTENING:
            led.on()
        else:
            led.off()

    def close(self) -> None:
        self._led = None
        while self._devices:
            self._devices.pop().close()
