"""Step 1: which phone is where, by a network that was trained before.

    python -m models.training.align CORPORA WORK --network net.pt [--all]

Writes `WORK/<corpus>.alignment.jsonl.gz`.  Alignments that lie beside the manifests are taken
over, unless `--all` asks for a fresh look; the rest (words unknown to the first aligner) get
pronunciations from espeak-ng.
"""

import argparse
import gzip
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.training import network
from models.training.corpora import Aligned, Utterance, alignments, read_audio, utterances
from models.training.export import cmu_dictionary, lexicon_entries
from models.training.features import mfcc
from models.training.network import SUBSAMPLING, Network
from models.training.phones import SILENCE, onset, rest
from models.training.pronounce import pronounce

log = logging.getLogger(__name__)
ACOUSTIC_SCALE = 0.5
# The mean log likelihood ratio of a frame below which text and sound cannot belong together.
WORST_MEAN_SCORE = 0.8


@dataclass(frozen=True, slots=True)
class Chain:
    """The states of a sentence in order, and from where each can be entered."""

    outputs: NDArray[np.int64]  # (states,)
    sources: NDArray[np.int64]  # (states, 4); the state itself first, -1 where there are fewer
    phones: tuple[str, ...]  # by state // 2


class Scorer:
    """Log likelihood ratios of the outputs at every 10 ms."""

    def __init__(self, path: Path) -> None:
        self._net, priors = network.load(path)
        self._net.eval()
        self._log_priors = (priors / priors.sum()).log().float()

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        features = torch.from_numpy(mfcc(samples))
        with torch.no_grad():
            logits = frame_logits(self._net, features)
        return (logits.log_softmax(dim=1) - self._log_priors).numpy()


def frame_logits(net: Network, features: torch.Tensor) -> torch.Tensor:
    """(frames, 40) -> (frames, outputs): the network run at each of its three phases."""
    frames, shape = len(features), net.shape
    count = -(-frames // SUBSAMPLING)
    window = torch.arange(-shape.left_context, SUBSAMPLING * count - 2 + shape.right_context)
    phases = [features[(window + phase).clamp(0, frames - 1)] for phase in range(SUBSAMPLING)]
    logits: torch.Tensor = net(torch.stack(phases))
    return logits.transpose(0, 1).reshape(-1, shape.outputs)[:frames]


def sentence_chain(words: Sequence[Sequence[str]]) -> Chain:
    """Silence is optional around every word; onset and rest are states of their own."""
    phones = [SILENCE]
    for word in words:
        phones += [*word, SILENCE]
    outputs = [output for phone in phones for output in (onset(phone), rest(phone))]
    sources = np.full((len(outputs), 4), -1, dtype=np.int64)
    for index, phone in enumerate(phones):
        entry, body = 2 * index, 2 * index + 1
        sources[body, :2] = body, entry
        sources[entry, 0] = entry
        if index:
            sources[entry, 1] = entry - 1
        if index > 1 and phones[index - 1] == SILENCE and phone != SILENCE:
            sources[entry, 2] = entry - 3  # the word before, without a pause
    return Chain(np.array(outputs), sources, tuple(phones))


def best_path(scores: NDArray[np.float32], chain: Chain) -> tuple[list[Aligned], float]:
    """Viterbi through the whole chain, and the mean score of a frame.

    Raises:
        ValueError: the recording is too short for the sentence.
    """
    emission = ACOUSTIC_SCALE * scores[:, chain.outputs]
    reach = np.full(len(chain.outputs) + 1, -np.inf, dtype=np.float32)  # the last: nowhere
    reach[[0, 2]] = emission[0, [0, 2]]
    back = np.zeros(emission.shape, dtype=np.int8)
    rows = np.arange(len(chain.outputs))
    for frame in range(1, len(emission)):
        options = reach[chain.sources]
        back[frame] = options.argmax(axis=1)
        reach[:-1] = options[rows, back[frame]] + emission[frame]
    ends = [len(rows) - 1, len(rows) - 3]  # closing silence, or the last phone
    state = max(ends, key=lambda end: reach[end])
    if not np.isfinite(reach[state]):
        raise ValueError("too short for its text")
    mean = float(reach[state]) / len(emission)
    path = []
    for frame in range(len(emission) - 1, -1, -1):
        path.append(state // 2)
        state = chain.sources[state, back[frame, state]]
    return _segments(path[::-1], chain.phones), mean


def _segments(path: Sequence[int], phones: Sequence[str]) -> list[Aligned]:
    found, start = [], 0
    for index, frames in ((key, len(list(run))) for key, run in groupby(path)):
        found.append(Aligned(phones[index], start, frames))
        start += frames
    return found


def pronunciations(words: Iterable[str]) -> dict[str, list[str]]:
    """The first pronunciation of the CMU dictionary, else a guess."""
    known: dict[str, list[str]] = {}
    for word, phones in lexicon_entries(cmu_dictionary()):
        known.setdefault(word, phones)
    guesses = pronounce(sorted(set(words) - known.keys()))
    return known | {word: guess.split() for word, guess in guesses.items()}


def align_corpus(
    spoken: Sequence[Utterance], known: dict[str, list[Aligned]], scorer: Scorer
) -> dict[str, list[Aligned]]:
    """Audio file name -> phones."""
    missing = [utterance for utterance in spoken if utterance.audio.name not in known]
    lexicon = pronunciations(word for utterance in missing for word in utterance.words)
    found = dict(known)
    for utterance in missing:
        try:
            chain = sentence_chain([lexicon[word] for word in utterance.words])
            phones, score = best_path(scorer(read_audio(utterance.audio)), chain)
        except (KeyError, ValueError) as error:
            log.info("%s: %s", utterance.audio.name, error)
            continue
        log.debug("%s: %.3f", utterance.audio.name, score)
        if score > WORST_MEAN_SCORE:
            found[utterance.audio.name] = phones
    log.info("known %d, won %d of %d", len(known), len(found) - len(known), len(missing))
    return found


def write_alignments(found: dict[str, list[Aligned]], out: Path) -> None:
    """In the format of the alignments beside the manifests."""
    with gzip.open(out, "wt", encoding="utf-8") as file:
        for name, phones in found.items():
            row = {"audio": name, "phones": [[p.phone, p.start, p.frames] for p in phones]}
            file.write(json.dumps(row) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--all", action="store_true", help="replace the alignments given")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    level = logging.DEBUG if arguments.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(message)s")
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    scorer = Scorer(arguments.network)
    for corpus, spoken in groupby(
        utterances(arguments.corpora), lambda utterance: utterance.corpus
    ):
        beside = arguments.corpora / corpus / "alignment.jsonl.gz"
        known = alignments(beside) if beside.exists() and not arguments.all else {}
        found = align_corpus(list(spoken), known, scorer)
        write_alignments(found, arguments.work / f"{corpus}.alignment.jsonl.gz")


if __name__ == "__main__":
    main()
