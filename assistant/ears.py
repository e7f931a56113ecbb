"""From sound to a hypothesis: one compiled grammar per scope, rebuilt when names change.

Neighbours: `speech.recognizer` decodes, `core.template` says what can be heard, `door` and `app`
ask for an utterance in the scope of the dialogue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.core.events import Scope
from assistant.core.locales import Locale
from assistant.core.model import Contact, Hypothesis, Interpretation
from assistant.core.slots import Vocabulary
from assistant.core.template import automaton
from assistant.core.tokens import tokens
from assistant.speech.endpoint import Decision
from assistant.speech.recognizer import ANSWERS, Language, Recognizer, Utterance

CHUNK_S = 0.1
MOST_QUESTIONS = 2
"""Grammars kept for choices that were offered; each holds a model of its own, 10 to 60 MB."""
_BYTES_PER_S = 32000

Read = Callable[[str, Scope, Sequence[str]], Sequence[Interpretation]]
"""What a spoken sentence may mean, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """One utterance and what it took."""

    hypothesis: Hypothesis
    timings_ms: Mapping[str, float]
    """`endpoint`: from the last loud sample to the decision, on the clock of the audio;
    `recognise`: computing time of the whole utterance."""
    ended: float
    """`time.perf_counter()` when the last speech sample had been fed."""


class Ears:
    """Grammars of one car. `prepare` may run in any thread; hearing belongs to one."""

    def __init__(
        self, recognizer: Recognizer, locale: Locale, vocabulary: Vocabulary, read: Read
    ) -> None:
        self.recognizer = recognizer
        self._read = read
        self._locale = locale
        self._vocabulary = vocabulary
        self._languages: dict[tuple[Scope, tuple[str, ...]], Language] = {}
        self.say_like: Mapping[str, str] = {}

    def renew(self, vocabulary: Vocabulary) -> None:
        """Forget every grammar that knows yesterday's names."""
        self._vocabulary = vocabulary
        self._languages = {}

    def prepare(self, scope: Scope, choices: Sequence[str] = ()) -> Language:
        """The grammar of `scope`, compiled once."""
        key = (scope, tuple(choices))
        language = self._languages.get(key)
        if language is None:
            graph = automaton(self._locale, self._vocabulary, scope, choices)
            limits = None if scope is Scope.IDLE else ANSWERS
            language = self.recognizer.language(graph, self.say_like, limits)
            self._languages[key] = language
            asked = [key for key in self._languages if key[1]]
            for key in asked[:-MOST_QUESTIONS]:
                del self._languages[key]
        return language

    def utterance(
        self, scope: Scope, choices: Sequence[str] = (), *, hold: bool = False
    ) -> Utterance:
        """Listens for one sentence of the scope."""

        def meaning(text: str) -> Hashable:
            readings = self._read(text, scope, choices)
            return readings[0].meaning if readings else None

        return self.recognizer.utterance(self.prepare(scope, choices), meaning, hold=hold)

    def hear(
        self,
        pcm: bytes,
        scope: Scope,
        choices: Sequence[str] = (),
        *,
        realtime: bool = False,
        whole: bool = False,
    ) -> Listened:
        """Recognise 16 kHz mono 16-bit audio; `realtime` feeds it at speaking speed.

        A `whole` recording is one utterance; otherwise a pause may end it, as in the car."""
        utterance = self.utterance(scope, choices, hold=whole)
        busy_s = 0.0
        for chunk in _chunks(pcm):
            began = time.perf_counter()
            decision = utterance.feed(chunk)
            spent_s = time.perf_counter() - began
            busy_s += spent_s
            if decision in (Decision.DONE, Decision.NO_INPUT):
                break
            if realtime:
                time.sleep(max(0.0, len(chunk) / _BYTES_PER_S - spent_s))
        ended = time.perf_counter()
        hypothesis = utterance.finish()
        busy_s += time.perf_counter() - ended
        timings = {"endpoint": utterance.silence_s * 1000, "recognise": busy_s * 1000}
        return Listened(
            hypothesis=hypothesis, timings_ms=timings, ended=ended - utterance.silence_s
        )


def say_like(contacts: Sequence[Contact]) -> Mapping[str, str]:
    """Word -> how the driver says it, from the address book's "say it like"."""
    found: dict[str, str] = {}
    for contact in contacts:
        if not contact.say_like:
            continue
        said, words = tokens(contact.say_like), tokens(contact.name)
        if len(said) == len(words):
            found.update(zip(words, said, strict=True))
        elif words:
            found[words[0]] = contact.say_like
    return found


def _chunks(pcm: bytes) -> Iterator[bytes]:
    """The audio, then silence: a file that ends with the last word is over a moment later."""
    size = int(CHUNK_S * _BYTES_PER_S)
    padded = pcm + bytes(2 * _BYTES_PER_S)
    for start in range(0, len(padded), size):
        yield padded[start : start + size]
