"""`roadcall drive`: the only loop. One queue of events in, the dialogue's commands out.

Decided here: who carries out which command, what a crash of a part means (said, shown, and the
rest goes on), and in which order things start and stop. Everything that blocks lives in a thread
of its own edge; this one only waits for events.
"""

from __future__ import annotations

import argparse
import logging
import queue
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from assistant.commands import Session
from assistant.core import events as ev
from assistant.core.events import Scope, Timer
from assistant.core.states import State
from assistant.devices.button import Button, build_switch, parse_settings
from assistant.devices.ducking import Ducking
from assistant.devices.microphone import Microphone
from assistant.devices.pulse import Watch, is_ear_worn
from assistant.devices.vehicle import Motion, Vehicle
from assistant.dials import Dials
from assistant.display.server import Display
from assistant.door import perform
from assistant.ears import Ears, say_like
from assistant.errors import AssistantError, ConfigError, EarWorn
from assistant.hearing import build_ears
from assistant.listener import Listener
from assistant.news import News
from assistant.screen import Screen
from assistant.service import only_one, tell_page, tell_ready
from assistant.services.textfile import data_folder
from assistant.signing import CarSignIn
from assistant.speech.spoken_names import SpokenNames
from assistant.speech.synthesizer import Synthesizer
from assistant.speech.voice import Voice

log = logging.getLogger(__name__)

TICK_S = 1.0
"""How often the page is brought up to date."""
REFRESH_S = 30.0
"""How often the calendar copy is read again."""
UNREAD_S = 2.0
"""The same while nothing has been read yet."""
OPEN_S = 2.0
"""A microphone that takes longer to open is not waited for."""
SYNC_S = 60.0
"""How often remote calendars are asked for changes."""


