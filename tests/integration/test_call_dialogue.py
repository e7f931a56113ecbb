"""The dialogue on real SIP calls: announced, waiting, swapped, ended, failed and offered again.

Everything below the sentence is real: dialogue, actions, line, baresip on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from parts import eventually
from sip.car import direct
from sip.peer import Peer, peer
from sip.scenario import refusing, scenario

from assistant.actions.selection import exactly
from assistant.actions.world import World
from assistant.assembly import build_locale
from assistant.core import events as ev
from assistant.core.dialog import Dialog
from assistant.core.model import (
    CalendarCopy,
    Contact,
    Hypothesis,
    Interpretation,
    NumberKind,
    PhoneNumber,
)
from assistant.core.outcome import Context
from assistant.core.wording import Wording
from assistant.door import perform
from assistant.services.calls.sip import SipLine

pytestmark = pytest.mark.usefixtures("no_threads_left")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Drive:
    """The loop without microphone and voice: what is spoken is heard to the end at once."""

    def __init__(self, voice: Path) -> None:
        locale = build_locale("en-GB")
        self._wording = Wording(locale.tag, locale.replies, locale.phrases, locale.errors)
        self._inbox: SimpleQueue[ev.Event] = SimpleQueue()
        self.dialog = Dialog(self._wording)
        self.people: list[Contact] = []
        self.spoken: list[str] = []
        self.cards: list[str] = []
        settings = direct(voice)
        self.address = settings["account"]
        self.line = SipLine(settings, self._inbox.put)
        self._lines = [self.line]

    @contextmanager
    def second_line(self, voice: Path) -> Iterator[str]:
        """Gives its address."""
        settings = direct(voice)
        with closing(SipLine(settings, self._inbox.put)) as line:
            eventually(lambda: line.can("sip:anybody@example.org"), "second line", 30)
            self._lines.append(line)
            yield settings["account"]

    def say(self, intent: str, **slots: object) -> None:
        """Press, speak, and let the cancel window pass."""
        self._feed(ev.ButtonDown(), ev.ButtonUp(held_s=0.1))
        self.answer(intent, **slots)
        self._feed(ev.TimerFired(turn=self.dialog.turn, timer=ev.Timer.CANCEL_WINDOW))

    def answer(self, intent: str, **slots: object) -> None:
        readings = (Interpretation(intent=intent, slots=slots),)
        heard = Hypothesis(text=intent)
        self._feed(ev.Heard(turn=self.dialog.turn, hypothesis=heard, readings=readings))

    def until(self, probe: Callable[[], object], what: str) -> None:
        eventually(lambda: (self._run(), probe())[1], what, 15)

    def in_call_with(self, uri: str) -> None:
        memory = self.dialog.memory

        def is_spoken_in() -> bool:
            call = memory.call
            return call is not None and call.uri == uri and memory.in_call and not call.is_held

        self.until(is_spoken_in, f"call with {uri}")

    def knows(self, name: str, *uris: str) -> None:
        numbers = tuple(PhoneNumber(kind=NumberKind.SIP, uri=uri) for uri in uris)
        self.people.append(Contact(name=name, numbers=numbers))

    def _feed(self, *events: ev.Event) -> None:
        for event in events:
            self._inbox.put(event)
        self._run()

    def _run(self) -> None:
        while True:
            try:
                event = self._inbox.get_nowait()
            except Empty:
                return
            for command in self.dialog.handle(event, NOW):
                self._do(command)

    def _do(self, command: ev.Command) -> None:
        match command:
            case ev.Act():
                outcome = perform(command, self._world)
                self._inbox.put(ev.ActionDone(turn=command.turn, outcome=outcome))
            case ev.Speak():
                self.spoken.append(command.text)
                self._inbox.put(ev.SpeechDone())
            case ev.Show():
                self.cards += command.card.lines

    def _world(self, context: Context) -> World:
        return World(
            now=NOW,
            calendar=CalendarCopy(appointments=(), as_of=NOW),
            people=self.people,
            wording=self._wording,
            context=context,
            lines=self._lines,
        )


@pytest.fixture
def drive(voice: Path) -> Iterator[Drive]:
    one = Drive(voice)
    with closing(one.line):
        eventually(lambda: one.line.can("sip:anybody@example.org"), "line that is ready", 30)
        yield one


@pytest.fixture
def bob(far: Peer) -> Peer:
    return far


def call_bob(drive: Drive, bob: Peer) -> None:
    drive.knows("Bob", bob.uri)
    drive.say("call.person", person=exactly("Bob"))
    bob.expect("CALL_INCOMING")
    bob.order("accept")
    drive.in_call_with(bob.uri)
    assert drive.spoken == ["Calling Bob."]


def test_two_calls_by_voice_from_the_first_word_to_the_last(
    drive: Drive, bob: Peer, tmp_path: Path, voice: Path
) -> None:
    call_bob(drive, bob)
    with peer(tmp_path / "carl", voice, name="carl") as carl:
        carl.order("dial", drive.address)
        drive.until(lambda: drive.dialog.memory.waiting, "waiting caller")
        assert any(line.endswith("is waiting.") for line in drive.cards)
        assert drive.spoken == ["Calling Bob."]
        drive.say("call.answer")
        drive.in_call_with(carl.uri)
        drive.say("call.resume")
        drive.in_call_with(bob.uri)
        bob.order("hangup")
        drive.in_call_with(carl.uri)
        drive.say("call.hangup")
        drive.until(lambda: drive.dialog.memory.call is None, "end of the last call")
        carl.expect("CALL_CLOSED")


def test_a_call_on_hold_is_ended_by_hanging_up(drive: Drive, bob: Peer) -> None:
    call_bob(drive, bob)
    drive.say("call.hold")
    assert drive.dialog.memory.call and drive.dialog.memory.call.is_held
    drive.say("call.hangup")
    bob.expect("CALL_CLOSED")
    drive.until(lambda: drive.dialog.memory.call is None, "end of the call")


def test_another_call_is_not_placed_over_the_first(drive: Drive, bob: Peer) -> None:
    call_bob(drive, bob)
    drive.knows("Eve", "sip:eve@127.0.0.1:9")
    drive.say("call.person", person=exactly("Eve"))
    assert drive.spoken[-1] == "You're already in a call."
    assert drive.dialog.memory.call and drive.dialog.memory.call.uri == bob.uri


def test_a_caller_is_announced_and_answered_by_voice(drive: Drive, bob: Peer) -> None:
    bob.order("dial", drive.address)
    drive.until(lambda: drive.spoken, "announcement")
    assert drive.spoken == ["Someone is calling."]
    drive.answer("call.answer")
    bob.expect("CALL_ESTABLISHED")
    drive.in_call_with(bob.uri)


def test_a_caller_is_declined_by_voice(drive: Drive, bob: Peer) -> None:
    bob.order("dial", drive.address)
    drive.until(lambda: drive.spoken, "announcement")
    drive.answer("call.decline")
    assert bob.expect("CALL_CLOSED")["param"].startswith("486")


def test_a_missed_call_is_called_back(drive: Drive, bob: Peer) -> None:
    bob.order("dial", drive.address)
    drive.until(lambda: drive.spoken, "announcement")
    bob.order("hangup")
    drive.until(lambda: drive.dialog.memory.missed_call, "missed call")
    drive.say("call.back")
    bob.expect("CALL_INCOMING")


def test_hanging_up_names_whoever_is_still_on_hold_on_another_line(
    drive: Drive, bob: Peer, tmp_path: Path, voice: Path
) -> None:
    """Two lines, a call on each: no line knows of the other's."""
    with peer(tmp_path / "carl", voice, name="carl") as carl, drive.second_line(voice) as address:
        call_bob(drive, bob)
        carl.order("dial", address)
        drive.until(lambda: drive.dialog.memory.waiting, "waiting caller")
        drive.say("call.answer")
        drive.in_call_with(carl.uri)
        carl.order("hangup")
        drive.until(lambda: drive.spoken[-1] != "Calling Bob.", "word about Bob")
        assert drive.spoken[-1] == "Bob is still on hold. Say resume."
        drive.say("call.resume")
        drive.in_call_with(bob.uri)


def test_a_busy_number_leads_to_the_next_one_after_a_yes(
    drive: Drive, bob: Peer, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        busy = stack.enter_context(scenario(tmp_path / "busy", refusing("486 Busy Here")))
        drive.knows("Bob", busy, bob.uri)
        drive.say("call.person", person=exactly("Bob"))
        drive.until(lambda: "Bob is busy." in drive.spoken[-1], "reason")
        assert "Shall I call Bob" in drive.spoken[-1]
        assert not bob.seen("CALL_INCOMING")
        drive.answer("session.yes")
        bob.expect("CALL_INCOMING")
