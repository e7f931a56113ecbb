"""Calls over the driver's telephone: the real ofonod on a private bus, a scripted AT phone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ofono.atphone import ACTIVE, HELD, AtPhone
from ofono.car import Handsfree, handsfree, ofonod, private_bus
from parts import eventually

from assistant.core.dialing import emergency_uri
from assistant.core.events import Connected, DeviceFailed, Ended, EndReason, Event, Ringing
from assistant.errors import (
    Busy,
    ConfigError,
    OnTelephone,
    TonesRefused,
    Unreachable,
    UnsafeTarget,
)
from assistant.services.calls import ofono
from assistant.services.calls.phone import PhoneLine

NUMBER = "tel:+49691234567"

pytestmark = pytest.mark.usefixtures("no_threads_left")


class Car:
    def __init__(self, bus: str, **settings: str) -> None:
        self.events: list[Event] = []
        self.line = PhoneLine({"bus": bus, **settings}, self.events.append)

    def ready(self) -> Car:
        eventually(lambda: self.line.can(NUMBER), "connected telephone", 15)
        return self

    def expect(self, event: Event) -> None:
        eventually(lambda: event in self.events, repr(event))


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Handsfree]:
    with handsfree(tmp_path) as one:
        yield one


@pytest.fixture
def car(hands: Handsfree) -> Iterator[Car]:
    one = Car(hands.bus, tones_after_s="0.2")
    try:
        eventually(lambda: "AT+CCWA=1" in hands.phone.heard, "end of ofonod's preparations", 30)
        yield one.ready()
    finally:
        one.line.close()


def connect(car: Car, phone: AtPhone, tones: str = "") -> None:
    car.line.dial(NUMBER, "Anna", tones)
    phone.alert()
    car.expect(Ringing(uri=NUMBER, name="Anna"))
    phone.answer()
    car.expect(Connected(uri=NUMBER, name="Anna"))


def test_a_conference_is_dialled_and_its_id_keyed_in_after_the_answer(
    car: Car, hands: Handsfree
) -> None:
    connect(car, hands.phone, "47#,1")
    assert hands.phone.dialled == ["+49691234567"]
    eventually(lambda: hands.phone.tones == "47#1", "every tone", 20)
    hands.phone.drop()
    car.expect(Ended(uri=NUMBER, name="Anna", reason=EndReason.HANG_UP))


def test_refused_tones_are_told_and_the_call_goes_on(car: Car, hands: Handsfree) -> None:
    hands.phone.refuses_tones = True
    connect(car, hands.phone, "47#")

    def told() -> bool:
        failures = [e.error for e in car.events if isinstance(e, DeviceFailed)]
        return any(isinstance(error, TonesRefused) for error in failures)

    eventually(told, "word of the refused tones")
    assert states(hands.phone) == {"+49691234567": ACTIVE}


def test_tones_stop_when_the_call_ends(car: Car, hands: Handsfree) -> None:
    connect(car, hands.phone, "1,,,,2")
    eventually(lambda: hands.phone.tones == "1", "first tone")
    car.line.hang_up()
    car.expect(Ended(uri=NUMBER, name="Anna", reason=EndReason.HANG_UP))
    car.events.clear()
    connect(car, hands.phone, "3")
    eventually(lambda: hands.phone.tones == "13", "tone of the second call", 15)


def test_the_two_ends_that_a_telephone_can_tell_apart(car: Car, hands: Handsfree) -> None:
    car.line.dial(NUMBER)
    hands.phone.drop("BUSY")
    car.expect(Ended(uri=NUMBER, reason=EndReason.BUSY))
    car.line.dial(NUMBER)
    hands.phone.alert()
    car.expect(Ringing(uri=NUMBER))
    hands.phone.drop("NO ANSWER")
    car.expect(Ended(uri=NUMBER, reason=EndReason.NO_ANSWER))


def test_a_caller_is_answered(car: Car, hands: Handsfree) -> None:
    hands.phone.ring("+4930123456")
    car.expect(Ringing(uri="tel:+4930123456", incoming=True))
    car.line.answer()
    car.expect(Connected(uri="tel:+4930123456"))
    hands.phone.drop()
    car.expect(Ended(uri="tel:+4930123456", reason=EndReason.HANG_UP))


def test_a_caller_gives_up(car: Car, hands: Handsfree) -> None:
    hands.phone.ring("+4930123456")
    car.expect(Ringing(uri="tel:+4930123456", incoming=True))
    hands.phone.drop()
    car.expect(Ended(uri="tel:+4930123456", reason=EndReason.NO_ANSWER))


SECOND = "tel:+4930123456"


def take_a_second_call(car: Car, phone: AtPhone) -> None:
    connect(car, phone)
    phone.ring("+4930123456")
    car.expect(Ringing(uri=SECOND, incoming=True))
    car.line.answer()
    car.expect(Connected(uri=SECOND))


def states(phone: AtPhone) -> dict[str, int]:
    return {call.number: call.state for call in phone.calls.values()}


def test_a_waiting_caller_is_answered_while_the_first_is_held(car: Car, hands: Handsfree) -> None:
    take_a_second_call(car, hands.phone)
    assert states(hands.phone) == {"+49691234567": HELD, "+4930123456": ACTIVE}


def test_two_calls_change_places(car: Car, hands: Handsfree) -> None:
    take_a_second_call(car, hands.phone)
    car.events.clear()
    car.line.hold(False)
    car.expect(Connected(uri=NUMBER, name="Anna"))
    assert states(hands.phone) == {"+49691234567": ACTIVE, "+4930123456": HELD}


def test_hanging_up_one_call_returns_to_the_other(car: Car, hands: Handsfree) -> None:
    take_a_second_call(car, hands.phone)
    car.events.clear()
    car.line.hang_up()
    car.expect(Ended(uri=SECOND, reason=EndReason.HANG_UP))
    car.expect(Connected(uri=NUMBER, name="Anna"))
    assert states(hands.phone) == {"+49691234567": ACTIVE}


def test_the_far_end_of_one_call_leaves_and_the_other_waits_to_be_taken_back(
    car: Car, hands: Handsfree
) -> None:
    take_a_second_call(car, hands.phone)
    car.events.clear()
    hands.phone.leave("+4930123456")
    car.expect(Ended(uri=SECOND, reason=EndReason.HANG_UP))
    assert states(hands.phone) == {"+49691234567": HELD}
    car.line.hold(False)
    car.expect(Connected(uri=NUMBER, name="Anna"))
    assert states(hands.phone) == {"+49691234567": ACTIVE}


def test_a_waiting_caller_is_declined_and_the_call_goes_on(car: Car, hands: Handsfree) -> None:
    connect(car, hands.phone)
    hands.phone.ring("+4930123456")
    car.expect(Ringing(uri=SECOND, incoming=True))
    car.line.decline()
    car.expect(Ended(uri=SECOND, reason=EndReason.DECLINED))
    assert states(hands.phone) == {"+49691234567": ACTIVE}


def test_a_held_call_stays_held_when_a_caller_gives_up_and_is_ended_by_name(
    car: Car, hands: Handsfree
) -> None:
    connect(car, hands.phone)
    car.line.hold(True)
    eventually(lambda: states(hands.phone) == {"+49691234567": HELD}, "held call")
    hands.phone.ring("+4930123456")
    car.expect(Ringing(uri=SECOND, incoming=True))
    hands.phone.leave("+4930123456")
    car.expect(Ended(uri=SECOND, reason=EndReason.NO_ANSWER))
    assert states(hands.phone) == {"+49691234567": HELD}
    car.line.hang_up(held=True)
    car.expect(Ended(uri=NUMBER, name="Anna", reason=EndReason.HANG_UP))


def test_a_third_caller_cannot_be_answered(car: Car, hands: Handsfree) -> None:
    take_a_second_call(car, hands.phone)
    hands.phone.ring("+33123456789")
    car.expect(Ringing(uri="tel:+33123456789", incoming=True))
    with pytest.raises(Busy):
        car.line.answer()


def test_an_emergency_call_needs_its_own_address_and_outlives_the_program(
    car: Car, hands: Handsfree
) -> None:
    car.line.dial(emergency_uri("112"))
    eventually(lambda: hands.phone.dialled == ["112"], "emergency call")
    hands.phone.alert()
    car.expect(Ringing(uri="sos:112"))
    car.line.close()
    assert [call.number for call in hands.phone.calls.values()] == ["112"]


@pytest.mark.parametrize("uri", ['sos:11"2', "sos:1 12;", "sos:112a"])
def test_an_emergency_number_adds_nothing_to_the_at_command(
    car: Car, hands: Handsfree, uri: str
) -> None:
    with pytest.raises(UnsafeTarget):
        car.line.dial(uri)
    assert hands.phone.dialled == []


def test_an_emergency_call_is_placed_out_of_a_call(car: Car, hands: Handsfree) -> None:
    connect(car, hands.phone)
    with pytest.raises(Busy):
        car.line.dial(SECOND)
    car.line.dial(emergency_uri("112"))
    eventually(lambda: hands.phone.dialled[-1] == "112", "emergency call")
    hands.phone.alert()
    car.expect(Ringing(uri="sos:112"))


def test_a_telephone_that_cannot_mute_says_so(car: Car, hands: Handsfree) -> None:
    connect(car, hands.phone)
    with pytest.raises(OnTelephone):
        car.line.mute(True)


def test_the_telephone_leaves_in_a_call_and_comes_back(car: Car, hands: Handsfree) -> None:
    connect(car, hands.phone)
    hands.phone.out_of_range()
    car.expect(Ended(uri=NUMBER, name="Anna", reason=EndReason.AWAY))
    eventually(lambda: not car.line.can(NUMBER), "line that says it is gone")
    with pytest.raises(Unreachable):
        car.line.dial(NUMBER)
    hands.phone.calls.clear()
    hands.phone.back_in_range()
    connect(car.ready(), hands.phone)


def test_ofono_starts_late_and_starts_again(tmp_path: Path) -> None:
    with private_bus(tmp_path) as bus:
        phone = AtPhone()
        car = Car(bus)
        try:
            assert not car.line.can(NUMBER)
            for _ in range(2):
                with ofonod(tmp_path, bus, phone):
                    car.ready()
                eventually(lambda: not car.line.can(NUMBER), "loss of the telephone")
        finally:
            car.line.close()
            phone.close()


def test_the_named_telephone_is_used_and_no_other(hands: Handsfree) -> None:
    other, named = Car(hands.bus, modem="00:11:22:33:44:55"), Car(hands.bus, modem="/phonesim")
    try:
        named.ready()
        assert not other.line.can(NUMBER)
    finally:
        other.line.close()
        named.line.close()


def test_without_a_bus_the_line_waits(tmp_path: Path) -> None:
    car = Car(f"unix:path={tmp_path}/nowhere")
    with closing(car.line):
        assert not car.line.can(NUMBER)
        with pytest.raises(Unreachable):
            car.line.dial(NUMBER)
    with pytest.raises(Unreachable):
        car.line.dial(NUMBER)


def test_a_bus_that_lets_nobody_in_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: D-Bus specification, "Authentication Protocol" (REJECTED)."""
    monkeypatch.setattr(ofono, "_RETRY_AFTER_S", 0.05)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "bus"))
        door.listen()
        door.settimeout(10)
        car = Car(f"unix:path={tmp_path}/bus")
        with closing(car.line):
            for _knock in range(2):
                guest, _ = door.accept()
                with guest:
                    guest.recv(4096)
                    guest.sendall(b"REJECTED EXTERNAL\r\n")


@pytest.mark.parametrize(
    ("key", "value"), [("colour", "red"), ("tones_after_s", "soon"), ("bus", "nonsense")]
)
def test_wrong_settings_are_named(key: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PhoneLine({key: value}, lambda _: None)
    assert caught.value.values["key"] == key
