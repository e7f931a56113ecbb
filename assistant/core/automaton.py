"""The language a matcher understands, as a weighted automaton over words.

Made by `template`, compiled to a decoding graph by `speech/graph.py`: the recogniser can hear
exactly what the matcher can understand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Arc(NamedTuple):
    """One transition. `word` is None for a free step."""

    source: int
    target: int
    word: str | None
    weight: float
    """Negative log probability, natural, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """A weighted finite automaton; states are 0..n_states-1, 0 is the start."""

    n_states: int
    arcs: tuple[Arc, ...]
    finals: Mapping[int, float]
    """Final state -> weight, negative log."""

    @property
    def words(self) -> frozenset[str]:
        return frozenset(arc.word for arc in self.arcs if arc.word is not None)
