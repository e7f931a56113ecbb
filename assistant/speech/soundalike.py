"""Which known words sound like an unknown one: pure comparison of pronunciations.

An official Vosk model hears only the words of its vocabulary, so a name that it lacks is heard
as one to three words that sound like it. `official` brings the vocabulary and the pronunciations.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from assistant.speech.phonemes import PHONES, Phones

# One line: phones that are easily taken for each other.
_ALIKE = """
P B
T D
K G
F V
V W
S Z
TH DH
TH S
DH D
SH ZH CH JH
M N
N NG
L R
IY IH
IY Y
IH EH
IH EY
EH AE
EH EY
AE AH
AH AA
AA AO
AO OW
UW UH
UH AH
UH OW
ER AH
ER R
AY AA
AW AA
OY AO
HH K
""".strip().splitlines()
_NEAR = frozenset(pair for line in _ALIKE for pair in itertools.permutations(line.split(), 2))
_VOWELS = frozenset(phone for phone in PHONES if phone[0] in "AEIOU")
_WEAK = frozenset(("HH", "AH", "IH", "Y", "W", "R", "ER"))
_NEAR_COST, _VOWEL_COST, _OTHER_COST = 0.3, 0.7, 1.0
_WEAK_GAP, _GAP = 0.5, 0.9
_ANOTHER_WORD = 0.4
"""What a second and a third word cost."""
_MOST_PER_PHONE = 0.3
"""A word further away than that does not sound like the other."""
_GOOD_ENOUGH = 0.1
"""Per phone: no need to try two words instead of one."""
_SHORTEST_PIECE = 2
_SHORTLIST = 12
# Rough sounds, for the short list: one letter for all phones of a line.
_ROUGH = {
    phone: letter
    for letter, phones in (
        ("p", "P B"), ("t", "T D TH DH"), ("k", "K G HH"), ("f", "F V W"), ("s", "S Z"),
        ("c", "SH ZH CH JH"), ("m", "M N NG"), ("l", "L"), ("r", "R ER"), ("i", "IY IH Y EY"),
        ("e", "EH AE AH"), ("a", "AA AY AW"), ("o", "AO OW OY UH UW"),
    )
    for phone in phones.split()
}  # fmt: skip


class Likeness(NamedTuple):
    """Words said one after the other, and how far they are from what was wanted."""

    distance: float
    words: tuple[str, ...]


class SoundAlikes:
    """Finds words of one vocabulary; about a millisecond or two for each new name."""

    def __init__(self, spoken: Mapping[str, Phones]) -> None:
        """`spoken`: the pronunciation of each word of the vocabulary."""
        self._by_phones: dict[Phones, str] = {}
        for word in sorted(spoken, key=lambda word: (len(word), word), reverse=True):
            self._by_phones[spoken[word]] = word
        self._alike: dict[str, list[Phones]] = defaultdict(list)
        for phones in self._by_phones:
            self._alike[_rough(phones)].append(phones)
        self._rough: dict[tuple[int, str], list[str]] = defaultdict(list)
        for rough in self._alike:
            self._rough[len(rough), rough[0]].append(rough)
        self._known: dict[Phones, Likeness] = {}
        self._cut: dict[tuple[Phones, int], Likeness] = {}

    def closest(self, phones: Phones, most: int = 3) -> tuple[str, ...]:
        """One to `most` words; none when nothing sounds like it."""
        if not phones:
            return ()
        best = self._one(phones)
        if best.distance > _GOOD_ENOUGH * len(phones):
            best = min(best, self._several(phones, most))
        return best.words if best.distance <= _MOST_PER_PHONE * len(phones) else ()

    def _several(self, phones: Phones, most: int) -> Likeness:
        """The best way to cut the phones into up to `most` words, the first of them sure."""
        best = self._one(phones)
        if most == 1 or best.distance == 0:
            return best
        if (phones, most) in self._cut:
            return self._cut[phones, most]
        for cut in range(_SHORTEST_PIECE, len(phones) - _SHORTEST_PIECE + 1):
            head = self._one(phones[:cut])
            if head.distance + _ANOTHER_WORD >= best.distance:
                continue
            tail = self._several(phones[cut:], most - 1)
            distance = head.distance + tail.distance + _ANOTHER_WORD
            best = min(best, Likeness(distance, head.words + tail.words))
        self._cut[phones, most] = best
        return best

    def _one(self, phones: Phones) -> Likeness:
        if phones not in self._known:
            self._known[phones] = self._search(phones)
        return self._known[phones]

    def _search(self, phones: Phones) -> Likeness:
        if phones in self._by_phones:
            return Likeness(0.0, (self._by_phones[phones],))
        return min(
            (Likeness(distance(phones, other), (self._by_phones[other],))
             for other in self._shortlist(phones)),
            default=Likeness(float("inf"), ()),
        )  # fmt: skip

    def _shortlist(self, phones: Phones) -> Iterable[Phones]:
        """Words that begin alike, are about as long and go on with about the same rough sounds."""
        rough = _rough(phones)
        for length in (len(rough) - 1, len(rough), len(rough) + 1):
            found = process.extract(
                rough,
                self._rough.get((length, rough[0]), ()),
                scorer=Levenshtein.distance,
                score_cutoff=1 + len(rough) // 4,
                limit=_SHORTLIST,
            )
            for alike, _, _ in found:
                yield from self._alike[alike]


def distance(one: Phones, other: Phones) -> float:
    """Weighted edit distance: 0 for the same sounds, about 1 for each different one."""
    row = list(itertools.accumulate((_gap(phone) for phone in other), initial=0.0))
    for phone in one:
        left = row[0] + _gap(phone)
        following = [left]
        for index, heard in enumerate(other):
            left = min(
                row[index] + _swap(phone, heard), row[index + 1] + _gap(phone), left + _gap(heard)
            )
            following.append(left)
        row = following
    return row[-1]


def _gap(phone: str) -> float:
    return _WEAK_GAP if phone in _WEAK else _GAP


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if (one, other) in _NEAR:
        return _NEAR_COST
    return _VOWEL_COST if one in _VOWELS and other in _VOWELS else _OTHER_COST


def _rough(phones: Phones) -> str:
    return "".join(_ROUGH[phone] for phone in phones)
