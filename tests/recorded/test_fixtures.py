"""Every recording of `audio_fixtures/` through real Vosk: the same intent and slots, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.__main__ import build_parser
from assistant.replay.cases import Case, load_suite
from assistant.replay.report import is_passed
from assistant.replay.scoring import Understand, Verdict, judge
from assistant.replaying import understanding

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
SUITES = {table.parent.name: load_suite(table.parent) for table in FIXTURES.glob("*/cases.toml")}
ROWS = [(locale, case) for locale, suite in sorted(SUITES.items()) for case in suite.cases]
IDS = [f"{locale}/{case.file.name}" for locale, case in ROWS]


@pytest.fixture(scope="module")
def ears() -> Iterator[dict[str, Understand]]:
    """Locale -> ears at that table's moment, on the sample week."""
    with ExitStack() as stack:
        opened = {}
        for locale, suite in SUITES.items():
            options = build_parser().parse_args(["replay", str(suite.folder)])
            opened[locale] = stack.enter_context(understanding(options, suite))
        yield opened


@pytest.mark.parametrize(("locale", "case"), ROWS, ids=IDS)
def test_recording(ears: dict[str, Understand], locale: str, case: Case) -> None:
    score = judge(case, ears[locale](case))
    assert is_passed(score), f"{score.verdict}: {score.understood}"
    if case.known_miss:
        assert score.verdict is not Verdict.RIGHT, "it is understood now: take known_miss away"


def test_every_row_is_collected_and_every_file_has_a_row() -> None:
    assert len(set(IDS)) == len(IDS) == sum(len(suite.cases) for suite in SUITES.values())
    on_disk = {f"{file.parent.name}/{file.name}" for file in FIXTURES.glob("*/*.wav")}
    assert on_disk == set(IDS)


def test_rows_say_where_their_sound_comes_from() -> None:
    for locale, case in ROWS:
        assert case.locale == locale
        assert case.licence, case.file.name
        assert case.source, case.file.name
        assert bool(case.heard) == bool(case.speaker), case.file.name