class Drive:
    """One drive, from start to stop."""

    def __init__(self, session: Session, inbox: queue.SimpleQueue[ev.Event | None]) -> None:
        """`inbox`: where the session's call lines report, maybe already; a SimpleQueue, because a
        signal may come while the loop holds the lock of any other."""
        self.session = session
        self.car = session.car
        self.dialog = session.car.new_dialog()
        self.inbox = inbox
        self._timers: dict[Timer, tuple[int, float]] = {}
        self._refresh_at = 0.0
        self._vehicle = Vehicle(session.car.config.vehicle)
        self._motion = Motion.MOVING
        self._news = News(session.car, session.calendars)

    def start(self, stack: ExitStack) -> None:
        """Open every device. Raises ConfigError for what makes driving impossible."""
        config = self.car.config
        self._synthesizer = stack.enter_context(
            Synthesizer(self.car.locale.tag, words_per_minute=config.rate_wpm, volume=config.volume)
        )
        self._dials = Dials(self._synthesizer, data_folder() / "voice.json")
        record = Path(config.record) if config.record else None
        self._voice = stack.enter_context(
            Voice(self._synthesizer, self.inbox.put, device=config.speaker, record=record)
        )
        self._microphone = stack.enter_context(
            Microphone(self.inbox.put, config.microphone, self._voice)
        )
        self._name_people()
        ears = build_ears(self.car)
        self._workers = stack.enter_context(ThreadPoolExecutor(2, thread_name_prefix="worker"))
        grammar = self._workers.submit(ears.prepare, Scope.IDLE)
        self._listener = stack.enter_context(
            Listener(self._microphone, ears, self.car, self.inbox.put)
        )
        self._ducking = stack.enter_context(Ducking(config.duck_db))
        stack.enter_context(Watch(self._look_soon))
        calendars = self.session.calendars
        if calendars.mirror:
            calendars.mirror.start(SYNC_S, self._news.notice)
        if calendars.books:
            calendars.books.start()
        self.car.sign_ins = stack.enter_context(CarSignIn(calendars, self.inbox.put))
        self._start_button(stack)
        self._screen = Screen(self.car, self.dialog)
        self._display = self._start_display(stack)
        self._microphone.wait_open(OPEN_S)
        grammar.result()

    def _start_button(self, stack: ExitStack) -> None:
        self._button: Button | None = None
        settings = parse_settings(self.car.config.button)
        if settings.source == "web":
            return
        self._button = stack.enter_context(Button(build_switch(settings), self.inbox.put))

    def _start_display(self, stack: ExitStack) -> Display | None:
        """The page is worth having, but a drive goes on without it."""
        if not self.car.config.display_port:
            return None
        try:
            display = Display("127.0.0.1", self.car.config.display_port, self.inbox.put)
        except ConfigError as error:
            log.warning("no head-up page: %s", error)
            return None
        stack.enter_context(display)
        tell_page(display.url)
        return display

    def run(self) -> None:
        """Until `stop`."""
        while True:
            try:
                event = self.inbox.get(timeout=self._patience_s())
            except queue.Empty:
                event = None
            else:
                if event is None:
                    return
            self._look_at_car()
            for due in [event] if event else self._fired():
                self._take(due)
            self._refresh_sometimes()
            self._tell_news()
            if self._display:
                self._display.show(self._screen.view(self._motion))

    def stop(self) -> None:
        """From a signal handler or another thread."""
        self.inbox.put(None)

    def _take(self, event: ev.Event) -> None:
        if self._is_off and isinstance(event, ev.ButtonDown) and self.dialog.state is State.ASLEEP:
            return
        self._screen.notice(event)
        if isinstance(event, ev.DeviceFailed):
            log.warning("%s", event.error)
        for command in self.dialog.handle(event, self.car.clock()):
            try:
                self._do(command)
            except AssistantError as error:
                self.inbox.put(ev.DeviceFailed(error=error))
        self._ducking.set(self.dialog.state in (State.LISTENING, State.THINKING, State.SPEAKING))
        if self._button:
            self._button.light(self.dialog.state)

    def _do(self, command: ev.Command) -> None:
        match command:
            case ev.Listen():
                self._microphone.muted = self._screen.is_microphone_off = False
                self._listener.listen(command)
            case ev.StopListening():
                self._listener.stop(discard=command.discard)
            case ev.EndOnSilence():
                self._listener.end_on_silence()
            case ev.Act():
                self._workers.submit(self._act, command)
            case ev.Speak():
                self._voice.speak(command.text)
            case ev.Earcon():
                self._voice.earcon(command.sound)
            case ev.Hush():
                self._voice.hush()
            case ev.Show():
                self._screen.show(command.card)
            case ev.Adjust():
                self._adjust(command)
            case ev.SetTimer():
                self._timers[command.timer] = (command.turn, time.monotonic() + command.after_s)
            case ev.StopTimer():
                self._timers.pop(command.timer, None)

    def _act(self, command: ev.Act) -> None:
        outcome = perform(command, self.car.world)
        self.inbox.put(ev.ActionDone(turn=command.turn, outcome=outcome))

    def _adjust(self, command: ev.Adjust) -> None:
        if command.dial is ev.Dial.MICROPHONE:
            self._microphone.muted = self._screen.is_microphone_off = True
        else:
            self._dials.turn(command.dial, 1 if command.to == "+" else -1)

    @property
    def _is_off(self) -> bool:
        return self._motion is Motion.OFF

    def _look_at_car(self) -> None:
        """Who switches the ignition off is not listened to any longer."""
        before, was_off, self._motion = self._motion, self._is_off, self._vehicle.motion()
        if self._motion is not before:
            self._take(ev.MotionChanged(is_parked=self._motion is not Motion.MOVING))
        if self._is_off is was_off:
            return
        if self._is_off and self.dialog.state is State.LISTENING:
            self._take(ev.ButtonDown())
        self._microphone.muted = self._is_off or self._screen.is_microphone_off

    # --- time ----------------------------------------------------------------------------------

    def _patience_s(self) -> float:
        soonest = min((at for _, at in self._timers.values()), default=float("inf"))
        return min(TICK_S, max(0.0, soonest - time.monotonic()))

    def _fired(self) -> list[ev.Event]:
        now = time.monotonic()
        due = [(timer, turn) for timer, (turn, at) in self._timers.items() if at <= now]
        for timer, _ in due:
            del self._timers[timer]
        return [ev.TimerFired(turn=turn, timer=timer) for timer, turn in due]

    def _tell_news(self) -> None:
        """What has changed in the calendar, once, when nobody speaks, listens or is in a call."""
        if self._news.arrived():
            self._refresh_at = 0.0
        if trouble := self._news.trouble():
            self.inbox.put(trouble)
        if self.dialog.state is State.ASLEEP and (reading := self._news.untold()):
            self._take(ev.Tapped(interpretation=reading))
            self._voice.earcon(ev.Sound.DONE)

    def _look_soon(self) -> None:
        """From another thread: another device may be in use."""
        self._refresh_at = 0.0
        self._microphone.look_again()

    def _refresh_sometimes(self) -> None:
        now = time.monotonic()
        if now >= self._refresh_at:
            self._refresh_at = now + (UNREAD_S if self.car.trouble else REFRESH_S)
            self._workers.submit(self._refresh)

    def _refresh(self) -> None:
        """Read the calendar again; new names get new grammars, swapped between utterances."""
        self._look_at_speaker()
        before = self.car.vocabulary
        try:
            self.car.refresh()
            self.car.matcher()
            if self.car.vocabulary is before:
                return
            self._name_people()
            recognizer = self._listener.ears.recognizer
            fresh = Ears(recognizer, self.car.locale, self.car.heard, self.car.read_speech)
            fresh.say_like = say_like(self.car.people)
            fresh.prepare(Scope.IDLE)
            self._listener.ears = fresh
        except AssistantError as error:
            log.warning("the calendar could not be read again: %s", error)

    def _name_people(self) -> None:
        self._synthesizer.names = SpokenNames(self.car.people, self.car.locale.language)

    def _look_at_speaker(self) -> None:
        """Said once, where the law does not allow it; shown as long as it lasts."""
        was_worn = self._screen.is_ear_worn
        self._screen.is_ear_worn = is_ear_worn(self.car.config.speaker)
        if self._screen.warns_ear_worn and not was_worn:
            self.inbox.put(ev.DeviceFailed(error=EarWorn()))


def run(options: argparse.Namespace) -> int:
    """`roadcall drive`, until Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    with ExitStack() as stack:
        only_one(stack)
        inbox: queue.SimpleQueue[ev.Event | None] = queue.SimpleQueue()
        session = stack.enter_context(Session(options, fill=False, post=inbox.put))
        drive = Drive(session, inbox)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: drive.stop())
        drive.start(stack)
        tell_ready()
        drive.run()
    return 0
