"""Real people through real Vosk: what they read aloud dials nobody, and yes is never no."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.__main__ import build_parser
from assistant.replay.cases import Suite
from assistant.replay.scoring import Score, Verdict, judge
from assistant.replaying import understanding
from tests.recorded.people import cases

NOW = datetime(2026, 3, 10, 9, 50, tzinfo=UTC)
AT_MOST_ACTED_ON = 0.05
"""Share of sentences read aloud that are taken for a harmless request; 0.03 at present."""


@pytest.fixture(scope="module")
def scores(shared: Path) -> list[Score]:
    suite = Suite(folder=shared / "corpora", now=NOW, cases=tuple(cases(shared / "corpora")))
    options = build_parser().parse_args(["replay", str(suite.folder)])
    with understanding(options, suite) as understand:
        return [judge(case, understand(case)) for case in suite.cases]


def test_reading_aloud_dials_nobody(scores: list[Score]) -> None:
    assert [score for score in scores if score.is_false_dial] == []


def test_reading_aloud_does_nothing(scores: list[Score]) -> None:
    read = [score for score in scores if not score.case.intent]
    acted_on = [s.understood for s in read if s.verdict is Verdict.FALSE_ACCEPT]
    assert len(acted_on) <= AT_MOST_ACTED_ON * len(read), acted_on


def test_yes_is_never_no(scores: list[Score]) -> None:
    answers = [score for score in scores if score.case.intent]
    assert {score.case.intent for score in answers} == {"session.yes", "session.no"}
    assert [score for score in answers if score.verdict is Verdict.WRONG] == []
