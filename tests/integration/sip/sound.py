"""Sound to send through a call, and finding it again at the other end."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000


def write_noise_bursts(path: Path, seconds: int = 60, seed: int = 1) -> NDArray[np.float64]:
    """Speech-like noise, loud and soft in turns, in 16-bit mono; returns the samples."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=seconds * RATE_HZ)
    smooth = np.convolve(noise, np.ones(4) / 4, mode="same")  # within a telephone's band
    loudness = np.repeat(random.uniform(0.1, 1.0, seconds * 10), RATE_HZ // 10)
    samples = smooth * loudness / np.abs(smooth).max() * 0.5
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return samples


def is_finished(path: Path) -> bool:
    """Whether a recording has its header, which is written when the call has ended."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() > 0
    except (wave.Error, EOFError):
        return False


def read(path: Path) -> NDArray[np.float64]:
    with wave.open(str(path), "rb") as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float64) / 32767


def likeness(heard: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    """Highest normalised correlation of a second in the middle of `heard` with `said`."""
    middle = len(heard) // 2
    piece = heard[middle - RATE_HZ // 2 : middle + RATE_HZ // 2]
    size = len(said) + len(piece)
    product = np.fft.irfft(np.fft.rfft(said, size) * np.conj(np.fft.rfft(piece, size)), size)
    lag = int(np.argmax(product[: len(said) - len(piece)]))
    original = said[lag : lag + len(piece)]
    return float(np.corrcoef(piece, original)[0, 1])
