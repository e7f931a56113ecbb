"""The contract of every push-to-talk switch, with a pseudo-device in place of each."""

from __future__ import annotations

import os
import queue
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs import PIN, RIGS, GpioRig, KeyboardRig, KeypadRig, Rig, SerialRig, Terminal

from assistant.core.events import ButtonDown, ButtonUp, DeviceBack, DeviceFailed, Event
from assistant.core.states import State
from assistant.devices.button import SOURCES, Button, ButtonSettings, build_switch, parse_settings
from assistant.devices.keypad import Keypad
from assistant.errors import ButtonLost, ConfigError

SOON_S = 10.0
"""A deadline that only a broken button reaches."""


class Desk:
    """A running button, a hand on its switch, and what it posted."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.button = Button(rig.switch, self.inbox.put)

    def next(self) -> Event:
        return self.inbox.get(timeout=SOON_S)

    def wait_open(self) -> None:
        """Press until the first press is heard, then let it end."""
        until_s = time.monotonic() + SOON_S
        while time.monotonic() < until_s:
            self.rig.press()
            self.rig.release()
            try:
                assert self.inbox.get(timeout=0.2) == ButtonDown()
                assert isinstance(self.next(), ButtonUp)
                return
            except queue.Empty:
                continue
        raise AssertionError("the switch never opened")


def desk_of(source: str, folder: Path) -> Iterator[Desk]:
    rig = RIGS[source](folder)
    desk = Desk(rig)
    try:
        with desk.button:
            desk.wait_open()
            yield desk
    finally:
        rig.close()


@pytest.fixture(params=sorted(RIGS))
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of(request.param, tmp_path)


@pytest.fixture(params=["evdev", "keyboard", "serial"])
def cable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Everything that can be unplugged."""
    yield from desk_of(request.param, tmp_path)


@pytest.fixture
def serial(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of("serial", tmp_path)


@pytest.fixture
def evdev(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_of("evdev", tmp_path)


def test_every_source_has_a_rig() -> None:
    assert set(RIGS) == set(SOURCES)


def test_tap_is_one_press_and_one_release(desk: Desk) -> None:
    desk.rig.press()
    assert desk.next() == ButtonDown()
    desk.rig.release()
    up = desk.next()
    assert isinstance(up, ButtonUp)
    assert desk.inbox.empty()


def test_bounce_is_not_a_second_press(desk: Desk) -> None:
    desk.rig.press()
    for _ in range(6):
        desk.rig.bounce()
    desk.rig.release()
    assert desk.next() == ButtonDown()
    assert isinstance(desk.next(), ButtonUp)
    assert desk.inbox.empty()


def test_hold_is_as_long_as_the_finger(desk: Desk) -> None:
    desk.rig.press()
    assert desk.next() == ButtonDown()
    start_s = time.monotonic()
    until_s = start_s + 0.3
    while time.monotonic() < until_s:  # a held key of a terminal repeats
        if isinstance(desk.rig, KeyboardRig):
            desk.rig.bounce()
        with pytest.raises(queue.Empty):
            desk.inbox.get(timeout=0.03)
    desk.rig.release()
    up = desk.next()
    assert isinstance(up, ButtonUp)
    assert up.held_s > 0.2


def test_lost_and_found_again(cable: Desk) -> None:
    cable.rig.unplug()
    failed = cable.next()
    assert isinstance(failed, DeviceFailed)
    assert isinstance(failed.error, ButtonLost)
    cable.rig.plug()
    assert cable.next() == DeviceBack(kind="button", device=cable.rig.switch.name)
    cable.wait_open()


def test_lost_while_held_is_released_first(cable: Desk) -> None:
    cable.rig.press()
    assert cable.next() == ButtonDown()
    cable.rig.unplug()
    assert isinstance(cable.next(), ButtonUp)
    assert isinstance(cable.next(), DeviceFailed)
    cable.rig.plug()
    assert isinstance(cable.next(), DeviceBack)


@pytest.mark.parametrize("source", ["evdev", "serial"])
def test_missing_at_start_is_said_once_and_waited_for(source: str, tmp_path: Path) -> None:
    rig = RIGS[source](tmp_path)
    rig.unplug()
    desk = Desk(rig)
    with desk.button:
        assert isinstance(desk.next(), DeviceFailed)
        rig.plug()
        assert isinstance(desk.next(), DeviceBack)
    rig.close()
    assert desk.inbox.empty()


def test_thread_ends_with_the_block(desk: Desk) -> None:
    desk.button.__exit__(None, None, None)
    assert "button" not in {thread.name for thread in threading.enumerate()}


# --- serial -----------------------------------------------------------------------------------


def lamp(port: Terminal) -> bytes:
    assert select.select([port.master], [], [], SOON_S)[0], "nothing was written to the board"
    return os.read(port.master, 64)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (State.LISTENING, b"LED 1\n"),
        (State.THINKING, b"LED 2\n"),
        (State.SPEAKING, b"LED 3\n"),
        (State.ASLEEP, b"LED 0\n"),
        (State.IN_CALL, b"LED 0\n"),
    ],
)
def test_board_is_told_what_to_light(serial: Desk, state: State, line: bytes) -> None:
    assert isinstance(serial.rig, SerialRig)
    serial.button.light(state)
    assert lamp(serial.rig.port) == line


