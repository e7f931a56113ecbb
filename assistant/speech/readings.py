"""How espeak-ng reads a word, in the acoustic model's phones; kept, so that it is asked once.

A name is read in English, in the language that its spelling shows, and as Germans and French read
what is foreign to them. Guesses are kept in the user's cache folder: only a new name costs a child
process. Neighbours: `espeak` speaks to the child, `phonemes` maps its answer, `lexicon` and
`vocabulary` ask here.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from assistant.errors import VoiceMissing
from assistant.speech import espeak
from assistant.speech.languages import VIETNAMESE
from assistant.speech.phonemes import (
    Phones,
    arpabet,
    hearings,
    is_foreign_script,
    language_of,
    plain,
)

ENGLISH = ("en-us", "en-gb")
"""The first fits the dictionary: rhotic, as most of what the model was trained with."""
_READERS = ("de", "fr")
"""Voices of those who read a name that is not of their language as if it were."""
_TRANSLITERATED = "sw"
"""Swahili is written as names from other alphabets are: sh, ch and five plain vowels."""
_CLUSTERS = (
    ("bh", "b"), ("dh", "d"), ("gh", "g"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("zh", "j"),
    ("oo", "u"), ("ou", "u"), ("ee", "i"),
)  # fmt: skip


class Way(NamedTuple):
    """One way to read a word."""

    voice: str
    """espeak-ng's."""
    spelling: str


class Readings:
    """Guessed pronunciations, from this machine's cache where they are known."""

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._file = (cache_dir or default_cache()) / "readings.json"
        self._guesses = _read_cache(self._file)

    def prepare(self, ways: Iterable[Way]) -> None:
        """Has all of them read at once, by one child process."""
        missing = sorted(set(ways) - self._guesses.keys())
        if not missing:
            return
        try:
            heard = espeak.phonemes(missing)
        except VoiceMissing:
            self._guesses |= dict.fromkeys(missing, "")
            return
        self._guesses |= dict(zip(missing, heard, strict=True))
        _write_cache(self._file, self._guesses)

    def of(self, ways: Iterable[Way]) -> list[Phones]:
        """Prepared readings, likeliest first; none where no voice can read the word."""
        read = ((self._guesses[way], way) for way in ways)
        heard = [hearings(ipa, way.voice) for ipa, way in read if _is_reading(ipa, way)]
        ranked = itertools.chain.from_iterable(itertools.zip_longest(*heard))
        return [phones for phones in dict.fromkeys(ranked) if phones]


def default_cache() -> Path:
    """The user's cache folder. Source: XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "roadcall"


def replace_text(path: Path, text: str) -> None:
    """Writes a cache file whole or not at all; that it cannot be written is no harm."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.replace(path)


def every_way(word: str, language: str = "") -> list[Way]:
    """As people say a name that is in no dictionary: in English, as its own, as two others do.

    `language`: an espeak-ng voice, "" to tell by its spelling.
    """
    own = own_way(word, language)
    if is_foreign_script(word):
        return own
    own = own or [Way(_TRANSLITERATED, transliterated(word))]
    american, british = english_ways(word)
    others = (Way(reader, word) for reader in _READERS)
    return list(dict.fromkeys([american, *own, british, Way(ENGLISH[0], word), *others]))


def english_ways(word: str) -> list[Way]:
    """Without its accents, as the English leave them out."""
    return [Way(voice, plain(word)) for voice in ENGLISH]


def own_way(word: str, language: str = "") -> list[Way]:
    """As its own people say it; none where the spelling does not tell whose it is."""
    native = language or language_of(word)
    return [Way(native, VIETNAMESE.get(word, word))] if native else []


def transliterated(word: str) -> str:
    """ "Bhattacharya" as Swahili would write it."""
    return functools.reduce(lambda text, pair: text.replace(*pair), _CLUSTERS, plain(word))


def _is_reading(ipa: str, way: Way) -> bool:
    """Not where espeak-ng reads it as English instead, or letter by letter."""
    may_be_spelt = way.spelling.isalpha() and not is_foreign_script(way.spelling)
    is_spelt = may_be_spelt and len(arpabet(ipa, way.voice)) > 2 * len(way.spelling)
    return not is_spelt and (way.voice.startswith("en") or "(en)" not in ipa)


def _read_cache(path: Path) -> dict[Way, str]:
    """A cache that cannot be read is only made again."""
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        stored = json.loads(path.read_text("utf-8"))
        return {
            Way(voice, word): ipa for voice, words in stored.items() for word, ipa in words.items()
        }
    return {}


def _write_cache(path: Path, guesses: Mapping[Way, str]) -> None:
    stored: dict[str, dict[str, str]] = {}
    for (voice, word), ipa in guesses.items():
        stored.setdefault(voice, {})[word] = ipa
    replace_text(path, json.dumps(stored, ensure_ascii=False))
