"""An earcon is taken out of what the microphone hears, and the driver's words stay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.core.events import Sound
from assistant.devices.echo import without_tones
from assistant.devices.level import level_dbfs
from assistant.speech.voice import earcon

HZ = (660.0, 880.0)
RATE_HZ = 22050
BLOCK = 441


def cabin(seed: int) -> NDArray[np.float64]:
    """The earcon as it arrives: late, and coloured by the walls of a car."""
    random = np.random.default_rng(seed)
    path = np.zeros(2000)
    path[int(random.integers(0, BLOCK))] = 1.0
    walls = random.integers(BLOCK, 2000, 30)
    path[walls] += random.normal(0, 0.2, 30) * np.exp(-walls / 600)
    return np.convolve(np.frombuffer(earcon(Sound.LISTENING).data, "<i2"), path)


def passed(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    blocks = sound[: len(sound) // BLOCK * BLOCK].astype(np.int16).reshape(-1, BLOCK)
    return np.concatenate([without_tones(block, HZ, RATE_HZ) for block in blocks])


@pytest.mark.parametrize("seed", range(5))
def test_the_earcon_all_but_vanishes(seed: int) -> None:
    sound = cabin(seed)
    assert level_dbfs(passed(sound)) < level_dbfs(sound.astype(np.int16)) - 35


def test_words_stay() -> None:
    """Noise in place of speech: it has every frequency."""
    words = np.random.default_rng(1).normal(0, 2000, RATE_HZ)
    echo = cabin(1)
    both = words.copy()
    both[: len(echo)] += echo
    kept = passed(both).astype(float)
    lost = level_dbfs((kept - words[: len(kept)]).astype(np.int16)) - level_dbfs(
        words.astype(np.int16)
    )
    assert lost < -14


def test_too_loud_a_block_is_clipped_and_not_wrapped() -> None:
    block = np.where(np.arange(BLOCK) % 2, 32767, -32768).astype(np.int16)
    kept = without_tones(block, HZ, RATE_HZ).astype(float)
    assert np.corrcoef(kept, block)[0, 1] > 0.9
