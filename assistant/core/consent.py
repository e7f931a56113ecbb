"""When a yes is a yes: to what was asked, said surely enough.

Pure functions for `dialog` and `questions`. A yes may name what it allows ("send it"); it then
allows nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.core.model import Hypothesis, Interpretation
from assistant.core.outcome import Action, Ask

MIN_CONFIDENCE = 0.85
"""Recogniser confidence from which a call is announced instead of asked; tuned on the fixtures."""

MIN_SCORE = 0.85
"""Matcher score from which a call is announced instead of asked, and a yes allows something."""

MIN_MARGIN = 0.08
"""Score distance to the next different reading that makes a clear winner."""

TO_CALLER: Mapping[str, str] = {
    "session.yes": "call.answer",
    "session.no": "call.decline",
    "session.cancel": "call.decline",
    "call.hangup": "call.decline",
}
"""A ringing call is a question as well."""

_ALLOWED: Mapping[str, str] = {"join": "call"}
"""Kind of action -> what a yes may call it, where that differs."""


def is_answer(reading: Interpretation) -> bool:
    return reading.intent.startswith("session.")


def allows(yes: Interpretation, action: Action) -> bool:
    """Whether a yes is one to `action`: "send it" cancels nothing, "yes and at six" is no yes."""
    named = yes.slots.get("act", action.kind)
    return _is_whole(yes) and named in (action.kind, _ALLOWED.get(action.kind))


def allows_order(yes: Interpretation, ask: Ask) -> bool:
    """The same for an order of which something was asked: "Anna Weber?" "Yes, call her." """
    room, _, name = ask.interpretation.intent.partition(".")
    return _is_whole(yes) and yes.slots.get("act", room) in (room, name)


def _is_whole(yes: Interpretation) -> bool:
    return yes.score >= MIN_SCORE and yes.left is None


def to_caller(reading: Interpretation | None, *, sure: bool) -> Interpretation | None:
    """What is said while a call rings; half a yes or no neither answers nor declines."""
    intent = TO_CALLER.get(reading.intent) if reading else None
    if reading is None or intent is None:
        return reading
    is_plain = "act" not in reading.slots and reading.left is None
    return Interpretation(intent=intent) if sure and is_plain else None


def is_sure(
    hypothesis: Hypothesis, chosen: Interpretation | None, readings: Sequence[Interpretation]
) -> bool:
    """Whether `chosen` is clear enough to announce a call without asking.

    Answers and commands are no rivals: the open question decided between them.
    """
    if chosen is None or hypothesis.confidence < MIN_CONFIDENCE:
        return False
    if is_answer(chosen):
        return chosen.score >= MIN_SCORE
    rivals = [r.score for r in readings if r.intent != chosen.intent and not is_answer(r)]
    margin = chosen.score - max(rivals, default=0.0)
    return chosen.score >= MIN_SCORE and margin >= MIN_MARGIN
