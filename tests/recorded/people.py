"""Real people, from the corpora beside the project: sentences read aloud, and yes and no.

Nothing of what is read aloud is meant for a car, so nothing must happen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.replay.cases import Case

READ_ALOUD = ("common-voice-en", "librispeech-train-clean-5", "speechocean762")
PER_CORPUS = 25
PER_ANSWER = 25
LONGEST_S = 8.0


def cases(corpora: Path) -> Iterator[Case]:
    """The first sentence of each of the first speakers, and their yes and no."""
    for corpus in READ_ALOUD:
        rows = [row for row in manifest(corpora / corpus) if row["seconds"] < LONGEST_S]
        for row in one_per_speaker(rows)[:PER_CORPUS]:
            yield case(corpora / corpus, row, intent="")
    for answer in ("yes", "no"):
        rows = [r for r in manifest(corpora / "speech-commands") if r["text"].lower() == answer]
        for row in one_per_speaker(rows)[:PER_ANSWER]:
            yield case(corpora / "speech-commands", row, f"session.{answer}", scope="confirm")


def manifest(corpus: Path) -> list[dict[str, Any]]:
    lines = (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def one_per_speaker(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["speaker"]: row for row in reversed(rows)}.values())


def case(corpus: Path, row: dict[str, Any], intent: str, scope: str = "idle") -> Case:
    return Case(
        file=corpus / str(row["audio"]),
        heard=str(row["text"]),
        intent=intent,
        locale="en-GB",
        scope=scope,
        speaker=str(row["speaker"]),
        kind="human",
        source=corpus.name,
        licence=str(row["licence"]),
    )
