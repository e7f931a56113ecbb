"""What both kinds of Vosk model have in common: the folder that is loaded for one grammar.

`graph` (the embedded model) and `official` (the vendor's) are told apart here, compile the
grammar into a folder of links to the model, and say what became of its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.core.automaton import Automaton
from assistant.errors import ModelMissing
from assistant.speech.expansion import Costs

EPSILON = "<eps>"
UNKNOWN = "[unk]"
"""Decoded for speech outside the grammar."""
NOISE = "[noise]"
"""Decoded for what is no word of its own: a stretch before or after a sentence."""
CONTINUED = "[+]"
"""Decoded for the second and third piece of one word."""
BOUNDARIES = "graph/phones/word_boundary.int"

_ACOUSTIC_MODEL = "am/final.mdl"
_TRANSITION_MODEL = b"\0B<TransitionModel> "
_LINKED = ("am", "ivector")
_ENDPOINTING_OFF = "".join(
    f"--endpoint.rule{rule}.min-trailing-silence=1000\n"
    f"--endpoint.rule{rule}.min-utterance-length=1000\n"
    for rule in range(1, 6)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A grammar as it can be heard."""

    automaton: Automaton
    """With one spelling of words that sound the same, and without what cannot be heard."""
    approximated: frozenset[str]
    """Words whose sound was only guessed."""
    left_out: frozenset[str] = frozenset()
    """Words that the model cannot hear at all."""


class Compiler(Protocol):
    """One acoustic model, for any number of grammars."""

    @property
    def abilities(self) -> str:
        """What the model can do, for the driver to read."""

    def compile(
        self, automaton: Automaton, out_dir: Path, say_like: Mapping[str, str], filler: Costs, /
    ) -> Compiled:
        """Writes a Vosk model folder into `out_dir`. Raises ModelMissing."""


def check_files(model_dir: Path, names: Iterable[str]) -> None:
    """Raises ModelMissing, naming what is wrong, because Vosk ends the process over some of it."""
    if not model_dir.is_dir():
        raise ModelMissing(str(model_dir))
    needed = (_ACOUSTIC_MODEL, "conf/mfcc.conf", "conf/model.conf", BOUNDARIES, *names)
    missing = [name for name in needed if not (model_dir / name).is_file()]
    if missing:
        raise ModelMissing(str(model_dir), f"lacks {', '.join(missing)}; install it again")
    with (model_dir / _ACOUSTIC_MODEL).open("rb") as file:
        start = file.read(len(_TRANSITION_MODEL))
    if start != _TRANSITION_MODEL:
        raise ModelMissing(str(model_dir), f"{_ACOUSTIC_MODEL} is not an acoustic model")


def prepare_folder(model_dir: Path, out_dir: Path, words: Iterable[str], *links: str) -> None:
    """Everything but the graph, with `words` numbered from 0 and the files `links` as they are.

    Vosk's own endpointing is switched off: `endpoint` decides.
    """
    (out_dir / "graph/phones").mkdir(parents=True, exist_ok=True)
    (out_dir / "conf").mkdir(exist_ok=True)
    for name in _LINKED:
        if (model_dir / name).is_dir():
            (out_dir / name).symlink_to((model_dir / name).resolve(), target_is_directory=True)
    for name in (BOUNDARIES, *links):
        (out_dir / name).symlink_to((model_dir / name).resolve())
    for source in (model_dir / "conf").iterdir():
        (out_dir / "conf" / source.name).write_text(source.read_text("utf-8"), "utf-8")
    with (out_dir / "conf/model.conf").open("a", encoding="utf-8") as conf:
        conf.write("\n" + _ENDPOINTING_OFF)
    lines = (f"{word} {index}\n" for index, word in enumerate(words))
    (out_dir / "graph/words.txt").write_text("".join(lines), "utf-8")
