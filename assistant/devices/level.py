"""How loud a microphone is, and what to say about it. Pure; `microphone` delivers the blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


class Verdict(StrEnum):
    """What a level test says."""

    GOOD = "good"
    SILENT = "silent"
    """Digital silence: muted, or not the right device."""
    QUIET = "quiet"
    CLIPPING = "clipping"
    NOISY = "noisy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Three seconds of a microphone."""

    noise_floor_dbfs: float
    """The quietest tenth."""
    loudest_dbfs: float
    """The loudest tenth."""
    clipped: float
    """Share of samples at full scale, 0 to 1."""
    verdict: Verdict


def judge(blocks: Sequence[Samples]) -> Level:
    """The verdict on blocks in which somebody spoke."""
    levels = sorted(level_dbfs(block) for block in blocks)
    floor, loudest = levels[len(levels) // 10], levels[-1 - len(levels) // 10]
    samples = np.abs(np.concatenate(blocks).astype(np.int32))
    clipped = float(np.mean(samples >= 32767))
    if loudest < -90:
        verdict = Verdict.SILENT
    elif clipped > 0.001:
        verdict = Verdict.CLIPPING
    elif loudest < -45:
        verdict = Verdict.QUIET
    else:
        verdict = Verdict.NOISY if loudest - floor < 10 else Verdict.GOOD
    return Level(noise_floor_dbfs=floor, loudest_dbfs=loudest, clipped=clipped, verdict=verdict)


def level_dbfs(samples: Samples) -> float:
    """Root mean square against full scale, not below -96."""
    power = float(np.mean(samples.astype(np.float32) ** 2)) if len(samples) else 0.0
    return max(-96.0, 10 * math.log10(power / 32768**2)) if power else -96.0
