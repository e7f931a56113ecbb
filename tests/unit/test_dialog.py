"""The dialogue: events in, commands out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core import events as ev
from assistant.core.dialog import CANCEL_WINDOW_S, Dialog
from assistant.core.events import Command, Scope, Sound, Timer
from assistant.core.model import Hypothesis, Interpretation
from assistant.core.outcome import Action, Ask, Card, Choice, Confirm, Glyph, Reply
from assistant.core.questions import CancelWindow
from assistant.core.states import ANSWERED, EVENTS, IGNORED, State
from assistant.core.wording import Wording
from assistant.errors import MicrophoneLost, NoNumber, Unreachable

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CARD = Card(glyph=Glyph.INFO, lines=("x",))
CALL = Action(kind="call", target="tel:+447700900123", name="Anna Weber", backend="dryrun")
CODE = Reply(text="ABCD", card=Card(glyph=Glyph.INFO, lines=("ABCD",), is_for_parked=True))
CALLING = Reply(text="Calling Anna.", card=CARD, action=CALL, confirm="Call Anna?")


class Keys(dict[str, str]):
    """Every sentence is its own key."""

    def __missing__(self, key: str) -> str:
        return key


@pytest.fixture
def dialog() -> Dialog:
    return Dialog(Wording("en-GB", Keys(), Keys(), Keys()))


def feed(dialog: Dialog, *events: ev.Event) -> list[Command]:
    return [command for event in events for command in dialog.handle(event, NOW)]


def press(dialog: Dialog) -> list[Command]:
    return feed(dialog, ev.ButtonDown(), ev.ButtonUp(held_s=0.1))


def hear(dialog: Dialog, *intents: str, confidence: float = 1.0) -> list[Command]:
    readings = tuple(Interpretation(intent=i) for i in intents)
    heard = Hypothesis(text=" ".join(intents) or "mumble", confidence=confidence)
    return feed(dialog, ev.Heard(turn=dialog.turn, hypothesis=heard, readings=readings))


def done(dialog: Dialog, outcome: object) -> list[Command]:
    return feed(dialog, ev.ActionDone(turn=dialog.turn, outcome=outcome))  # type: ignore[arg-type]


def spoken(commands: list[Command]) -> list[str]:
    """Lower-case, as the sentence that begins with a key is capitalised."""
    return [c.text.lower() for c in commands if isinstance(c, ev.Speak)]


def orders(commands: list[Command]) -> list[object]:
    return [c.order for c in commands if isinstance(c, ev.Act)]


def announce(dialog: Dialog) -> None:
    """Up to the open cancel window of a call."""
    press(dialog)
    hear(dialog, "call.person")
    assert spoken(done(dialog, CALLING)) == ["calling anna."]
    feed(dialog, ev.SpeechDone())


def test_every_pair_of_state_and_event_is_decided() -> None:
    for state in State:
        assert ANSWERED[state] | IGNORED[state] == EVENTS
        assert not ANSWERED[state] & IGNORED[state]


def test_a_press_listens_and_a_reply_is_spoken(dialog: Dialog) -> None:
    commands = press(dialog)
    assert any(isinstance(c, ev.Listen) and c.scope is Scope.IDLE for c in commands)
    assert orders(hear(dialog, "calendar.next")) == [Interpretation(intent="calendar.next")]
    assert spoken(done(dialog, Reply(text="Next is lunch.", card=CARD))) == ["next is lunch."]
    feed(dialog, ev.SpeechDone())
    assert dialog.state is State.ASLEEP


def test_a_call_waits_for_the_cancel_window(dialog: Dialog) -> None:
    announce(dialog)
    fired = ev.TimerFired(turn=dialog.turn, timer=Timer.CANCEL_WINDOW)
    assert orders(feed(dialog, fired)) == [CALL]
    assert orders(feed(dialog, fired)) == [], "never twice"


@pytest.mark.parametrize("objection", ["session.no", "session.cancel"])
def test_no_in_the_cancel_window_stops_the_call(dialog: Dialog, objection: str) -> None:
    announce(dialog)
    assert spoken(hear(dialog, objection)) == ["cancelled"]
    fired = ev.TimerFired(turn=dialog.turn, timer=Timer.CANCEL_WINDOW)
    assert orders(feed(dialog, ev.SpeechDone(), fired)) == []


def test_the_button_in_the_cancel_window_stops_the_call(dialog: Dialog) -> None:
    announce(dialog)
    commands = press(dialog)
    assert any(isinstance(c, ev.Listen) for c in commands)
    fired = ev.TimerFired(turn=dialog.turn, timer=Timer.CANCEL_WINDOW)
    assert orders(feed(dialog, fired)) == []


def test_somebody_talking_in_the_cancel_window_is_asked(dialog: Dialog) -> None:
    announce(dialog)
    stopped = feed(dialog, ev.SpeechStarted(turn=dialog.turn))
    assert ev.StopTimer(timer=Timer.CANCEL_WINDOW) in stopped
    assert spoken(hear(dialog)) == ["call anna?"]
    feed(dialog, ev.SpeechDone())
    assert orders(hear(dialog, "session.yes")) == [CALL]


def test_an_unsure_call_is_asked_first(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "call.person", confidence=0.4)
    assert spoken(done(dialog, CALLING)) == ["call anna?"]
    feed(dialog, ev.SpeechDone())
    assert orders(hear(dialog, "calendar.next")) != [CALL]


def test_choices_are_heard_and_merged(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "call.person")
    asked = Interpretation(intent="call.person", slots={"person": "anna"})
    choices = tuple(Choice(label=n, slots={"person": n}) for n in ("Anna Weber", "Anna Lind"))
    done(dialog, Ask(text="Which?", card=CARD, interpretation=asked, choices=choices))
    listen = next(c for c in feed(dialog, ev.SpeechDone()) if isinstance(c, ev.Listen))
    assert listen.scope is Scope.QUESTION
    assert listen.choices == ("Anna Weber", "Anna Lind")
    second = Interpretation(intent="session.choose", slots={"choice": -1})
    heard = ev.Heard(
        turn=dialog.turn, hypothesis=Hypothesis(text="the other one"), readings=(second,)
    )
    assert orders(feed(dialog, heard)) == [
        Interpretation(intent="call.person", slots={"person": "Anna Lind"})
    ]


def test_a_change_needs_a_yes(dialog: Dialog) -> None:
    move = Action(kind="move", target="uid-1")
    press(dialog)
    hear(dialog, "calendar.move")
    done(dialog, Confirm(text="Move it?", card=CARD, action=move, done="Moved."))
    feed(dialog, ev.SpeechDone())
    assert orders(hear(dialog, "session.yes")) == [move]
    assert spoken(done(dialog, Reply(text="", card=CARD))) == ["moved."]


@pytest.mark.parametrize(
    ("act", "is_done"), [("call", False), ("message", False), ("cancel", True)]
)
def test_a_yes_allows_what_it_names_and_nothing_else(
    dialog: Dialog, act: str, is_done: bool
) -> None:
    press(dialog)
    hear(dialog, "calendar.cancel")
    action = Action(kind="cancel", target="x")
    done(dialog, Confirm(text="Cancel it?", card=CARD, action=action))
    feed(dialog, ev.SpeechDone())
    yes = Interpretation(intent="session.yes", slots={"act": act})
    heard = Hypothesis(text="yes", confidence=1.0)
    commands = feed(dialog, ev.Heard(turn=dialog.turn, hypothesis=heard, readings=(yes,)))
    assert orders(commands) == ([action] if is_done else [])


def test_half_a_yes_allows_nothing(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "calendar.cancel")
    done(dialog, Confirm(text="Cancel it?", card=CARD, action=Action(kind="cancel", target="x")))
    feed(dialog, ev.SpeechDone())
    more = Interpretation(intent="session.yes", left=Interpretation(intent="session.no"))
    for yes in (Interpretation(intent="session.yes", score=0.8), more):
        heard = Hypothesis(text="yes or", confidence=1.0)
        commands = feed(dialog, ev.Heard(turn=dialog.turn, hypothesis=heard, readings=(yes,)))
        assert orders(commands) == []
        feed(dialog, ev.SpeechDone())


def test_a_question_is_asked_again_once_then_left(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "calendar.move")
    done(dialog, Confirm(text="Move it?", card=CARD, action=Action(kind="move", target="u")))
    feed(dialog, ev.SpeechDone())
    assert spoken(hear(dialog)) == ["move it?"]
    feed(dialog, ev.SpeechDone())
    assert spoken(feed(dialog, ev.NothingHeard(turn=dialog.turn))) == ["gave_up"]
    assert dialog.pending is None


def test_a_misheard_sentence_is_asked_again_once(dialog: Dialog) -> None:
    press(dialog)
    assert spoken(hear(dialog)) == ["not_understood"]
    assert any(isinstance(c, ev.Listen) for c in feed(dialog, ev.SpeechDone()))
    assert spoken(hear(dialog)) == ["way_out"]
    assert not any(isinstance(c, ev.Listen) for c in feed(dialog, ev.SpeechDone()))


def test_what_was_not_understood_is_named(dialog: Dialog) -> None:
    press(dialog)
    reading = Interpretation(intent="call.person", missing=("person",))
    heard = ev.Heard(turn=dialog.turn, hypothesis=Hypothesis(text="call"), readings=(reading,))
    assert spoken(feed(dialog, heard)) == ["missing_person"]
    feed(dialog, ev.SpeechDone())
    answer = Interpretation(intent="session.answer", slots={"person": "Anna"})
    heard = ev.Heard(turn=dialog.turn, hypothesis=Hypothesis(text="anna"), readings=(answer,))
    assert orders(feed(dialog, heard)) == [
        Interpretation(intent="call.person", slots={"person": "Anna"})
    ]


def test_barge_in_hushes_first(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "calendar.agenda")
    done(dialog, Reply(text="A long story.", card=CARD))
    commands = press(dialog)
    assert isinstance(commands[0], ev.Hush)
    assert any(isinstance(c, ev.Listen) for c in commands)


def test_a_stale_answer_is_dropped(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "calendar.agenda")
    old = dialog.turn
    press(dialog)
    late = ev.ActionDone(turn=old, outcome=Reply(text="Too late.", card=CARD))
    assert feed(dialog, late) == []


def test_the_outcome_of_a_change_is_told_even_when_late(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "calendar.move")
    done(dialog, Confirm(text="Move?", card=CARD, action=Action(kind="move", target="u")))
    feed(dialog, ev.SpeechDone())
    hear(dialog, "session.yes")
    old = dialog.turn
    feed(dialog, ev.ButtonDown(), ev.ButtonDown())
    late = ev.ActionDone(turn=old, outcome=Unreachable("calendar"))
    assert spoken(feed(dialog, late)) == ["unreachable"]


def test_errors_are_said_and_shown(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "call.person")
    commands = done(dialog, NoNumber("Ben"))
    assert ev.Earcon(sound=Sound.ERROR) in commands
    assert spoken(commands) == ["no_number"]
    assert [c.card.glyph for c in commands if isinstance(c, ev.Show)] == [Glyph.ERROR]


def test_an_incoming_call_is_announced_and_answered_by_the_button(dialog: Dialog) -> None:
    ring = ev.Ringing(uri="tel:+447700900123", name="Anna Weber", incoming=True)
    assert spoken(feed(dialog, ring)) == ["incoming"]
    listen = next(c for c in feed(dialog, ev.SpeechDone()) if isinstance(c, ev.Listen))
    assert listen.scope is Scope.RINGING
    feed(dialog, ev.NothingHeard(turn=dialog.turn))
    assert orders(press(dialog)) == [Interpretation(intent="call.answer")]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (ev.Ended(uri="tel:1", reason=ev.EndReason.NO_ANSWER), State.ASLEEP),
        (ev.Connected(uri="tel:1"), State.IN_CALL),
    ],
    ids=["gave up", "answered on the telephone"],
)
def test_nobody_is_listened_to_when_there_is_nobody_to_answer(
    dialog: Dialog, event: ev.Event, state: State
) -> None:
    feed(dialog, ev.Ringing(uri="tel:1", incoming=True), ev.SpeechDone())
    assert dialog.state is State.LISTENING
    assert ev.StopListening(discard=True) in feed(dialog, event)
    assert dialog.state is state


def test_who_speaks_while_a_caller_gives_up_is_heard_to_the_end(dialog: Dialog) -> None:
    press(dialog)
    ended = ev.Ended(uri="tel:1", reason=ev.EndReason.NO_ANSWER)
    commands = feed(dialog, ev.Ringing(uri="tel:1", incoming=True), ended)
    assert ev.StopListening(discard=True) not in commands
    assert orders(hear(dialog, "calendar.next"))


def test_a_long_press_declines_a_caller(dialog: Dialog) -> None:
    feed(dialog, ev.Ringing(uri="tel:+447700900123", name="Anna Weber", incoming=True))
    commands = feed(dialog, ev.SpeechDone(), ev.NothingHeard(turn=dialog.turn))
    assert not orders(commands)
    held = feed(dialog, ev.ButtonDown(), ev.ButtonUp(held_s=1.5))
    assert orders(held) == [Interpretation(intent="call.decline")]


def test_in_a_call_nothing_is_said_unasked(dialog: Dialog) -> None:
    feed(dialog, ev.Ringing(uri="tel:1", name="Anna"), ev.Connected(uri="tel:1", name="Anna"))
    assert dialog.state is State.IN_CALL
    assert spoken(feed(dialog, ev.DeviceFailed(error=MicrophoneLost("usb")))) == []
    listen = next(c for c in press(dialog) if isinstance(c, ev.Listen))
    assert listen.scope is Scope.CALL


def test_after_a_call_the_next_meeting_is_named(dialog: Dialog) -> None:
    feed(dialog, ev.Connected(uri="tel:1", name="Anna"))
    ended = ev.Ended(uri="tel:1", reason=ev.EndReason.HANG_UP)
    assert orders(feed(dialog, ended)) == [Interpretation(intent="call.after")]


def test_a_failed_call_is_told_with_its_reason(dialog: Dialog) -> None:
    feed(dialog, ev.Ringing(uri="tel:1", name="Anna"))
    ended = ev.Ended(uri="tel:1", reason=ev.EndReason.BUSY)
    assert spoken(feed(dialog, ended)) == ["ended_busy"]


ANNA, BEN = "tel:+447700900123", "tel:+447700900456"
UP = (ev.Ringing(uri=ANNA, name="Anna"), ev.Connected(uri=ANNA, name="Anna"))
BEN_RINGS = ev.Ringing(uri=BEN, name="Ben", incoming=True)


def test_a_second_caller_waits_with_a_tone_and_a_card_and_no_word(dialog: Dialog) -> None:
    feed(dialog, *UP)
    commands = feed(dialog, BEN_RINGS)
    assert ev.Earcon(sound=Sound.CALL) in commands
    assert [c.card.lines for c in commands if isinstance(c, ev.Show)] == [("waiting",)]
    assert not spoken(commands)
    listen = next(c for c in press(dialog) if isinstance(c, ev.Listen))
    assert listen.scope is Scope.CALL
    assert orders(hear(dialog, "call.answer")) == [Interpretation(intent="call.answer")]


def test_calls_change_places_and_the_end_of_one_returns_to_the_other(dialog: Dialog) -> None:
    feed(dialog, *UP, BEN_RINGS, ev.Connected(uri=BEN))
    memory = dialog.memory
    assert memory.call and memory.call.name == "Ben"
    assert memory.held and memory.held.name == "Anna" and memory.held.is_held
    feed(dialog, ev.Connected(uri=ANNA))
    assert memory.call.name == "Anna" and not memory.call.is_held
    assert memory.held.name == "Ben"
    ended = feed(dialog, ev.Ended(uri=ANNA, reason=ev.EndReason.HANG_UP))
    assert memory.call.name == "Ben" and memory.call.is_held and memory.held is None
    assert spoken(ended) == ["still_held"] and not orders(ended)
    feed(dialog, ev.Connected(uri=BEN))
    assert not memory.call.is_held
    assert dialog.state is State.IN_CALL


def test_a_held_call_that_comes_back_before_the_end_of_the_other_is_told_needs_no_word(
    dialog: Dialog,
) -> None:
    feed(dialog, *UP, BEN_RINGS, ev.Connected(uri=BEN))
    back = feed(dialog, ev.Connected(uri=ANNA))
    ended = feed(dialog, ev.Ended(uri=BEN, reason=ev.EndReason.HANG_UP))
    assert not spoken(back + ended)
    assert dialog.memory.call and dialog.memory.call.name == "Anna"
    assert not dialog.memory.call.is_held and dialog.memory.held is None


def test_a_waiting_caller_who_gives_up_was_missed(dialog: Dialog) -> None:
    feed(dialog, *UP, BEN_RINGS, ev.Ended(uri=BEN, reason=ev.EndReason.NO_ANSWER))
    memory = dialog.memory
    assert memory.call and memory.call.name == "Anna" and memory.waiting is None
    assert memory.missed_call and memory.missed_call.target == BEN


def test_a_waiting_caller_rings_on_when_the_call_ends(dialog: Dialog) -> None:
    feed(dialog, *UP, BEN_RINGS)
    assert spoken(feed(dialog, ev.Ended(uri=ANNA, reason=ev.EndReason.HANG_UP))) == ["incoming"]
    assert dialog.memory.rings_in


def test_muting_and_holding_are_known_once_the_line_has_obeyed(dialog: Dialog) -> None:
    feed(dialog, *UP)
    for kind in ("mute", "hold"):
        press(dialog)
        hear(dialog, f"call.{kind}")
        done(dialog, Reply(text=kind, card=CARD, action=Action(kind=kind, target="")))
        assert dialog.memory.call and not getattr(dialog.memory.call, f"is_{_past(kind)}")
        done(dialog, Reply(text="", card=CARD))
        assert getattr(dialog.memory.call, f"is_{_past(kind)}")
        feed(dialog, ev.SpeechDone())


def _past(kind: str) -> str:
    return {"mute": "muted", "hold": "held"}[kind]


def test_a_caller_in_the_cancel_window_stops_the_announced_call(dialog: Dialog) -> None:
    announce(dialog)
    assert spoken(feed(dialog, BEN_RINGS)) == ["incoming"]
    window = ev.TimerFired(turn=dialog.turn - 1, timer=Timer.CANCEL_WINDOW)
    assert orders(feed(dialog, window)) == []
    feed(dialog, ev.Ended(uri=BEN, reason=ev.EndReason.NO_ANSWER), ev.SpeechDone())
    assert dialog.state is State.ASLEEP and dialog.pending is None


def test_a_call_that_fails_before_the_order_has_returned_is_told_afterwards(
    dialog: Dialog,
) -> None:
    announce(dialog)
    window = ev.TimerFired(turn=dialog.turn, timer=Timer.CANCEL_WINDOW)
    assert orders(feed(dialog, window)) == [CALL]
    feed(dialog, ev.Ended(uri=CALL.target, reason=ev.EndReason.BUSY))
    (order,) = orders(done(dialog, Reply(text="", card=CARD)))
    assert isinstance(order, Interpretation) and order.intent == "call.failed"
    assert order.slots["reason"] == "busy"


def test_the_end_of_one_call_is_not_told_into_the_next(dialog: Dialog) -> None:
    announce(dialog)
    feed(dialog, ev.Connected(uri=ANNA), ev.Ended(uri=ANNA, reason=ev.EndReason.HANG_UP))
    feed(dialog, ev.TimerFired(turn=dialog.turn, timer=Timer.CANCEL_WINDOW))
    commands = done(dialog, Reply(text="", card=CARD))
    assert not orders(commands) and not spoken(commands)
    assert dialog.state is State.ASLEEP


PARKED, MOVING = ev.MotionChanged(is_parked=True), ev.MotionChanged(is_parked=False)


def test_what_is_for_parked_drivers_ends_when_they_set_off(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "session.sign_in")
    assert spoken(done(dialog, CODE)) == ["only_parked"]
    feed(dialog, ev.SpeechDone(), PARKED)
    press(dialog)
    hear(dialog, "session.sign_in")
    assert spoken(done(dialog, CODE)) == ["abcd"]
    feed(dialog, ev.SpeechDone())
    press(dialog)
    assert spoken(hear(dialog, "session.repeat")) == ["abcd"]
    assert isinstance(feed(dialog, MOVING)[0], ev.Hush)
    assert dialog.state is State.ASLEEP
    press(dialog)
    assert spoken(hear(dialog, "session.repeat")) == ["nothing_to_repeat"]


class Clock:
    """A dialogue in its own time: timers fire when they are due, as the loop's do."""

    def __init__(self) -> None:
        self.dialog = Dialog(Wording("en-GB", Keys(), Keys(), Keys()))
        self.now_s = 0.0
        self.window_since_s: float | None = None
        """When the driver could begin to object; None where nothing has been announced."""
        self.dialled_at_s: list[float] = []
        self._timers: dict[Timer, tuple[int, float]] = {}

    def wait(self, seconds: float) -> None:
        until = self.now_s + seconds
        while due := [(at, t) for t, (_, at) in self._timers.items() if at <= until]:
            at, timer = min(due)
            self.now_s = max(self.now_s, at)
            turn, _ = self._timers.pop(timer)
            self.feed(ev.TimerFired(turn=turn, timer=timer))
        self.now_s = until

    def feed(self, event: ev.Event) -> None:
        for command in self.dialog.handle(event, NOW + timedelta(seconds=self.now_s)):
            match command:
                case ev.SetTimer():
                    self._timers[command.timer] = (command.turn, self.now_s + command.after_s)
                case ev.StopTimer():
                    self._timers.pop(command.timer, None)
                case ev.Act(order=Action(kind="call")):
                    self._dialled(event)
                case ev.Speak():
                    self.window_since_s = None
        is_open = isinstance(self.dialog.pending, CancelWindow)
        if is_open and isinstance(event, ev.SpeechDone) and self.window_since_s is None:
            self.window_since_s = self.now_s

    def _dialled(self, event: ev.Event) -> None:
        said_yes = isinstance(event, ev.Heard) and event.readings[0].intent == "session.yes"
        waited_s = self.now_s - self.window_since_s if self.window_since_s is not None else 0.0
        assert said_yes or waited_s >= CANCEL_WINDOW_S - 1e-6
        self.window_since_s = None
        self.dialled_at_s.append(self.now_s)


