"""Step 2: features of speech and of noise, once, so that training only has to mix them.

    python -m models.training.prepare speech CORPORA WORK --variant 0   (and 1, 2: one process each)
    python -m models.training.prepare noise CORPORA WORK

Variant 0 is the recording as it is; the others change speed, vocal tract and room, even ones always
the room.
"""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.random import Generator
from numpy.typing import NDArray

from models.training import noise
from models.training.corpora import Aligned, Utterance, alignments, read_audio, utterances
from models.training.features import log_mel
from models.training.phones import PHONE_INDEX, SILENCE, onset, rest

log = logging.getLogger(__name__)
ONSET_FRAMES = 3  # the network looks at every third frame: one of these is the first
NOISE_SECONDS = 20
WARPS = (0.88, 0.92, 0.96, 1.0, 1.04, 1.08, 1.12)
VOICES_FOR_CROWDS = 1200


def labels(phones: Sequence[Aligned], stretch: float, frames: int) -> NDArray[np.uint8]:
    """The output wanted at each 10 ms frame; what no phone covers is silence."""
    wanted = np.full(frames, rest(SILENCE), dtype=np.uint8)
    for phone in phones:
        name = phone.phone if phone.phone in PHONE_INDEX else SILENCE
        start, stop = round(phone.start * stretch), round((phone.start + phone.frames) * stretch)
        wanted[start:stop] = rest(name)
        wanted[start : min(start + ONSET_FRAMES, stop)] = onset(name)
    return wanted


def vary(
    rng: Generator, samples: NDArray[np.float32], variant: int
) -> tuple[NDArray[np.float64], float, float]:
    """Samples, how much longer they became, and the warp for the filter bank."""
    sound = samples.astype(np.float64)
    if variant == 0:
        return sound, 1.0, 1.0
    speed = float(rng.uniform(0.85, 1.15))
    sound = soxr.resample(sound, noise.RATE_HZ, noise.RATE_HZ / speed)
    if variant % 2 == 0 or rng.random() < 0.4:
        sound = noise.echo(rng, sound, float(np.exp(rng.uniform(np.log(0.04), np.log(0.7)))))
    return sound, len(sound) / len(samples), float(rng.choice(WARPS))


def prepare_speech(spoken: Sequence[Utterance], work: Path, variant: int) -> dict[str, Any]:
    """Frames of all utterances one after another: 40 log-mel powers and the log energy."""
    found = {
        name: phones
        for path in sorted(work.glob("*.alignment.jsonl.gz"))
        for name, phones in alignments(path).items()
    }
    rng = np.random.default_rng(variant)
    frames, wanted, starts, corpora = [], [], [0], []
    for utterance in spoken:
        phones = found.get(utterance.audio.name)
        if phones is None or utterance.is_held_out:
            continue
        sound, stretch, warp = vary(rng, read_audio(utterance.audio), variant)
        mel, energy = log_mel(sound, warp)
        frames.append(np.column_stack([mel, energy]).astype(np.float16))
        wanted.append(labels(phones, stretch, len(mel)))
        starts.append(starts[-1] + len(mel))
        corpora.append(utterance.corpus)
    log.info("variant %d: %d utterances, %.1f h", variant, len(corpora), starts[-1] / 360_000)
    return {
        "frames": np.concatenate(frames),
        "labels": np.concatenate(wanted),
        "starts": np.array(starts),
        "corpora": np.array(corpora),
    }


def prepare_noise(voices: Sequence[Utterance], hours: float, seed: int) -> dict[str, Any]:
    """Clips of equal length, (clips, frames, 41), and the kind of each."""
    rng = np.random.default_rng(seed)
    makers = [*noise.MAKERS.items()]
    shares = np.array([share for _, (_, share) in makers])
    count = NOISE_SECONDS * noise.RATE_HZ
    clips, kinds = [], []
    for index in range(int(hours * 3600 / NOISE_SECONDS)):
        if index % 4 == 0:
            kind, sound = "crowd", _crowd(rng, voices, count)
        else:
            kind, (maker, _) = makers[rng.choice(len(makers), p=shares / shares.sum())]
            sound = maker(rng, count)
            if rng.random() < 0.4:
                sound = noise.echo(rng, sound, rng.uniform(0.05, 0.6))
        mel, energy = log_mel(noise.normalised(sound) * 0.5)
        clips.append(np.column_stack([mel, energy]).astype(np.float16))
        kinds.append(kind)
    return {"clips": np.stack(clips), "kinds": np.array(kinds)}


def _crowd(rng: Generator, voices: Sequence[Utterance], count: int) -> NDArray[np.float64]:
    size = int(rng.choice([1, 1, 2, 3, 4, 6, 8]))
    chosen = rng.choice(len(voices), size)
    sound = noise.crowd(rng, [read_audio(voices[index].audio) for index in chosen], count)
    if rng.random() < 0.3:
        other = noise.clatter(rng, count) if rng.random() < 0.7 else noise.music(rng, count)
        sound += other * rng.uniform(0.2, 2) * sound.std() / max(float(other.std()), 1e-6)
    return sound


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["speech", "noise"])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--variant", type=int, default=0)
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    spoken = list(utterances(arguments.corpora))
    if arguments.what == "speech":
        made = prepare_speech(spoken, arguments.work, arguments.variant)
        np.savez(arguments.work / f"speech-{arguments.variant}.npz", **made)
    else:
        voices = [u for u in spoken if not u.is_held_out and u.seconds > 2][::3]
        made = prepare_noise(voices[:VOICES_FOR_CROWDS], arguments.hours, arguments.seed)
        np.savez(arguments.work / "noise.npz", **made)


if __name__ == "__main__":
    main()
