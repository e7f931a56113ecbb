"""Real people through real Vosk: what they read aloud dials nobody, and yes is never no."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.__main__ import build_parser
from assistant.replay.scoring import Score, Verdict, judge
from assistant.replaying import understanding
from tests.recorded.people import cases

AT_MOST_ACTED_ON = 0.05


@pytest.fixture(scope="module")
def scores(shared: Path) -> list[Score]:
    options = build_parser().parse_args(["replay", "-", "--now", "2026-03-10T09:50:00+00:00"])
    with understanding(options) as understand:
        return [judge(case, understand(case)) for case in cases(shared / "corpora")]


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
