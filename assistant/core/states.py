"""The states of the dialogue and the table of which event counts in which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import get_args

from assistant.core import events as ev


class State(StrEnum):
    ASLEEP = "asleep"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    IN_CALL = "in_call"


EVENTS: frozenset[type] = frozenset(get_args(ev.Event))

_EAR = frozenset({ev.Heard, ev.NothingHeard, ev.SpeechStarted})
_ALWAYS = EVENTS - _EAR - {ev.TimerFired, ev.SpeechDone}

ANSWERED: Mapping[State, frozenset[type]] = {
    State.ASLEEP: _ALWAYS,
    State.IN_CALL: _ALWAYS,
    State.LISTENING: _ALWAYS | _EAR | {ev.TimerFired},
    State.THINKING: _ALWAYS | {ev.TimerFired},
    State.SPEAKING: _ALWAYS | {ev.SpeechDone},
}
IGNORED: Mapping[State, frozenset[type]] = {
    State.ASLEEP: _EAR | {ev.TimerFired, ev.SpeechDone},
    State.IN_CALL: _EAR | {ev.TimerFired, ev.SpeechDone},
    State.LISTENING: frozenset({ev.SpeechDone}),
    State.THINKING: _EAR | {ev.SpeechDone},
    State.SPEAKING: _EAR | {ev.TimerFired},
}
