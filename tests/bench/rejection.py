"""The price of rejection: how much is missed for how much is let through, as a curve.

The dearer a phone outside the grammar (`Costs.unknown_phone`), the more is accepted, wanted or
not; 0 is what is in use. People and synthetic voices are counted apart; people come from the
corpora beside the project, those of the orders were not trained on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from assistant.__main__ import build_parser
from assistant.assembly import Car
from assistant.commands import Session
from assistant.core.automaton import Automaton
from assistant.core.events import Scope
from assistant.core.template import automaton
from assistant.replay.cases import Case, Suite, load_suite
from assistant.speech.audio import read_wav
from assistant.speech.recognizer import ANSWERS, RECORDINGS, Limits, Meaning, Recognizer
from models.training.corpora import Utterance, read_audio, utterances
from models.training.evaluate import trials
from tests.bench.speech import CORPORA, MODEL, ROOT
from tests.recorded import people

DEARER = (-0.4, -0.2, 0.0, 0.2, 0.4)
WORDS = ("yes", "no", "stop")
OTHER_WORDS = 150


class Sound(NamedTuple):
    wanted: str
    """The words, "" where nothing must be understood."""
    pcm: bytes


class Check(NamedTuple):
    name: str
    grammar: Automaton
    sounds: list[Sound]
    limits: Limits
    meaning: Meaning = str


def main() -> None:
    if not CORPORA.is_dir():
        pytest.skip("no corpora beside the project")
    checks = list(all_checks())
    table = Table(title="rejection: right, or for what is not meant for the car: let through")
    for column in ("a phone outside is dearer by", *(check.name for check in checks)):
        table.add_column(column, justify="right")
    recognizer = Recognizer(MODEL)
    for dearer in DEARER:
        shares = (f"{100 * share(recognizer, check, dearer):.1f} %" for check in checks)
        table.add_row(f"{dearer:.2f}", *shares)
    Console().print(table)


def share(recognizer: Recognizer, check: Check, dearer: float) -> float:
    """Of recordings understood as wanted; where nothing is wanted, of those let through."""
    filler = check.limits.filler
    filler = replace(filler, unknown_phone=filler.unknown_phone + dearer)
    limits = replace(check.limits, filler=filler)
    language = recognizer.language(check.grammar, limits=limits)
    count = 0
    for sound in check.sounds:
        utterance = recognizer.utterance(language, check.meaning, hold=True)
        utterance.feed(bytes(9600) + sound.pcm + bytes(16000))
        heard = utterance.finish().text
        is_right = check.meaning(heard) == check.meaning(sound.wanted)
        count += is_right if sound.wanted else bool(heard)
    return count / len(check.sounds)


def all_checks() -> Iterator[Check]:
    suite = load_suite(ROOT / "audio_fixtures" / "en-GB")
    options = build_parser().parse_args(["replay", str(suite.folder)])
    options.now = suite.now
    with Session(options) as session:
        yield from checks_of_a_day(suite, session.car)
    yield from checks_of_orders()


def checks_of_a_day(suite: Suite, car: Car) -> Iterator[Check]:
    """The grammar of the sample week, and that of a yes or no."""

    def meaning(text: str, scope: Scope = Scope.IDLE) -> Hashable:
        readings = car.read_speech(text, scope, ()) if text else ()
        return readings[0].meaning if readings else None

    to_question = partial(meaning, scope=Scope.CONFIRM)
    day, confirm = (
        automaton(car.locale, car.vocabulary, scope) for scope in (Scope.IDLE, Scope.CONFIRM)
    )
    commands = [case for case in suite.cases if case.intent and case.scope == "idle"]
    wanted = [Sound(case.heard, pcm(case)) for case in commands]
    yield Check("commands, synthetic", day, wanted, Limits(), meaning)
    read = [Sound("", pcm(case)) for case in people.cases(CORPORA) if not case.intent]
    yield Check("people reading aloud, let through", day, read, Limits(), meaning)
    words = [u for u in utterances(CORPORA) if u.corpus == "speech-commands"]
    said = [u for u in words if u.is_held_out and u.words[0] in WORDS]
    yield Check("answers of people", confirm, list(spoken(said)), ANSWERS, to_question)
    rest = [u for u in words if u.words[0] not in (*WORDS, "go", "right", "off", "on")]
    strangers = [Sound("", sound.pcm) for sound in spoken(rest[:: len(rest) // OTHER_WORDS])]
    yield Check("other words of people, let through", confirm, strangers, ANSWERS)


def checks_of_orders() -> Iterator[Check]:
    """A closed grammar of 125,000 sentences, and others than those."""
    held_out = [u for u in utterances(CORPORA) if u.is_held_out]
    orders, others = list(islice(trials(held_out), 2))
    yield Check("orders of people", orders.grammar, list(spoken(orders.spoken)), RECORDINGS)
    strangers = [Sound("", sound.pcm) for sound in spoken(others.spoken)]
    yield Check("other sentences of people, let through", orders.grammar, strangers, RECORDINGS)


def spoken(chosen: Iterable[Utterance]) -> Iterator[Sound]:
    for utterance in chosen:
        samples = np.clip(read_audio(utterance.audio), -1, 1)
        yield Sound(" ".join(utterance.words), (samples * 32767).astype("<i2").tobytes())


def pcm(case: Case) -> bytes:
    return read_wav(Path(case.file)).pcm
