"""The moves of the dialogue: begin a turn, listen, act, speak, rest, tell what the line reports.

Each move changes the state and returns its commands. `dialog` decides which event makes which
move; nothing outside it calls these.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assistant.core import events as ev
from assistant.core import line, questions
from assistant.core.events import Command, Scope, Sound, Timer
from assistant.core.line import News
from assistant.core.memory import Memory
from assistant.core.model import Interpretation
from assistant.core.outcome import Action, Ask, Card, Confirm, Glyph, Outcome
from assistant.core.questions import CancelWindow, Pending
from assistant.core.states import State
from assistant.core.wording import Wording
from assistant.errors import AssistantError, TooSlow

LISTEN_LIMIT_S = 20.0
"""Backstop behind the recogniser's own limits."""
WORKING_S = 1.5
TOO_SLOW_S = 8.0
CALLS = frozenset({"call", "join"})
"""Kinds of action that are announced and wait for the cancel window."""
ORDERS = frozenset(
    {
        *("call.person", "call.meeting", "call.join"),
        *("calendar.create", "calendar.move", "calendar.cancel", "calendar.respond"),
        *("message.late", "message.send"),
    }
)
"""Intents of which "no, the other one" may speak."""


class Floor:
    """Who has the floor, and how it passes on."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.state = State.ASLEEP
        self.turn = 0
        self.pending: Pending | None = None
        self.memory = Memory()
        self._waiting: Ask | Confirm | None = None
        """Put again when something else has been answered."""
        self._misses = 0
        self._reopen = False
        self._quiet = False
        self._sure = True
        self._done_text = ""
        self._committed: dict[int, Action] = {}
        self._late: list[str] = []
        self._news: News | None = None
        self._ear = Scope.IDLE
        """What the last listening was for."""
        self._window_end: datetime
        """Of the cancel window that is open."""

    def _begin_turn(self) -> list[Command]:
        """Silence first; whatever was pending is off, and nothing of it will be dialled."""
        commands: list[Command] = [ev.Hush(), ev.StopTimer(timer=Timer.CANCEL_WINDOW)]
        if self.state is State.LISTENING:
            commands.append(ev.StopListening(discard=True))
        self.turn += 1
        self.pending = self._waiting = None
        self._misses = 0
        self._reopen = False
        self._quiet = False
        self._sure = True
        self._news = None
        return commands

    def _listen(self, *, hold: bool = False) -> list[Command]:
        self.state = State.LISTENING
        self._ear = self._scope()
        return [
            ev.Listen(
                turn=self.turn, scope=self._ear, choices=questions.labels(self.pending), hold=hold
            ),
            ev.SetTimer(turn=self.turn, timer=Timer.NO_INPUT, after_s=LISTEN_LIMIT_S),
        ]

    def _await_objection(self, now: datetime) -> list[Command]:
        """Listen to the end of the cancel window, and no shorter."""
        left_s = max(0.0, (self._window_end - now).total_seconds())
        window = ev.SetTimer(turn=self.turn, timer=Timer.CANCEL_WINDOW, after_s=left_s)
        return [*self._listen(), window]

    def _scope(self) -> Scope:
        if self.pending:
            return questions.scope(self.pending)
        if self.memory.rings_in:
            return Scope.RINGING
        return Scope.CALL if self.memory.in_call else Scope.IDLE

    def _act(self, order: Interpretation | Action) -> list[Command]:
        self.state = State.THINKING
        context = self.memory.context()
        if isinstance(order, Interpretation) and order.intent in ORDERS:
            self.memory.order = order
        return [
            ev.Act(turn=self.turn, order=order, context=context),
            ev.SetTimer(turn=self.turn, timer=Timer.WORKING, after_s=WORKING_S),
            ev.SetTimer(turn=self.turn, timer=Timer.TOO_SLOW, after_s=TOO_SLOW_S),
        ]

    def _carry_out(self, action: Action, done: str = "") -> list[Command]:
        """The world notices from here on; the outcome is told even when it comes late."""
        self.pending = None
        self._committed[self.turn] = action
        self._done_text = done
        if action.kind in CALLS:
            self.memory.last_call = action
            self._news = None
        return [
            ev.Earcon(sound=Sound.CALL if action.kind in CALLS else Sound.DONE),
            *self._act(action),
        ]

    def _settle(self, turn: int, outcome: Outcome | AssistantError) -> None:
        """What was carried out in `turn` is over, one way or the other."""
        action = self._committed.pop(turn, None)
        if action and not isinstance(outcome, AssistantError):
            self.memory.obeyed(action)

    def _say(self, text: str, card: Card) -> list[Command]:
        """One spoken sentence and its card; nothing to say means back to rest."""
        self._done_text = ""
        if text and self._waiting:
            text, card = self._put_again(self._waiting, text, card)
        if not any(card.lines):
            card = replace(card, lines=(text,) if text else ())
        if not text:
            return [*([ev.Show(card=card)] if card.lines else []), *self._rest()]
        text = text[0].upper() + text[1:]
        self.state = State.SPEAKING
        is_repeated = self.memory.is_for_parked and text == self.memory.said
        self.memory.said, self.memory.is_for_parked = text, card.is_for_parked or is_repeated
        return [ev.Speak(text=text), ev.Show(card=card)]

    def _put_again(self, waiting: Ask | Confirm, text: str, card: Card) -> tuple[str, Card]:
        """The question after the answer, once, and never before "more?" or another question."""
        self._waiting = None
        is_put = text.casefold().endswith(waiting.text.casefold())
        if self.pending or (not is_put and (self.memory.rest or self._misses > 1)):
            return f"{self.wording.phrase('cancelled')} {text[0].upper()}{text[1:]}", card
        self.pending = waiting
        return text if is_put else f"{text} {waiting.text}", waiting.card

    def _say_phrase(self, key: str) -> list[Command]:
        text = self.wording.phrase(key)
        return self._say(text, self._card(Glyph.INFO, text))

    def _say_error(self, error: AssistantError) -> list[Command]:
        text = self.wording.error(error)
        return self._say(text, self._card(Glyph.ERROR, text))

    def _device_back(self, event: ev.DeviceBack) -> list[Command]:
        """Which device is used now; said where nobody is disturbed."""
        text = self.wording.phrase(f"{event.kind}_back", device=event.device)
        card = self._card(Glyph.INFO, text)
        if self.state is State.ASLEEP:
            return [*self._begin_turn(), *self._say(text, card)]
        return [ev.Show(card=card)]

    def _motion_changed(self, is_parked: bool) -> list[Command]:
        """Who sets off hears no more of what is for a parked driver, nor when they ask again."""
        self.memory.is_parked = is_parked
        if is_parked or not self.memory.is_for_parked:
            return []
        self.memory.said, self.memory.is_for_parked = "", False
        return [*self._begin_turn(), *self._rest()] if self.state is State.SPEAKING else []

    @staticmethod
    def _card(glyph: Glyph, text: str) -> Card:
        return Card(glyph=glyph, lines=(text,))

    def _rest(self) -> list[Command]:
        """Asleep, or in the call; what came late is told now."""
        self.state = State.IN_CALL if self.memory.in_call else State.ASLEEP
        if self._late:
            return self._say(self._late.pop(0), self._card(Glyph.INFO, ""))
        return self._tell_news(self._news) if self._news else []

    def _line(self, event: ev.Ringing | ev.Connected | ev.Ended, now: datetime) -> list[Command]:
        """Tell it now, or when the driver is free; whoever calls in stops an announced call."""
        news = line.report(self.memory, event, now, self.wording)
        shown: list[Command] = [ev.Show(card=news.card)]
        shown += [ev.Earcon(sound=Sound.CALL)] if news.rings else []
        self._news = None
        if isinstance(event, ev.Connected) and self.state is State.SPEAKING:
            return [ev.Hush(), *shown, *self._rest()]
        if (
            self.state is State.LISTENING
            and self._ear is Scope.RINGING
            and not self.memory.rings_in
        ):
            return [*self._begin_turn(), *shown, *self._tell_news(news)]  # nobody to answer now
        is_free = self.state in (State.ASLEEP, State.IN_CALL)
        is_urgent = isinstance(self.pending, CancelWindow) or isinstance(event, ev.Ringing)
        if is_free or (news.text and self.pending and is_urgent):
            return shown + self._tell_news(news)
        self._news = news
        return shown

    def _tell_news(self, news: News) -> list[Command]:
        self._news = None
        if news.run:
            return self._begin_turn() + self._act(news.run)
        if news.text:
            is_closed = isinstance(self.pending, Ask | Confirm)
            begin = f"{self.wording.phrase('cancelled')} " if is_closed else ""
            return self._begin_turn() + self._say(begin + news.text, news.card)
        return self._rest()

    def _stop_clocks(self) -> list[Command]:
        return [ev.StopTimer(timer=t) for t in (Timer.WORKING, Timer.TOO_SLOW)]

    def _too_slow(self) -> list[Command]:
        late = [*self._stop_clocks(), ev.Earcon(sound=Sound.ERROR)]
        self.turn += 1
        return late + self._say_error(TooSlow(""))
