"""What was said in a recording of a call: the sentences in it, recognised one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assistant.core.automaton import Arc, Automaton
from assistant.speech.recognizer import Recognizer

RATE_HZ = 16000
FRAME = RATE_HZ // 50
GAP_S = 0.8
"""Pieces of speech further apart than this are sentences of their own."""

Samples = NDArray[np.int16]


def automaton(*sentences: str) -> Automaton:
    """One path of words for each sentence."""
    arcs: list[Arc] = []
    state, end = 0, 1000
    for sentence in sentences:
        words, source = sentence.split(), 0
        for number, word in enumerate(words, 1):
            state += 1
            arcs.append(Arc(source, end if number == len(words) else state, word, 0.1))
            source = state
    return Automaton(n_states=end + 1, arcs=tuple(arcs), finals={end: 0.0})


def understood(recognizer: Recognizer, speech: Samples, *possible: str) -> list[str]:
    """Every sentence that is heard from its beginning to its end, as one of those `possible`."""
    language = recognizer.language(automaton(*possible))
    heard = []
    for piece in sentences(speech):
        utterance = recognizer.utterance(language)
        pcm = bytes(RATE_HZ) + piece.tobytes() + bytes(2 * RATE_HZ)
        for start in range(0, len(pcm), 1000):
            utterance.feed(pcm[start : start + 1000])
        heard.append(utterance.finish().text)
    return heard


def sentences(speech: Samples) -> Iterator[Samples]:
    """Stretches of sound between silences, without those that a recording cuts off."""
    frames = speech[: len(speech) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    loud = np.flatnonzero(np.abs(frames).max(axis=1) > 300)
    if not len(loud):
        return
    breaks = np.flatnonzero(np.diff(loud) > GAP_S * RATE_HZ / FRAME)
    begins, ends = [loud[0], *loud[breaks + 1]], [*loud[breaks], loud[-1]]
    for begin, end in zip(begins, ends, strict=True):
        is_whole = begin > 5 and end < len(frames) - 5
        if is_whole:
            yield speech[(begin - 5) * FRAME : (end + 5) * FRAME]
