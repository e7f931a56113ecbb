"""Ears and voice: time and memory.

`python -m tests.bench speech`; `speech_names` has the names. People are read from the corpora
beside the project; everything else is synthesised. The model has heard some of these speakers in
training: the held-out figures are in `models/training/RESULTS.md`.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import soundfile
from rich.console import Console
from rich.table import Column, Table

from assistant.assembly import build_locale
from assistant.core.events import Scope
from assistant.core.model import Contact
from assistant.core.slots import build_vocabulary
from assistant.core.template import automaton
from assistant.speech import espeak, pyttsx3_child
from assistant.speech.lexicon import Lexicon
from assistant.speech.recognizer import Language, Recognizer
from assistant.speech.synthesizer import Child, Synthesizer
from tests.bench.speech_names import MODEL
from tests.bench.speech_names import people as european

ROOT = Path(__file__).parents[2]
CORPORA = ROOT.parent / "shared" / "corpora"
REPLY = "Your next meeting is the quarterly review at three, with Anna Weber. It is online."
PAUSE = bytes(9600)
"""0.3 s of silence."""
console = Console()


class Clip(NamedTuple):
    text: str
    pcm: bytes


def main() -> None:
    speed()


def milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def contacts(count: int, seed: int = 7) -> list[Contact]:
    """Mixed European names, half of them from the model's dictionary."""
    chosen = random.Random(seed)
    given, foreign = zip(*(one.name.split(maxsplit=1) for one in european()), strict=True)
    dictionary = gzip.decompress((MODEL / "lexicon.tsv.gz").read_bytes()).decode().splitlines()
    common = [line.partition("\t")[0] for line in dictionary if line[:3].isalpha()]
    joined = [f"{a}-{b}" if count > 1000 else a for a in foreign for b in foreign]
    family = chosen.sample(common, count // 2) + chosen.sample(joined, count // 2)
    people = {f"{chosen.choice(given)} {chosen.choice(family)}" for _ in range(3 * count)}
    return [Contact(name=name) for name in sorted(people)[:count]]


def speed() -> None:
    rows = Table("what", Column("ms", justify="right"), title="time on this machine")
    rows.add_row("most memory of `roadcall hear`, MiB", f"{memory_mib():.0f}")
    began = time.perf_counter()
    recognizer = Recognizer(MODEL)
    rows.add_row("dictionary", f"{milliseconds(began):.0f}")
    locale = build_locale("en-GB")
    for count in (200, 2000):
        vocabulary = build_vocabulary(locale, contacts(count), ())
        began = time.perf_counter()
        grammar = automaton(locale, vocabulary, Scope.IDLE)
        rows.add_row(f"automaton, {count} contacts", f"{milliseconds(began):.0f}")
        Lexicon(MODEL).pronounce_all(grammar.words, {})
        began = time.perf_counter()
        language = recognizer.language(grammar)
        rows.add_row(f"graph and model, {count} contacts", f"{milliseconds(began):.0f}")
    with Synthesizer("en-GB") as synthesizer:
        began = time.perf_counter()
        synthesizer.warm_up()
        rows.add_row("voice started", f"{milliseconds(began):.0f}")
    for module in (pyttsx3_child.__name__, espeak.__name__):
        rows.add_row(f"first sound, {module.rpartition('.')[2]}", f"{first_sound_ms(module):.0f}")
    clips = list(people(20)) if CORPORA.is_dir() else []
    if clips:
        sounds = [PAUSE + clip.pcm + 5 * PAUSE for clip in clips]
        seconds = sum(map(len, sounds)) / 32000
        began = time.process_time()
        for pcm in sounds:
            hear(recognizer, language, pcm)
        factor = (time.process_time() - began) / seconds
        rows.add_row("real-time factor, one core, 2000 contacts", f"{factor:.3f}")
    console.print(rows)


def memory_mib() -> float:
    """Of `roadcall hear` with the sample week.

    To be called first: a child counts as no smaller than its parent when it began.
    """
    recording = ROOT / "audio_fixtures/en-GB/agenda-afternoon-rms.wav"
    command = [sys.executable, "-m", "assistant", "hear", str(recording)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def first_sound_ms(module: str) -> float:
    child = Child(module)
    clause = {"render": REPLY.split(",")[0], "voice": "en-gb", "words_per_minute": 165, "volume": 1}
    child.ask(clause)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        child.ask(clause)
        times.append(milliseconds(began))
    child.stop()
    return statistics.median(times)


def hear(recognizer: Recognizer, language: Language, pcm: bytes) -> str:
    utterance = recognizer.utterance(language)
    utterance.feed(pcm)
    return utterance.finish().text


def spoken(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", "", text.lower()).split()


def people(count: int, words: tuple[int, int] = (3, 12)) -> Iterable[Clip]:
    """Clips of at most five seconds from three corpora, always the same ones."""
    rows = []
    for corpus in ("common-voice-en", "librispeech-train-clean-5", "speechocean762"):
        with (CORPORA / corpus / "manifest.jsonl").open(encoding="utf-8") as lines:
            rows += [(corpus, json.loads(line)) for line in lines]
    random.Random(11).shuffle(rows)
    fitting = [r for r in rows if words[0] <= len(spoken(r[1]["text"])) <= words[1]]
    for corpus, row in fitting[:count]:
        samples, _ = soundfile.read(CORPORA / corpus / row["audio"], dtype="int16", frames=80_000)
        yield Clip(" ".join(spoken(row["text"])), samples.tobytes())


if __name__ == "__main__":
    main()
