"""The words that an official Vosk model can hear, and how to say others in them.

The order is: what the driver wrote under "say it like"; the word itself; its parts, where it has
an apostrophe or a hyphen or is a compound; one to three words that sound like it, as espeak-ng
reads both. The sounds of the whole vocabulary are worked out once for each model and kept in the
user's cache folder, as are the words found. Neighbours: `soundalike` compares, `official` asks.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from assistant.errors import ModelMissing, VoiceMissing
from assistant.speech import espeak
from assistant.speech.fst import read_symbols
from assistant.speech.phonemes import Phones, arpabet, is_foreign_script, plain
from assistant.speech.readings import ENGLISH, Readings, Way, default_cache, own_way, replace_text
from assistant.speech.soundalike import SoundAlikes

Pieces = tuple[str, ...]

_VOICES = {"en": "en-us"}
"""espeak-ng's voice for a language, where it is not called like it."""
_LONGEST = 10
"""Letters of a word that may stand for another or for a part of it."""
_SHORTEST_PART = 3
_MOST_SEARCHED = 300
"""New names that are sought in two and three words; more of them only in one."""
_MOST_READINGS = 2
"""Of a new name."""


class Spelling(NamedTuple):
    """How to say a word in words of the vocabulary."""

    ways: tuple[Pieces, ...]
    is_guessed: bool


class Vocabulary:
    """The vocabulary of one model."""

    def __init__(self, model_dir: Path, language: str, cache_dir: Path | None = None) -> None:
        """Raises ModelMissing: the model names its words nowhere, or its list is broken."""
        self.ids = _read_words(model_dir)
        self._voice = _VOICES.get(language, language)
        self._written = {word.lower(): word for word in sorted(self.ids)}  # small letters win
        self._readings = Readings(cache_dir)
        digest = hashlib.sha256("\n".join((self._voice, *self.ids)).encode()).hexdigest()[:16]
        cache = cache_dir or default_cache()
        self._sounds_file = cache / f"sounds-{digest}.tsv"
        self._found_file = cache / f"soundalikes-{digest}.json"
        self._found = _read_found(self._found_file, self.ids)

    def sounds(self, words: Iterable[str]) -> dict[str, list[Phones]]:
        """Each word as its language reads it, to tell which of them sound the same."""
        ways = {word: Way(self._voice, word) for word in words}
        self._readings.prepare(ways.values())
        return {word: self._readings.of([way]) for word, way in ways.items()}

    def spell(self, words: Iterable[str], say_like: Mapping[str, str]) -> dict[str, Spelling]:
        """Every word that can be said in the vocabulary; the others are missing."""
        said = {word: tuple(say_like.get(word, "").lower().split()) or (word,) for word in words}
        parts = {part for spelling in said.values() for part in spelling}
        sure = {part: way for part in parts if (way := self._sure(part))}
        self._search(sorted(parts - sure.keys()))
        spelt = {}
        for word, spelling in said.items():
            ways = [[sure[part]] if part in sure else self._found[part] for part in spelling]
            guessed = any(part not in sure for part in spelling)
            if all(ways):
                spelt[word] = Spelling(_combined(ways), guessed)
        return spelt

    def prepare(self) -> None:
        """Works out how the whole vocabulary sounds, which takes some ten seconds, if need be."""
        if not self._sounds_file.is_file():
            self._listen()

    def _sure(self, word: str) -> Pieces:
        """The word, or parts that are written like it."""
        if word in self._written:
            return (self._written[word],)
        for pattern in (r"[^\W_]+['’]?|\d", r"[^\W_]+|\d"):
            parts = re.findall(pattern, word.replace("’", "'"))
            if len(parts) > 1 and all(part in self._written for part in parts):
                return tuple(self._written[part] for part in parts)
        middle = len(word) / 2
        cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        for cut in sorted(cuts, key=lambda cut: abs(cut - middle)):
            if word[:cut] in self._written and word[cut:] in self._written:
                return (self._written[word[:cut]], self._written[word[cut:]])
        return ()

    def _search(self, words: Iterable[str]) -> None:
        """Fills `_found` with the sound-alikes of words that were not sought before."""
        new = [word for word in words if word not in self._found]
        if not new:
            return
        ways = {word: self._ways(word) for word in new}
        self._readings.prepare(itertools.chain.from_iterable(ways.values()))
        alike = SoundAlikes(self._spoken())
        for index, word in enumerate(new):
            readings = self._readings.of(ways[word])[:_MOST_READINGS]
            most = 3 if index < _MOST_SEARCHED else 1
            found = [alike.closest(phones, most) for phones in readings]
            bare = plain(word)
            if bare in self._written:
                found.append((self._written[bare],))
            self._found[word] = [pieces for pieces in dict.fromkeys(found) if pieces]
        replace_text(self._found_file, json.dumps(self._found, ensure_ascii=False))

    def _ways(self, word: str) -> list[Way]:
        own = own_way(word)
        others = (Way(self._voice, word), *own, Way(ENGLISH[0], word))  # one where both are English
        return own if is_foreign_script(word) else list(dict.fromkeys(others))

    def _spoken(self) -> dict[str, Phones]:
        with contextlib.suppress(OSError, ValueError):
            lines = self._sounds_file.read_text("utf-8").splitlines()
            fields = (line.split("\t") for line in lines)
            return {word: tuple(phones.split()) for word, phones in fields if word in self.ids}
        return self._listen()

    def _listen(self) -> dict[str, Phones]:
        words = [word for word in self.ids if len(word) <= _LONGEST and _is_word(word)]
        try:
            heard = espeak.phonemes([(self._voice, word) for word in words])
        except VoiceMissing:
            return {}
        read = ((word, arpabet(ipa, self._voice)) for word, ipa in zip(words, heard, strict=True))
        spoken = {word: phones for word, phones in read if phones}
        lines = (f"{word}\t{' '.join(phones)}\n" for word, phones in spoken.items())
        replace_text(self._sounds_file, "".join(lines))
        return spoken


