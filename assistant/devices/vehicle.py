"""Whether the car moves: fixed in the configuration, or told through a file.

Whoever knows the speed (a CAN or OBD bridge, a GPS logger, a script) writes `parked`, `moving` or
the speed in km/h into the file. What is missing, old or unreadable counts as moving, because the
moving page shows less. Neighbours: `screen` asks, `core/hud.py` obeys.
"""

from __future__ import annotations

import time
from pathlib import Path

MAX_AGE_S = 10.0
"""A speed that nobody has written for so long is not known any more."""
STANDING_KMH = 0.5
MAX_TEXT = 64


class Vehicle:
    """`setting` is parked, moving, or the path of the file."""

    def __init__(self, setting: str) -> None:
        self._fixed = {"parked": False, "moving": True}.get(setting)
        self._file = Path(setting)

    def is_moving(self) -> bool:
        return self._told() if self._fixed is None else self._fixed

    def _told(self) -> bool:
        try:
            with self._file.open("rb") as file:
                text = file.read(MAX_TEXT).decode("ascii").strip()
            age_s = time.time() - self._file.stat().st_mtime
        except (OSError, UnicodeDecodeError):
            return True
        return age_s > MAX_AGE_S or not _is_standing(text)


def _is_standing(text: str) -> bool:
    try:
        return text == "parked" or abs(float(text)) < STANDING_KMH
    except ValueError:
        return False
