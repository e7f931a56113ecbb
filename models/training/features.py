"""Audio -> log-mel powers -> the MFCCs that Vosk computes.

Kaldi's MFCCs are a fixed linear map of log-mel powers.  The recipe works on the powers, because
there noise is mixed by adding, a microphone is an offset and a vocal tract a warped filter bank;
the map to MFCCs comes last.  Source: Kaldi feature-window.cc, mel-computations.cc,
feature-mfcc.cc; a unit test compares the result with `kaldi-native-fbank`.
"""

from functools import cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
FRAME = 400  # samples, 25 ms
SHIFT = 160  # samples, 10 ms
FFT = 512
BANDS = 40
LOW_HZ, HIGH_HZ = 20.0, 7600.0
PREEMPHASIS = 0.97
LIFTER = 22.0
FLOOR = float(np.finfo(np.float32).eps)
FULL_SCALE = 32768.0

Array = NDArray[np.float32]


def log_mel(samples: NDArray[np.floating], warp: float = 1.0) -> tuple[Array, Array]:
    """Log-mel powers (frames, 40) and the log energy of each frame as heard (frames,).

    `samples` are between -1 and 1; powers are those of 16-bit samples, as in Kaldi.  `warp` above
    1 moves every filter up, as for a longer vocal tract.  Less than a frame of audio gives none.
    """
    count = max(0, 1 + (len(samples) - FRAME) // SHIFT)
    if not count:
        return np.zeros((0, BANDS), np.float32), np.zeros(0, np.float32)
    scaled = np.asarray(samples, np.float32) * np.float32(FULL_SCALE)
    frames = np.lib.stride_tricks.sliding_window_view(scaled, FRAME)[::SHIFT][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = np.log(np.maximum((frames**2).sum(axis=1), FLOOR))
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    windowed = (frames - np.float32(PREEMPHASIS) * before) * _window()
    spectrum = scipy.fft.rfft(windowed, FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power[:, : FFT // 2] @ filter_bank(warp).T
    return np.log(np.maximum(mel, FLOOR)).astype(np.float32), energy.astype(np.float32)


def mfcc(samples: NDArray[np.floating]) -> Array:
    """What Vosk computes with our `conf/mfcc.conf`: (frames, 40)."""
    return log_mel(samples)[0] @ cepstral_map()


@cache
def filter_bank(warp: float = 1.0) -> Array:
    """Triangular mel filters over the first 256 bins, (40, 256)."""
    edges = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)
    if warp != 1.0:
        edges = _mel(np.minimum(_hertz(edges) * warp, SAMPLE_RATE_HZ / 2 - 1))
    bins = _mel(np.arange(FFT // 2) * SAMPLE_RATE_HZ / FFT)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - low) / np.maximum(centre - low, 1e-6)
    falling = (high - bins) / np.maximum(high - centre, 1e-6)
    inside = (bins > low) & (bins < high)
    return np.asarray(np.where(inside, np.minimum(rising, falling), 0.0), np.float32)


@cache
def cepstral_map() -> Array:
    """(40, 40): log-mel powers @ this = liftered cepstra."""
    index = np.arange(BANDS)
    dct = np.sqrt(2 / BANDS) * np.cos(np.pi / BANDS * np.outer(index + 0.5, index))
    dct[:, 0] = np.sqrt(1 / BANDS)
    lifter = 1 + 0.5 * LIFTER * np.sin(np.pi * index / LIFTER)
    return np.asarray(dct * lifter, np.float32)


@cache
def _window() -> Array:
    """Kaldi's "povey" window."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))
    return np.asarray(hann**0.85, np.float32)


def centres_hz() -> NDArray[np.floating]:
    """Where the mel filters have their peaks, (40,)."""
    return _hertz(np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)[1:-1])


def _mel(hertz: NDArray[np.floating] | float) -> NDArray[np.floating]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))


def _hertz(mel: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(700.0 * np.expm1(mel / 1127.0))
