"""Step 5, too: long held-out recordings cut at their pauses, as a corpus of its own to test on.

    python -m models.training.passages CORPORA WORK/passages
    python -m models.training.evaluate models/en WORK/passages

The sentences of read books are too long for `evaluate.py`, but native speakers read them.
"""

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from models.training.corpora import SAMPLE_RATE_HZ, Utterance, read_audio, utterances

LEAST_PAUSE = 20  # frames of 10 ms
SHORTEST, LONGEST = 6, 14  # words
MARGIN = 10  # frames before and after a passage, at most half a pause


class Word(NamedTuple):
    """A word with its first frame and its number of frames, 10 ms each."""

    text: str
    start: int
    frames: int

    @property
    def end(self) -> int:
        return self.start + self.frames


def passages(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Stretches between pauses, joined until they are long enough; too long ones are left out."""
    begin = 0
    for index in range(1, len(words) + 1):
        at_end = index == len(words)
        if at_end or words[index].start - words[index - 1].end >= LEAST_PAUSE:
            if index - begin < SHORTEST and not at_end:
                continue
            if SHORTEST <= index - begin <= LONGEST:
                yield words[begin:index]
            begin = index


def word_times(corpus: Path) -> dict[str, list[Word]]:
    """Audio file name -> words, without silences, from an `alignment.jsonl.gz`."""
    with gzip.open(corpus / "alignment.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {
        Path(row["audio"]).name: [
            Word(text.partition("(")[0], start, frames)  # "and(2)" is a way to say "and"
            for text, start, frames in row["words"]
            if text[0].isalpha()
        ]
        for row in rows
    }


def cut(utterance: Utterance, words: Sequence[Word], out: Path) -> Iterator[dict[str, object]]:
    """Writes each passage and yields its line of the manifest."""
    samples = read_audio(utterance.audio)
    step = SAMPLE_RATE_HZ // 100
    for number, passage in enumerate(passages(words)):
        start, end = passage[0].start - MARGIN, passage[-1].end + MARGIN
        piece = samples[max(start, 0) * step : end * step]
        name = f"audio/{utterance.audio.stem}-{number}.flac"
        soundfile.write(out / name, piece, SAMPLE_RATE_HZ)
        yield {
            "audio": name,
            "text": " ".join(word.text for word in passage),
            "speaker": utterance.speaker,
            "lang": "en",
            "seconds": len(piece) / SAMPLE_RATE_HZ,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("out", type=Path, help="a folder for the new corpus")
    parser.add_argument("--corpus", default="librispeech-train-clean-5")
    arguments = parser.parse_args()
    out = arguments.out / arguments.corpus
    (out / "audio").mkdir(parents=True, exist_ok=True)
    times = word_times(arguments.corpora / arguments.corpus)
    chosen = [u for u in utterances(arguments.corpora) if u.corpus == arguments.corpus]
    known = [u for u in chosen if u.is_held_out and u.audio.name in times]
    with (out / "manifest.jsonl").open("w") as manifest:
        for utterance in known:
            for row in cut(utterance, times[utterance.audio.name], out):
                manifest.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
