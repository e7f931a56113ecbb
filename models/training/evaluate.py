"""Step 5: how well people who were not trained on are understood, in quiet and in noise.

    python -m models.training.evaluate models/en CORPORA

Sentences: each held-out sentence of 6 to 14 words is cut into three slots; the grammar lets any
slot value of a group follow any other, as the slots of a command do (50 values in each of three
slots: 125,000 sentences); a sentence is right when all three are.  Words: the held-out single
words, one grammar of all of them, and one of the words that answer a question.

Noise is synthesised from seeds that training does not use, starts half a second before the
speech, and is loud by the rule "loudest 25 ms frame of speech over loudest frame of noise".
"""

import argparse
import json
import logging
import math
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.core.automaton import Arc, Automaton
from models.training import noise
from models.training.corpora import Utterance, read_audio, utterances
from models.training.features import FRAME, SHIFT

log = logging.getLogger(__name__)
GROUP = 50
SLOTS = 3
LEAD_S = 0.5
CONDITIONS = {
    "quiet": ("floor", 45.0),
    "kitchen 12 dB": ("kitchen", 12.0),
    "kitchen 6 dB": ("kitchen", 6.0),
    "crowd 12 dB": ("crowd", 12.0),
    "car 1 dB": ("cabin", 1.0),
}
ANSWERS = ("yes", "no", "stop", "go", "on", "off")
WORD_CORPUS = "speech-commands"
FIRST_TEST_SEED = 1_000_000
NEVER = 1e4


@dataclass(frozen=True, slots=True)
class Trial:
    """A grammar and the recordings to be understood with it."""

    name: str
    grammar: Automaton
    spoken: tuple[Utterance, ...]


def trials(everyone: Sequence[Utterance]) -> Iterator[Trial]:
    """The sentence groups and the single words."""
    sentences = [u for u in everyone if 6 <= len(u.words) <= 14 and u.corpus != WORD_CORPUS]
    sentences.sort(key=lambda utterance: zlib.crc32(utterance.audio.name.encode()))
    for start in range(0, len(sentences) - GROUP + 1, GROUP):
        group = tuple(sentences[start : start + GROUP])
        yield Trial("sentences", slot_grammar([slots(u.words) for u in group]), group)
    words = tuple(u for u in everyone if u.corpus == WORD_CORPUS)
    if words:
        yield Trial("words", slot_grammar([[u.words] for u in words]), words)
        answers = tuple(u for u in words if u.words[0] in ANSWERS)
        yield Trial("answers", slot_grammar([[u.words] for u in answers]), answers)


def slots(words: Sequence[str]) -> list[tuple[str, ...]]:
    """A sentence in three parts of nearly equal length."""
    cuts = [round(index * len(words) / SLOTS) for index in range(SLOTS + 1)]
    return [tuple(words[a:b]) for a, b in pairwise(cuts)]


def slot_grammar(sentences: Sequence[Sequence[tuple[str, ...]]]) -> Automaton:
    """Any first slot, then any second, and so on; all equally likely."""
    arcs, count = [], len(sentences[0]) + 1
    for index, values in enumerate(zip(*sentences, strict=True)):
        different = sorted(set(values))
        for value in different:
            states = [index, *range(count, count + len(value) - 1), index + 1]
            count += len(value) - 1
            for position, word in enumerate(value):
                weight = 0.0 if position else math.log(len(different))
                arcs.append(Arc(states[position], states[position + 1], word, weight))
    return Automaton(n_states=count, arcs=tuple(arcs), finals={len(sentences[0]): 0.0})


def compile_folder(grammar: Automaton, model: Path, folder: Path) -> None:
    """Runs in a process of its own: a broken model ends the process, not the evaluation."""
    from assistant.speech.expansion import Costs
    from assistant.speech.graph import compile_graph
    from assistant.speech.lexicon import Lexicon

    closed = Costs(unknown=NEVER, noise=NEVER)  # rejection is judged elsewhere
    compile_graph(grammar, Lexicon(model), model, folder, filler=closed)


