"""The pending question: what an utterance means while one is open.

Pure functions for `dialog`. Nothing here dials: `Carry` is the driver's explicit consent, or the
end of an unopposed cancel window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from assistant.core.clock import instant, instants
from assistant.core.consent import MIN_MARGIN, MIN_SCORE, allows, allows_order, is_answer
from assistant.core.events import Scope
from assistant.core.model import Grain, Interpretation, Named, Span, When
from assistant.core.outcome import Action, Ask, Card, Confirm

_CONSENT = frozenset({"session.yes", "session.no", "session.cancel"})
"""Without an open question "call" is no yes, but half a command, and "cancel it" is an order."""

FOLLOWED = frozenset(
    f"calendar.{name}" for name in ("agenda", "free", "gap", "clash", "first", "last", "count")
)
"""Questions about a time: "and on Friday?" repeats them."""

_HARMLESS = FOLLOWED | {
    *("calendar.next", "calendar.now", "calendar.when", "calendar.who", "calendar.where"),
    *("session.time", "session.date", "session.help", "session.repeat", "session.louder"),
    *("session.slower", "calendar.details"),
}
"""Intents that an open question outlasts."""

_OF_A_MEETING = frozenset({"when", "title", "person", "next"})
_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "to": ("when", "minutes"),
    "end": ("when", "minutes"),
}
"""Slot asked for -> what may be said of it: "To when?" "By ten minutes"."""
_DAY = (7, 17)
"""Hours at which a time is as likely meant as at others."""
_NOON = 12
ANSWERS = frozenset({"session.answer", "session.choose", "session.correct"})
CORRECTED: Mapping[str, Mapping[str, str]] = {
    "calendar.move": {"when": "to", "minutes": "minutes"},
    "calendar.create": {"when": "when", "minutes": "minutes"},
    "message.late": {"minutes": "minutes"},
}
"""Order -> what can be said anew instead of yes -> the slot it goes into."""


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


def own_words(
    pending: Pending, reading: Interpretation | None, typed: str
) -> Interpretation | None:
    """`reading`, or what is `typed` when a message is asked for and nothing else fits well."""
    is_wanted = isinstance(pending, Ask) and pending.slot == "text" and typed
    if not is_wanted or (reading and (is_answer(reading) or reading.score >= MIN_SCORE)):
        return reading
    return Interpretation(intent="session.answer", slots={"text": typed})


def followed(asked: Interpretation | None, reading: Interpretation) -> Interpretation:
    """ "Am I free tomorrow at nine?" "And at two?" asks the same of another time."""
    if "also" not in reading.slots:
        return reading
    slots = {name: value for name, value in reading.slots.items() if name != "also"}
    if asked is None or reading.intent != "calendar.agenda":
        return replace(reading, slots=slots)
    when = _merged(asked.slots.get("when"), slots["when"])
    return replace(asked, slots={**asked.slots, "when": when})


def scope(pending: Pending) -> Scope:
    """What can be heard while it is open."""
    if isinstance(pending, Ask):
        return Scope.QUESTION
    order = pending.interpretation if isinstance(pending, Confirm) else None
    return Scope.CHANGE if order and order.intent in CORRECTED else Scope.CONFIRM


def labels(pending: Pending | None) -> tuple[str, ...]:
    """Spoken choices the recogniser must know beside yes and no."""
    return tuple(c.label for c in pending.choices) if isinstance(pending, Ask) else ()


def likeliest(pending: Pending | None, readings: Sequence[Interpretation]) -> Interpretation | None:
    """The first reading; of equals an answer while a question is open, "yes, cancel it" before
    "cancel it", else a command."""
    if not readings:
        return None
    if pending:
        near = [r for r in readings if readings[0].score - r.score < MIN_MARGIN]
        clear = [r for r in near if not isinstance(answer(pending, r), Unclear)]
        return min(clear or near, key=lambda r: (not is_answer(r), "act" not in r.slots))
    near = [r for r in readings if readings[0].score - r.score < MIN_MARGIN]
    best = min(near, key=lambda r: r.intent in _CONSENT)
    moved = (r for r in near if r.intent == best.intent and "to" in r.slots)
    return next((r for r in moved if len(r.slots) > 1 or "when" not in best.slots), best)


def waiting(pending: Pending, reading: Interpretation) -> Ask | Confirm | None:
    """`pending` where it is a question that can be put again once `reading` is answered."""
    if isinstance(pending, CancelWindow) or reading.intent not in _HARMLESS:
        return None
    return pending if isinstance(pending, Confirm) or pending.text.endswith("?") else None


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
        return Carry(pending.action, done) if allows(reading, pending.action) else Unclear()
    if reading.intent not in ANSWERS:
        return Run(reading)
    order = pending.interpretation if isinstance(pending, Confirm) else None
    return _corrected(order, reading) if order else Unclear()


def _corrected(order: Interpretation, reading: Interpretation) -> Answer:
    """ "Move it to Friday at four?" "No, make it five." """
    places = CORRECTED.get(order.intent, {})
    if not reading.slots or not places.keys() >= reading.slots.keys():
        return Unclear()
    slots = dict(order.slots)
    for name, value in reading.slots.items():
        slots[places[name]] = _merged(slots.get(places[name]), value)
    return Run(replace(order, slots=slots))


def _merged(before: object, said: object) -> object:
    """What is said of a time completes what was said of it before."""
    if isinstance(before, When) and isinstance(said, When):
        return refined(before, said)
    return said


def refined(before: When, said: When) -> When:
    """What `said` means after `before`: "tomorrow", then "at ten"; "friday at three", then "no,
    thursday"; "next week", then "thursday"."""
    if not before.spans:
        return said
    if before.grain is Grain.WEEK:
        return _in_week(before.spans[0], said)
    if said.grain is Grain.INSTANT and not said.has_day and before.has_day:
        days, starts = before, _as_late(said.spans, before)
    elif said.grain is Grain.DAY and before.grain is Grain.INSTANT:
        days, starts = said, [span.start for span in before.spans]
    else:
        return said
    spans = {
        moment: instant(moment)
        for day in dict.fromkeys(span.start.date() for span in days.spans)
        for start in starts
        for moment in instants(day, start.hour * 60 + start.minute, start.tzinfo or UTC)
    }
    return When(heard=said.heard, spans=tuple(spans.values()), grain=Grain.INSTANT)