IN_THE_WINDOW = ("silence", "started", "", "session.no", "session.yes", ev.ButtonDown())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1.5), st.sampled_from(IN_THE_WINDOW)), max_size=8))
def test_nothing_is_sent_before_the_window_ends_and_nothing_twice(
    steps: list[tuple[float, object]],
) -> None:
    clock = Clock()
    for event in (ev.ButtonDown(), ev.ButtonUp(held_s=0.1), "call.person", CALLING):
        clock.feed(_event(clock.dialog, event, 0))
    clock.feed(ev.SpeechDone())
    for delay_s, step in steps:
        clock.wait(delay_s)
        clock.feed(_event(clock.dialog, step, 0))
        clock.feed(ev.SpeechDone())
    clock.wait(30)
    assert len(clock.dialled_at_s) <= 1
    if not steps:
        assert clock.dialled_at_s == [CANCEL_WINDOW_S]


def test_a_cough_in_the_cancel_window_does_not_shorten_it() -> None:
    clock = Clock()
    for event in (ev.ButtonDown(), ev.ButtonUp(held_s=0.1), "call.person", CALLING):
        clock.feed(_event(clock.dialog, event, 0))
    clock.feed(ev.SpeechDone())
    clock.wait(0.3)
    clock.feed(_event(clock.dialog, "started", 0))
    clock.wait(0.3)
    clock.feed(_event(clock.dialog, "silence", 0))
    clock.wait(5)
    assert clock.dialled_at_s == [CANCEL_WINDOW_S]


