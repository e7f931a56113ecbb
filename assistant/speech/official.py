"""An official Vosk model hears a grammar of ours exactly: the automaton replaces its `Gr.fst`.

Such a model brings its lexicon compiled into `HCLr.fst`, so only the words of its vocabulary can
be heard; others are said in words that sound like them (`vocabulary`). Beside the grammar stands
a filler, a loop over the model's own words, because the word `[unk]` hardly ever wins in some of
these models. Both are composed with `HCLr.fst` while decoding.

Source: vosk-api src/model.cc (files), src/recognizer.cc (composition) and issue 1017 (`[unk]`);
kaldi fstext-utils-inl.h LookaheadComposeFst.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from assistant.core.automaton import Arc, Automaton
from assistant.errors import ModelMissing
from assistant.speech.arcs import Arcs, LabelledArc
from assistant.speech.expansion import Costs
from assistant.speech.fst import check_lookahead, write_fst
from assistant.speech.graph import one_spelling
from assistant.speech.model_folder import (
    CONTINUED,
    EPSILON,
    NOISE,
    UNKNOWN,
    Compiled,
    check_files,
    prepare_folder,
)
from assistant.speech.phonemes import Phones
from assistant.speech.vocabulary import Spelling, Vocabulary

_LEXICON_GRAPH = "graph/HCLr.fst"
_GRAMMAR = "graph/Gr.fst"
_DISAMBIGUATION = "graph/disambig_tid.int"
# Costs in nats, for a model that takes its acoustic scores as they are (acoustic scale 1).
_GRAMMAR_COST = 0.8
"""Factor on the weights of the grammar: rare sentences are still said."""
_FILLER_WORD_COST = 9.0
"""For each word outside the grammar: about what it costs to choose one of the whole vocabulary."""
_MOST_FILLERS = 15_000
"""Words of the filler, the shortest of the vocabulary."""
_KALDI_SCALE = 0.1
"""The acoustic scale where conf/model.conf names none."""


class Official:
    """One of the vendor's models with a dynamic graph: `Compiler` for it."""

    def __init__(self, model_dir: Path, language: str, cache_dir: Path | None = None) -> None:
        """`language`: ISO 639 code of what the model hears.

        Raises:
            ModelMissing: the folder is not a whole model of this kind.
        """
        check_files(model_dir, (_LEXICON_GRAPH, _DISAMBIGUATION))
        try:
            check_lookahead(model_dir / _LEXICON_GRAPH)
        except (OSError, ValueError) as cause:
            problem = f"{_LEXICON_GRAPH} {cause}; install the model again"
            raise ModelMissing(str(model_dir), problem) from cause
        self._model_dir = model_dir
        self._scale = _acoustic_scale(model_dir)
        self._vocabulary = Vocabulary(model_dir, language, cache_dir)

    def prepare(self) -> None:
        """Does beforehand what the first unknown name would have to wait for."""
        self._vocabulary.prepare()

    @property
    def abilities(self) -> str:
        count = len(self._vocabulary.ids)
        return (
            f"{count:,} words and others by words that sound alike, exact grammar,"
            " rejection by a loop of its words"
        )

    def compile(
        self, automaton: Automaton, out_dir: Path, say_like: Mapping[str, str], _: Costs
    ) -> Compiled:
        """Raises ModelMissing. The filler is the model's own words, at costs of its own."""
        vocabulary = self._vocabulary
        sounds = vocabulary.sounds(automaton.words)
        automaton = one_spelling(automaton, sounds)
        spelt = vocabulary.spell(automaton.words, say_like)
        left_out = automaton.words - spelt.keys()
        automaton = one_of_each_sound(automaton.without(left_out), sounds)
        words = [EPSILON, UNKNOWN, NOISE, CONTINUED, *sorted(automaton.words)]
        prepare_folder(self._model_dir, out_dir, words, _LEXICON_GRAPH, _DISAMBIGUATION)
        n_states, arcs = self._arcs(automaton, words, spelt)
        cost = self._scale * _GRAMMAR_COST
        finals = {state: cost * weight for state, weight in automaton.finals.items()}
        filler = self._filler(n_states, words.index(UNKNOWN))
        write_fst(out_dir / _GRAMMAR, n_states + 1, Arcs(arcs + filler), finals | {n_states: 0.0})
        guessed = frozenset(word for word in automaton.words if spelt[word].is_guessed)
        return Compiled(automaton=automaton, approximated=guessed, left_out=left_out)

    def _arcs(
        self, automaton: Automaton, words: Sequence[str], spelt: Mapping[str, Spelling]
    ) -> tuple[int, list[LabelledArc]]:
        """The grammar in the model's words, giving out ours; returns the states there are then."""
        ids = self._vocabulary.ids
        numbers = {word: number for number, word in enumerate(words)}
        continued = numbers[CONTINUED]
        arcs: list[LabelledArc] = []
        n_states = automaton.n_states
        taken: set[tuple[object, ...]] = set()
        for source, target, word, weight in automaton.arcs:
            cost = self._scale * _GRAMMAR_COST * weight
            if word is None:
                arcs.append((source, target, 0, 0, cost))
                continue
            for first, *others in spelt[word].ways:
                if (source, target, first, *others) in taken:
                    continue
                taken.add((source, target, first, *others))
                states = [*range(n_states, n_states + len(others)), target]
                n_states += len(others)
                arcs.append((source, states[0], ids[first], numbers[word], cost))
                arcs += (
                    (*ends, ids[piece], continued, 0.0)
                    for ends, piece in zip(pairwise(states), others, strict=True)
                )
        return n_states, arcs

    def _filler(self, state: int, unknown: int) -> list[LabelledArc]:
        """From the start into a loop over the model's words, each of which gives out `unknown`."""
        ids = self._vocabulary.ids
        chosen = sorted(ids, key=lambda word: (len(word), word))[:_MOST_FILLERS]
        if UNKNOWN in ids:
            chosen.append(UNKNOWN)
        cost = self._scale * _FILLER_WORD_COST
        loop = [(state, state, ids[word], unknown, cost) for word in dict.fromkeys(chosen)]
        return [(0, state, 0, 0, 0.0), *loop]


def one_of_each_sound(automaton: Automaton, sounds: Mapping[str, Sequence[Phones]]) -> Automaton:
    """Of words that sound the same and lead to the same place only the likeliest: a decoder that
    has to choose between them is only half sure of either."""
    kept: dict[tuple[object, ...], Arc] = {}
    for arc in sorted(automaton.arcs, key=lambda arc: arc.weight):
        sound = tuple(filter(None, sounds[arc.word])) if arc.word else ()
        kept.setdefault((arc.source, arc.target, sound or arc.word), arc)
    return replace(automaton, arcs=tuple(kept.values()))


def is_official(model_dir: Path) -> bool:
    """Whether the folder looks like one, whole or not."""
    return (model_dir / _LEXICON_GRAPH).is_file() or (model_dir / _GRAMMAR).is_file()


def _acoustic_scale(model_dir: Path) -> float:
    text = (model_dir / "conf/model.conf").read_text("utf-8", errors="replace")
    found = re.search(r"^--acoustic-scale=([0-9.]+)", text, re.MULTILINE)
    return float(found[1]) if found else _KALDI_SCALE
