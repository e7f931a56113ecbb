"""A device that is busy or refuses its own rate: said once with the reason, then tried again.

No sound server refuses anything, so PortAudio is a fake here, written from the documentation of
python-sounddevice and the error codes of portaudio.h.
"""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.core.events import DeviceBack, DeviceFailed
from assistant.devices import microphone
from assistant.devices.microphone import Microphone

DEVICE = {
    "name": "USB Headset",
    "index": 3,
    "default_samplerate": 44100.0,
    "max_input_channels": 1,
}


class PortAudioError(Exception):
    pass


class StubbornPortAudio(SimpleNamespace):
    """Holds one microphone. `busy`: openings that fail; `rates`: what it takes, in Hz;
    `false_starts`: of the library, when it is started anew."""

    PortAudioError = PortAudioError

    def __init__(
        self, busy: int = 0, rates: tuple[int, ...] = (44100,), false_starts: int = 0
    ) -> None:
        super().__init__(default=SimpleNamespace(device=(3, 3)), opened=[])
        self._busy = busy
        self._rates = rates
        self._false_starts = false_starts
        self._is_started = True

    def query_devices(self, kind: str = "") -> Any:
        return DEVICE if kind else [DEVICE]

    def check_input_settings(
        self, _device: int, _channels: int, _dtype: str, *, samplerate: int
    ) -> None:
        if samplerate not in self._rates:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")

    def RawInputStream(  # noqa: N802 - the library's name
        self, *, samplerate: int, callback: Callable[..., None], **_: object
    ) -> AbstractContextManager[None]:
        self._busy -= 1
        if self._busy >= 0:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        if samplerate not in self._rates:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        self.opened.append(samplerate)
        callback(bytes(2 * samplerate // 50), samplerate // 50, None, None)
        return nullcontext()

    def _terminate(self) -> None:
        if not self._is_started:
            raise PortAudioError("PortAudio not initialized [PaErrorCode -10000]")
        self._is_started = False

    def _initialize(self) -> None:
        self._false_starts -= 1
        if self._false_starts >= 0:
            raise PortAudioError("Unanticipated host error [PaErrorCode -9999]")
        self._is_started = True


@pytest.fixture
def inbox() -> queue.SimpleQueue[Any]:
    return queue.SimpleQueue()


def test_busy_device_is_said_with_its_reason_and_taken_when_it_is_free(
    inbox: queue.SimpleQueue[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = StubbornPortAudio(busy=2, false_starts=1)
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    with Microphone(inbox.put):
        failed = inbox.get(timeout=10)
        assert isinstance(failed, DeviceFailed)
        assert "Device unavailable" in str(failed.error)
        assert inbox.get(timeout=10) == DeviceBack(kind="microphone", device="USB Headset")


def test_what_nobody_foresaw_is_no_end_of_hearing(
    inbox: queue.SimpleQueue[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", StubbornPortAudio())
    answers = iter([KeyError("description"), "USB Headset"])

    def known_as(*_: str) -> str:
        answer = next(answers)
        if isinstance(answer, KeyError):
            raise answer
        return answer

    monkeypatch.setattr(microphone, "known_as", known_as)
    with Microphone(inbox.put):
        assert isinstance(inbox.get(timeout=10), DeviceFailed)
        assert inbox.get(timeout=10) == DeviceBack(kind="microphone", device="USB Headset")


@pytest.mark.parametrize(("rates", "taken"), [((44100,), 44100), ((48000,), 48000)])
def test_device_that_refuses_its_own_rate_is_opened_at_another(
    inbox: queue.SimpleQueue[Any],
    monkeypatch: pytest.MonkeyPatch,
    rates: tuple[int, ...],
    taken: int,
) -> None:
    library = StubbornPortAudio(rates=rates)
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    with Microphone(inbox.put) as microphone:
        microphone.wait_open(10)
    assert library.opened == [taken]


def test_device_that_takes_no_rate_is_said_with_its_reason(
    inbox: queue.SimpleQueue[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", StubbornPortAudio(rates=(8000,)))
    with Microphone(inbox.put):
        assert "Invalid sample rate" in str(inbox.get(timeout=10).error)
