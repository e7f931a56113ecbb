"""Turns as people and programs read them: JSON objects and lines of a transcript."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.core.model import Grain, Named, When
from assistant.core.outcome import Action, Card
from assistant.door import Turn

STAGES = ("endpoint", "recognise", "understand", "act", "first_audio")
"""Milliseconds of each; null for a stage that a typed sentence does not pass."""


def as_json(turn: Turn) -> dict[str, Any]:
    """The object that `ask` and `hear` print."""
    reading = turn.reading
    return {
        "heard": turn.heard,
        "confidence": round(turn.confidence, 3),
        "intent": reading.intent if reading else None,
        "slots": {k: slot_as_json(v) for k, v in reading.slots.items()} if reading else {},
        "reply": turn.reply,
        "asks": turn.asks,
        "action": _action(turn.action),
        "card": _card(turn.card),
        "timings_ms": {stage: _ms(turn, stage) for stage in STAGES},
    }


def slot_as_json(value: object) -> Any:
    """A name by what it means, a time as ISO 8601 (`start/end` for a stretch), else itself."""
    match value:
        case Named():
            return value.candidates[0].value if value.candidates else value.heard
        case When():
            return _when(value)
        case str() | int() | float() | bool() | None:
            return value
        case Mapping():
            return {str(k): slot_as_json(v) for k, v in value.items()}
        case _:
            return str(value)


def _when(when: When) -> str | None:
    if not when.spans:
        return None
    span = when.spans[0]
    if when.grain is Grain.INSTANT:
        return span.start.isoformat(timespec="minutes")
    return f"{span.start.isoformat(timespec='minutes')}/{span.end.isoformat(timespec='minutes')}"


def _ms(turn: Turn, stage: str) -> float | None:
    return round(turn.timings_ms[stage], 1) if stage in turn.timings_ms else None


def _action(action: Action | None) -> dict[str, str] | None:
    if action is None:
        return None
    return {"kind": action.kind, "target": action.target, "backend": action.backend}


def _card(card: Card | None) -> dict[str, Any] | None:
    return {"glyph": card.glyph.value, "lines": list(card.lines)} if card else None


def understood(turn: Turn) -> str:
    """`call.person  person=Anna Weber`, for the transcript."""
    if turn.reading is None:
        return "nothing"
    slots = " ".join(f"{k}={slot_as_json(v)}" for k, v in turn.reading.slots.items())
    return f"{turn.reading.intent} {slots}".strip()


def done(turn: Turn) -> str:
    """What was dialled or done, or why nothing was."""
    if turn.action is None:
        return "asks first" if turn.asks else ""
    tones = turn.action.details.get("tones", "")
    tail = f", then tones {tones}" if tones else ""
    return f"{turn.action.kind} {turn.action.target}{tail} ({turn.action.backend or 'local'})"