def _read_words(model_dir: Path) -> dict[str, int]:
    """As Vosk does it: the symbols inside Gr.fst, else words.txt. Without `<eps>`, `#0`, `!SIL`."""
    grammar, listed = model_dir / "graph/Gr.fst", model_dir / "graph/words.txt"
    try:
        ids = read_symbols(grammar) if grammar.is_file() else {}
        if not ids and listed.is_file():
            rows = (line.split() for line in listed.read_text("utf-8").splitlines())
            ids = {word: int(number) for word, number in rows}
    except (OSError, ValueError) as cause:
        problem = f"its list of words {cause}; install the model again"
        raise ModelMissing(str(model_dir), problem) from cause
    words = {word: number for word, number in ids.items() if number > 0 and word[:1] not in "<#!"}
    if not words:
        raise ModelMissing(str(model_dir), "lacks a list of words, in graph/Gr.fst or words.txt")
    return words


def _is_word(word: str) -> bool:
    return word.replace("'", "").replace("-", "").isalpha()


def _combined(ways: list[list[Pieces]]) -> tuple[Pieces, ...]:
    """All parts one after the other; other ways vary one part at a time."""
    first = [way[0] for way in ways]
    combined = [tuple(piece for way in first for piece in way)]
    for index, others in enumerate(ways):
        for other in others[1:]:
            varied = [*first[:index], other, *first[index + 1 :]]
            combined.append(tuple(piece for way in varied for piece in way))
    return tuple(dict.fromkeys(combined))


def _read_found(path: Path, ids: Mapping[str, int]) -> dict[str, list[Pieces]]:
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        stored = json.loads(path.read_text("utf-8"))
        return {
            word: [tuple(way) for way in ways if all(piece in ids for piece in way)]
            for word, ways in stored.items()
        }
    return {}
