"""What was understood against what should have been: one verdict per recording.

Decided here: equality is of the intent and every slot, never of the words. Silence, noise and
talk that is not for the car are right when nothing happens. Neighbours: `cases` gives the rows;
`app` gives the ears; `report` prints the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

from assistant.core.events import Scope
from assistant.core.model import Grain, Named, When
from assistant.replay.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the assistant took from one recording; `intent` is "" when it would do nothing."""

    heard: str = ""
    intent: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)


class Ears(Protocol):
    """Recogniser and matcher, ready for the suite's moment, calendar and contacts."""

    def understand(self, file: Path, scope: Scope) -> Understood:
        """Raises: BadAudio."""


class Verdict(StrEnum):
    RIGHT = "right"
    MISS = "miss"
    """Something was asked and nothing would happen."""
    WRONG = "wrong"
    """Something was asked and something else would happen."""
    FALSE_ACCEPT = "false accept"
    """Nothing was asked and something would happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One recording judged."""

    case: Case
    understood: Understood
    verdict: Verdict
    is_false_dial: bool
    """A call that was not asked for, or not to that person or meeting."""


def plain(value: object) -> object:
    """A slot's value as the table writes it: a name, a number, the ISO start of a time."""
    match value:
        case Named(candidates=(best, *_)):
            return best.value
        case Named(heard=heard):
            return heard
        case When(spans=(first, *_), grain=Grain.INSTANT):
            return first.start.isoformat(timespec="minutes")
        case When(spans=(first, *_)):
            start, end = (t.isoformat(timespec="minutes") for t in (first.start, first.end))
            return f"{start}/{end}"
        case When(heard=heard):
            return heard
    return value


def judge(case: Case, understood: Understood) -> Score:
    slots = {name: plain(value) for name, value in understood.slots.items()}
    is_equal = understood.intent == case.intent and slots == case.slots
    if is_equal:
        verdict = Verdict.RIGHT
    elif not understood.intent:
        verdict = Verdict.MISS
    else:
        verdict = Verdict.WRONG if case.intent else Verdict.FALSE_ACCEPT
    return Score(
        case=case,
        understood=understood,
        verdict=verdict,
        is_false_dial=not is_equal and understood.intent.startswith("call."),
    )


def run(cases: Sequence[Case], build_ears: Callable[[], Ears], jobs: int = 1) -> Iterator[Score]:
    """Judges every case, in order; `jobs` processes each build their own ears.

    `build_ears` is a function of a module (or a partial of one), so that it can be sent to a
    process. Raises: AssistantError of the first recording that cannot be read.
    """
    if jobs <= 1:
        yield from judge_all(build_ears, cases)
        return
    shares = [cases[start::jobs] for start in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        scores = [pool.submit(_judge_share, build_ears, share) for share in shares if share]
        done = {score.case.file: score for future in scores for score in future.result()}
    yield from (done[case.file] for case in cases)


def judge_all(build_ears: Callable[[], Ears], cases: Iterable[Case]) -> Iterator[Score]:
    ears = build_ears()
    for case in cases:
        yield judge(case, ears.understand(case.file, Scope(case.scope)))


def _judge_share(build_ears: Callable[[], Ears], cases: Sequence[Case]) -> list[Score]:
    return list(judge_all(build_ears, cases))
