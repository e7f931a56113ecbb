"""When an utterance is over: pure, fed with frames, knows no device and no recogniser.

A pause after a complete sentence of the grammar ends it soon, a pause in the middle of one is
waited out. Loudness decides where it can; in loud noise the decoded words do, by standing still.
Neighbours: `recognizer` feeds it and peeks at the words when asked to.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from assistant.core.automaton import Automaton


class Reading(Enum):
    """How far the words decoded so far make a sentence."""

    NOTHING = "nothing"
    PART = "part"
    OPEN = "open"
    """A sentence that most likely goes on ("one" before "hundred")."""
    WHOLE = "whole"
    FOREIGN = "foreign"
    """Ends in something that is no part of the grammar."""


class Decision(Enum):
    GO_ON = "go on"
    PEEK = "peek"
    """A pause has begun: decode what there is to the end, then go on."""
    DONE = "done"
    NO_INPUT = "no input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All waiting times, in seconds."""

    peek_s: float = 0.14
    whole_s: float = 0.22
    open_s: float = 0.4
    part_s: float = 0.75
    settled_whole_s: float = 0.8
    """Words unchanged in noise that never falls silent; the decoder itself lags some 0.4 s."""
    settled_part_s: float = 1.8
    no_input_s: float = 5.0
    maximum_s: float = 12.0
    held_maximum_s: float = 60.0
    """While a button is held, or a recording runs."""
    tail_s: float = 0.3
    """After the release of a held button."""


class Loudness:
    """Tells speech from the background by an adaptive noise floor."""

    _LEAST_DBFS = -64.0
    """Nothing quieter counts as speech; a car at rest with a good microphone is below it."""
    _LEAST_RISE_DB = 6.0
    _SHARE = 0.4
    """How far from the floor to the loudest speech the border lies."""

    def __init__(self) -> None:
        self.floor_dbfs = math.inf
        self._peak_dbfs = -math.inf

    def is_speech(self, seconds: float, energy_dbfs: float) -> bool:
        energy = max(energy_dbfs, -96.0)
        if energy < self.floor_dbfs:
            self.floor_dbfs = energy if math.isinf(self.floor_dbfs) else self._fallen(energy)
        self._peak_dbfs = max(energy, self._peak_dbfs - 3 * seconds)
        rise = max(self._LEAST_RISE_DB, self._SHARE * (self._peak_dbfs - self.floor_dbfs))
        speech = energy > max(self._LEAST_DBFS, self.floor_dbfs + rise)
        self.floor_dbfs += seconds * (0.5 if speech else 6.0)
        return speech

    def _fallen(self, energy: float) -> float:
        return 0.6 * self.floor_dbfs + 0.4 * energy


class Endpointer:
    """Decides frame by frame. With `hold` a button is held and only its release ends it."""

    _ONSET_S = 0.1
    """Loud for so long in all is speech and not a click."""

    def __init__(self, patience: Patience | None = None, *, hold: bool = False) -> None:
        self._patience = patience or Patience()
        self._hold = hold
        self._loudness = Loudness()
        self._released_s: float | None = None
        self._text = ""
        self._settled_s = 0.0
        self._peeked = False
        self.elapsed_s = 0.0
        self.loud_s = 0.0
        self.silence_s = 0.0
        """Since the last loud frame; 0 before the first."""

    def feed(self, seconds: float, energy_dbfs: float, text: str, reading: Reading) -> Decision:
        """One frame and what has been decoded up to about now."""
        self.elapsed_s += seconds
        if self._loudness.is_speech(seconds, energy_dbfs):
            self.loud_s += seconds
            self.silence_s = 0.0
            self._peeked = False
        elif self.has_speech:
            self.silence_s += seconds
        self._settled_s = self._settled_s + seconds if text == self._text else 0.0
        self._text = text
        return self._decide(reading)

    def release(self) -> None:
        """The held button was let go; people do that before the last word is out."""
        self._released_s = self.elapsed_s

    def end_on_silence(self) -> None:
        """The press was only a tap: the pause after the sentence ends it."""
        self._hold = False

    @property
    def has_speech(self) -> bool:
        """Something was loud for longer than a click."""
        return self.loud_s >= self._ONSET_S

    @property
    def is_silent(self) -> bool:
        return self.silence_s > 0

    def _decide(self, reading: Reading) -> Decision:
        patience = self._patience
        if self.elapsed_s >= (patience.held_maximum_s if self._hold else patience.maximum_s):
            return Decision.DONE
        if self._hold:
            return self._after_release()
        if not self.has_speech and reading is not Reading.WHOLE:
            late = self.elapsed_s >= patience.no_input_s
            return Decision.NO_INPUT if late else Decision.GO_ON
        if self._is_over(reading):
            return Decision.DONE
        if not self._peeked and self.silence_s >= patience.peek_s:
            self._peeked = True
            return Decision.PEEK
        return Decision.GO_ON

    def _after_release(self) -> Decision:
        if self._released_s is None or self.elapsed_s < self._released_s + self._patience.tail_s:
            return Decision.GO_ON
        return Decision.DONE

    def _is_over(self, reading: Reading) -> bool:
        patience = self._patience
        match reading:
            case Reading.WHOLE:
                settled = self._settled_s >= patience.settled_whole_s
                return settled or (self._peeked and self.silence_s >= patience.whole_s)
            case Reading.OPEN:
                settled = self._settled_s >= patience.settled_part_s
                return settled or self.silence_s >= patience.open_s
            case Reading.PART:
                settled = self._settled_s >= patience.settled_part_s
                return settled or self.silence_s >= patience.part_s
            case Reading.NOTHING | Reading.FOREIGN:
                return self.silence_s >= patience.part_s


class Sentences:
    """Follows words through a grammar to see how complete they are."""

    _LIKELY = 0.25
    """Least share of the sentences with these first words that must end with them."""

    def __init__(self, automaton: Automaton) -> None:
        self._free: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._steps: dict[tuple[int, str], list[tuple[int, float]]] = defaultdict(list)
        self._finals = {state: math.exp(-weight) for state, weight in automaton.finals.items()}
        for source, target, word, weight in automaton.arcs:
            step = (target, math.exp(-weight))
            (self._free[source] if word is None else self._steps[source, word]).append(step)

    def reading(self, words: Sequence[str]) -> Reading:
        if not words:
            return Reading.NOTHING
        mass = {0: 1.0}
        for word in words:
            mass = self._step(self._closed(mass), word)
        stop = sum(p * self._finals.get(state, 0.0) for state, p in self._closed(mass).items())
        if stop <= 0.0:
            return Reading.PART
        return Reading.WHOLE if stop >= self._LIKELY * sum(mass.values()) else Reading.OPEN

    def _step(self, mass: dict[int, float], word: str) -> dict[int, float]:
        following: dict[int, float] = defaultdict(float)
        for state, p in mass.items():
            for target, share in self._steps.get((state, word), ()):
                following[target] += p * share
        return following

    def _closed(self, mass: dict[int, float]) -> dict[int, float]:
        """`mass` spread along free steps; grammars have no loops of them."""
        closed: dict[int, float] = defaultdict(float)
        waiting = list(mass.items())
        while waiting:
            state, p = waiting.pop()
            closed[state] += p
            waiting += [(target, p * share) for target, share in self._free.get(state, ())]
        return closed
