"""Step 0b: names of Europe in English orders, said as their own people, neighbours and English do.

    python -m models.training.synthesize_names WORK/names/names --network net.pt

Makes a corpus folder like the others and its alignment. What a name sounds like differs from voice
to voice, so every reading that `assistant.speech.lexicon` knows is tried on the recording, with
that of the voice itself, and the likeliest is what is learnt. No name of the benchmark is used.
"""

import argparse
import itertools
import json
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from assistant.speech.lexicon import Lexicon
from assistant.speech.phonemes import Phones, plain
from assistant.speech.readings import Readings, Way
from models.training.align import (
    WORST_MEAN_SCORE,
    Scorer,
    best_path,
    sentence_chain,
    write_alignments,
)
from models.training.corpora import SAMPLE_RATE_HZ, Aligned

HERE = Path(__file__).parent
GIVEN = HERE.parents[1] / "assistant" / "speech" / "given_names.txt"
MEASURED = HERE.parents[1] / "tests" / "bench" / "speech_names.txt"
MODEL = HERE.parent / "en"
FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ENGLISH_VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan")
READERS = ("de", "fr-fr", "es", "it", "nl", "pl", "sv")
CARRIERS = (
    *("call {}", "call {}", "call {}", "ring {}", "phone {} please", "call {} on the mobile"),
    *("when is my meeting with {}", "tell {} i'm late", "who is {}", "call {} at work", "{}"),
)
MOST_READINGS = 40
"""Of a whole name."""


class Said(NamedTuple):
    name: str
    carrier: str
    native: str
    """The voice of the name's own language."""


def names(rng: random.Random) -> Iterator[tuple[str, str]]:
    """(name, voice) without end."""
    measured = set(re.findall(r"[\w'-]+", MEASURED.read_text("utf-8").lower()))
    given, family = _listed(GIVEN, measured), _listed(HERE / "surnames.txt", measured)
    voices = sorted(given.keys() & family.keys())
    while True:
        voice = rng.choice(voices)
        first, last = rng.choice(given[voice]), rng.choice(family[voice])
        yield rng.choice([f"{first} {last}"] * 3 + [first, last]), voice


def _listed(path: Path, without: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {
        "en-gb": ["james", "mary", "linda", "peter", "laura", "mark", "helen"]
    }
    for line in path.read_text("utf-8").splitlines():
        voice, *listed = line.lower().split()
        if voice != "#":
            voice = {"fr": "fr-fr"}.get(voice, voice)
            found.setdefault(voice, []).extend(n for n in listed if n not in without and len(n) > 2)
    return found


def spoken(rng: random.Random, said: Said, scratch: Path) -> tuple[NDArray[np.float32], str]:
    """Sound, and the voice that said the name: an English one said everything, or only the rest."""
    if rng.random() < 0.45:
        voice = rng.choice([*(f"flite {v}" for v in FLITE_VOICES), *ENGLISH_VOICES])
        return _rendered(rng, voice, said.carrier.format(plain(said.name)), scratch), voice
    voice = said.native if rng.random() < 0.5 else rng.choice(READERS)
    before, after = said.carrier.split("{}")
    carrier = rng.choice(ENGLISH_VOICES)
    parts = [(carrier, before), (voice, said.name), (carrier, after)]
    sounds = [_rendered(rng, v, text, scratch) for v, text in parts if text.strip()]
    return np.concatenate(sounds), voice


def _rendered(rng: random.Random, voice: str, text: str, path: Path) -> NDArray[np.float32]:
    if voice.startswith("flite"):
        stretch = f"duration_stretch={rng.uniform(0.8, 1.25):.2f}"
        pitch = f"int_f0_target_mean={rng.uniform(85, 230):.0f}"
        command = ["flite", "-voice", voice.split()[1], "--setf", stretch, "--setf", pitch]
        command += ["-t", text, "-o", str(path)]
    else:
        tone = rng.choice(["", "+m1", "+m3", "+m4", "+f1", "+f2", "+f4"])
        pace = ["-s", str(rng.randint(125, 190)), "-p", str(rng.randint(25, 75))]
        command = ["espeak-ng", "-v", voice + tone, *pace, "-w", str(path), text]
    subprocess.run(command, check=True, capture_output=True)
    samples, rate = soundfile.read(path, dtype="float32")
    audible = np.flatnonzero(np.abs(samples) > 0.002)
    samples = samples[audible[0] : audible[-1] + 1] if len(audible) else samples
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE_HZ), np.float32)


class Reader:
    """Every way in which a sentence may have been said."""

    def __init__(self, cache: Path) -> None:
        self._lexicon = Lexicon(MODEL, cache)
        self._readings = Readings(cache)

    def sentences(self, said: Said, voice: str) -> Iterator[list[Phones]]:
        before, after = said.carrier.split("{}")
        ways = [self._of_name(word, voice, said.native) for word in said.name.split()]
        rest = [[self._lexicon.pronounce(w)[0] for w in part.split()] for part in (before, after)]
        for name in itertools.islice(itertools.product(*ways), MOST_READINGS):
            yield [*rest[0], *name, *rest[1]]

    def _of_name(self, word: str, voice: str, native: str) -> list[Phones]:
        own: list[Phones] = []
        if not voice.startswith(("flite", "en")):
            way = Way(voice, word)
            self._readings.prepare([way])
            own = self._readings.of([way])
        known = self._lexicon.pronounce(word, language="" if native.startswith("en") else native)
        return [phones for phones in dict.fromkeys([*own, *known]) if phones][:6]


def likeliest(
    scorer: Scorer, sound: NDArray[np.float32], ways: Iterator[Sequence[Phones]]
) -> tuple[list[Aligned], float]:
    """Raises ValueError where it is too short for any, or none of them fits."""
    scores = scorer(sound)
    found = []
    for way in ways:
        try:
            found.append(best_path(scores, sentence_chain(way)))
        except ValueError:
            continue
    best = max(found, key=lambda one: one[1], default=([], 0.0))
    if best[1] < WORST_MEAN_SCORE:
        raise ValueError("not what was meant to be said")
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--utterances", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    rng, work = random.Random(arguments.seed), arguments.out.parent.parent
    scorer, reader = Scorer(arguments.network), Reader(work / "readings")
    (arguments.out / "audio").mkdir(parents=True, exist_ok=True)
    found: dict[str, list[Aligned]] = {}
    with (arguments.out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        for index, (name, native) in zip(range(arguments.utterances), names(rng), strict=False):
            said = Said(name, rng.choice(CARRIERS), native)
            path = arguments.out / f"audio/name{arguments.seed}-{index:05d}.flac"
            sound, voice = spoken(rng, said, arguments.out / f"scratch{arguments.seed}.wav")
            quiet = np.zeros(SAMPLE_RATE_HZ // 5, np.float32)
            sound = np.concatenate([quiet, sound, quiet])
            try:
                found[path.name], _ = likeliest(scorer, sound, reader.sentences(said, voice))
            except ValueError:
                continue
            soundfile.write(path, sound, SAMPLE_RATE_HZ)
            row = {"audio": f"audio/{path.name}", "text": said.carrier.format(plain(name))}
            row |= {"speaker": voice, "lang": "en", "seconds": len(sound) / SAMPLE_RATE_HZ}
            manifest.write(json.dumps(row) + "\n")
    write_alignments(found, work / f"{arguments.out.name}.alignment.jsonl.gz")


if __name__ == "__main__":
    main()
