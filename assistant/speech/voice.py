"""The loudspeaker: plays replies and earcons, and falls silent at once.

One thread plays one thing after the other in pieces of 20 ms and looks after each whether it has
been hushed. Without a sound device everything works but is not heard. Neighbours: `synthesizer`
makes the speech, `app` sends Speak, Earcon and Hush here, `devices.microphone` asks what the
assistant itself sounds like at the moment.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.core.events import DeviceBack, DeviceFailed, Sound, SpeechDone
from assistant.errors import BadAudio, BrokenAnswer, SpeakerLost, VoiceMissing
from assistant.speech.audio import Pcm, write_wav
from assistant.speech.synthesizer import Synthesizer

_PIECE_S = 0.02
_AHEAD_S = 0.2
"""Sound the device holds: as long may the processor be busy elsewhere before the voice breaks."""
_TAIL_S = 0.15
"""The last word is still in the air."""
_ECHO_S = 0.5
"""An earcon may reach the microphone so late: 200 ms of Bluetooth, and the cabin."""
_EARCON_HZ = 22050
_EARCON_LEVEL = 0.25
_EARCONS: Mapping[Sound, tuple[tuple[float, float], ...]] = {
    Sound.LISTENING: ((660, 0.08), (880, 0.1)),
    Sound.WORKING: ((523, 0.06), (0, 0.06), (523, 0.06)),
    Sound.DONE: ((880, 0.08), (1175, 0.12)),
    Sound.ERROR: ((392, 0.15), (294, 0.2)),
    Sound.CALL: ((440, 0.17), (554, 0.17), (659, 0.22)),
}
"""(Hz, seconds) one after the other; 0 Hz is a pause."""

log = logging.getLogger(__name__)

Post = Callable[[SpeechDone | DeviceFailed | DeviceBack], None]


class Voice:
    """Plays in a thread of its own between `__enter__` and `__exit__`."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        post: Post,
        *,
        device: str = "",
        record: Path | None = None,
    ) -> None:
        """`device`: part of a name, "" for the default. `record`: folder that gets every reply as
        a WAV file."""
        self._synthesizer = synthesizer
        self._post = post
        self._record = record
        self._jobs: queue.SimpleQueue[tuple[int, str | Sound] | None] = queue.SimpleQueue()
        self._hushes = 0
        self._replies = 0
        self._speaker = _Speaker(device)
        self._speech_until_s = self._tones_until_s = 0.0
        self._tones_hz: tuple[float, ...] = ()
        self._thread = threading.Thread(target=self._play_all, name="voice", daemon=True)

    def __enter__(self) -> Voice:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hush()
        self._jobs.put(None)
        self._thread.join(timeout=2)

    @property
    def problem(self) -> str:
        """Why nothing can be heard; "" when all is well."""
        return self._speaker.problem

    @property
    def is_speaking(self) -> bool:
        """Words are in the air."""
        return time.monotonic() < self._speech_until_s

    @property
    def tones_hz(self) -> tuple[float, ...]:
        """What an earcon fills the air with."""
        return self._tones_hz if time.monotonic() < self._tones_until_s else ()

    def speak(self, text: str) -> None:
        """After what is being said. SpeechDone follows when it has been heard or hushed."""
        self._jobs.put((self._hushes, text))

    def earcon(self, sound: Sound) -> None:
        self._jobs.put((self._hushes, sound))

    def hush(self) -> None:
        """Silence within 100 ms; what was waiting is dropped."""
        self._hushes += 1

    @contextmanager
    def released(self) -> Iterator[None]:
        """No stream is open inside: PortAudio can be started anew."""
        with self._speaker.lock:
            self._speaker.close()
            yield

    def _play_all(self) -> None:
        while job := self._jobs.get():
            turn, what = job
            try:
                if isinstance(what, Sound):
                    self._sound(what, turn)
                else:
                    self._speak(what, turn)
            except Exception as error:  # foreign libraries: none may end the voice; not said by it
                log.warning("%s", BrokenAnswer.unexpected("voice", error))
        with self._speaker.lock:
            self._speaker.close()

    def _sound(self, sound: Sound, turn: int) -> None:
        self._tones_hz = tuple({hz for hz, _ in _EARCONS[sound] if hz})
        self._tones_until_s = time.monotonic() + earcon(sound).seconds + _ECHO_S
        self._play(earcon(sound), turn)
        self._finish(turn)

    def _speak(self, text: str, turn: int) -> None:
        self._speech_until_s = math.inf
        rendered = []
        try:
            for pcm in self._synthesizer.render(text):
                rendered.append(pcm)
                self._play(pcm, turn)
            self._finish(turn)
            self._keep(rendered)
        except VoiceMissing as problem:
            self._post(DeviceFailed(error=problem))
        finally:
            self._speech_until_s = time.monotonic() + _TAIL_S
            self._post(SpeechDone())

    def _play(self, pcm: Pcm, turn: int) -> None:
        was_lost = bool(self._speaker.problem)
        for piece in _pieces(pcm):
            if self._hushes != turn:
                self._speaker.hush()
                return
            if not self._speaker.play(piece, pcm.rate_hz):
                break
        if bool(self._speaker.problem) and not was_lost:
            self._post(DeviceFailed(error=SpeakerLost(self._speaker.device)))
        elif was_lost and not self._speaker.problem:
            self._post(DeviceBack(kind="speaker", device=self._speaker.device))

    def _finish(self, turn: int) -> None:
        """Returns when everything has been heard: a device that stops drops what it still holds,
        so silence is sent after it."""
        rate_hz = self._speaker.rate_hz
        self._play(Pcm(data=bytes(2 * round(_AHEAD_S * rate_hz)), rate_hz=rate_hz), turn)
        self._speaker.stop()

    def _keep(self, rendered: list[Pcm]) -> None:
        """Until a reply cannot be kept: what is said about that could not be either."""
        if not self._record or not rendered:
            return
        self._replies += 1
        whole = Pcm(data=b"".join(p.data for p in rendered), rate_hz=rendered[0].rate_hz)
        try:
            self._record.mkdir(parents=True, exist_ok=True)
            write_wav(self._record / f"reply-{self._replies:03}.wav", whole)
        except (OSError, BadAudio) as problem:
            self._post(DeviceFailed(error=BadAudio(str(self._record), str(problem))))
            self._record = None


