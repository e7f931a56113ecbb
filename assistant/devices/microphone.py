"""The microphone: any device at its own rate becomes a stream of 16 kHz mono frames.

Keeps the last 300 ms, so that a word begun before the button was down is not lost. PortAudio
does not tell of a device that was unplugged and freezes its list at start: here a lack of frames
is the sign, or a word of the sound server, and the library is started anew until the device is
back. The assistant never hears itself: nothing while it speaks, no earcon. Neighbours: `inputs`
finds the device, `listener` passes captures to the recogniser, `echo` takes earcons out.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

import numpy as np

from assistant.core.events import DeviceBack, DeviceFailed
from assistant.devices.echo import without_tones
from assistant.devices.inputs import BLOCK_S, RATE_HZ, find_input, portaudio, rate_for
from assistant.devices.level import Samples, level_dbfs
from assistant.devices.pulse import known_as
from assistant.errors import MicrophoneLost

_PRE_ROLL_S = 0.3
_LOST_S = 0.6
"""Without a frame for so long the device is gone."""
_RETRY_S = 1.0


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
        self._sounddevice = portaudio()
        self._post = post
        self._wanted = name
        self._speaker = speaker
        self._ring: deque[bytes] = deque(maxlen=round(_PRE_ROLL_S / BLOCK_S))
        self._capture: Capture | None = None
        self._last_frame_s = 0.0
        self._stopping = threading.Event()
        self._moved = threading.Event()
        self._opened = ""
        """PortAudio's name of the device."""
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

    def look_again(self) -> None:
        """From any thread: the sound server may have put another device in this one's place."""
        self._moved.set()

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
                if self.is_lost:
                    self._renew_device_list()
                with self._stream():
                    if self.is_lost:
                        self.is_lost = False
                        self._post(DeviceBack(kind="microphone", device=self.device))
                    self._watch()
            except Exception as problem:  # whatever it is, the device is tried again
                was_lost, self.is_lost = self.is_lost, True
                self.release()
                self._settled.set()
                if not was_lost:
                    lost = MicrophoneLost(self.device, str(problem))
                    self._post(DeviceFailed(error=lost))
                self._stopping.wait(_RETRY_S)

    def _watch(self) -> None:
        """Returns when stopping; raises ValueError when frames stay away, or are not a microphone's
        any more."""
        self._last_frame_s = time.monotonic() + _LOST_S  # the first one may take longer
        while not self._stopping.wait(0.1):
            if time.monotonic() - self._last_frame_s > _LOST_S:
                raise ValueError("no sound comes from it")
            if self._moved.is_set():
                self._moved.clear()
                self._look()

    def _look(self) -> None:
        device = known_as(self._opened, "sources")
        if device != self.device:
            self.device = device
            self._post(DeviceBack(kind="microphone", device=device))

    def _renew_device_list(self) -> None:
        """Raises: PortAudioError; where it could not be started, it cannot be ended either."""
        with self._speaker.released() if self._speaker else nullcontext():
            with suppress(self._sounddevice.PortAudioError):
                self._sounddevice._terminate()
            self._sounddevice._initialize()

    def _stream(self) -> Any:
        device = find_input(self._sounddevice, self._wanted)
        self._opened = device["name"]
        self.device = known_as(self._opened, "sources")
        rate_hz = rate_for(self._sounddevice, device)
        convert = _Converter(rate_hz)

        def on_block(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            block = np.frombuffer(data, np.int16)
            tones_hz = self._speaker.tones_hz if self._speaker else ()
            self._hear(convert(without_tones(block, tones_hz, rate_hz) if tones_hz else block))

        return self._sounddevice.RawInputStream(
            samplerate=rate_hz,
            blocksize=round(rate_hz * BLOCK_S),
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
