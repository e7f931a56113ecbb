"""Whether enough of a template was said to believe that it was meant.

Word for word is believed; this judges the rest. Neighbours: `search` finds the steps, `match` asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.core.kinds import NAMES, Kind, Open
from assistant.core.locale import Locale
from assistant.core.pieces import Capture
from assistant.core.search import Step

SLOT_WORD = 0.3
"""What a word in a slot weighs as evidence."""
_STRANGER = 0.3
"""A slot that costs more resembles no name."""
_LEAST_SAID, _MOST_LOST = 0.5, 0.7
"""Weight of the words said, and share of it that may be missing, in a loose reading."""
_SMALL_LOSS = 0.25
"""What may lack around free words and strangers: an article, a preposition."""
_CAREFUL_LOSS = 0.3
"""A careful intent is never heard without the words that make it: only small ones may lack."""


def captures_of(step: Step) -> tuple[Capture, ...]:
    return tuple(step.capture.chain()) if step.capture else ()


def share_said(step: Step) -> float:
    """Share of the evidence that fits: template words by weight, words in slots a little."""
    in_slots = sum(SLOT_WORD * (c.piece.end - c.start) for c in captures_of(step))
    return 1 - step.cost / (step.said + in_slots + step.cost + SLOT_WORD)


def is_evident(step: Step, kinds: Mapping[str, Kind], *, careful: bool) -> bool:
    """Whether enough of the template itself was said in a loose reading."""
    has_stranger = any(map(_is_stranger, captures_of(step)))
    has_free_words = any(isinstance(kinds.get(c.slot.kind), Open) for c in captures_of(step))
    if has_stranger and careful and has_free_words:
        return False
    if step.lost > _SMALL_LOSS and (has_stranger or has_free_words):
        return False  # either fits everything: the template around it must be word for word
    if careful:
        return step.lost <= _CAREFUL_LOSS and step.said > step.lost
    return step.said >= _LEAST_SAID and step.lost <= _MOST_LOST * step.said


def is_wondered(words: Sequence[str], step: Step, locale: Locale) -> bool:
    """Whether what would be the name of a thing begins a question ("did I set a reminder") or
    turns the order round ("trag das nicht ein")."""
    for one in captures_of(step):
        if one.slot.name == "title" and isinstance(locale.kinds.get(one.slot.kind), Open):
            first, last = words[one.start], words[one.piece.end - 1]
            if first in locale.wonders or last in locale.negations:
                return True
    return False


def _is_stranger(capture: Capture) -> bool:
    return capture.slot.kind in NAMES and capture.piece.cost > _STRANGER
