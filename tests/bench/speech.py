"""Ears and voice: time, memory, and names outside the dictionary.

`python -m tests.bench speech`. People are read from the corpora beside the project; everything
else is synthesised. The model has heard some of these speakers in training: the held-out figures
are in `models/training/RESULTS.md`.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import resource
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from rich.console import Console
from rich.table import Table

from assistant.assembly import build_locale
from assistant.core.automaton import Arc, Automaton
from assistant.core.events import Scope
from assistant.core.model import Contact
from assistant.core.slots import build_vocabulary
from assistant.core.template import automaton
from assistant.speech import espeak, pyttsx3_child
from assistant.speech.lexicon import Lexicon
from assistant.speech.recognizer import Language, Recognizer
from assistant.speech.synthesizer import Child, Synthesizer

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "en"
CORPORA = ROOT.parent / "shared" / "corpora"
REPLY = "Your next meeting is the quarterly review at three, with Anna Weber. It is online."
NAMES = {
    "pl": "Agnieszka Katarzyna Grzegorz Małgorzata Wojciech"
    " / Szczepański Wiśniewska Grzybowski Błaszczyk Lewandowska Dąbrowski Wójcik Krzyżanowska",
    "de": "Jürgen Anneliese Wolfgang Dörte Hannelore"
    " / Schäfer Müller-Lüdenscheidt Kühnemann Großkopf Schnackenburg Vogelsänger Thielemann",
    "fr-fr": "Françoise Thibault Geneviève Guillaume Aurélie"
    " / Lefèvre Deschamps Beauchêne Quesnel Rousselot Gauthereau Peltier Vasseur",
    "es": "Íñigo Guadalupe Joaquín Concepción Álvaro"
    " / Etxeberria Zubizarreta Ibáñez Quintanilla Villanueva Cifuentes Urrutia Peñalver",
    "it": "Giacomo Giuseppina Gianluca Ludovica Raffaella"
    " / Bianchini Quagliarella Scognamiglio Ghirlandaio Cacciatore Tagliaferri Pellegrini",
    "sv": "Göran Åsa Björn Ingegerd Håkan"
    " / Söderström Åkesson Bergqvist Lindqvist Hjelmqvist Öberg Nyström Sjögren",
    "cs": "Jiří Květoslava Zdeněk Božena Přemysl"
    " / Dvořáková Šmíd Hřebíček Kučerová Procházka Žáček Vondráčková Řezníček",
    "hu": "Győző Erzsébet László Zsófia Gergő"
    " / Szabó Kovács Horváth Nagy Kőszegi Székely Bodnár Fehérvári",
}
console = Console()


class Clip(NamedTuple):
    text: str
    pcm: bytes


def main() -> None:
    speed()
    names()


def table(title: str, *columns: str) -> Table:
    made = Table(title=title)
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index else "left")
    return made


def milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def contacts(count: int, seed: int = 7) -> list[Contact]:
    """Mixed European names, half of them from the model's dictionary."""
    chosen = random.Random(seed)
    parts = [[side.split() for side in names.split(" / ")] for names in NAMES.values()]
    given = [name for first, _ in parts for name in first]
    dictionary = gzip.decompress((MODEL / "lexicon.tsv.gz").read_bytes()).decode().splitlines()
    common = [line.partition("\t")[0] for line in dictionary if line[:3].isalpha()]
    foreign = [name for _, last in parts for name in last]
    family = chosen.sample(common, count // 2) + [
        f"{a}-{b}" if count > 1000 else a for a in foreign for b in foreign
    ]
    people = {f"{chosen.choice(given)} {chosen.choice(family)}" for _ in range(3 * count)}
    return [Contact(name=name) for name in sorted(people)[:count]]


def speed() -> None:
    rows = table("time on this machine", "what", "ms")
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
        seconds = sum(len(clip.pcm) for clip in clips) / 32000
        began = time.process_time()
        for clip in clips:
            hear(recognizer, language, clip.pcm)
        factor = (time.process_time() - began) / seconds
        rows.add_row("real-time factor, one core, 2000 contacts", f"{factor:.3f}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.add_row("memory of this process, MiB", f"{memory:.0f}")
    console.print(rows)


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


def names() -> None:
    """ "call NAME" in an address book of 500, the name said by a voice of its own language and by
    an English one."""
    recognizer = Recognizer(MODEL)
    pairs = [
        (voice, f"{first} {last}".lower())
        for voice, listed in NAMES.items()
        for first, last in paired(*listed.split(" / "))
    ]
    book = [name for _, name in pairs]
    book += [c.name.lower() for c in contacts(500) if c.name.lower() not in book]
    sentences = [["call", *name.replace("-", " ").split()] for name in book[:500]]
    language = recognizer.language(any_of(sentences))
    child = Child(espeak.__name__)
    rows = table("names outside the dictionary, right", "said by", "right", "of", "wrong person")
    for said_by in ("own language", "English"):
        right = wrong = 0
        for voice, name in pairs:
            speaker = voice if said_by == "own language" else "en-gb"
            pcm = render(child, "en-gb", "call") + render(child, speaker, name)
            heard = hear(recognizer, language, pcm)
            right += heard == f"call {name.replace('-', ' ')}"
            wrong += heard not in ("", f"call {name.replace('-', ' ')}")
        rows.add_row(said_by, str(right), str(len(pairs)), str(wrong))
    child.stop()
    console.print(rows)


def paired(given: str, family: str) -> Iterator[tuple[str, str]]:
    return zip(itertools.cycle(given.split()), family.split(), strict=False)


def hear(recognizer: Recognizer, language: Language, pcm: bytes) -> str:
    utterance = recognizer.utterance(language)
    utterance.feed(bytes(9600) + pcm + bytes(48000))
    return utterance.finish().text


def render(child: Child, voice: str, text: str) -> bytes:
    said = child.ask({"render": text, "voice": voice, "words_per_minute": 150, "volume": 0.8})
    samples = np.frombuffer(said.data, "<i2")
    audible = np.flatnonzero(np.abs(samples) > 50)
    spoken_part = samples[audible[0] : audible[-1] + 1]
    return bytes(soxr.resample(spoken_part, said.rate_hz, 16000).astype("<i2").tobytes())


def any_of(sentences: Iterable[Sequence[str]]) -> Automaton:
    """One of `sentences`, each as unlikely as a command."""
    arcs, finals, n_states = [], {}, 1
    for words in sentences:
        source = 0
        for word in words:
            arcs.append(Arc(source, n_states, word, 0.0 if source else 10.0))
            source, n_states = n_states, n_states + 1
        finals[source] = 0.0
    return Automaton(n_states=n_states, arcs=tuple(arcs), finals=finals)


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
