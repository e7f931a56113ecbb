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
from pathlib import Path

import numpy as np

from assistant.core.automaton import Automaton
from assistant.errors import ModelMissing
from assistant.speech.expansion import Costs, Expansion, Unit, Units
from assistant.speech.lexicon import Lexicon, Phones
from assistant.speech.phonemes import plain

EPSILON = "<eps>"
UNKNOWN = "[unk]"
"""Decoded for speech outside the grammar."""
NOISE = "[noise]"
"""Decoded for a stretch before or after a sentence that is not part of it."""

_LINKED = ("am", "ivector")
_ENDPOINTING_OFF = "".join(
    f"--endpoint.rule{rule}.min-trailing-silence=1000\n"
    f"--endpoint.rule{rule}.min-utterance-length=1000\n"
    for rule in range(1, 6)
)
_MAGIC = 2125659606
_EXPANDED = 0x1
_ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("weight", "<f4"), ("target", "<i4")])
_LISTED = np.dtype([("source", "<i4"), ("target", "<i4"), *_ARC.descr[:3]])
_STATE = np.dtype(
    [("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("ieps", "<u4"), ("oeps", "<u4")]
)


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
    expansion = Expansion(read_units(model_dir), filler or Costs())
    try:
        expansion.add_grammar(automaton, ids, spoken)
    except KeyError as cause:
        problem = f"lexicon.tsv.gz has a phone {cause.args[0]} that the model lacks"
        raise ModelMissing(str(model_dir), problem) from cause
    expansion.add_fillers(ids[UNKNOWN], ids[NOISE])
    _prepare_folder(model_dir, out_dir)
    lines = (f"{word} {index}\n" for word, index in ids.items())
    (out_dir / "graph/words.txt").write_text("".join(lines), "utf-8")
    write_fst(out_dir / "graph/HCLG.fst", expansion.n_states, expansion.arcs, expansion.finals)
    return out_dir


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
    """Reads `graph/units.tsv`: phone, position, left context, forward and loop transition id.

    Raises:
        ModelMissing: it is not there or not such a table.
    """
    try:
        rows = (model_dir / "graph/units.tsv").read_text("utf-8").splitlines()[1:]
        fields = [row.split("\t") for row in rows]
        table = {
            (phone, position, left): Unit(int(forward), int(loop))
            for phone, position, left, forward, loop in fields
        }
    except FileNotFoundError as cause:
        raise ModelMissing(str(model_dir), "has no graph/units.tsv") from cause
    except (OSError, ValueError) as cause:
        raise ModelMissing(str(model_dir), "graph/units.tsv is broken") from cause
    ids = {number for unit in table.values() for number in unit}
    if not ids or ids != set(range(1, len(ids) + 1)):
        raise ModelMissing(str(model_dir), "graph/units.tsv has gaps in its transition ids")
    return Units(table)


def write_fst(
    path: Path,
    n_states: int,
    arcs: Sequence[tuple[int, int, int, int, float]],
    finals: Mapping[int, float],
) -> None:
    """Writes (source, target, input, output, weight) as an OpenFst "const" transducer from 0.

    Source: OpenFst fst.cc FstHeader::Write, const-fst.h ConstFst::WriteFst (file version 2).
    """
    listed = np.array(arcs, _LISTED)
    listed = listed[np.argsort(listed["source"], kind="stable")]
    table = np.empty(len(listed), _ARC)
    for name in _ARC.names or ():
        table[name] = listed[name]
    source = listed["source"]
    states = np.empty(n_states, _STATE)
    states["final"] = np.inf
    states["final"][list(finals)] = list(finals.values())
    states["arcs"] = np.bincount(source, minlength=n_states)
    states["first"] = np.cumsum(states["arcs"]) - states["arcs"]
    states["ieps"] = np.bincount(source[listed["input"] == 0], minlength=n_states)
    states["oeps"] = np.bincount(source[listed["output"] == 0], minlength=n_states)
    header = np.array([2, 0], "<i4").tobytes()
    header += np.array([_EXPANDED, 0, n_states, len(table)], "<i8").tobytes()
    with path.open("wb") as file:
        file.write(_MAGIC.to_bytes(4, "little") + _text("const") + _text("standard") + header)
        file.write(states.tobytes() + table.tobytes())


def _text(value: str) -> bytes:
    return len(value).to_bytes(4, "little") + value.encode()


def _prepare_folder(model_dir: Path, out_dir: Path) -> None:
    """Everything but the graph, and Vosk's own endpointing switched off: `endpoint` decides."""
    (out_dir / "graph/phones").mkdir(parents=True, exist_ok=True)
    (out_dir / "conf").mkdir(exist_ok=True)
    for name in _LINKED:
        if (model_dir / name).is_dir():
            (out_dir / name).symlink_to((model_dir / name).resolve(), target_is_directory=True)
    boundaries = "graph/phones/word_boundary.int"
    (out_dir / boundaries).symlink_to((model_dir / boundaries).resolve())
    for source in (model_dir / "conf").iterdir():
        (out_dir / "conf" / source.name).write_text(source.read_text("utf-8"), "utf-8")
    with (out_dir / "conf/model.conf").open("a", encoding="utf-8") as conf:
        conf.write(_ENDPOINTING_OFF)
