"""Makes training windows: speech, pauses, noise, level, microphone, all in log-mel powers.

The power of a mixture is the sum of the powers and of a cross term, whose size depends on the
phase and shrinks with the width of a mel filter.  Source: Deng, Droppo, Acero, "Enhancement of
log mel power spectra of speech using a phase-sensitive model of the acoustic environment", 2004.
A mixture so made costs no Fourier transform, so no window is ever seen twice.

Signal-to-noise ratios compare the loudest 25 ms frame of the speech with that of the noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.training.features import BANDS, centres_hz, cepstral_map, filter_bank
from models.training.phones import SILENCE, rest

Array = NDArray[np.float32]
IGNORE = 255  # label of a frame that teaches nothing
SILENT = -15.9  # log power of digital silence, where Kaldi stops
PAUSE = -60.0  # log power of a pause before noise is added
LOUDEST_FRAME = float(np.log(400 * 32768.0**2 / 4))  # log energy of a full-scale voice
NEPER = float(np.log(10) / 10)  # decibel -> natural log of power
FADE_FRAMES = 3

# How often an utterance of a corpus is drawn, beside its length.
CORPUS_WEIGHT = {"speech-commands": 3.0, "precise-community": 1.5, "names": 2.0}
# Signal-to-noise ratios in decibels by kind of noise; a cabin masks less for its loudness.
SNR_DB = {"cabin": (-12.0, 20.0), "crowd": (2.0, 25.0), "music": (0.0, 25.0)}
OTHER_SNR_DB = (-4.0, 25.0)


@dataclass(frozen=True, slots=True)
class Mix:
    """What varies in a window; shares are probabilities."""

    silent: float = 0.03  # no noise at all, pauses of zeros
    quiet: float = 0.2  # only a faint floor of noise
    second_noise: float = 0.35
    cold_start: float = 0.25  # the window opens the recording, as when a driver presses
    max_crop: int = 500  # frames of one utterance in a window
    max_pause: int = 150
    warped: float = 0.6  # share of stretches spoken with another vocal tract


class Speech:
    """The features of all utterances and a way to draw from them."""

    def __init__(self, paths: list[Path]) -> None:
        stored = [np.load(path) for path in paths]
        self.frames = [data["frames"] for data in stored]
        self.labels = [data["labels"] for data in stored]
        self._spans = [
            (part, int(start), int(stop))
            for part, data in enumerate(stored)
            for start, stop in zip(data["starts"][:-1], data["starts"][1:], strict=True)
        ]
        corpora = np.concatenate([data["corpora"] for data in stored])
        lengths = np.array([min(stop - start, 700) for _, start, stop in self._spans])
        weights = lengths * np.array([CORPUS_WEIGHT.get(str(name), 1.0) for name in corpora])
        self._bounds = np.cumsum(weights / weights.sum())

    def draw(self, rng: Generator, longest: int) -> tuple[Array, NDArray[np.uint8]]:
        """A stretch of an utterance, its loudest frame at log energy 0, and its labels."""
        index = min(int(np.searchsorted(self._bounds, rng.random())), len(self._spans) - 1)
        part, start, stop = self._spans[index]
        loudest = self.frames[part][start:stop, BANDS].max()
        if stop - start > longest:
            start = int(rng.integers(start, stop - longest + 1))
            stop = start + longest
        stretch = self.frames[part][start:stop].astype(np.float32) - np.float32(loudest)
        return stretch, self.labels[part][start:stop]


class Noise:
    """Clips of noise and their kinds."""

    def __init__(self, path: Path) -> None:
        stored: Mapping[str, NDArray[np.generic]] = np.load(path)
        self._clips = stored["clips"]
        self._kinds = [str(kind) for kind in stored["kinds"]]

    def draw(self, rng: Generator, frames: int) -> tuple[Array, str]:
        """A stretch with its loudest frame at log energy 0, and its kind."""
        index = int(rng.integers(len(self._clips)))
        start = int(rng.integers(self._clips.shape[1] - frames + 1))
        stretch = self._clips[index, start : start + frames].astype(np.float32)
        return stretch - stretch[:, BANDS].max(), self._kinds[index]


class Mixer:
    """Draws windows of `frames` frames, of which the first `lead` come before the first label."""

    def __init__(self, speech: Speech, noise: Noise, mix: Mix) -> None:
        self._speech, self._noise, self._mix = speech, noise, mix
        self._jitter = _phase_jitter()
        self._warps = [vocal_tract(factor) for factor in np.linspace(0.86, 1.16, 31)]

    def window(self, rng: Generator, frames: int, lead: int) -> tuple[Array, NDArray[np.uint8]]:
        """MFCCs (frames, 40) and the label of each frame."""
        cold = rng.random() < self._mix.cold_start
        needed = frames - lead if cold else frames
        voice, labels = self._stream(rng, needed)
        log_power = self._microphone(rng, self._add_noise(rng, voice))
        if cold:  # before its first frame Vosk repeats it
            log_power = np.concatenate([np.repeat(log_power[:1], lead, axis=0), log_power])
            labels = np.concatenate([np.full(lead, IGNORE, np.uint8), labels])
        return log_power @ cepstral_map(), labels

    def _stream(self, rng: Generator, frames: int) -> tuple[Array, NDArray[np.uint8]]:
        """Utterances and pauses one after another."""
        voice = np.full((frames, BANDS), PAUSE, np.float32)
        labels = np.full(frames, rest(SILENCE), np.uint8)
        at = int(rng.integers(-self._mix.max_crop // 2, self._mix.max_pause))
        while at < frames:
            stretch, wanted = self._speech.draw(rng, self._mix.max_crop)
            stretch = stretch[:, :BANDS] + np.float32(NEPER * rng.normal(0, 2))
            if rng.random() < self._mix.warped:
                stretch = stretch @ self._warps[rng.integers(len(self._warps))]
            begin, end = max(at, 0), min(at + len(stretch), frames)
            if begin < end:
                voice[begin:end] = stretch[begin - at : end - at]
                labels[begin:end] = wanted[begin - at : end - at]
                labels[max(end - FADE_FRAMES, begin) : end] = IGNORE
            at += len(stretch) + int(rng.integers(0, self._mix.max_pause))
        tilt = rng.normal(0, 1.5) + rng.normal(0, 2) * np.linspace(-1, 1, BANDS)
        return voice + (NEPER * tilt).astype(np.float32), labels

    def _add_noise(self, rng: Generator, voice: Array) -> Array:
        mix = self._mix
        if rng.random() < mix.silent:
            return voice
        quiet = rng.random() < mix.quiet
        mixed = voice
        for _ in range(1 + (not quiet and rng.random() < mix.second_noise)):
            stretch, kind = self._noise.draw(rng, len(voice))
            low, high = (30.0, 65.0) if quiet else SNR_DB.get(kind, OTHER_SNR_DB)
            noise = stretch[:, :BANDS] - np.float32(NEPER * rng.uniform(low, high))
            cross = np.clip(
                rng.standard_normal(voice.shape, np.float32) * self._jitter, -0.95, 0.95
            )
            total = np.logaddexp(mixed, noise)
            shared = 2 * cross * np.exp((mixed + noise) / 2 - total)
            mixed = total + np.log1p(np.maximum(shared, -0.95))
        return mixed

    def _microphone(self, rng: Generator, log_power: Array) -> Array:
        """Level, a smooth response and sometimes a high-pass or a telephone band."""
        level_db = rng.uniform(-40, 0)
        knots = rng.normal(0, 3, 6)
        response = np.interp(np.linspace(0, 5, BANDS), np.arange(6), knots)
        if rng.random() < 0.25:
            response[: rng.integers(1, 8)] -= rng.uniform(5, 30)
        if rng.random() < 0.1:
            response[-rng.integers(3, 14) :] -= rng.uniform(5, 40)
        gain = LOUDEST_FRAME + NEPER * (level_db + response)
        return np.maximum(log_power + gain.astype(np.float32), np.float32(SILENT))


def _phase_jitter() -> Array:
    """Standard deviation of the cross term by filter: the wider a filter, the smaller."""
    weights = filter_bank()
    independent = weights.sum(axis=1) ** 2 / np.maximum((weights**2).sum(axis=1), 1e-6)
    return np.asarray(0.7 / np.sqrt(np.maximum(independent / 1.5, 1.0)), np.float32)


def vocal_tract(factor: float) -> Array:
    """(bands, bands): log-mel powers as if all frequencies below 5 kHz were `factor` times higher.

    Source: Jaitly and Hinton, "Vocal tract length perturbation improves speech recognition", 2013,
    here by interpolation between mel bands.
    """
    centres = centres_hz()
    at = np.interp(centres / factor, centres, np.arange(BANDS))
    below = np.minimum(at.astype(int), BANDS - 2)
    matrix = np.zeros((BANDS, BANDS), np.float32)
    matrix[below, np.arange(BANDS)] = 1 - (at - below)
    matrix[below + 1, np.arange(BANDS)] = at - below
    return matrix
