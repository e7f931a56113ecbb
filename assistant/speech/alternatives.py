"""What was most likely meant, of all that may have been said.

"Can you call Anna" and "could you call Anna" share the evidence for one meaning; "call Hannah"
speaks against both. Pure. Neighbours: `recognizer` decodes the alternatives, `ears` knows what they
mean.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

_LEAST_SHARE = 0.01
"""Unlikelier alternatives change nothing and are not looked into."""


class Alternative(NamedTuple):
    """One of a decoder's n best sentences."""

    text: str
    score: float
    """Log likelihood, natural, of words and sound together."""


def likeliest(
    found: Sequence[Alternative], meaning: Callable[[str], Hashable]
) -> tuple[str, float]:
    """The best wording of the likeliest meaning, and the posterior (0 to 1) of that meaning.

    `found` is best first; what means None may be the likeliest, and is then no text at all.
    """
    if not found:
        return "", 0.0
    weights = [math.exp(one.score - found[0].score) for one in found]
    total = sum(weights)
    shares: dict[Hashable, float] = defaultdict(float)
    wordings: dict[Hashable, str] = {None: ""}
    for one, weight in zip(found, weights, strict=True):
        if weight < _LEAST_SHARE * total:
            break
        meant = meaning(one.text)
        shares[meant] += weight / total
        wordings.setdefault(meant, one.text)
    best = max(shares, key=lambda meant: shares[meant])
    return wordings[best], shares[best]
