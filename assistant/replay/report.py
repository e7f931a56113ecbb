"""The table of a replay: how often right, by speaker kind and noise, and every failure by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from assistant.replay.scoring import Score, Verdict, plain


def group_of(score: Score) -> str:
    """Human and synthetic voices never share a row; nor do two levels of noise."""
    case = score.case
    if not case.noise:
        return f"{case.kind}, quiet"
    level = "alone" if case.snr_db is None else f"{case.snr_db:g} dB"
    return f"{case.kind}, {case.noise} {level}"


def is_passed(score: Score) -> bool:
    """Right; where the table says that the present model misses it, nothing, half of it or the
    harmless intent that the table names."""
    if score.case.known_miss:
        harmless = score.verdict in (Verdict.RIGHT, Verdict.MISS) or _is_half(score)
        return harmless or _is_mistaken_as_said(score)
    return score.verdict is Verdict.RIGHT


def _is_half(score: Score) -> bool:
    """The wanted intent without any slot, and nobody dialled: the rest is asked."""
    heard, wanted = score.understood, score.case
    is_asked = not heard.slots and not score.is_false_dial
    return heard.intent == wanted.intent and is_asked


def _is_mistaken_as_said(score: Score) -> bool:
    expected = score.case.taken_for
    return bool(expected) and score.understood.intent == expected and not score.is_false_dial


def report(scores: Sequence[Score]) -> Group:
    table = Table(title="Recordings understood", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("speech", no_wrap=True)
    for heading in ("files", "right", "missed", "wrong", "false accept", "false dial"):
        table.add_column(heading, justify="right", no_wrap=True)
    groups: dict[str, list[Score]] = {}
    for score in scores:
        groups.setdefault(group_of(score), []).append(score)
    for name, group in sorted(groups.items()):
        table.add_row(name, *_figures(group))
    if len(groups) > 1:
        table.add_section()
        table.add_row("all", *_figures(scores))
    return Group(table, *_failures(scores))


def as_row(score: Score) -> dict[str, object]:
    """The object that `replay --json` prints."""
    case, understood = score.case, score.understood
    return {
        "file": str(case.file),
        "verdict": score.verdict.value,
        "false_dial": score.is_false_dial,
        "wanted": {"intent": case.intent, "slots": dict(case.slots)},
        "heard": understood.heard,
        "intent": understood.intent,
        "slots": {name: plain(value) for name, value in understood.slots.items()},
    }


def _figures(scores: Sequence[Score]) -> tuple[str, ...]:
    counts = Counter(score.verdict for score in scores)
    right = counts[Verdict.RIGHT]
    return (
        str(len(scores)),
        f"{right} {right / len(scores):4.0%}",
        str(counts[Verdict.MISS]),
        str(counts[Verdict.WRONG]),
        str(counts[Verdict.FALSE_ACCEPT]),
        str(sum(score.is_false_dial for score in scores)),
    )


def _failures(scores: Iterable[Score]) -> list[Text]:
    return [
        Text(
            f"{score.case.locale}/{score.case.file.name}: {score.verdict}: "
            f"wanted {_meaning(score.case.intent, score.case.slots)}, "
            f"heard {score.understood.heard!r} as "
            f"{_meaning(score.understood.intent, score.understood.slots)}"
        )
        for score in scores
        if score.verdict is not Verdict.RIGHT
    ]


def _meaning(intent: str, slots: Mapping[str, object]) -> str:
    if not intent:
        return "nothing"
    return f"{intent}({', '.join(f'{k}={plain(v)}' for k, v in slots.items())})"
