"""Keypad tones: conference ids and PINs as they are keyed in after the answer.

Neighbours: `dialing` finds them behind a number, the call lines send them.
"""

from __future__ import annotations

import re

from assistant.core.links import shown
from assistant.errors import UnsafeTarget

PAUSE_S = 2.0
"""Length of one `,`. Source: Hayes command set, register S8; telephones follow it."""

_TONES = re.compile(r"[0-9*#A-D,]{0,64}")


def parse_tones(raw: str) -> str:
    """Keypad signs in one spelling: `p` and `w` become `,`; blanks and hyphens vanish.

    Raises: UnsafeTarget for anything that is not on a keypad.
    """
    tones = re.sub(r"[ .-]", "", raw).upper().translate(str.maketrans("PW;", ",,,"))
    if not _TONES.fullmatch(tones):
        raise UnsafeTarget(shown(raw), "not keypad tones")
    return tones


def split_tones(tones: str) -> tuple[tuple[float, str], ...]:
    """Groups of keys, each with the seconds to wait before it: `,,12#,3` -> (4, 12#), (2, 3)."""
    groups = re.findall(r"(,*)([0-9*#A-D]+)", tones)
    return tuple((len(pauses) * PAUSE_S, keys) for pauses, keys in groups)
