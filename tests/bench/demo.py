"""How soon the answer comes: start, recognition, last speech sample to first reply sample."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assistant.__main__ import build_parser
from assistant.commands import Session
from assistant.core.events import Scope
from assistant.ears import Ears
from assistant.hearing import build_ears
from assistant.replay.cases import Case, load_suite
from assistant.speech.audio import read_wav
from assistant.speech.synthesizer import Synthesizer

FIXTURES = Path(__file__).parents[2] / "audio_fixtures/en-GB"
REPEATS = 5


class Stopwatch:
    """Milliseconds per row of the table."""

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}

    def add(self, row: str, value: float) -> None:
        self.rows.setdefault(row, []).append(value)

    @contextmanager
    def time(self, row: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.add(row, (time.perf_counter() - began) * 1000)


def main() -> None:
    suite = load_suite(FIXTURES)
    drive = [case for case in suite.cases if case.drive and case.intent]
    options = build_parser().parse_args(["hear", "-", "--now", suite.now.isoformat()])
    watch = Stopwatch()
    with Session(options) as session, Synthesizer(session.car.locale.tag) as voice:
        for _ in range(REPEATS):
            with watch.time("model load (target 1000 ms)"):
                ears = build_ears(session.car)
            with watch.time("graph of the whole grammar (target 1000 ms)"):
                ears.prepare(Scope.IDLE)
        voice.warm_up()
        for case in drive:
            session.door = session.new_door()
            answer(watch, session, ears, voice, case)
    show(watch)


def answer(watch: Stopwatch, session: Session, ears: Ears, voice: Synthesizer, case: Case) -> None:
    """One recorded sentence at speaking speed, until the reply's first sample is there."""
    recording = read_wav(case.file)
    listened = ears.hear(recording.pcm, Scope(case.scope), case.choices, realtime=True)
    turn = session.door.say(listened.hypothesis)
    next(iter(voice.render(turn.reply)))
    watch.add(
        "last speech sample to first reply sample (target 700 ms)",
        (time.perf_counter() - listened.ended) * 1000,
    )
    spent = listened.timings_ms["recognise"]
    watch.add("recognition of one second of speech (target 150 ms)", spent / recording.seconds)
    for stage in ("endpoint", "understand", "act"):
        watch.add(f"  {stage}", {**listened.timings_ms, **turn.timings_ms}[stage])


def show(watch: Stopwatch) -> None:
    table = Table(title="From the button to the answer, milliseconds", title_justify="left")
    table.add_column("")
    columns: dict[str, Callable[[list[float]], float]] = {
        "median": statistics.median,
        "best": min,
        "worst": max,
    }
    for heading in (*columns, "times"):
        table.add_column(heading, justify="right")
    for row, values in watch.rows.items():
        table.add_row(row, *(f"{pick(values):.0f}" for pick in columns.values()), str(len(values)))
    Console().print(table)
