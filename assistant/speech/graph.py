"""A grammar becomes Vosk's decoding graph, so that it is heard exactly and nothing beside it.

`expansion` spells the word automaton in the acoustic model's units, and the result is written as
`HCLG.fst` in a folder that otherwise links to the model. The automaton is taken as it is:
`core.template` has merged what starts or ends alike, and making it deterministic as a whole would
multiply its arcs by thirty. Neighbours: `lexicon` pronounces the words, `recognizer` loads the
folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from assistant.core.automaton import Automaton
from assistant.errors import ModelMissing
from assistant.speech.expansion import Costs, Expansion
from assistant.speech.fst import write_fst
from assistant.speech.lexicon import Lexicon
from assistant.speech.model_folder import (
    BOUNDARIES,
    EPSILON,
    NOISE,
    UNKNOWN,
    Compiled,
    check_files,
    prepare_folder,
)
from assistant.speech.phonemes import Phones, plain
from assistant.speech.units import Unit, Units

_UNITS = "graph/units.tsv"
COMMON_WORDS = "common_words.txt"
"""One word a line; what most other speech is made of, to tell it from the grammar."""


class Embedded:
    """A model that came with roadcall, or that its recipe has made: `Compiler` for it."""

    def __init__(self, model_dir: Path) -> None:
        """Raises ModelMissing unless the folder is a whole model."""
        check_files(model_dir, (_UNITS, "lexicon.tsv.gz"))
        boundaries = (model_dir / BOUNDARIES).read_text("utf-8", errors="replace").splitlines()
        if len(boundaries) != len(read_units(model_dir).kinds):
            raise ModelMissing(str(model_dir), f"{BOUNDARIES} does not belong to {_UNITS}")
        self.lexicon = Lexicon(model_dir)
        self._model_dir = model_dir

    @property
    def abilities(self) -> str:
        return "any name, exact grammar, rejection by a loop of all phones"

    def compile(
        self, automaton: Automaton, out_dir: Path, say_like: Mapping[str, str], filler: Costs
    ) -> Compiled:
        """Raises ModelMissing when the dictionary does not belong to the model."""
        spoken = self.lexicon.pronounce_all(automaton.words, say_like)
        left_out = frozenset(word for word, ways in spoken.items() if not ways)
        automaton = one_spelling(automaton.without(left_out), spoken)
        compile_graph(
            automaton,
            self.lexicon,
            self._model_dir,
            out_dir,
            filler=filler,
            say_like=say_like,
        )
        guessed = self.lexicon.approximated & automaton.words
        return Compiled(automaton=automaton, approximated=guessed, left_out=left_out)


def compile_graph(
    automaton: Automaton,
    lexicon: Lexicon,
    model_dir: Path,
    out_dir: Path,
    *,
    filler: Costs | None = None,
    say_like: Mapping[str, str] | None = None,
) -> Path:
    """Writes a Vosk model folder for one grammar into `out_dir` and returns it.

    `say_like` maps a word to an ordinary spelling of how it sounds.

    Raises:
        ModelMissing: the acoustic model's table of units is missing or broken, or lacks a phone.
    """
    ids = {word: index for index, word in enumerate((EPSILON, UNKNOWN, NOISE))}
    ids |= {word: index for index, word in enumerate(sorted(automaton.words), len(ids))}
    spoken = lexicon.pronounce_all(automaton.words, say_like or {})
    costs = filler or Costs()
    expansion = Expansion(read_units(model_dir), costs)
    try:
        expansion.add_grammar(automaton, ids, spoken)
    except KeyError as cause:
        problem = f"lexicon.tsv.gz has a phone {cause.args[0]} that the model lacks"
        raise ModelMissing(str(model_dir), problem) from cause
    common = lexicon.pronounce_all(common_words(model_dir)[: costs.common_words], {}).values()
    expansion.add_fillers(ids[UNKNOWN], ids[NOISE], chain.from_iterable(common))
    prepare_folder(model_dir, out_dir, ids)
    write_fst(out_dir / "graph/HCLG.fst", expansion.n_states, expansion.arcs, expansion.finals)
    return out_dir


def common_words(model_dir: Path) -> list[str]:
    """Of the model's language, the commonest first; a model without them rejects less surely."""
    path = model_dir / COMMON_WORDS
    return path.read_text("utf-8").split() if path.is_file() else []


def one_spelling(automaton: Automaton, spoken: Mapping[str, Sequence[Phones]]) -> Automaton:
    """ "whats" becomes "what's" where both sound the same: a decoder that has to choose between
    them is only half sure of either."""
    sounds = {
        word: ("".join(filter(str.isalnum, plain(word))), frozenset(spoken[word]))
        for word in automaton.words
    }
    groups = {}
    for word in sorted(sounds, key=lambda word: (len(word), not word.isascii(), word)):
        groups[sounds[word]] = word
    chosen = {word: groups[sound] for word, sound in sounds.items()}
    arcs = tuple(arc._replace(word=arc.word and chosen[arc.word]) for arc in automaton.arcs)
    return replace(automaton, arcs=arcs)


def read_units(model_dir: Path) -> Units:
    """Reads `graph/units.tsv`: phone, position, left context, forward and loop transition id, and
    frames it lasts at least.

    Raises:
        ModelMissing: it is not there or not such a table.
    """
    try:
        rows = (model_dir / _UNITS).read_text("utf-8").splitlines()[1:]
        fields = [row.split("\t") for row in rows]
        table = {
            (phone, position, left): Unit(int(forward), int(loop), int(frames))
            for phone, position, left, forward, loop, frames in fields
        }
    except FileNotFoundError as cause:
        raise ModelMissing(str(model_dir), f"has no {_UNITS}") from cause
    except (OSError, ValueError) as cause:
        raise ModelMissing(str(model_dir), f"{_UNITS} is broken") from cause
    ids = {number for unit in table.values() for number in unit[:2]}
    if not ids or ids != set(range(1, len(ids) + 1)):
        raise ModelMissing(str(model_dir), f"{_UNITS} has gaps in its transition ids")
    return Units(table)
