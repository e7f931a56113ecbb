"""What there is to learn from: utterances of the corpora, and who is kept for the evaluation.

Whole speakers are held out, chosen by a hash of their name, so that the list is the same on
every machine and in every version of the recipe.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
HELD_OUT_PERCENT = 8
# Corpora of one voice, or of voices without names, cannot give a fair test.
NEVER_HELD_OUT = ("kathleen-en", "vctk-p239", "precise-community")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One recording and what was said in it."""

    corpus: str
    audio: Path
    words: tuple[str, ...]
    speaker: str
    seconds: float

    @property
    def is_held_out(self) -> bool:
        return self.corpus not in NEVER_HELD_OUT and is_held_out(self.speaker)


@dataclass(frozen=True, slots=True)
class Aligned:
    """A phone with its first frame and its number of frames, 10 ms each."""

    phone: str
    start: int
    frames: int


def is_held_out(speaker: str) -> bool:
    """Whether a speaker is kept for the evaluation."""
    digest = hashlib.sha256(speaker.encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < HELD_OUT_PERCENT


def utterances(corpora: Path) -> Iterator[Utterance]:
    """Everything in `corpora/*/manifest.jsonl`, in a fixed order."""
    for manifest in sorted(corpora.glob("*/manifest.jsonl")):
        for line in manifest.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["lang"].startswith("en"):
                yield Utterance(
                    corpus=manifest.parent.name,
                    audio=manifest.parent / row["audio"],
                    words=normalise_text(row["text"]),
                    speaker=row["speaker"],
                    seconds=row["seconds"],
                )


def normalise_text(text: str) -> tuple[str, ...]:
    """Lower-case words; apostrophes stay inside words only."""
    words = re.sub(r"[^a-z' ]+", " ", text.lower().replace("\u2019", "'")).split()
    return tuple(word for word in (word.strip("'") for word in words) if word)


def alignments(path: Path) -> dict[str, list[Aligned]]:
    """Audio file name -> phones, from an `alignment.jsonl.gz`."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {Path(row["audio"]).name: [Aligned(*phone) for phone in row["phones"]] for row in rows}


def read_audio(path: Path) -> NDArray[np.float32]:
    """Samples between -1 and 1 at 16 kHz, mono.

    Raises:
        ValueError: the file has another sample rate.
    """
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != SAMPLE_RATE_HZ:
        raise ValueError(f"{path}: {rate} Hz, expected {SAMPLE_RATE_HZ} Hz")
    return samples  # type: ignore[no-any-return]
