"""Noise, and speech in noise at a stated level.

Decided here: what "6 dB" means. The ratio is that of the loudest 20 ms frame of the speech to the
loudest 20 ms frame of the noise, so that pauses in a recording do not change it. Samples are
float32 mono, full scale ±1, at 16 kHz. Neighbours: `audio_fixtures/generate.py` renders recordings
with it, the accuracy bench mixes recordings again at other levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 16_000
FRAME = RATE_HZ // 50
CABIN_BANDS = ((20.0, 200.0, 0.58), (200.0, 500.0, 0.39), (500.0, 7_000.0, 0.03))
"""Low edge, high edge (Hz) and share of the energy, as measured in a driving car: 58 % lies below
200 Hz and 97 % below 500 Hz."""


def loudest_rms(samples: Samples) -> float:
    """Root mean square of the loudest frame, 0 to 1."""
    whole = len(samples) // FRAME * FRAME
    if not whole:
        return 0.0
    frames = samples[:whole].astype(np.float64).reshape(-1, FRAME)
    return float(np.sqrt((frames**2).mean(axis=1).max()))


def scale(samples: Samples, dbfs: float) -> Samples:
    """The same sound with its loudest frame at `dbfs`; silence stays silence."""
    loudest = loudest_rms(samples)
    return samples * np.float32(10 ** (dbfs / 20) / loudest) if loudest else samples


def mix(speech: Samples, noise: Samples, snr_db: float) -> Samples:
    """Speech over noise of at least the same length; scaled down together where it would clip."""
    level = 20 * np.log10(max(loudest_rms(speech), 1e-6))
    mixed = speech + scale(noise[: len(speech)], level - snr_db)
    return (mixed / max(1.0, float(np.abs(mixed).max()) / 0.98)).astype(np.float32)


def cabin(length: int, seed: int) -> Samples:
    """A car at speed: steady coloured noise, swelling slowly as the road does."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    shaped = np.zeros_like(spectrum)
    for low, high, share in CABIN_BANDS:
        band = (hz >= low) & (hz < high)
        tilted = spectrum[band] / (hz[band] if low >= 500 else 1.0)
        shaped[band] = tilted * np.sqrt(share / max(float((np.abs(tilted) ** 2).sum()), 1e-12))
    swell = 1 + 0.25 * np.sin(2 * np.pi * 0.4 * np.arange(length) / RATE_HZ + rng.uniform(0, 6))
    return scale((np.fft.irfft(shaped, length) * swell).astype(np.float32), -20.0)


def babble(voices: Sequence[Samples], length: int, seed: int) -> Samples:
    """Many people at once: each voice repeated, started anywhere, equally loud."""
    rng = np.random.default_rng(seed)
    parts = [
        np.roll(np.resize(scale(voice, -20.0), length), int(rng.integers(length)))
        for voice in voices
    ]
    return scale(np.sum(parts, axis=0, dtype=np.float32), -20.0)
