"""What was said, recognised again: which of some sentences a recording holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from assistant.core.automaton import Arc, Automaton
from assistant.speech.recognizer import Recognizer

ROOT = Path(__file__).parents[2]


def one_of(*sentences: str) -> Automaton:
    arcs: list[Arc] = []
    state = 1
    for words in map(str.split, sentences):
        for index, word in enumerate(words):
            target = 1 if index == len(words) - 1 else state + 1
            arcs.append(Arc(state if index else 0, target, word, 0.1))
            state += target != 1
    return Automaton(n_states=state + 1, arcs=tuple(arcs), finals={1: 0.0})


def recognised(recognizer: Recognizer, sound: np.ndarray, *sentences: str) -> str:
    pcm = (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()
    cabin = np.random.default_rng(0).normal(0, 5, 16000).astype("<i2").tobytes()
    utterance = recognizer.utterance(recognizer.language(one_of(*sentences)))
    utterance.feed(cabin + pcm + cabin)
    return utterance.finish().text


def spoken(wav: Path) -> np.ndarray:
    sound, rate_hz = soundfile.read(wav)
    return soxr.resample(sound, rate_hz, 16000)
