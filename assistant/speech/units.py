"""What an acoustic model tells apart: phones, by where they stand in a word and what came before.

Pure. Neighbours: `graph` reads them, `expansion` spells words in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

SILENCE = "SIL"
ANY = "*"
"""The left context of a unit that does not depend on one."""


class Unit(NamedTuple):
    """Kaldi transition ids of a phone: into its state, and staying there."""

    forward: int
    loop: int
    frames: int = 1
    """What it lasts at least, in output frames; an S of 30 ms is no S."""


class Units:
    """The acoustic model's units by phone, position in the word (S B I E) and left phone."""

    def __init__(self, table: Mapping[tuple[str, str, str], Unit]) -> None:
        self._table = table
        self.kinds = {(phone, position) for phone, position, _ in table}
        self.phones = tuple(sorted({phone for phone, _, _ in table if phone != SILENCE}))
        self.depend_on_left = any(left != ANY for _, _, left in table)

    def unit(self, phone: str, position: str, left: str) -> Unit:
        """Raises KeyError for a phone that the model does not have."""
        exact = self._table.get((phone, position, left)) or self._table.get((phone, position, ANY))
        if exact is None:
            raise KeyError(phone)
        return exact

    def context(self, phone: str) -> str:
        """What the next unit needs to know about the phone before it."""
        return phone if self.depend_on_left else ANY

    def brief(self) -> Units:
        """The same, each over after one frame if need be."""
        return Units({key: unit._replace(frames=1) for key, unit in self._table.items()})
