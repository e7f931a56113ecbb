"""The pending question: what an utterance means while one is open, and how sure is sure.

Pure functions for `dialog`. Nothing here dials: `Carry` is the driver's explicit consent, or the
end of an unopposed cancel window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.core.events import Scope
from assistant.core.model import Hypothesis, Interpretation, Named
from assistant.core.outcome import Action, Ask, Card, Confirm

MIN_CONFIDENCE = 0.7
"""Recogniser confidence from which a call is announced instead of asked; tuned on the fixtures."""

MIN_SCORE = 0.85
"""Matcher score from which a call is announced instead of asked."""

MIN_MARGIN = 0.08
"""Score distance to the next different reading that makes a clear winner."""

_CONSENT = frozenset({"session.yes", "session.no"})
"""Without an open question "call" is no yes, but half a command."""

SLOTS_OF_ANSWERS = frozenset({"session.answer", "session.choose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWindow:
    """A call has been announced and is placed unless the driver objects."""

    action: Action
    card: Card
    confirm: str
    """Asked instead when somebody spoke in the window and was not understood."""


Pending = Ask | Confirm | CancelWindow


@dataclass(frozen=True, slots=True)
class Carry:
    """Do it now."""

    action: Action
    done: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """The question is answered, or the driver went on to something else: run this intent."""

    interpretation: Interpretation


class Drop:
    """The driver said no."""


class Unclear:
    """Not an answer."""


Answer = Carry | Run | Drop | Unclear


def scope(pending: Pending) -> Scope:
    """What can be heard while it is open."""
    return Scope.QUESTION if isinstance(pending, Ask) else Scope.CONFIRM


def labels(pending: Pending | None) -> tuple[str, ...]:
    """Spoken choices the recogniser must know beside yes and no."""
    return tuple(c.label for c in pending.choices) if isinstance(pending, Ask) else ()


def likeliest(pending: Pending | None, readings: Sequence[Interpretation]) -> Interpretation | None:
    """The first reading; of equals an answer while a question is open, else a command."""
    if not readings:
        return None
    if pending:
        near = [r for r in readings if readings[0].score - r.score < MIN_MARGIN]
        clear = [r for r in near if not isinstance(answer(pending, r), Unclear)]
        return min(clear or near, key=lambda r: not _is_answer(r))
    near = [r for r in readings if readings[0].score - r.score < MIN_MARGIN]
    return min(near, key=lambda r: r.intent in _CONSENT)


def is_sure(
    hypothesis: Hypothesis, chosen: Interpretation | None, readings: Sequence[Interpretation]
) -> bool:
    """Whether `chosen` is clear enough to announce a call without asking.

    Answers and commands are no rivals: the open question decided between them.
    """
    if chosen is None or hypothesis.confidence < MIN_CONFIDENCE:
        return False
    if _is_answer(chosen):
        return chosen.score >= MIN_SCORE
    rivals = [r.score for r in readings if r.intent != chosen.intent and not _is_answer(r)]
    margin = chosen.score - max(rivals, default=0.0)
    return chosen.score >= MIN_SCORE and margin >= MIN_MARGIN


def _is_answer(reading: Interpretation) -> bool:
    return reading.intent.startswith("session.")


def answer(pending: Pending, reading: Interpretation | None) -> Answer:
    """What `reading` means for `pending`."""
    if reading is None:
        return Unclear()
    if reading.intent == "session.no":
        return Drop()
    if isinstance(pending, Ask):
        return _answer_ask(pending, reading)
    if reading.intent == "session.yes":
        done = pending.done if isinstance(pending, Confirm) else ""
        return Carry(pending.action, done)
    return Unclear() if reading.intent in SLOTS_OF_ANSWERS else Run(reading)


def _answer_ask(ask: Ask, reading: Interpretation) -> Answer:
    if reading.intent == "session.yes" and len(ask.choices) == 1:
        return _chosen(ask, 0)
    if reading.intent == "session.yes":
        return Unclear()
    if reading.intent == "session.choose":
        index = _index(ask, reading.slots.get("choice"))
        return Unclear() if index is None else _chosen(ask, index)
    if reading.intent == "session.answer":
        return _filled(ask, reading)
    return Run(reading)


def _index(ask: Ask, choice: object) -> int | None:
    """Position of an ordinal (1…, -1 "the other one", -2 "the last one") or of a label."""
    count = len(ask.choices)
    if isinstance(choice, Named):
        choice = choice.candidates[0].value if choice.candidates else choice.heard
    if isinstance(choice, str):
        same = [i for i, c in enumerate(ask.choices) if c.label.casefold() == choice.casefold()]
        return same[0] if len(same) == 1 else None
    if not isinstance(choice, int):
        return None
    if choice == -1:
        return 1 if count == 2 else None
    position = count - 1 if choice == -2 else choice - 1
    return position if 0 <= position < count else None


def _chosen(ask: Ask, index: int) -> Run:
    slots = {**ask.interpretation.slots, **ask.choices[index].slots}
    return Run(replace(ask.interpretation, slots=slots, missing=()))


def _filled(ask: Ask, reading: Interpretation) -> Answer:
    """An open answer counts only for the slot that was asked for."""
    if not ask.slot or ask.slot not in reading.slots:
        same = ask.slot == "to" and "when" in reading.slots
        if not same:
            return Unclear()
    value = reading.slots.get(ask.slot, reading.slots.get("when"))
    slots = {**ask.interpretation.slots, ask.slot: value}
    return Run(replace(ask.interpretation, slots=slots, missing=()))
