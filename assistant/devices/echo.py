"""Takes the assistant's own earcons out of what the microphone hears. Pure.

A press is answered by an earcon while the driver may be speaking already. Its tones are known, so
they are taken out and the words stay: neither has the driver to wait, nor need it be known how
late the sound arrives (a Bluetooth loudspeaker adds 200 ms) or how the cabin colours it.
Neighbour: `microphone` passes its blocks through here while an earcon sounds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.devices.level import Samples

_DEGREE = 3
"""Within a block a tone's loudness follows a parabola; enough for tones that swell for 40 ms."""


def without_tones(block: Samples, tones_hz: tuple[float, ...], rate_hz: int) -> Samples:
    """`block`, some 20 ms, with a narrow band around each tone taken out."""
    own = _sounds_of(tones_hz, len(block), rate_hz)
    heard = block.astype(np.float64)
    return np.clip(np.rint(heard - own @ (own.T @ heard)), -32768, 32767).astype(np.int16)


@lru_cache(maxsize=8)
def _sounds_of(tones_hz: tuple[float, ...], count: int, rate_hz: int) -> NDArray[np.float64]:
    """An orthonormal basis, in columns, of all sounds that the tones can make of any phase."""
    time_s = np.arange(count) / rate_hz
    slope = np.linspace(-1, 1, count)
    waves = [
        slope**power * wave(2 * np.pi * hz * time_s)
        for hz in tones_hz
        for wave in (np.sin, np.cos)
        for power in range(_DEGREE)
    ]
    basis, _ = np.linalg.qr(np.array(waves).T)
    return basis