class Degrader:
    """Adds half a second before and after a recording, and noise to all of it."""

    def __init__(self, voices: Sequence[Utterance]) -> None:
        self._voices = voices  # for the crowd

    def __call__(
        self, samples: NDArray[np.float32], condition: str, seed: int
    ) -> NDArray[np.float32]:
        rng = np.random.default_rng(FIRST_TEST_SEED + seed)
        lead = np.zeros(int(LEAD_S * noise.RATE_HZ), np.float32)
        speech = np.concatenate([lead, samples, lead])
        kind, snr_db = CONDITIONS[condition]
        return mixed(speech, self._noise(rng, kind, len(speech)), snr_db)

    def _noise(self, rng: np.random.Generator, kind: str, count: int) -> noise.Samples:
        if kind != "crowd":
            maker, _ = noise.MAKERS[kind]
            return maker(rng, count)
        chosen = rng.choice(len(self._voices), 4, replace=False)
        return noise.crowd(rng, [read_audio(self._voices[index].audio) for index in chosen], count)


def mixed(speech: NDArray[np.float32], sound: noise.Samples, snr_db: float) -> NDArray[np.float32]:
    """Speech and noise, by their loudest frames, as loud as fits into 16 bits."""
    gain = loudest(speech) / (loudest(sound) * 10 ** (snr_db / 20))
    total = speech + gain * sound
    return np.asarray(total * (0.5 / max(np.abs(total).max(), 1e-6)), np.float32)


def loudest(sound: NDArray[np.floating]) -> float:
    """Root mean square of the loudest frame."""
    power = np.convolve(np.square(sound), np.full(FRAME, 1 / FRAME), mode="valid")[::SHIFT]
    return math.sqrt(max(float(power.max()), 1e-12))


@dataclass(slots=True)
class Score:
    """Counts of one test in one condition."""

    right: int = 0
    tried: int = 0
    swapped: int = 0  # yes for no, or no for yes


class Decoder:
    """Vosk with one grammar."""

    def __init__(self, folder: Path) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        model = vosk.Model(str(folder))
        self._new: Callable[[], Any] = lambda: vosk.KaldiRecognizer(model, noise.RATE_HZ)

    def __call__(self, samples: NDArray[np.float32]) -> str:
        recogniser = self._new()
        recogniser.AcceptWaveform((samples * 32767).astype("<i2").tobytes())
        heard: str = json.loads(recogniser.FinalResult())["text"]
        return " ".join(word for word in heard.split() if word != "[noise]")


def evaluate(model: Path, everyone: Sequence[Utterance], conditions: Sequence[str]) -> str:
    """A Markdown table of the share of recordings understood."""
    degrade = Degrader([u for u in everyone if u.seconds > 2])
    scores: dict[tuple[str, str], Score] = {}
    audio_s = 0.0
    started = time.process_time()
    for trial in trials(everyone):
        with tempfile.TemporaryDirectory() as folder:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                pool.submit(compile_folder, trial.grammar, model, Path(folder)).result()
            decoder = Decoder(Path(folder))
            for condition in conditions:
                for seed, utterance in enumerate(trial.spoken):
                    sound = degrade(read_audio(utterance.audio), condition, seed)
                    heard = decoder(sound)
                    for name in (trial.name, f"{trial.name} of {utterance.corpus}"):
                        score = scores.setdefault((name, condition), Score())
                        count_result(score, " ".join(utterance.words), heard)
                    audio_s += len(sound) / noise.RATE_HZ
                log.info("%s, %s: %s", trial.name, condition, scores[trial.name, condition])
    log.info("%.3f s of processor for a second of audio", (time.process_time() - started) / audio_s)
    return table(scores, conditions)


def count_result(score: Score, said: str, heard: str) -> None:
    score.tried += 1
    score.right += said == heard
    score.swapped += {said, heard} == {"yes", "no"}
    if said != heard:
        log.debug("%s -> %s", said, heard)


def table(scores: dict[tuple[str, str], Score], conditions: Sequence[str]) -> str:
    lines = ["| test | " + " | ".join(conditions) + " |", "|---" * (len(conditions) + 1) + "|"]
    for name in dict.fromkeys(name for name, _ in scores):
        row = [scores[name, condition] for condition in conditions]
        cells = [f"{100 * score.right / score.tried:.1f} %" for score in row]
        if any(score.swapped for score in row):
            cells[-1] += f" (yes/no swapped {sum(score.swapped for score in row)} times)"
        lines.append(f"| {name}, {row[0].tried} recordings | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS), choices=CONDITIONS)
    parser.add_argument("--everyone", action="store_true", help="a corpus that was not trained on")
    parser.add_argument("--verbose", action="store_true", help="print each mistake")
    arguments = parser.parse_args()
    level = logging.DEBUG if arguments.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(message)s")
    spoken = utterances(arguments.corpora)
    kept = [u for u in spoken if arguments.everyone or u.is_held_out]
    print(evaluate(arguments.model, kept, arguments.conditions))


if __name__ == "__main__":
    main()