class _Speaker:
    """One output stream, opened when there is something to play and again after a loss."""

    def __init__(self, name: str) -> None:
        self.device = name or "default"
        self.problem = ""
        self._name = name or None
        self._stream: Any = None
        self.rate_hz = _EARCON_HZ
        self.lock = threading.Lock()
        try:
            import sounddevice

            self._sounddevice = sounddevice
            self._errors: tuple[type[Exception], ...] = (sounddevice.PortAudioError, ValueError)
        except (ImportError, OSError):
            self._sounddevice, self._errors = None, ()
            self.problem = "PortAudio is missing: apt install libportaudio2"

    def play(self, piece: bytes, rate_hz: int) -> bool:
        """Blocks until there is room for it; False when there is no device."""
        if self._sounddevice is None:
            return False
        with self.lock:
            try:
                if self._stream is None or rate_hz != self.rate_hz:
                    self._open(rate_hz)
                if self._stream.stopped:
                    self._stream.start()
                self._stream.write(piece)
            except self._errors as cause:
                self.problem = str(cause)
                self._stream = None
                return False
        self.problem = ""
        return True

    def stop(self) -> None:
        with self.lock, suppress(*self._errors):
            if self._stream:
                self._stream.stop()

    def hush(self) -> None:
        """Drops what the device still holds."""
        with self.lock, suppress(*self._errors):
            if self._stream:
                self._stream.abort()

    def close(self) -> None:
        """The caller holds the lock."""
        if self._stream:
            self._stream.close()
        self._stream = None

    def _open(self, rate_hz: int) -> None:
        self.close()
        self._stream = self._sounddevice.RawOutputStream(
            samplerate=rate_hz, channels=1, dtype="int16", device=self._name, latency=_AHEAD_S
        )
        self.rate_hz = rate_hz


def earcon(sound: Sound) -> Pcm:
    """Short tones that swell and fade: so smooth a tone can be taken out of what is heard."""
    tones = [_tone(hz, seconds) for hz, seconds in _EARCONS[sound]]
    samples = np.concatenate(tones) * _EARCON_LEVEL * 32767
    return Pcm(data=samples.astype("<i2").tobytes(), rate_hz=_EARCON_HZ)


def _tone(hz: float, seconds: float) -> NDArray[np.float64]:
    time_s = np.arange(round(seconds * _EARCON_HZ)) / _EARCON_HZ
    swell: NDArray[np.float64] = np.sin(np.pi * time_s / seconds) ** 2
    return np.sin(2 * np.pi * hz * time_s) * swell


def _pieces(pcm: Pcm) -> Iterator[bytes]:
    size = 2 * round(pcm.rate_hz * _PIECE_S)
    return (pcm.data[start : start + size] for start in range(0, len(pcm.data), size))
