"""The microphone: any device at its own rate becomes a stream of 16 kHz mono frames.

Keeps the last 300 ms, so that a word begun before the button was down is not lost. PortAudio
does not tell of a device that was unplugged and freezes its list at start: here a lack of
frames is the sign, and the library is started anew until the device is back. The assistant never
hears itself: nothing while it speaks, no earcon. Neighbours: `listener` passes captures to the
recogniser, `echo` takes earcons out.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from assistant.core.events import DeviceBack, DeviceFailed
from assistant.devices.echo import without_tones
from assistant.devices.level import Samples, level_dbfs
from assistant.devices.pulse import known_as
from assistant.errors import ConfigError, MicrophoneLost

RATE_HZ = 16000
_BLOCK_S = 0.02
_PRE_ROLL_S = 0.3
_LOST_S = 0.6
"""Without a frame for so long the device is gone."""
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A device one can hear with."""

    name: str
    rate_hz: int
    channels: int
    is_default: bool


class Loudspeaker(Protocol):
    """What the assistant says and sounds, which is not to be heard as the driver."""

    @property
    def is_speaking(self) -> bool: ...
    @property
    def tones_hz(self) -> tuple[float, ...]:
        """Of the earcon that sounds; none when it is over."""

    def released(self) -> AbstractContextManager[None]:
        """Inside it has no stream open, and PortAudio can be started anew."""


class Capture:
    """What the microphone hears from now on, the pre-roll first."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def put(self, pcm: bytes | None) -> None:
        """None ends the capture."""
        self._frames.put(pcm)

    def read(self, timeout_s: float = 1.0) -> bytes:
        """The next samples, 16-bit mono at `RATE_HZ`.

        Raises:
            MicrophoneLost: there are no more.
        """
        try:
            pcm = self._frames.get(timeout=timeout_s)
        except queue.Empty:
            pcm = None
        if pcm is None:
            raise MicrophoneLost(self._device)
        return pcm


class Microphone:
    """Keeps one device open, through unplugging. Runs between `__enter__` and `__exit__`."""

    def __init__(
        self,
        post: Callable[[DeviceFailed | DeviceBack], None],
        name: str = "",
        speaker: Loudspeaker | None = None,
    ) -> None:
        """`name`: part of a device's name, "" for the system's default. `speaker`: the one whose
        sound reaches this microphone.

        Raises:
            ConfigError: sounddevice, PortAudio or soxr is not installed.
        """
        self._sounddevice = _sounddevice()
        self._post = post
        self._wanted = name
        self._speaker = speaker
        self._ring: deque[bytes] = deque(maxlen=round(_PRE_ROLL_S / _BLOCK_S))
        self._capture: Capture | None = None
        self._last_frame_s = 0.0
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._keep_open, name="microphone", daemon=True)
        self.device = name or "default"
        """Name of the device in use."""
        self.muted = False
        """By the driver: nothing is heard at all."""
        self.is_lost = False
        self.level_dbfs = -math.inf

    def __enter__(self) -> Microphone:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=2)

    @property
    def pre_roll_s(self) -> float:
        """How much is kept from before a press at this moment."""
        return sum(map(len, list(self._ring))) / 2 / RATE_HZ

    def wait_open(self, timeout_s: float) -> None:
        """Returns when it hears, or when it is known that it cannot."""
        self._settled.wait(timeout_s)

    def capture(self) -> Capture:
        """Starts listening; what was captured before ends."""
        self.release()
        capture = Capture(self.device)
        for pcm in list(self._ring):
            capture.put(pcm)
        if self.is_lost:
            capture.put(None)
        self._capture = capture
        return capture

    def release(self) -> None:
        """Stops listening; the device stays open for the pre-roll."""
        if self._capture:
            self._capture.put(None)
        self._capture = None

    def _keep_open(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._stream():
                    if self.is_lost:
                        self.is_lost = False
                        self._post(DeviceBack(kind="microphone", device=self.device))
                    self._watch()
            except (self._sounddevice.PortAudioError, ValueError, MicrophoneLost):
                was_lost, self.is_lost = self.is_lost, True
                self.release()
                self._settled.set()
                if not was_lost:
                    self._post(DeviceFailed(error=MicrophoneLost(self.device)))
                self._stopping.wait(_RETRY_S)
                self._renew_device_list()

    def _watch(self) -> None:
        """Returns when stopping; raises MicrophoneLost when frames stay away."""
        self._last_frame_s = time.monotonic() + _LOST_S  # the first one may take longer
        while not self._stopping.wait(0.1):
            if time.monotonic() - self._last_frame_s > _LOST_S:
                raise MicrophoneLost(self.device)

    def _renew_device_list(self) -> None:
        with self._speaker.released() if self._speaker else nullcontext():
            self._sounddevice._terminate()
            self._sounddevice._initialize()

    def _stream(self) -> Any:
        device = _find(self._sounddevice, self._wanted)
        self.device = known_as(device["name"], "sources")
        rate_hz = int(device["default_samplerate"])
        convert = _Converter(rate_hz)

        def on_block(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            block = np.frombuffer(data, np.int16)
            tones_hz = self._speaker.tones_hz if self._speaker else ()
            self._hear(convert(without_tones(block, tones_hz, rate_hz) if tones_hz else block))

        return self._sounddevice.RawInputStream(
            samplerate=rate_hz,
            blocksize=round(rate_hz * _BLOCK_S),
            device=device["index"],
            channels=1,
            dtype="int16",
            callback=on_block,
        )

    def _hear(self, pcm: bytes) -> None:
        """In PortAudio's thread, every 20 ms."""
        self._settled.set()
        self._last_frame_s = max(time.monotonic(), self._last_frame_s)
        self.level_dbfs = level_dbfs(np.frombuffer(pcm, np.int16))
        if self.muted or (self._speaker and self._speaker.is_speaking):
            self._ring.clear()
            pcm = bytes(len(pcm))
        else:
            self._ring.append(pcm)
        if self._capture:
            self._capture.put(pcm)


