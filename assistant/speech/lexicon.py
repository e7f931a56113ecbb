"""Word to phones, for any word: dictionary first, then construction, then a guess by espeak-ng.

The order is: what the driver wrote under "say it like"; the model's dictionary (CMU); a
possessive, a compound or an abbreviation of dictionary words; espeak-ng's readings. Names in the
dictionary are said in other ways too, unless they are common words. Neighbours: `readings` guesses,
`graph` asks for every word of an automaton.
"""

from __future__ import annotations

import gzip
import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from assistant.errors import ModelMissing
from assistant.speech.phonemes import Phones, plain
from assistant.speech.readings import Readings, Way, english_ways, every_way, own_way

_MOST_PRONUNCIATIONS = 14
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_VOICED = {"B", "D", "G", "V", "DH", "M", "N", "NG", "L", "R", "W", "Y"}
_HISSING = {"S", "Z", "SH", "ZH", "CH", "JH"}
_VOWEL_LETTERS = re.compile(r"[aeiouy]")


class Lexicon:
    """Pronunciations in the phones of one acoustic model."""

    def __init__(self, model_dir: Path, cache_dir: Path | None = None) -> None:
        """Reads `lexicon.tsv.gz` of the model.

        Raises:
            ModelMissing: the dictionary is not there or broken.
        """
        self._words = _Dictionary(model_dir / "lexicon.tsv.gz")
        common = model_dir / "common_words.txt"
        self._common = frozenset(common.read_text("utf-8").split() if common.is_file() else ())
        """Never read as if they were foreign names."""
        self._readings = Readings(cache_dir)
        self._guessed: set[str] = set()
        self._parts: dict[tuple[str, str], list[Phones]] = {}
        """What has been asked for so far; every grammar asks for much the same words."""

    @property
    def approximated(self) -> frozenset[str]:
        """The words asked for so far whose pronunciation is only a guess."""
        return frozenset(self._guessed)

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def pronounce(self, word: str, say_like: str = "", language: str = "") -> tuple[Phones, ...]:
        """Likeliest first; none for a script that nobody here can read.

        `language`: an espeak-ng voice, "" to tell by spelling.
        """
        return self.pronounce_all([word], {word: say_like} if say_like else {}, language)[word]

    def pronounce_all(
        self, words: Iterable[str], say_like: Mapping[str, str], language: str = ""
    ) -> dict[str, tuple[Phones, ...]]:
        """As `pronounce`, with one child process for all the guesses together."""
        wanted = list(dict.fromkeys(words))
        spoken = {word: say_like.get(word, "").lower().split() or [word] for word in wanted}
        parts = {part for spelling in spoken.values() for part in spelling}
        self._readings.prepare(way for part in parts for way in self._ways(part, language))
        for part in parts:
            if (part, language) not in self._parts:
                self._parts[part, language] = self._part(part, language)
        ways = {word: [self._parts[p, language] for p in spoken[word]] for word in wanted}
        return {word: _chain(parts) if all(parts) else () for word, parts in ways.items()}

    def _part(self, word: str, language: str) -> list[Phones]:
        found = self._known(word) + self._readings.of(self._ways(word, language))
        if not self.is_sure(word):
            self._guessed.add(word)
        usable = [phones for phones in dict.fromkeys(found) if phones]
        return usable[:_MOST_PRONUNCIATIONS] or self._spelt(word)

    def _ways(self, word: str, language: str) -> list[Way]:
        """The readings to ask for: none of a common word; few of others in the dictionary, which
        not everybody says as it has them."""
        word = self._apostrophised(word)
        if not self.is_sure(word):
            return every_way(word, language)
        return [] if word in self._common else [*own_way(word, language), *english_ways(word)]

    def _apostrophised(self, word: str) -> str:
        """ "whats" is "what's", and no foreign name."""
        contraction = f"{word[:-1]}'s"
        is_meant = word.endswith("s") and word not in self._common and contraction in self._common
        return contraction if is_meant else word

    def is_sure(self, word: str) -> bool:
        word = self._apostrophised(word)
        return word in self._words or _possessive_base(word) in self._words

    def _known(self, word: str) -> list[Phones]:
        """Pronunciations made of dictionary entries alone."""
        word = self._apostrophised(word)
        if word in self._words:
            return self._words[word]
        base = _possessive_base(word)
        if base in self._words:
            return [(*phones, *_possessive_ending(phones)) for phones in self._words[base]]
        bare = plain(word)
        if bare != word and bare in self._words:
            return self._words[bare]
        return self._compound(word) + (self._spelt(word) if _is_abbreviation(word) else [])

    def _spelt(self, word: str) -> list[Phones]:
        """Letter by letter and digit by digit, for abbreviations."""
        names = [_DIGITS[int(sign)] if sign.isdigit() else f"{sign}." for sign in plain(word)]
        readings = [self._words[name] for name in names if name in self._words]
        return list(_chain(readings)) if readings else []

    def _compound(self, word: str) -> list[Phones]:
        """ "standup" as stand + up, "q3" as its pieces; the most even split of two real words."""
        pieces = re.findall(r"[^\W\d_]+|\d", word)
        if len(pieces) > 1:
            readings = [self._known(piece) or self._spelt(piece) for piece in pieces]
            return list(_chain(readings)) if all(readings) else []
        cuts = sorted(range(3, len(word) - 1), key=lambda cut: abs(2 * cut - len(word)))
        for cut in cuts:
            if word[:cut] in self._words and word[cut:] in self._words:
                return list(_chain([self._known(word[:cut]), self._known(word[cut:])]))
        return []


