"""The language a matcher understands, as a weighted automaton over words.

Made by `template`, compiled to a decoding graph by `speech/graph.py`: the recogniser can hear
exactly what the matcher can understand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
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

    def without(self, words: Set[str]) -> Automaton:
        """The sentences that have none of these words; no arc is left that leads nowhere."""
        if not words:
            return self
        before: defaultdict[int, list[Arc]] = defaultdict(list)
        for arc in self.arcs:
            if arc.word not in words:
                before[arc.target].append(arc)
        useful, waiting = set(self.finals), list(self.finals)
        while waiting:
            sources = {arc.source for arc in before[waiting.pop()]} - useful
            useful |= sources
            waiting += sources
        kept = tuple(arc for arc in self.arcs if arc.target in useful and arc.word not in words)
        return replace(self, arcs=kept)
