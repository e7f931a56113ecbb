"""Audio files to the recogniser's format and back: 16 kHz, mono, 16-bit.

Whatever can be used is used, with a note on what was wrong; the rest is one clear error.
"""

from __future__ import annotations

import wave
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import BadAudio, ConfigError

RATE_HZ = 16000
_LEAST_S = 0.2
_LOWEST_HZ = 4000
_LONGEST_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pcm:
    """Mono 16-bit little-endian samples."""

    data: bytes
    rate_hz: int

    @property
    def seconds(self) -> float:
        return len(self.data) / 2 / self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file that was read."""

    pcm: bytes
    """16 kHz mono 16-bit little-endian."""
    notes: tuple[str, ...] = ()
    """What is not as it should be, but could be used."""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE_HZ


def read_wav(path: Path) -> Recording:
    """Reads any file that libsndfile knows.

    Raises:
        BadAudio: missing, not audio, or too short to hold a word.
        ConfigError: soundfile or soxr is not installed.
    """
    try:
        import soundfile
        import soxr
    except ImportError as cause:
        raise ConfigError("soundfile", "package", "pip install soundfile soxr") from cause
    if not path.is_file():
        raise BadAudio(str(path), "is a folder" if path.is_dir() else "no such file")
    if not path.stat().st_size:
        raise BadAudio(str(path), "is empty")
    try:
        with soundfile.SoundFile(path) as file:
            rate_hz = file.samplerate
            samples = file.read(int(_LONGEST_S * rate_hz), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as cause:
        raise BadAudio(str(path), "is not a sound file that can be read (use WAV)") from cause
    if rate_hz < _LOWEST_HZ:
        raise BadAudio(str(path), f"has a rate of {rate_hz} Hz; 16000 Hz is wanted")
    if len(samples) < _LEAST_S * rate_hz:
        raise BadAudio(str(path), f"holds {len(samples) / rate_hz:.2f} s of sound; too short")
    mono = soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ)
    pcm = (np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes()
    return Recording(pcm=pcm, notes=tuple(_notes(path, rate_hz, samples)))


def write_wav(path: Path, sound: Pcm) -> None:
    """All or nothing: who waits for the file never reads half of it.

    Raises BadAudio when the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sound.rate_hz)
            file.writeframes(sound.data)
        draft.replace(path)
    except OSError as cause:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadAudio(str(path), cause.strerror or "cannot be written") from cause


def _notes(
    path: Path, rate_hz: int, samples: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> list[str]:
    notes = []
    if rate_hz < RATE_HZ:
        notes.append(f"recorded at {rate_hz} Hz: consonants are missing, expect errors")
    if _is_truncated(path):
        notes.append(f"is cut short; its {len(samples) / rate_hz:.1f} s are used")
    if len(samples) >= _LONGEST_S * rate_hz:
        notes.append(f"is long; only its first {_LONGEST_S:.0f} s are used")
    if np.abs(samples).max() < 1e-4:
        notes.append("holds only silence")
    return notes


def _is_truncated(path: Path) -> bool:
    """A RIFF file says its own length. Source: Microsoft RIFF, chunk size at byte 4."""
    with path.open("rb") as file:
        head = file.read(8)
    announced = int.from_bytes(head[4:8], "little")
    streamed = announced in (0, 0xFFFFFFFF) or announced >= 0x7FFFF000
    return head[:4] == b"RIFF" and not streamed and announced + 8 > path.stat().st_size + 1