INTENTS = (
    "calendar.next",
    "call.person",
    "session.yes",
    "session.no",
    "session.cancel",
    "session.repeat",
    "session.more",
    "session.private",
)
OUTCOMES = (
    Reply(text="Hello.", card=CARD),
    CALLING,
    Confirm(text="Sure?", card=CARD, action=Action(kind="move", target="u")),
    Ask(text="Which?", card=CARD, interpretation=Interpretation(intent="call.person")),
    Unreachable("calendar"),
    CODE,
)
STEPS = st.one_of(
    st.sampled_from(
        [
            ev.ButtonDown(),
            ev.ButtonUp(held_s=0.1),
            ev.ButtonUp(held_s=2.0),
            ev.SpeechDone(),
            ev.Ringing(uri="tel:1", incoming=True),
            ev.Connected(uri="tel:1"),
            ev.Ended(uri="tel:1", reason=ev.EndReason.HANG_UP),
            ev.Ended(uri="tel:1", reason=ev.EndReason.NO_ANSWER),
            ev.Ringing(uri="tel:2", incoming=True),
            ev.Connected(uri="tel:2"),
            ev.Ended(uri="tel:2", reason=ev.EndReason.LOST),
            ev.DeviceFailed(error=MicrophoneLost("usb")),
            ev.DeviceBack(kind="microphone", device="usb"),
            ev.MotionChanged(is_parked=True),
            ev.MotionChanged(is_parked=False),
            ev.Tapped(interpretation=Interpretation(intent="call.join")),
        ]
    ),
    st.sampled_from([*INTENTS, "", "silence", "started"]),
    st.sampled_from(list(Timer)),
    st.sampled_from(OUTCOMES),
)


