"""The arcs of a large transducer, in a fifth of the memory that tuples take.

Pure. Neighbours: `expansion` makes them, `fst` writes them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

LabelledArc = tuple[int, int, int, int, float]
"""Source, target, input, output, weight; label 0 is none."""


class Arcs:
    """A list of arcs that only grows."""

    def __init__(self, arcs: Iterable[LabelledArc] = ()) -> None:
        self._labels = array("i")
        self._weights = array("f")
        for arc in arcs:
            self.add(*arc)

    def __len__(self) -> int:
        return len(self._weights)

    def __iter__(self) -> Iterator[LabelledArc]:
        for (source, target, input_, output), weight in zip(
            self.labels.tolist(), self._weights, strict=True
        ):
            yield source, target, input_, output, weight

    def add(
        self, source: int, target: int, input_: int = 0, output: int = 0, weight: float = 0.0
    ) -> None:
        self._labels.extend((source, target, input_, output))
        self._weights.append(weight)

    @property
    def labels(self) -> NDArray[np.int32]:
        """(arcs, 4): source, target, input, output."""
        return np.array(self._labels, np.int32).reshape(-1, 4)

    @property
    def weights(self) -> NDArray[np.float32]:
        return np.array(self._weights, np.float32)
