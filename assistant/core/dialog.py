"""The behaviour of the assistant: one event in, a list of commands out.

Theory of operation. The driver presses the button: a new *turn* begins, whatever was being said is
hushed, and the microphone opens. One utterance later the recogniser posts `Heard` with the
readings of the matcher, or `NothingHeard`. A reading becomes `Act`; a worker answers `ActionDone`
with an outcome: a Reply is spoken; an Ask or a Confirm is spoken and becomes the one *pending*
question, after which the microphone opens again by itself; a Reply that places a call becomes a
pending *cancel window*: the target has been announced, and for two seconds the button or "no"
stops it; only then does a second `Act` carry the action out. Whoever speaks in that window without
being understood is asked before anything is dialled. What was not heard surely enough is asked
from the start. Changes and messages are always asked (their actions answer with Confirm).

Everything carries the turn it belongs to; what comes late from an older turn is dropped, except
the outcome of something the world has already noticed, which is always told.

A call does not occupy the assistant: while one is up the resting state is IN_CALL instead of
ASLEEP, nothing is said unasked and only call controls are heard after a press.

Every press ends in exactly one audible outcome; a misheard sentence is asked again once and then
dropped with a way out. `states` holds the whole table of which event counts when. Neighbours:
`events` (the alphabet), `floor` (the moves), `questions` (answers), `session` (asides),
`line` (calls), `memory` (what was talked about), `app` (the loop).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from assistant.core import consent, questions
from assistant.core import events as ev
from assistant.core.events import Command, Sound, Timer
from assistant.core.floor import CALLS, Floor
from assistant.core.model import Interpretation, Named, When
from assistant.core.outcome import Ask, Confirm, Glyph, Outcome, Reply
from assistant.core.questions import CancelWindow, Carry, Drop, Pending, Run, Unclear
from assistant.core.session import SESSION
from assistant.core.states import ANSWERED, State
from assistant.core.wording import budget
from assistant.errors import (
    AssistantError,
    BadSlot,
    MicrophoneLost,
    NoInput,
    NoSuchContact,
    NotUnderstood,
)

CANCEL_WINDOW_S = 2.0
HOLD_S = 0.5
"""A longer press was a hold: the release ends the utterance."""
DECLINE_S = 1.0
"""A longer press declines a ringing call; a shorter one answers it."""


class Dialog(Floor):
    """The state machine. Not thread-safe: one thread owns it."""

    def handle(self, event: ev.Event, now: datetime) -> list[Command]:
        """The only door. Never raises; an event that means nothing now gives no command."""
        if type(event) not in ANSWERED[self.state]:
            return []
        match event:
            case ev.ButtonDown():
                return self._button_down()
            case ev.ButtonUp():
                return self._button_up(event.held_s)
            case ev.Tapped():
                return self._begin_turn() + self._obey(event.interpretation)
            case ev.SpeechStarted():
                return self._speech_started(event.turn)
            case ev.Heard():
                return self._heard(event)
            case ev.NothingHeard():
                return self._nothing_heard(event.turn, now)
            case ev.ActionDone():
                return self._action_done(event)
            case ev.SpeechDone():
                return self._speech_done(now)
            case ev.TimerFired():
                return self._timer(event.timer, now) if event.turn == self.turn else []
            case ev.Ringing() | ev.Connected() | ev.Ended():
                return self._line(event, now)
            case ev.DeviceFailed():
                return self._device_failed(event.error)
            case ev.DeviceBack():
                return self._device_back(event)
            case ev.MotionChanged():
                return self._motion_changed(event.is_parked)
            case _:
                assert_never(event)

    # --- the button ----------------------------------------------------------------------------

    def _button_down(self) -> list[Command]:
        if self.memory.rings_in and self.state is not State.LISTENING:
            return [ev.Hush()]
        was_listening = self.state is State.LISTENING
        stopped = isinstance(self.pending, CancelWindow)
        commands = self._begin_turn()
        if was_listening and not stopped:
            return [*commands, ev.Earcon(sound=Sound.DONE), *self._rest()]
        self._quiet = stopped
        return [*commands, ev.Earcon(sound=Sound.LISTENING), *self._listen(hold=True)]

    def _button_up(self, held_s: float) -> list[Command]:
        if self.memory.rings_in and self.state is not State.LISTENING:
            intent = "call.answer" if held_s < DECLINE_S else "call.decline"
            return self._begin_turn() + self._act(Interpretation(intent=intent))
        if self.state is not State.LISTENING:
            return []
        return [ev.StopListening()] if held_s >= HOLD_S else [ev.EndOnSilence()]

    # --- what was heard ------------------------------------------------------------------------

    def _speech_started(self, turn: int) -> list[Command]:
        """Somebody speaks in the cancel window: its clock stops until their words are known."""
        if turn == self.turn and isinstance(self.pending, CancelWindow):
            return [ev.StopTimer(timer=Timer.CANCEL_WINDOW)]
        return []

    def _heard(self, event: ev.Heard) -> list[Command]:
        if event.turn != self.turn:
            return []
        reading = questions.likeliest(self.pending, event.readings)
        self._sure = consent.is_sure(event.hypothesis, reading, event.readings)
        if self.memory.rings_in and not self.pending:
            reading = consent.to_caller(reading, sure=self._sure)
        if reading and reading.intent == "session.cancel":
            return self._dropped()
        if self.pending:
            typed = "" if event.hypothesis.is_spoken else event.hypothesis.text
            return self._answered(self.pending, questions.own_words(self.pending, reading, typed))
        if reading is None:
            return self._missed(NotUnderstood(event.hypothesis.text))
        self._misses = 0
        return self._obey(reading)

    def _answered(self, pending: Pending, reading: Interpretation | None) -> list[Command]:
        match questions.answer(pending, reading):
            case Drop():
                return self._dropped()
            case Carry(action, done):
                self.pending = None
                return self._carry_out(action, done)
            case Run(interpretation):
                self.pending = None
                if interpretation is reading:
                    self._waiting = questions.waiting(pending, interpretation)
                    self._misses += 1
                return self._obey(interpretation)
            case Unclear():
                return self._unclear(pending)

    def _unclear(self, pending: Pending) -> list[Command]:
        """Ask once more, then leave it; an opposed cancel window turns into a question."""
        if isinstance(pending, CancelWindow):
            question = Confirm(text=pending.confirm, card=pending.card, action=pending.action)
            self.pending = question
            return self._say(question.text, question.card)
        self._misses += 1
        if self._misses > 1:
            self.pending = None
            return self._say_phrase("gave_up")
        return self._say(pending.text, pending.card)

    def _nothing_heard(self, turn: int, now: datetime) -> list[Command]:
        if turn != self.turn:
            return []
        if isinstance(self.pending, CancelWindow):
            return self._await_objection(now)
        if self.pending:
            return self._unclear(self.pending)
        if self._quiet:
            return [ev.Earcon(sound=Sound.DONE), *self._rest()]
        return self._missed(NoInput())

    def _missed(self, error: AssistantError) -> list[Command]:
        """One more try in the same turn, then a way out."""
        self._misses += 1
        if self._misses > 1:
            return self._say_phrase("way_out")
        self._reopen = True
        return [ev.Earcon(sound=Sound.ERROR), *self._say_error(error)]

    def _dropped(self) -> list[Command]:
        self.pending = None
        return [ev.StopTimer(timer=Timer.CANCEL_WINDOW), *self._say_phrase("cancelled")]

    def _obey(self, reading: Interpretation) -> list[Command]:
        """Run an intent: the dialogue's own ones here, all others in a worker."""
        reading = questions.followed(self.memory.asked, reading)
        if reading.intent in questions.FOLLOWED:
            self.memory.asked = reading
        if reading.intent == "calendar.after" and self.memory.rest and not reading.slots:
            reading = replace(reading, intent="session.more")
        if reading.missing:
            return self._ask_for(reading, reading.missing[0])
        aside = SESSION.get(reading.intent)
        if aside is None:
            return self._act(reading)
        said = aside(self.memory, reading, self.wording)
        return [*said.commands, *self._say(said.text, self._card(Glyph.INFO, said.text))]

    def _ask_for(self, reading: Interpretation, slot: str) -> list[Command]:
        text = self.wording.phrase(f"missing_{slot}")
        value = reading.slots.get(slot)
        if isinstance(value, When):
            text = self.wording.error(BadSlot(slot, value.heard))
        if isinstance(value, Named):
            text = self.wording.error(NoSuchContact(value.heard))
        card = self._card(Glyph.QUESTION, text)
        self.pending = Ask(text=text, card=card, interpretation=reading, slot=slot)
        return self._say(text, card)

    # --- acting --------------------------------------------------------------------------------

    def _action_done(self, event: ev.ActionDone) -> list[Command]:
        if event.turn == self.turn and self.state is State.THINKING:
            return self._tell(event.outcome)
        if event.turn not in self._committed:
            return []
        outcome = event.outcome
        self._settle(event.turn, outcome)
        text = self.wording.error(outcome) if isinstance(outcome, AssistantError) else outcome.text
        if text:
            self._late.append(text)
        return [] if self.state in (State.LISTENING, State.THINKING) else self._rest()

    def _tell(self, outcome: Outcome | AssistantError) -> list[Command]:
        commands = self._stop_clocks()
        self._settle(self.turn, outcome)
        match outcome:
            case AssistantError():
                return [*commands, ev.Earcon(sound=Sound.ERROR), *self._say_error(outcome)]
            case Reply():
                return commands + self._reply(outcome)
            case Ask() | Confirm():
                if isinstance(outcome, Confirm):
                    self.memory.keep(outcome)
                self.pending = outcome
                return commands + self._say(outcome.text, outcome.card)
            case _:
                assert_never(outcome)

    def _reply(self, reply: Reply) -> list[Command]:
        if reply.card.is_for_parked and not self.memory.is_parked:
            return self._say_phrase("only_parked")
        self.memory.keep(reply)
        text, self.memory.rest = reply.text, reply.rest
        action = reply.action
        if action is None:
            if not reply.rest:
                text, self.memory.rest = budget(reply.text)
                text += f" {self.wording.phrase('more')}" if self.memory.rest else ""
            return self._say(text or self._done_text, reply.card)
        if action.kind not in CALLS:
            return self._carry_out(action, text)
        if not self._sure:
            self.pending = Confirm(text=reply.confirm, card=reply.card, action=action)
            return self._say(reply.confirm, reply.card)
        self.pending = CancelWindow(action=action, card=reply.card, confirm=reply.confirm)
        return self._say(text, reply.card)

    # --- speaking ------------------------------------------------------------------------------

    def _speech_done(self, now: datetime) -> list[Command]:
        if self.pending and self._news and self.memory.rings_in:
            return self._tell_news(self._news)
        if isinstance(self.pending, CancelWindow):
            self._window_end = now + timedelta(seconds=CANCEL_WINDOW_S)
            return [ev.Earcon(sound=Sound.LISTENING), *self._await_objection(now)]
        if self.pending or self._reopen or self.memory.rings_in:
            self._reopen = False
            return [ev.Earcon(sound=Sound.LISTENING), *self._listen()]
        return self._rest()

    # --- clocks, devices ----------------------------------------------------------------------

    def _timer(self, timer: Timer, now: datetime) -> list[Command]:
        match self.state, timer:
            case State.LISTENING, Timer.NO_INPUT:
                return [ev.StopListening(discard=True), *self._nothing_heard(self.turn, now)]
            case State.LISTENING, Timer.CANCEL_WINDOW if isinstance(self.pending, CancelWindow):
                discard = ev.StopListening(discard=True)
                return [discard, *self._carry_out(self.pending.action)]
            case State.THINKING, Timer.WORKING:
                return [ev.Earcon(sound=Sound.WORKING)]
            case State.THINKING, Timer.TOO_SLOW:
                return self._too_slow()
            case _:
                return []

    def _device_failed(self, error: AssistantError) -> list[Command]:
        """Said at once, unless the driver is being listened to by another device or in a call."""
        is_deaf = self.state is State.LISTENING and isinstance(error, MicrophoneLost)
        if self.state is State.ASLEEP or is_deaf:
            return [*self._begin_turn(), ev.Earcon(sound=Sound.ERROR), *self._say_error(error)]
        return [ev.Show(card=self._card(Glyph.ERROR, self.wording.error(error)))]