def _event(dialog: Dialog, step: object, old: int) -> ev.Event:
    turn = dialog.turn - old
    match step:
        case "silence":
            return ev.NothingHeard(turn=turn)
        case "started":
            return ev.SpeechStarted(turn=turn)
        case Timer():
            return ev.TimerFired(turn=turn, timer=step)
        case str():
            readings = (Interpretation(intent=step),) if step else ()
            return ev.Heard(turn=turn, hypothesis=Hypothesis(text=step), readings=readings)
        case Reply() | Confirm() | Ask() | Unreachable():
            return ev.ActionDone(turn=turn, outcome=step)
        case _:
            return step  # type: ignore[return-value]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from([0, 0, 0, 1])), max_size=40))
def test_what_must_hold_in_every_drive(steps: list[tuple[object, int]]) -> None:
    """Never raises; listens only with a timer and after Hush; dials only what was announced;
    tells nothing that is for a parked driver to another."""
    dialog = Dialog(Wording("en-GB", Keys(), Keys(), Keys()))
    announced = False
    for step, old in steps:
        commands = dialog.handle(_event(dialog, step, old), NOW)
        kinds = [type(c) for c in commands]
        if ev.Listen in kinds:
            assert ev.SetTimer in kinds
            assert kinds.index(ev.Listen) < kinds.index(ev.SetTimer)
        if isinstance(step, ev.ButtonDown):
            assert kinds[0] is ev.Hush
        assert dialog.memory.is_parked or "abcd" not in spoken(commands)
        announced |= bool({"calling anna.", "call anna?"} & set(spoken(commands)))
        for order in orders(commands):
            if isinstance(order, Action) and order.kind == "call":
                assert announced
                announced = False
        assert (ev.Speak in kinds) == (dialog.state is State.SPEAKING and bool(spoken(commands)))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("session.yes", "call.answer"),
        ("session.no", "call.decline"),
        ("session.cancel", "call.decline"),
        ("call.hangup", "call.decline"),
    ],
)
def test_a_ringing_call_is_a_question(dialog: Dialog, said: str, meant: str) -> None:
    feed(dialog, ev.Ringing(uri=CALL.target, name="Anna", incoming=True), ev.SpeechDone())
    assert dialog.state is State.LISTENING
    assert orders(hear(dialog, said, confidence=0.5)) == [], "half a word"
    feed(dialog, ev.SpeechDone())
    assert orders(hear(dialog, said)) == [Interpretation(intent=meant)]


