"""What the driver takes back in the same breath: "at ten, no wait, eleven".

Neighbours: `match` reads the sentences that are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.core.model import Interpretation, Named

Words = tuple[str, ...]


def without_mistakes(words: Words, corrections: Sequence[Words]) -> Iterator[Words]:
    """Sentences in which a correction takes back one word before it, or more."""
    for end in range(len(words) - 1, 0, -1):
        markers = [m for m in corrections if words[:end][-len(m) :] == m]
        if markers:
            at = end - max(map(len, markers))
            yield from (words[:kept] + words[end:] for kept in range(max(0, at - 1), -1, -1))


def has_free(reading: Interpretation) -> bool:
    """Whether it is about a thing by no known name."""
    return any(isinstance(v, Named) and not v.candidates for v in reading.slots.values())
