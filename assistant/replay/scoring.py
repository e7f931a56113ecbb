"""What was understood against what should have been: one verdict per recording.

Decided here: equality is of the intent and every slot, never of the words. Silence, noise and
talk that is not for the car are right when nothing happens. Neighbours: `cases` gives the rows;
`replaying` gives the ears; `report` prints the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context

from assistant.core.model import Grain, Named, When
from assistant.replay.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the assistant took from one recording; `intent` is "" when it would do nothing."""

    heard: str = ""
    intent: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    dials: bool = False
    """Whether a call would be placed, or a meeting joined, if the driver says nothing more."""


Understand = Callable[[Case], Understood]
"""Recogniser and matcher at the suite's moment. Raises: BadAudio."""
Opening = Callable[[], AbstractContextManager[Understand]]
"""Builds them, and takes them down. A function of a module or a partial of one, so that it can be
sent to another process."""


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
        is_false_dial=understood.dials and not is_equal,
    )


def run(cases: Sequence[Case], opening: Opening, jobs: int = 1) -> Iterator[Score]:
    """Judges every case, in order; each of `jobs` processes builds ears of its own.

    Raises: AssistantError of the first recording that cannot be read.
    """
    if jobs <= 1:
        yield from _judge_all(opening, cases)
        return
    shares = [cases[start::jobs] for start in range(jobs)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_judge_share, opening, share) for share in shares if share]
        done = {score.case.file: score for future in futures for score in future.result()}
    yield from (done[case.file] for case in cases)


def _judge_all(opening: Opening, cases: Iterable[Case]) -> Iterator[Score]:
    with opening() as understand:
        for case in cases:
            yield judge(case, understand(case))


def _judge_share(opening: Opening, cases: Sequence[Case]) -> list[Score]:
    return list(_judge_all(opening, cases))