class _Converter:
    """Blocks of mono samples at any rate to bytes at `RATE_HZ`."""

    def __init__(self, rate_hz: int) -> None:
        import soxr

        same = rate_hz == RATE_HZ
        self._stream = None if same else soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16")

    def __call__(self, block: Samples) -> bytes:
        samples = self._stream.resample_chunk(block) if self._stream else block
        return bytes(samples.astype("<i2").tobytes())


def list_microphones() -> tuple[Input, ...]:
    """Raises ConfigError when PortAudio is missing."""
    sounddevice = _sounddevice()
    default = sounddevice.default.device[0]
    return tuple(
        Input(
            name=device["name"],
            rate_hz=int(device["default_samplerate"]),
            channels=device["max_input_channels"],
            is_default=index == default,
        )
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    )


def level_blocks(name: str = "", seconds: float = 3.0) -> Iterator[Samples]:
    """Blocks of 20 ms at the device's own rate, for a live level bar and `judge`.

    Raises:
        MicrophoneLost: the device cannot be opened or falls silent.
        ConfigError: PortAudio is missing.
    """
    sounddevice = _sounddevice()
    try:
        device = _find(sounddevice, name)
        rate_hz = int(device["default_samplerate"])
        options = {"device": device["index"], "channels": 1, "dtype": "int16"}
        with sounddevice.InputStream(samplerate=rate_hz, **options) as stream:
            for _ in range(round(seconds / _BLOCK_S)):
                block, _overflowed = stream.read(round(rate_hz * _BLOCK_S))
                yield block[:, 0]
    except (sounddevice.PortAudioError, ValueError) as cause:
        raise MicrophoneLost(name or "default") from cause


def _find(sounddevice: Any, name: str) -> dict[str, Any]:
    """The default input, or the first whose name holds `name`. Raises ValueError for none."""
    if not name:
        device: dict[str, Any] = sounddevice.query_devices(kind="input")
        return device
    for device in sounddevice.query_devices():
        if name.lower() in device["name"].lower() and device["max_input_channels"] > 0:
            return device
    raise ValueError(f"no microphone named {name}")


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as cause:
        raise ConfigError(
            "microphone", "PortAudio", "pip install sounddevice; apt install libportaudio2"
        ) from cause
    return sounddevice
