"""How much is understood: the recordings as they are, and again in louder and louder noise."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from assistant.__main__ import build_parser
from assistant.replay.cases import Case, Suite, load_suite
from assistant.replay.mixing import Samples, babble, cabin, mix
from assistant.replay.report import report
from assistant.replay.scoring import run
from assistant.replaying import understanding
from assistant.speech.audio import RATE_HZ, Pcm, read_wav, write_wav

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
LEVELS = (("car", 12.0), ("car", 6.0), ("car", 0.0), ("babble", 12.0), ("babble", 6.0))
JOBS = 2
TALKERS = 6


def main() -> None:
    console = Console()
    for table in sorted(FIXTURES.glob("*/cases.toml")):
        suite = load_suite(table.parent)
        options = build_parser().parse_args(["replay", str(suite.folder)])
        with tempfile.TemporaryDirectory(prefix="roadcall-") as folder:
            cases = [*suite.cases, *noisier(suite, Path(folder))]
            console.print(report(list(run(cases, partial(understanding, options, suite), JOBS))))


def noisier(suite: Suite, folder: Path) -> Iterator[Case]:
    """The quiet sentences again at every level, written to `folder`."""
    quiet = [
        case for case in suite.cases if case.speaker and not case.noise and not case.known_miss
    ]
    talk = [samples(case) for case in quiet if not case.intent][:TALKERS]
    for case in quiet:
        speech = samples(case)
        for kind, snr_db in LEVELS:
            seed = zlib.crc32(f"{case.file.name}{kind}{snr_db}".encode())
            noise = cabin(len(speech), seed) if kind == "car" else babble(talk, len(speech), seed)
            file = folder / f"{case.file.stem}-again-{kind}{snr_db:.0f}.wav"
            pcm = (mix(speech, noise, snr_db) * 32767).astype("<i2").tobytes()
            write_wav(file, Pcm(data=pcm, rate_hz=RATE_HZ))
            yield replace(case, file=file, noise=kind, snr_db=snr_db)


def samples(case: Case) -> Samples:
    return np.frombuffer(read_wav(case.file).pcm, "<i2").astype(np.float32) / 32768
