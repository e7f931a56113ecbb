"""What the car does: fixed in the configuration, or told through a file.

Whoever knows (a CAN or OBD bridge, a GPS logger, a script) writes `parked`, `moving`, `off` or the
speed in km/h into the file. What is missing, old or unreadable counts as moving, because the
moving page shows less. Neighbours: `app` asks, `core/hud.py` obeys.
"""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path

MAX_AGE_S = 10.0
"""A speed that nobody has written for so long is not known any more."""
STANDING_KMH = 0.5
MAX_TEXT = 64


class Motion(StrEnum):
    MOVING = "moving"
    PARKED = "parked"
    OFF = "off"
    """The ignition is off: nobody is listened to."""


class Vehicle:
    """`setting` is parked, moving, or the path of the file."""

    def __init__(self, setting: str) -> None:
        self._fixed = Motion(setting) if setting in list(Motion) else None
        self._file = Path(setting)

    def motion(self) -> Motion:
        return self._fixed or self._told()

    def _told(self) -> Motion:
        try:
            if not self._file.is_file():  # a pipe would be waited for
                return Motion.MOVING
            with self._file.open("rb") as file:
                text = file.read(MAX_TEXT).decode("ascii").strip()
            age_s = time.time() - self._file.stat().st_mtime
        except (OSError, UnicodeDecodeError):
            return Motion.MOVING
        return Motion.MOVING if age_s > MAX_AGE_S else _parsed(text)


def _parsed(text: str) -> Motion:
    if text in list(Motion):
        return Motion(text)
    try:
        return Motion.PARKED if abs(float(text)) < STANDING_KMH else Motion.MOVING
    except ValueError:
        return Motion.MOVING