@pytest.mark.parametrize(
    "noise",
    [
        b"PTT\n",
        b"PTT 2\n",
        b"ptt 1\n",
        b"\xff\x00\xfe\n",
        b"PTT 1 PTT 1\n",
        b"x" * 5000 + b"\n",
        b"\n",
    ],
)
def test_noise_on_the_line_presses_nothing(serial: Desk, noise: bytes) -> None:
    assert isinstance(serial.rig, SerialRig)
    serial.rig.port.write(noise)
    serial.rig.port.write(b"PT")
    serial.rig.port.write(b"T 1\r\nPTT 0\r\n")
    assert serial.next() == ButtonDown()
    assert isinstance(serial.next(), ButtonUp)
    assert serial.inbox.empty()


# --- evdev ------------------------------------------------------------------------------------


def test_other_keys_and_repeats_are_left_alone(evdev: Desk) -> None:
    assert isinstance(evdev.rig, KeypadRig)
    evdev.rig.send(1, 115, 1)  # volume up
    evdev.rig.send(2, 0, 7)  # a mouse that moves
    evdev.rig.press()
    evdev.rig.send(1, KeypadRig.KEY, 2)
    evdev.rig.release()
    assert evdev.next() == ButtonDown()
    assert isinstance(evdev.next(), ButtonUp)
    assert evdev.inbox.empty()


def test_dropped_events_let_go(evdev: Desk) -> None:
    assert isinstance(evdev.rig, KeypadRig)
    evdev.rig.press()
    assert evdev.next() == ButtonDown()
    evdev.rig.send(0, 3, 0)  # SYN_DROPPED: the release is among what was lost
    assert isinstance(evdev.next(), ButtonUp)


def test_device_is_found_by_part_of_its_name(tmp_path: Path) -> None:
    for number, name in enumerate(["Power Button", "Satechi Media Button Keyboard"]):
        folder = tmp_path / f"event{number + 90}" / "device"
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
    (tmp_path / "event90" / "device" / "name").write_bytes(b"Taster f\xfcr den Gurt\n")
    assert Keypad("media button", "28", names=tmp_path)._path() == "/dev/input/event91"
    with pytest.raises(ButtonLost):
        Keypad("joystick", "28", names=tmp_path).open()


# --- gpio -------------------------------------------------------------------------------------


def test_led_is_on_while_listening_and_off_after(tmp_path: Path) -> None:
    rig = GpioRig(tmp_path)
    desk = Desk(rig)
    with desk.button:
        desk.wait_open()
        led = rig.factory.pin(rig.led_pin)
        desk.button.light(State.LISTENING)
        assert led.state
        desk.button.light(State.ASLEEP)
        assert not led.state
    rig.close()


def test_machine_without_pins_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "none-here")
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with Button(build_switch(ButtonSettings(source="gpio", pin=PIN)), inbox.put):
        failed = inbox.get(timeout=SOON_S)
    assert isinstance(failed, DeviceFailed)
    assert isinstance(failed.error, ConfigError)
    assert f"pin {PIN}" in str(failed.error)


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ButtonSettings(source="pedal"), "keyboard or gpio or evdev or serial or web"),
        (ButtonSettings(source="evdev"), "a path or a name"),
        (ButtonSettings(source="evdev", device="/dev/null", key="KEY_NOPE"), "KEY_VOICECOMMAND"),
        (ButtonSettings(source="serial"), "a port"),
        (ButtonSettings(source="keyboard"), "no terminal"),
    ],
    ids=lambda value: value.source if isinstance(value, ButtonSettings) else "",
)
def test_wrong_settings_name_the_way_out(
    settings: ButtonSettings, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        with pytest.raises(ConfigError, match=said):
            build_switch(settings)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("keyboard", ButtonSettings(source="keyboard")),
        ("web", ButtonSettings(source="web")),
        ("gpio", ButtonSettings(source="gpio", pin=17)),
        ("gpio:4", ButtonSettings(source="gpio", pin=4)),
        ("gpio: 4, 18", ButtonSettings(source="gpio", pin=4, led_pin=18)),
        ("serial:/dev/ttyACM0", ButtonSettings(source="serial", device="/dev/ttyACM0")),
        ("serial:2E8A:0005", ButtonSettings(source="serial", device="2E8A:0005")),
        ("evdev:Media Button", ButtonSettings(source="evdev", device="Media Button")),
        ("evdev:X,KEY_F13", ButtonSettings(source="evdev", device="X", key="KEY_F13")),
        ("evdev:X,28,shared", ButtonSettings(source="evdev", device="X", key="28", grab=False)),
    ],
)
def test_one_line_names_a_switch(text: str, settings: ButtonSettings) -> None:
    assert parse_settings(text) == settings


@pytest.mark.parametrize("text", ["gpio:x", "gpio:1,2,3", "evdev:a,b,c", "serial:a,b", "web:1"])
def test_line_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"docs/buttons\.md"):
        parse_settings(text)
