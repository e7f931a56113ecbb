"""Intents that are about the conversation itself: answered from memory, without a worker.

A function per intent returns an Aside: something to say, perhaps a dial to turn. `dialog` looks
them up in SESSION.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.core.events import Adjust, Command, Dial
from assistant.core.memory import Memory
from assistant.core.model import Interpretation
from assistant.core.wording import Wording, budget


@dataclass(frozen=True, slots=True)
class Aside:
    """Said at once."""

    text: str
    commands: tuple[Command, ...] = ()


Answerer = Callable[[Memory, Interpretation, Wording], Aside]


def _repeat(memory: Memory, _: Interpretation, wording: Wording) -> Aside:
    return Aside(memory.said or wording.phrase("nothing_to_repeat"))


def _more(memory: Memory, _: Interpretation, wording: Wording) -> Aside:
    said, memory.rest = budget(memory.rest)
    if memory.rest:
        said = f"{said} {wording.phrase('more')}"
    return Aside(said or wording.phrase("nothing_more"))


def _no_question(_: Memory, __: Interpretation, wording: Wording) -> Aside:
    return Aside(wording.phrase("nothing_to_answer"))


def _yes(memory: Memory, reading: Interpretation, wording: Wording) -> Aside:
    """Without an open question it can only answer "more?"."""
    return (_more if memory.rest else _no_question)(memory, reading, wording)


def _no(memory: Memory, reading: Interpretation, wording: Wording) -> Aside:
    if not memory.rest:
        return _no_question(memory, reading, wording)
    memory.rest = ""
    return Aside(wording.phrase("fine"))


def _thanks(_: Memory, __: Interpretation, wording: Wording) -> Aside:
    return Aside(wording.phrase("welcome"))


def _private(memory: Memory, reading: Interpretation, wording: Wording) -> Aside:
    memory.is_private = "off" not in reading.slots
    return Aside(wording.phrase("private_on" if memory.is_private else "private_off"))


def _turn(dial: Dial, to: str, phrase: str) -> Answerer:
    def aside(_: Memory, __: Interpretation, wording: Wording) -> Aside:
        return Aside(wording.phrase(phrase), (Adjust(dial=dial, to=to),))

    return aside


def _language(_: Memory, reading: Interpretation, wording: Wording) -> Aside:
    """Ears, voice and grammar are made for one language when the drive begins."""
    is_spoken = reading.slots.get("language") == wording.tag
    return Aside(wording.phrase("language_same" if is_spoken else "language_next"))


SESSION: Mapping[str, Answerer] = {
    "session.repeat": _repeat,
    "session.more": _more,
    "session.yes": _yes,
    "session.no": _no,
    "session.choose": _no_question,
    "session.answer": _no_question,
    "session.correct": _no_question,
    "session.thanks": _thanks,
    "session.private": _private,
    "session.louder": _turn(Dial.VOLUME, "+", "louder"),
    "session.quieter": _turn(Dial.VOLUME, "-", "quieter"),
    "session.faster": _turn(Dial.RATE, "+", "faster"),
    "session.slower": _turn(Dial.RATE, "-", "slower"),
    "session.mute": _turn(Dial.MICROPHONE, "off", "microphone_off"),
    "session.language": _language,
}
