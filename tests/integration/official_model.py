"""The embedded model in the form of the vendor's models: lexicon graph and separate grammar.

The acoustic model stays; a lexicon of some hundred words is compiled to `HCLr.fst` with
OpenFst's own tools, which renumber the words for look-ahead, and the word list goes into
`Gr.fst`, where the vendor keeps it. Source: kaldi egs/wsj/s5/utils/mkgraph_lookahead.sh.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assistant.core.automaton import Arc, Automaton
from assistant.speech.expansion import Costs, Expansion
from assistant.speech.fst import write_fst
from assistant.speech.graph import read_units
from assistant.speech.lexicon import Lexicon
from assistant.speech.phonemes import Phones

EMBEDDED = Path(__file__).parents[2] / "models" / "en"
LIBRARIES = Path("/usr/lib"), Path("/usr/local/lib")


def lookahead_library() -> Path | None:
    """OpenFst's plug-in for look-ahead graphs, from Debian's libfst-tools."""
    if not shutil.which("fstconvert"):
        return None
    found = (file for folder in LIBRARIES for file in folder.rglob("libfstlookahead.so*"))
    return next(found, None)


def build_model(
    words: Iterable[str],
    out: Path,
    library: Path,
    spoken: Mapping[str, Sequence[Phones]] | None = None,
) -> Path:
    """Writes a model that hears `words`, `spoken` in that way, into `out` and returns it."""
    (out / "graph/phones").mkdir(parents=True)
    for name in ("am", "conf"):
        shutil.copytree(EMBEDDED / name, out / name)
    boundaries = "graph/phones/word_boundary.int"
    shutil.copy(EMBEDDED / boundaries, out / boundaries)
    ids = {word: number for number, word in enumerate(sorted(words), 1)}
    write_lexicon(ids, spoken or Lexicon(EMBEDDED).pronounce_all(ids, {}), out / "lexicon.fst")
    numbers = look_ahead(out, library)
    write_words({word: numbers.get(old, old) for word, old in ids.items()}, out)
    (out / "graph/disambig_tid.int").touch()
    return out


def write_lexicon(
    ids: Mapping[str, int], spoken: Mapping[str, Sequence[Phones]], path: Path
) -> None:
    """Any sequence of words, from transition ids; homophones keep states of their own."""
    arcs = [arc for word, n in ids.items() for arc in (Arc(0, n, word, 0), Arc(n, 0, None, 0))]
    loop = Automaton(n_states=len(ids) + 1, arcs=tuple(arcs), finals={0: 0.0})
    expansion = Expansion(read_units(EMBEDDED), Costs(grammar=0.0))
    expansion.add_grammar(loop, ids, {word: ways[:2] for word, ways in spoken.items()})
    write_fst(path, expansion.n_states, expansion.arcs, expansion.finals)


def look_ahead(out: Path, library: Path) -> dict[int, int]:
    """Converts the lexicon; returns the new number of each word."""
    plugins = out / "plugins"
    plugins.mkdir()
    (plugins / "olabel_lookahead-fst.so").symlink_to(library)
    command = (
        "fstconvert --fst_type=vector lexicon.fst | fstarcsort --sort_type=olabel | fstconvert"
        " --fst_type=olabel_lookahead --save_relabel_opairs=pairs.txt > graph/HCLr.fst"
    )
    environment = os.environ | {"LD_LIBRARY_PATH": str(plugins)}
    subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command], cwd=out, env=environment, check=True
    )
    pairs = (line.split() for line in (out / "pairs.txt").read_text().splitlines())
    return {int(old): int(new) for old, new in pairs}


def write_words(ids: Mapping[str, int], out: Path) -> None:
    """A grammar of one arc that carries the names of all words, as the vendor's small models do."""
    lines = [f"{word} {number}\n" for word, number in {"<eps>": 0, **ids}.items()]
    (out / "words.txt").write_text("".join(lines), "utf-8")
    command = (
        "printf '0 1 1 1\\n1\\n' | fstcompile | fstsymbols --isymbols=words.txt"
        " --osymbols=words.txt > graph/Gr.fst"
    )
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=out, check=True)
