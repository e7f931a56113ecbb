"""What the driver turns by voice: how loud and how fast the assistant speaks, kept for next time.

Neighbours: `speech.synthesizer` obeys, `app` passes Adjust on.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path

from assistant.core.events import Dial
from assistant.services.textfile import write_private
from assistant.speech.synthesizer import Synthesizer

log = logging.getLogger(__name__)

RATE_STEP_WPM = 25
RATES_WPM = (80, 400)
VOLUME_STEP = 0.2


class Dials:
    """Sets a voice to what it was last turned to."""

    def __init__(self, voice: Synthesizer, file: Path) -> None:
        self._voice = voice
        self._file = file
        with suppress(OSError, ValueError, KeyError, TypeError):  # never turned, or broken
            kept = json.loads(file.read_text("utf-8"))
            self._set(float(kept["volume"]), int(kept["rate_wpm"]))

    def turn(self, dial: Dial, sign: int) -> None:
        """One step up (1) or down (-1)."""
        volume, rate_wpm = self._voice.volume, self._voice.words_per_minute
        if dial is Dial.VOLUME:
            volume += sign * VOLUME_STEP
        if dial is Dial.RATE:
            rate_wpm += sign * RATE_STEP_WPM
        self._set(volume, rate_wpm)
        self._keep()

    def _set(self, volume: float, rate_wpm: int) -> None:
        low, high = RATES_WPM
        self._voice.volume = min(1.0, max(VOLUME_STEP, volume))
        self._voice.words_per_minute = min(high, max(low, rate_wpm))

    def _keep(self) -> None:
        kept = {"volume": self._voice.volume, "rate_wpm": self._voice.words_per_minute}
        try:
            write_private(self._file, json.dumps(kept))
        except OSError as error:
            log.warning("the loudness of the voice could not be kept: %s", error)