def _as_late(spans: Sequence[Span], before: When) -> list[datetime]:
    """ "Tomorrow at nine in the evening", "no, at eight": of two meanings the one as late, but
    none that had been said."""
    starts = [span.start for span in spans]
    was = before.spans[0].start
    if before.grain is not Grain.INSTANT or _DAY[0] <= was.hour < _DAY[1]:
        return starts

    def unlikeliness(start: datetime) -> tuple[bool, bool]:
        is_same = (start.hour, start.minute) == (was.hour, was.minute)
        return is_same, (start.hour < _NOON) is not (was.hour < _NOON)

    return sorted(starts, key=unlikeliness)


def _in_week(week: Span, said: When) -> When:
    """The same day of that week, where a day was said."""
    moved = (
        Span(start=span.start + ahead, end=span.end + ahead)
        for span in said.spans
        for ahead in map(timedelta, (0, 7, 14))
        if said.has_day and week.contains(span.start + ahead)
    )
    return replace(said, spans=tuple(moved) or said.spans)


def _answer_ask(ask: Ask, reading: Interpretation) -> Answer:
    if reading.intent == "session.yes":
        is_clear = len(ask.choices) == 1 and allows_order(reading, ask)
        return _chosen(ask, 0) if is_clear else Unclear()
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
    """An open answer counts only for the slot that was asked for, or says more of which meeting."""
    order = ask.interpretation
    which = ask.slot == "title" or any("uid" in choice.slots for choice in ask.choices)
    if which and reading.slots.keys() <= _OF_A_MEETING:
        told = {name: _merged(order.slots.get(name), v) for name, v in reading.slots.items()}
        return Run(replace(order, slots={**order.slots, **told}, missing=()))
    said = next((s for s in (ask.slot, *_INSTEAD.get(ask.slot, ())) if s in reading.slots), "")
    if not said:
        return Unclear()
    slot = "minutes" if said == "minutes" else ask.slot
    value = _merged(order.slots.get(slot), reading.slots[said])
    return Run(replace(order, slots={**order.slots, slot: value}, missing=()))
