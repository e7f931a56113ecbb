"""What the driver takes back in the same breath: "at ten, no wait, eleven".

Neighbours: `match` reads the sentences that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from assistant.core.model import Interpretation, Named

Words = tuple[str, ...]


def without_mistakes(words: Words, corrections: Sequence[Words]) -> Iterator[Words]:
    """Sentences in which a correction takes back one word before it, or more."""
    for end in range(len(words) - 1, 0, -1):
        markers = [m for m in corrections if words[:end][-len(m) :] == m]
        if markers:
            at = end - max(map(len, markers))
            yield from (words[:kept] + words[end:] for kept in range(max(0, at - 1), -1, -1))


def swallows(reading: Interpretation, corrections: Sequence[Words]) -> bool:
    """Whether what was taken back has become the name of a thing."""
    markers = [f" {' '.join(marker)} " for marker in corrections]
    names = [f"{v.heard.lower()} " for v in reading.slots.values() if is_free(v)]
    return any(marker in name for name in names for marker in markers)


def is_free(value: object) -> TypeGuard[Named]:
    """A thing by no known name."""
    return isinstance(value, Named) and not value.candidates