def test_a_yes_to_something_else_answers_no_call(dialog: Dialog) -> None:
    feed(dialog, ev.Ringing(uri=CALL.target, name="Anna", incoming=True), ev.SpeechDone())
    yes = Interpretation(intent="session.yes", slots={"act": "message"})
    heard = Hypothesis(text="send it", confidence=1.0)
    commands = feed(dialog, ev.Heard(turn=dialog.turn, hypothesis=heard, readings=(yes,)))
    assert orders(commands) == []


def test_who_calls_during_a_question_is_announced_and_no_yes_is_meant_for_it(
    dialog: Dialog,
) -> None:
    press(dialog)
    hear(dialog, "calendar.cancel")
    done(dialog, Confirm(text="Cancel it?", card=CARD, action=Action(kind="cancel", target="x")))
    feed(dialog, ev.SpeechDone())
    ringing = feed(dialog, ev.Ringing(uri=CALL.target, name="Anna", incoming=True))
    assert spoken(ringing) == ["cancelled incoming"]
    feed(dialog, ev.SpeechDone())
    assert orders(hear(dialog, "session.yes")) == [Interpretation(intent="call.answer")]


def test_who_calls_while_an_announcement_is_prepared_is_announced_first(dialog: Dialog) -> None:
    press(dialog)
    hear(dialog, "call.person")
    feed(dialog, ev.Ringing(uri="tel:+1", name="Ben", incoming=True))
    done(dialog, CALLING)
    assert spoken(feed(dialog, ev.SpeechDone())) == ["incoming"]
    assert dialog.pending is None
