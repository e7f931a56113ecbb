"""The glance rules: how much a driver may be given to look at, and how large.

Numbers with their sources, and the arithmetic to hold a page to them. Pure. Neighbours: `hud`
applies the limits when it builds a view; the browser tests measure them on the rendered page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_LINES = 3
"""Lines of running text on the whole page while moving. Derived: three lines of 30 characters
are read within the 8 s total glance time of JAMA's guideline, version 3 (SAE 2008-21-0003)."""

MAX_CHARS = 30
"""Characters in a line while moving. Source: NHTSA's 2012 draft Visual-Manual Guidelines, as
reported; JAMA allows 31 of dynamic text."""

MAX_ITEMS = 6
"""Entries of a list while moving. Source: Android for Cars, default list length."""

MAX_TEXT = 120
"""Characters of any text, parked too. Source: Android for Cars, writing guidelines."""

MIN_DWELL_S = 8.0
"""How long content stays before it may change unasked. Source: Android for Cars, templated
apps: content stays at least 8 s before an automatic change."""

MOVING_ARC_MINUTES = 20.0
"""Preferred height of a capital letter, as an angle at the eye. Source: ISO 15008:2017."""

PARKED_ARC_MINUTES = 16.0
"""Height that is still enough for time-critical text. Source: ISO 15008:2017."""

MIN_CONTRAST = 4.5
"""Luminance ratio of text to its ground. Source: Android for Cars, visual principles; WCAG 2.2
success criterion 1.4.3."""

CAPITAL_EM = 0.70
"""Height of a capital letter per font size: Inter 0.73, DejaVu Sans 0.73, Segoe UI 0.70."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The glass the page is shown on; the default is an 8.8-inch 1280x480 instrument panel."""

    width_px: int = 1280
    """CSS pixels across."""
    width_mm: float = 209.0
    distance_mm: float = 700.0
    """From the driver's eye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What the law of a country asks of the page."""

    projects_titles: bool = True
    """False: what is projected into the windscreen may show times, but no titles and no names."""
    warns_ear_worn: bool = False
    """True: sound in an ear-worn device is an offence and is warned of."""
    touch_while_moving: bool = True
    """False: while moving only push-to-talk is touched; the other buttons become words to say."""


MARKETS: Mapping[str, Market] = MappingProxyType(
    {
        "": Market(),
        # StVO § 23 (1a): projections only for vehicle, sign, trip or trip-accompanying information.
        "DE": Market(projects_titles=False),
        # Code de la route R412-6-1: no device worn at the ear that gives out sound.
        "FR": Market(warns_ear_worn=True),
        # Road Vehicles (Construction and Use) Regulations 1986, reg. 110: nothing held in a hand.
        "GB": Market(touch_while_moving=False),
    }
)
"""Market profiles by ISO 3166 code; "" is no special rule."""


def cut(text: str, limit: int) -> str:
    """`text` on one line of at most `limit` characters, cut at a word where one is near."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    space = head.rfind(" ")
    if space > limit // 2 and line[limit - 1] != " ":
        head = head[:space]
    return head.rstrip(" ,;:.·–-") + "…"


def character_mm(arc_minutes: float, distance_mm: float) -> float:
    """Height that is seen under `arc_minutes` from `distance_mm`."""
    return 2 * distance_mm * math.tan(math.radians(arc_minutes / 60) / 2)


def font_px(panel: Panel, *, is_moving: bool) -> int:
    """Smallest font size, in CSS pixels, whose capitals are high enough on `panel`."""
    arc_minutes = MOVING_ARC_MINUTES if is_moving else PARKED_ARC_MINUTES
    height_mm = character_mm(arc_minutes, panel.distance_mm)
    return math.ceil(height_mm * panel.width_px / panel.width_mm / CAPITAL_EM)
