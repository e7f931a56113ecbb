"""How espeak-ng reads a word, in the acoustic model's phones; kept, so that it is asked once.

A word is read in the language of the car and in the one that its spelling shows. Guesses are kept
in the user's cache folder: only a new name costs a child process. Neighbours: `espeak` speaks to
the child, `phonemes` maps its answer, `lexicon` and `official` ask here.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from assistant.errors import VoiceMissing
from assistant.speech import espeak
from assistant.speech.phonemes import Phones, arpabet, is_foreign_script, language_of


class Readings:
    """Guessed pronunciations, from this machine's cache where they are known."""

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._file = (cache_dir or default_cache()) / "readings.json"
        self._guesses = _read_cache(self._file)

    def prepare(self, words: Iterable[str], voice: str, language: str = "") -> None:
        """Has all words read at once, by one child process. Arguments: see `of`."""
        keys = {key for word in words for key in _voices(word, voice, language)}
        missing = sorted(keys - self._guesses.keys())
        if not missing:
            return
        try:
            heard = espeak.phonemes(missing)
        except VoiceMissing:
            self._guesses |= dict.fromkeys(missing, "")
            return
        self._guesses |= dict(zip(missing, heard, strict=True))
        _write_cache(self._file, self._guesses)

    def of(self, word: str, voice: str, language: str = "") -> list[Phones]:
        """Readings of a prepared word; none, or empty ones, where no voice can read it.

        `voice`: espeak-ng's name for the language of the car; `language`: the same for the
        word's own language, "" to tell by its spelling.
        """
        return [arpabet(self._guesses[key], key[0]) for key in _voices(word, voice, language)]


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


def _voices(word: str, voice: str, language: str) -> list[tuple[str, str]]:
    """The readings to use for a word, each (espeak-ng voice, spelling)."""
    if is_foreign_script(word):
        foreign = language_of(word)
        return [(foreign, word)] if foreign else []
    native = language or language_of(word)
    return [(name, word) for name in dict.fromkeys((voice, native or "de"))]


def _read_cache(path: Path) -> dict[tuple[str, str], str]:
    """A cache that cannot be read is only made again."""
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        stored = json.loads(path.read_text("utf-8"))
        return {
            (voice, word): ipa for voice, words in stored.items() for word, ipa in words.items()
        }
    return {}


def _write_cache(path: Path, guesses: Mapping[tuple[str, str], str]) -> None:
    stored: dict[str, dict[str, str]] = {}
    for (voice, word), ipa in guesses.items():
        stored.setdefault(voice, {})[word] = ipa
    replace_text(path, json.dumps(stored, ensure_ascii=False))