class _Dictionary:
    """The lines `word<TAB>phones` of a file, sorted by word; as objects they take 10 MB more."""

    def __init__(self, path: Path) -> None:
        try:
            self._text = gzip.decompress(path.read_bytes()).rstrip(b"\n") + b"\n"
            self._text.decode()
        except FileNotFoundError as cause:
            raise ModelMissing(str(path.parent), f"has no {path.name}") from cause
        except (OSError, EOFError, UnicodeDecodeError) as cause:
            raise ModelMissing(str(path), "is broken; install the model again") from cause
        if self._text == b"\n":
            raise ModelMissing(str(path), "is empty; install the model again")
        ends = np.flatnonzero(np.frombuffer(self._text, np.uint8) == ord("\n"))
        self._starts = np.concatenate([[0], ends[:-1] + 1])

    def __contains__(self, word: str) -> bool:
        return bool(self[word])

    def __getitem__(self, word: str) -> list[Phones]:
        """Its pronunciations, likeliest first; none for an unknown word."""
        sought = f"{word}\t".encode()  # no letter comes before a tab
        first = bisect_left(self._starts, sought, key=self._line)
        lines = map(self._line, self._starts[first : first + 9])
        entries = itertools.takewhile(lambda line: line.startswith(sought), lines)
        return [tuple(line[len(sought) :].decode().split()) for line in entries]

    def _line(self, start: int) -> bytes:
        return self._text[start : self._text.index(b"\n", start)]


def _chain(readings: list[list[Phones]]) -> tuple[Phones, ...]:
    """Readings of parts, one after the other; other choices vary one part at a time."""
    first = tuple(phone for options in readings for phone in options[0])
    chained = [first]
    for index, options in enumerate(readings):
        for other in options[1:]:
            parts = [
                *(o[0] for o in readings[:index]),
                other,
                *(o[0] for o in readings[index + 1 :]),
            ]
            chained.append(tuple(phone for part in parts for phone in part))
    return tuple(dict.fromkeys(chained))[:_MOST_PRONUNCIATIONS]


def _possessive_base(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "’s")) else word[:-1] if word.endswith("s'") else ""


def _possessive_ending(phones: Phones) -> Phones:
    last = phones[-1]
    if last in _HISSING:
        return ("IH", "Z")
    return ("Z",) if last in _VOICED or last[0] in "AEIOU" else ("S",)


def _is_abbreviation(word: str) -> bool:
    return len(word) <= 5 and word.isascii() and word.isalpha() and not _VOWEL_LETTERS.search(word)
