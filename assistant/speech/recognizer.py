"""Hears a grammar: PCM in, a hypothesis out. The only file that knows Vosk.

`Recognizer.language` turns an automaton into a loaded model; an `Utterance` decodes one stretch
of speech with it and asks `endpoint` when it is over. Speech that the grammar does not cover is
decoded as the filler and comes out as empty text. Neighbours: `graph` compiles, `app` feeds.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant.core.automaton import Automaton
from assistant.core.model import Hypothesis
from assistant.errors import ConfigError, ModelMissing
from assistant.speech.alternatives import Alternative, likeliest
from assistant.speech.endpoint import Decision, Endpointer, Patience, Reading, Sentences
from assistant.speech.expansion import Costs
from assistant.speech.graph import Embedded
from assistant.speech.model_folder import CONTINUED, NOISE, UNKNOWN, Compiler
from assistant.speech.official import Official, is_official

RATE_HZ = 16000
_FRAME_BYTES = RATE_HZ // 50 * 2
"""20 ms of 16-bit mono."""
_CHUNK_BYTES = 5 * _FRAME_BYTES
"""What Vosk gets at a time."""
_NO_WORDS = (NOISE, CONTINUED)
_MOST_ALTERNATIVES = 10
_SILENCE = Hypothesis(text="", confidence=0.0, is_speech=False)
Meaning = Callable[[str], Hashable]
"""Equal for sentences that mean the same, None for one without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every threshold of recognition, tuned together on recordings of people."""

    filler: Costs = field(default_factory=Costs)
    patience: Patience = field(default_factory=Patience)
    least_confidence: float = 0.7
    """Posterior of a meaning below which it counts as not understood."""


ANSWERS = Limits(filler=Costs(unknown_word=4.5, unknown_phone=2.0), least_confidence=0.9)
"""While something is asked or somebody is on the line: few words, told apart well, but much that
passengers say resembles one."""

RECORDINGS = Limits(
    filler=Costs(grammar=0.7, unknown_word=4.5, unknown_phone=2.45, noise_phone=2.4),
    least_confidence=0.5,
)
"""For a recording with a grammar of its own, which was most likely meant for it; the price is in
`models/training/RESULTS.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A grammar ready to be heard."""

    model: Any
    """vosk.Model"""
    sentences: Sentences
    approximated: frozenset[str]
    """Words whose sound was only guessed."""
    left_out: frozenset[str]
    """Words that the model cannot hear at all."""
    limits: Limits


class Recognizer:
    """One acoustic model; makes languages for it."""

    def __init__(self, model_dir: Path, language: str = "en", limits: Limits | None = None) -> None:
        """Checks the model's files, because Vosk ends the process over some that are broken.

        Raises:
            ModelMissing: the folder is not a whole model.
            ConfigError: vosk is not installed.
        """
        self._limits = limits or Limits()
        self._compiler = open_model(model_dir, language)
        try:
            import vosk
        except ImportError as cause:
            raise ConfigError("vosk", "package", "pip install vosk") from cause
        vosk.SetLogLevel(-2)
        self._vosk = vosk
        self.model_dir = model_dir
        self._compiling = threading.Lock()

    @property
    def abilities(self) -> str:
        """What the model can do, for the driver to read."""
        return self._compiler.abilities

    def language(
        self,
        automaton: Automaton,
        say_like: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Language:
        """Compiles and loads a grammar; may run in any thread.

        Raises:
            ModelMissing: the acoustic model cannot be loaded.
        """
        limits = limits or self._limits
        with self._compiling, tempfile.TemporaryDirectory(prefix="roadcall-") as folder:
            out_dir = Path(folder)
            compiled = self._compiler.compile(automaton, out_dir, say_like or {}, limits.filler)
            try:
                model = self._vosk.Model(folder)
                self._vosk.KaldiRecognizer(model, RATE_HZ)  # fails here, if at all
            except Exception as cause:  # vosk raises nothing narrower
                raise ModelMissing(str(self.model_dir), "is broken; install it again") from cause
        return Language(
            model=model,
            sentences=Sentences(compiled.automaton),
            approximated=compiled.approximated,
            left_out=compiled.left_out,
            limits=limits,
        )

    def utterance(
        self, language: Language, meaning: Meaning = str, *, hold: bool = False
    ) -> Utterance:
        """Listens to one utterance; with `hold` it ends only after `release`."""
        decoder = self._vosk.KaldiRecognizer(language.model, RATE_HZ)
        decoder.SetMaxAlternatives(_MOST_ALTERNATIVES)
        return Utterance(decoder, language, meaning, hold=hold)


class Utterance:
    """One stretch of speech. Not for several threads at once."""

    def __init__(self, decoder: Any, language: Language, meaning: Meaning, *, hold: bool) -> None:
        self._decoder = decoder
        self._sentences = language.sentences
        self._limits = language.limits
        self._meaning = meaning
        self._endpointer = Endpointer(language.limits.patience, hold=hold)
        self._audio = bytearray()
        self._framed = 0
        self._decoded = 0
        self._final: tuple[Alternative, ...] | None = None
        self._text = ""
        self._reading = Reading.NOTHING
        self.decision = Decision.GO_ON

    @property
    def seconds(self) -> float:
        """Audio listened to so far."""
        return self._endpointer.elapsed_s

    @property
    def silence_s(self) -> float:
        """How long ago the last loud frame was."""
        return self._endpointer.silence_s

    @property
    def partial(self) -> str:
        """The words so far, for the display."""
        return " ".join(word for word in _own(self._text) if word != UNKNOWN)

    def feed(self, pcm: bytes) -> Decision:
        """16 kHz 16-bit mono of any length; what follows the end of the utterance is ignored."""
        self._audio += pcm
        while not self._is_over and len(self._audio) - self._framed >= _FRAME_BYTES:
            frame = bytes(self._audio[self._framed : self._framed + _FRAME_BYTES])
            self._framed += _FRAME_BYTES
            self.decision = self._listen(frame)
        return self.decision

    def release(self) -> None:
        """The held button was let go."""
        self._endpointer.release()

    def end_on_silence(self) -> None:
        """The press was only a tap."""
        self._endpointer.end_on_silence()

    @property
    def has_speech(self) -> bool:
        """Somebody has begun to speak."""
        return self._endpointer.has_speech

    def finish(self) -> Hypothesis:
        """What was said; may be called before the end has been decided.

        A whole sentence is speech even where noise from first to last hides how loud it was."""
        if self._final is None and (self._text or self._endpointer.has_speech):
            self._peek()
        heard = self._hypothesis(self._final or ())
        return heard if heard.text or self._endpointer.has_speech else _SILENCE

    @property
    def _is_over(self) -> bool:
        return self.decision in (Decision.DONE, Decision.NO_INPUT)

    def _listen(self, frame: bytes) -> Decision:
        endpointer = self._endpointer
        decision = endpointer.feed(0.02, energy_dbfs(frame), self._text, self._reading)
        if decision is Decision.PEEK:
            self._peek()
        elif self._final is None or not endpointer.is_silent:
            self._decode()
        return Decision.GO_ON if decision is Decision.PEEK else decision

    def _decode(self) -> None:
        """Decodes whole chunks; speech after a peek starts again from the beginning."""
        if self._final is not None:
            self._final, self._decoded = None, 0
        whole = (self._framed - self._decoded) // _CHUNK_BYTES * _CHUNK_BYTES
        if whole:
            self._accept(self._decoded + whole)
            self._understand(json.loads(self._decoder.PartialResult())["partial"])

    def _peek(self) -> None:
        """Decodes to the end. Vosk cannot go on after that, so `_decode` begins anew."""
        self._accept(self._framed)
        found = json.loads(self._decoder.FinalResult()).get("alternatives", ())
        self._final = tuple(Alternative(one["text"], one["confidence"]) for one in found)
        self._understand(self._final[0].text if self._final else "")

    def _accept(self, end: int) -> None:
        if end > self._decoded:
            self._decoder.AcceptWaveform(bytes(self._audio[self._decoded : end]))
            self._decoded = end

    def _understand(self, text: str) -> None:
        if text != self._text:
            self._text = text
            words = text.split()
            foreign = words[-1:] in ([UNKNOWN], [NOISE])
            self._reading = Reading.FOREIGN if foreign else self._sentences.reading(_own(text))

    def _hypothesis(self, found: Sequence[Alternative]) -> Hypothesis:
        """Only what can be told from everything else that it may have been counts as understood."""
        text, posterior = likeliest(found, self._meant)
        if posterior < self._limits.least_confidence:
            text = ""
        return Hypothesis(text=" ".join(_own(text)), confidence=posterior, is_spoken=True)

    def _meant(self, text: str) -> Hashable:
        """None unless it is a sentence of the grammar, with or without noise around it."""
        words = _own(text)
        is_sentence = self._sentences.reading(words) in (Reading.OPEN, Reading.WHOLE)
        return self._meaning(" ".join(words)) if is_sentence else None


def open_model(model_dir: Path, language: str) -> Compiler:
    """Raises ModelMissing, naming what is wrong, unless the folder is a whole model."""
    graph = model_dir / "graph"
    if is_official(model_dir):
        return Official(model_dir, language)
    if (graph / "HCLG.fst").is_file() and not (graph / "units.tsv").is_file():
        problem = f"has a fixed grammar; install a small one: roadcall models install {language}"
        raise ModelMissing(str(model_dir), problem)
    return Embedded(model_dir)


def energy_dbfs(pcm: bytes) -> float:
    """Root mean square of 16-bit samples against full scale; -inf for digital silence.

    Of the differences between samples: a car's noise lies below 500 Hz and all but vanishes.
    """
    samples = np.diff(np.frombuffer(pcm, "<i2").astype(np.float32))
    power = float(np.mean(samples * samples)) if len(samples) else 0.0
    return 10 * float(np.log10(power / 32768**2)) if power > 0 else -float("inf")


def _own(text: str) -> list[str]:
    """The words, without noise."""
    return [word for word in text.split() if word not in _NO_WORDS]
