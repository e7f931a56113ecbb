"""The thread that hears: what its libraries do wrong ends a sentence, not the drive."""

from __future__ import annotations

import queue
from typing import Any, cast

from assistant.core.events import DeviceFailed, Event, Listen, Scope
from assistant.listener import Listener


class Broken:
    """Ears whose recogniser raises what nobody foresaw."""

    def utterance(self, *_: object, **__: object) -> Any:
        raise RuntimeError("call anna")


def test_hearing_goes_on_after_what_nobody_foresaw() -> None:
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    nothing = cast(Any, None)
    with Listener(nothing, cast(Any, Broken()), nothing, inbox.put) as listener:
        for turn in (1, 2):
            listener.listen(Listen(turn=turn, scope=Scope.IDLE, choices=(), hold=False))
            failed = inbox.get(timeout=10)
            assert isinstance(failed, DeviceFailed) and failed.error.say == "internal"
            assert "RuntimeError in test_listener.py" in str(failed.error)
            assert "anna" not in str(failed.error), "speech is not for the log"
