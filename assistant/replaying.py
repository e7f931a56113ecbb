"""`roadcall replay FOLDER`: a table of recordings through the real ears and matcher, judged.

Every row is heard alone, at the table's moment, in the scope the row names.
Neighbours: `replay` holds the table, the verdicts and the report.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from assistant.commands import Session
from assistant.core.events import Scope
from assistant.core.model import Interpretation
from assistant.door import Turn
from assistant.hearing import build_ears
from assistant.replay.cases import Case, Suite, load_suite
from assistant.replay.report import as_row, is_passed, report
from assistant.replay.scoring import Understand, Understood
from assistant.replay.scoring import run as judge_cases
from assistant.speech.audio import read_wav

DIALLING = frozenset({"call", "join"})


def run(options: argparse.Namespace) -> int:
    """Prints the table; the status is 1 when a recording was not understood as it should be."""
    suite = load_suite(Path(options.folder))
    scores = list(judge_cases(suite.cases, partial(understanding, options, suite), options.jobs))
    if options.json:
        for score in scores:
            print(json.dumps(as_row(score), ensure_ascii=False))
    else:
        Console().print(report(scores))
    return 0 if all(map(is_passed, scores)) else 1


@contextmanager
def understanding(options: argparse.Namespace, suite: Suite) -> Iterator[Understand]:
    """Ears and matcher of one car, at the suite's moment and in its language."""
    options.now = options.now or suite.now
    options.locale = options.locale or suite.locale
    with Session(options) as session:
        ears = build_ears(session.car)

        def understand(case: Case) -> Understood:
            scope = Scope(case.scope)
            heard = ears.hear(read_wav(case.file).pcm, scope, case.choices).hypothesis
            if scope is Scope.IDLE:
                return taken(session.new_door().say(heard))
            readings = session.car.interpret(
                heard.text, scope, case.choices, session.clock(), is_spoken=True
            )
            reading = readings[0] if heard.text and readings else None
            return understood(heard.text, reading)

        yield understand


def taken(turn: Turn) -> Understood:
    """What a turn at rest came to, the dialogue's own doubts included."""
    dials = turn.action is not None and turn.action.kind in DIALLING
    return replace(understood(turn.heard, turn.reading), dials=dials)


def understood(heard: str, reading: Interpretation | None) -> Understood:
    if reading is None:
        return Understood(heard=heard)
    return Understood(heard=heard, intent=reading.intent, slots=reading.slots)
