"""Names: "call NAME" in an address book of 500, said by English voices, by a voice of the name's
own language and by a German and a French reader.

`python -m tests.bench speech_names`; all speech is synthesised, since nobody has recorded such
names. `speech_names.txt` has them; every second one is for tuning, the others, which are counted
here, are not. An English reader is given the name without its accents.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from rich.console import Console
from rich.table import Table

from assistant.assembly import build_locale
from assistant.core.events import Scope
from assistant.core.match import Matcher
from assistant.core.model import Contact, Interpretation, Named
from assistant.core.slots import build_vocabulary
from assistant.ears import Ears
from assistant.speech import espeak
from assistant.speech.phonemes import plain
from assistant.speech.recognizer import Recognizer
from assistant.speech.synthesizer import Child

MODEL = Path(__file__).parents[2] / "models" / "en"
BOOK = 500
ENGLISH = ("en-gb", "en-gb-scotland", "flite slt", "flite awb")
READERS = {"a German reader": "de", "a French reader": "fr-fr"}
GIVEN = """james mary robert linda david sarah andrew emma peter laura mark helen simon rachel ian
fiona neil alison graham julie keith tracy martin joanne alan claire stuart louise gavin megan"""
FAMILY = """smith jones taylor brown wilson evans johnson walker white edwards hughes green hall
wood harris clarke jackson turner hill cooper ward morris moore king watson baker harrison morgan
allen mitchell scott phillips lee parker bennett shaw richardson webb chapman hunt mason dixon"""


class Person(NamedTuple):
    name: str
    voice: str
    """espeak-ng's, of the name's own language."""
    said: str
    """What that voice is given."""


class Outcome(NamedTuple):
    said_by: str
    person: Person
    verdict: str
    heard: str


def main() -> None:
    rows = Table(title=f"names in an address book of {BOOK}, synthetic speech")
    for column in ("said by", "right", "of", "asks which", "no match", "wrong person"):
        rows.add_column(column, justify="left" if column == "said by" else "right")
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes(people()[1::2]):
        counts.setdefault(outcome.said_by, Counter())[outcome.verdict] += 1
    for said_by, count in [*counts.items(), ("all", sum(counts.values(), Counter[str]()))]:
        figures = (count["right"], count.total(), count["asks"], count["none"], count["wrong"])
        rows.add_row(said_by, *map(str, figures))
    Console().print(rows)


def people() -> list[Person]:
    lines = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
    listed = [line.partition(": ") for line in lines if not line.startswith("#")]
    return [
        Person(name, voice, said or name)
        for voice, _, names in listed
        for name, _, said in (one.partition(" = ") for one in names.split(", "))
    ]


def address_book() -> list[Contact]:
    """The two hundred, others of the same first names and surnames, and English people."""
    chosen = random.Random(7)
    names = [person.name for person in people()]
    given, family = zip(*(name.split(maxsplit=1) for name in names), strict=True)
    near = range(len(names))
    others = [f"{given[i]} {family[(i + chosen.randint(-4, 4)) % len(near)]}" for i in near]
    english = [f"{first} {last}".title() for first in GIVEN.split() for last in FAMILY.split()]
    mixed = dict.fromkeys([*names, *others[::2], *chosen.sample(english, BOOK)])
    return [Contact(name=name) for name in list(mixed)[:BOOK]]


def outcomes(spoken: Sequence[Person]) -> Iterator[Outcome]:
    """Each name by each voice, heard with the whole grammar of the car."""
    locale = build_locale("en-GB")
    vocabulary = build_vocabulary(locale, address_book(), ())
    matcher, now = Matcher(locale, vocabulary), datetime(2026, 3, 10, 9, tzinfo=UTC)

    def read(text: str, scope: Scope, choices: Sequence[str]) -> tuple[Interpretation, ...]:
        return matcher.interpret(text, now=now, scope=scope, choices=choices, is_spoken=True)

    ears = Ears(Recognizer(MODEL), locale, vocabulary, read)
    child = Child(espeak.__name__)
    for said_by, person, pcm in recordings(child, spoken):
        heard = ears.hear(pcm, Scope.IDLE).hypothesis.text
        readings = read(heard, Scope.IDLE, ()) if heard else ()
        yield Outcome(said_by, person, verdict(readings, person.name), heard)
    child.stop()


def verdict(readings: Sequence[Interpretation], name: str) -> str:
    if not readings:
        return "none"
    wanted = readings[0].slots.get("person")
    if readings[0].intent != "call.person" or not isinstance(wanted, Named):
        return "wrong"
    best = [c.value for c in wanted.candidates if c.score == wanted.candidates[0].score]
    return "right" if best == [name] else "asks" if name in best else "wrong"


def recordings(child: Child, spoken: Sequence[Person]) -> Iterator[tuple[str, Person, bytes]]:
    """(said by, who is called, sound); a voice that is not installed says nothing."""
    call = rendered(child, "en-gb", "call")
    for person in spoken:
        for voice in ENGLISH:
            if voice.startswith("flite") and not shutil.which("flite"):
                continue
            if not (voice.startswith("flite") and spells(person.name)):
                pcm = rendered(child, voice, f"call {plain(person.name)}")
                yield f"English, {voice}", person, silenced(pcm)
        own = silenced(call, rendered(child, person.voice, person.said))
        yield "its own language", person, own
        for reader, voice in READERS.items():
            if voice != person.voice:
                yield reader, person, silenced(call, rendered(child, voice, person.name))


def silenced(*parts: bytes) -> bytes:
    return bytes(9600) + b"".join(parts)


def rendered(child: Child, voice: str, text: str) -> bytes:
    engine, _, name = voice.rpartition(" ")
    samples, rate_hz = flite(name, text) if engine else spoken_by(child, voice, text)
    audible = np.flatnonzero(np.abs(samples) > 50)
    spoken_part = samples[audible[0] : audible[-1] + 1]
    return bytes(soxr.resample(spoken_part, rate_hz, 16000).astype("<i2").tobytes())


def spells(name: str) -> bool:
    """Whether flite says some word letter by letter, as nobody would."""
    words = [word for word in plain(name).split() if len(word) > 3]
    phones = {word: run_flite("-ps", "-t", word, "none").split() for word in words}
    return any(len(said) - said.count(b"pau") > 1.3 * len(word) for word, said in phones.items())


def spoken_by(child: Child, voice: str, text: str) -> tuple[np.ndarray, int]:
    said = child.ask({"render": text, "voice": voice, "words_per_minute": 150, "volume": 0.8})
    return np.frombuffer(said.data, "<i2"), said.rate_hz


def flite(voice: str, text: str) -> tuple[np.ndarray, int]:
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        run_flite("-voice", voice, "-t", text, "-o", wav.name)
        samples, rate_hz = soundfile.read(wav.name, dtype="int16")
    return samples, rate_hz


def run_flite(*arguments: str) -> bytes:
    return subprocess.run(["flite", *arguments], check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
