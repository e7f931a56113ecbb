"""The text door: sentences in, turns out, through the same dialogue as the car's.

Plays the part of the button, the recogniser, the worker and the voice, one after the other in
one thread, so that `ask`, `hear`, the demo and the conversation tests see exactly what a driver
would. Neighbours: `assembly` builds what it needs, `app` is the live loop.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.actions import INTENTS
from assistant.actions.carry import carry
from assistant.actions.selection import in_calendar
from assistant.actions.world import World
from assistant.core import events as ev
from assistant.core.dialog import Dialog
from assistant.core.events import Scope
from assistant.core.model import Hypothesis, Interpretation
from assistant.core.outcome import Action, Ask, Card, Confirm, Context, Outcome, Reply
from assistant.core.questions import CancelWindow, labels, likeliest
from assistant.core.questions import scope as scope_of
from assistant.core.states import State
from assistant.errors import AssistantError, NotUnderstood

Interpret = Callable[[str, Scope, Sequence[str], datetime, bool], tuple[Interpretation, ...]]
WorldOf = Callable[[Context], World]

OBJECTIONS = frozenset({"session.no", "session.cancel", "session.yes", "session.choose"})
"""What is said about an announced call rather than after it."""


CLEARLY_BETTER = 0.1
"""Score by which a command must beat an answer to be taken for one."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """What came of one sentence."""

    heard: str
    confidence: float
    reading: Interpretation | None = None
    reply: str = ""
    asks: bool = False
    action: Action | None = None
    """What happens when the driver says nothing more."""
    card: Card | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)


class Door:
    """One dialogue, one thread."""

    def __init__(
        self,
        dialog: Dialog,
        interpret: Interpret,
        world_of: WorldOf,
        clock: Callable[[], datetime],
        reported: deque[ev.Event],
    ) -> None:
        """`reported`: call lines add to it, also while an action runs."""
        self.dialog = dialog
        self._interpret = interpret
        self._world_of = world_of
        self._clock = clock
        self._events = reported
        self._turn = Turn(heard="", confidence=0)

    @property
    def scope(self) -> Scope:
        """What can be heard now."""
        if self.dialog.pending:
            return scope_of(self.dialog.pending)
        if self.dialog.memory.rings_in:
            return Scope.RINGING
        return Scope.CALL if self.dialog.memory.in_call else Scope.IDLE

    @property
    def choices(self) -> tuple[str, ...]:
        return labels(self.dialog.pending)

    def say(self, hypothesis: Hypothesis) -> Turn:
        """Take one sentence through the dialogue."""
        began = time.perf_counter()
        readings = self._readings(hypothesis)
        self._turn = Turn(heard=hypothesis.text, confidence=hypothesis.confidence)
        self._turn.timings_ms["understand"] = _ms_since(began)
        self._turn.reading = likeliest(self.dialog.pending, readings)
        began = time.perf_counter()
        if self.dialog.state is not State.LISTENING:
            self._feed(ev.ButtonDown())
            self._feed(ev.ButtonUp(held_s=0.1))
        turn = self.dialog.turn
        if hypothesis.is_speech:
            self._feed(ev.Heard(turn=turn, hypothesis=hypothesis, readings=readings))
        else:
            self._feed(ev.NothingHeard(turn=turn))
        self._turn.timings_ms["act"] = _ms_since(began)
        return self._finished()

    def _readings(self, said: Hypothesis) -> tuple[Interpretation, ...]:
        """Readings in the present scope. A typist need not press a button to say something else:
        what fits better outside the scope ends it and is read afresh."""
        readings = self._read(said, self.scope)
        if isinstance(self.dialog.pending, CancelWindow):
            if readings and readings[0].intent in OBJECTIONS:
                return readings
            self.settle()
            readings = self._read(said, self.scope)
        if self.scope is Scope.RINGING:  # the button would answer the call
            return readings
        elsewhere = self._read(said, Scope.IDLE)
        if self.scope is Scope.CALL and elsewhere and not readings:
            self.hang_up()
        best = readings[0].score if readings else 0.0
        is_better = bool(elsewhere) and elsewhere[0].score > best + CLEARLY_BETTER
        return elsewhere if is_better else readings

    def _read(self, said: Hypothesis, scope: Scope) -> tuple[Interpretation, ...]:
        if not said.text:
            return ()
        return self._interpret(said.text, scope, self.choices, self._clock(), said.is_spoken)

    def settle(self) -> None:
        """Let the cancel window of an announced call pass in silence."""
        if isinstance(self.dialog.pending, CancelWindow):
            turn = self.dialog.turn
            self._feed(ev.TimerFired(turn=turn, timer=ev.Timer.CANCEL_WINDOW))

    def hang_up(self) -> None:
        """End the call that is up, if any."""
        if self.dialog.memory.call:
            for line in self._world_of(self.dialog.memory.context()).lines:
                line.hang_up()
            self._drain()

    def _feed(self, event: ev.Event) -> None:
        self._events.append(event)
        self._drain()

    def _drain(self) -> None:
        while self._events:
            event = self._events.popleft()
            for command in self.dialog.handle(event, self._clock()):
                self._do(command)

    def _do(self, command: ev.Command) -> None:
        match command:
            case ev.Act():
                self._act(command)
            case ev.Speak():
                self._turn.reply = f"{self._turn.reply} {command.text}".strip()
                self._events.append(ev.SpeechDone())
            case ev.Show():
                self._turn.card = command.card
            case _:
                pass

    def _act(self, command: ev.Act) -> None:
        outcome = perform(command, self._world_of)
        if isinstance(command.order, Action) and not isinstance(outcome, AssistantError):
            self._turn.action = command.order
        self._events.append(ev.ActionDone(turn=command.turn, outcome=outcome))

    def _finished(self) -> Turn:
        pending = self.dialog.pending
        self._turn.asks = isinstance(pending, Ask | Confirm)
        if isinstance(pending, CancelWindow):
            self._turn.action = pending.action
        return self._turn


def perform(command: ev.Act, world_of: WorldOf) -> Outcome | AssistantError:
    """Run an intent or carry out an action; what goes wrong is an outcome like any other."""
    try:
        world = world_of(command.context)
        if isinstance(command.order, Action):
            return carry(world, command.order)
        act = INTENTS.get(command.order.intent)
        if act is None:
            return NotUnderstood(command.order.intent)
        outcome = act(*in_calendar(world, command.order))
        left = command.order.left
        return _with_left(command, left, outcome, world_of) if left and outcome.text else outcome
    except AssistantError as error:
        return error


def _with_left(command: ev.Act, left: Interpretation, first: Outcome, world_of: WorldOf) -> Outcome:
    """Two questions in one breath are both answered; of orders only the first is obeyed."""
    topic = () if isinstance(first, Ask) else first.topic
    context = replace(command.context, topic=topic or command.context.topic)
    second = perform(replace(command, order=left, context=context), world_of)
    are_answers = isinstance(first, Reply) and not (first.rest or first.action)
    if are_answers and isinstance(second, Reply) and second.text and not second.action:
        return replace(second, text=f"{first.text} {second.text}")
    said = world_of(context).wording.phrase("one_at_a_time", text=first.text)
    return replace(first, text=said)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
