"""The answers on offer ("Anna Weber or Anna Schmidt?") as phrases: whole labels and the words
that only one of them has. Neighbours: `match` and `template` hear them as `{option}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.core.kinds import Listed, listed
from assistant.core.tokens import tokens


def option_phrases(choices: Sequence[str]) -> Listed:
    """Words -> position, from 1."""
    labels = [tokens(choice) for choice in choices]
    owners = Counter(word for label in labels for word in set(label))
    phrases = [(label, number) for number, label in enumerate(labels, start=1)]
    for number, label in enumerate(labels, start=1):
        phrases += [((word,), number) for word in label if owners[word] == 1 and len(word) > 2]
    return listed(phrases)
