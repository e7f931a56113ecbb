"""Listening: from an open microphone to `Heard`, in a thread that lives for the drive.

The loop orders (`listen`, `stop`, `end_on_silence`); audio never passes the loop. Neighbours:
`devices.microphone` gives samples, `ears` grammars, `assembly` the matcher.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from assistant.assembly import Car
from assistant.core import events as ev
from assistant.devices.microphone import Microphone
from assistant.ears import Ears
from assistant.errors import AssistantError, BrokenAnswer
from assistant.speech.endpoint import Decision
from assistant.speech.recognizer import Utterance

Post = Callable[[ev.Event], None]


class Listener:
    """One utterance at a time. Runs between `__enter__` and `__exit__`."""

    def __init__(self, microphone: Microphone, ears: Ears, car: Car, post: Post) -> None:
        self.ears = ears
        """Replaced as a whole when names change; an utterance keeps what it began with."""
        self._microphone = microphone
        self._car = car
        self._post = post
        self._orders: queue.SimpleQueue[ev.Listen | None] = queue.SimpleQueue()
        self._discarded = threading.Event()
        self._released = threading.Event()
        self._tapped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(discard=True)
        self._orders.put(None)
        self._thread.join(timeout=2)

    def listen(self, order: ev.Listen) -> None:
        for flag in (self._released, self._discarded, self._tapped):
            flag.clear()
        self._orders.put(order)

    def stop(self, *, discard: bool) -> None:
        """The button was let go, or the turn is off."""
        if discard:
            self._discarded.set()
        else:
            self._released.set()

    def end_on_silence(self) -> None:
        """The press was only a tap."""
        self._tapped.set()

    def _run(self) -> None:
        while order := self._orders.get():
            try:
                self._hear(order)
            except AssistantError as error:
                self._post(ev.DeviceFailed(error=error))
            except Exception as error:  # foreign libraries: nothing may leave the car deaf for good
                told = AssistantError(str(BrokenAnswer.unexpected("recogniser", error)))
                self._post(ev.DeviceFailed(error=told))

    def _hear(self, order: ev.Listen) -> None:
        utterance = self.ears.utterance(order.scope, order.choices, hold=order.hold)
        if not self._follow(utterance, order.turn):
            return
        hypothesis = utterance.finish()
        if not hypothesis.is_speech:
            self._post(ev.NothingHeard(turn=order.turn))
            return
        readings = self._car.read_speech(hypothesis.text, order.scope, order.choices)
        self._post(ev.Heard(turn=order.turn, hypothesis=hypothesis, readings=readings))

    def _follow(self, utterance: Utterance, turn: int) -> bool:
        """Feed the utterance to its end; False when it is not wanted any more."""
        capture = self._microphone.capture()
        has_begun = False
        try:
            while not self._discarded.is_set():
                self._pass_on(utterance)
                decision = utterance.feed(capture.read())
                if utterance.has_speech and not has_begun:
                    has_begun = True
                    self._post(ev.SpeechStarted(turn=turn))
                if decision in (Decision.DONE, Decision.NO_INPUT):
                    return True
        finally:
            self._microphone.release()
        return False

    def _pass_on(self, utterance: Utterance) -> None:
        """What the button did meanwhile."""
        if self._tapped.is_set():
            self._tapped.clear()
            utterance.end_on_silence()
        if self._released.is_set():
            self._released.clear()
            utterance.release()
