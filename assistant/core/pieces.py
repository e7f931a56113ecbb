"""What a search moves through and what it finds: networks laid out, prices, slots heard.

Neighbours: `search` walks the graphs, `match` sets the prices.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from assistant.core import tree as trees
from assistant.core.kinds import Formed, Kind, Listed
from assistant.core.locale import Locale
from assistant.core.network import Network
from assistant.core.tree import Slot

_GLUE = 0.35
_DROPPABLE = 0.62
"""Price above which a template word must be said."""


class Piece(NamedTuple):
    """A slot heard from where it was looked for up to `end`."""

    end: int
    value: object
    cost: float
    said: float = 0.0
    """Weight of the template words that were said."""
    lost: float = 0.0
    """Weight of the template words that were not."""


class Capture(NamedTuple):
    """A slot on a path, linked to the one before."""

    slot: Slot
    start: int
    piece: Piece
    before: Capture | None

    def chain(self) -> Iterator[Capture]:
        """All slots of the path in order, those inside rules included."""
        if self.before is not None:
            yield from self.before.chain()
        if self.slot.kind.startswith("<"):
            if isinstance(self.piece.value, Capture):
                yield from self.piece.value.chain()
        else:
            yield self


class Graph:
    """A network laid out for walking."""

    def __init__(self, network: Network) -> None:
        self.words = [{s: t for s, t in a.items() if isinstance(s, str)} for a in network.arcs]
        self.slots = [[(s, t) for s, t in a.items() if isinstance(s, Slot)] for a in network.arcs]
        self.finals = network.finals
        self._beyond: dict[int, dict[str, dict[int, float]]] = {}
        self._skips: dict[int, dict[int, float]] = {}

    def beyond(self, state: int, prices: Prices) -> dict[str, dict[int, float]]:
        """Word -> states it leads to once a word before it is left out -> price of that."""
        found = self._beyond.get(state)
        if found is None:
            found = self._beyond[state] = {}
            for middle, price in self._skipped(state, prices).items():
                for word, target in self.words[middle].items():
                    _cheapest(found.setdefault(word, {}), target, price)
        return found

    def skips(self, state: int, prices: Prices) -> dict[int, float]:
        """States after one word that is left out, where a slot or the end may follow."""
        found = self._skips.get(state)
        if found is None:
            after = self._skipped(state, prices).items()
            found = {t: p for t, p in after if self.slots[t] or t in self.finals}
            self._skips[state] = found
        return found

    def _skipped(self, state: int, prices: Prices) -> dict[int, float]:
        """States after one word that may be left out; no sentence stands without some words."""
        found: dict[int, float] = {}
        for word, target in self.words[state].items():
            if not prices.tells(word) and not prices.binds(word):
                _cheapest(found, target, prices.of(word))
        return found


def _cheapest(table: dict[int, float], key: int, price: float) -> None:
    if price < table.get(key, price + 1):
        table[key] = price


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each kind of departure from a template costs; 1 is a word that carries the meaning."""

    words: Mapping[str, float]
    """Weight of the words that templates use."""
    verbs: frozenset[str] = frozenset()
    """Words that calls and changes begin with."""
    negations: frozenset[str] = frozenset()
    """Words that turn a sentence round: neither in a name nor all that is said of a thing."""
    foreign: float = 1.1
    """A word that no template uses."""
    slot: float = 0.001
    """Any slot: plain words win a draw."""
    unknown: float = 0.28
    """A name that is in no list."""
    known_word: float = 0.3
    """A template word within a name that is in no list."""
    open_word: float = 0.04
    """A word of a slot for free words."""

    def of(self, word: str) -> float:
        return self.words.get(word, self.foreign)

    def sum(self, words: Iterable[str]) -> float:
        return sum(map(self.of, words))

    def binds(self, word: str) -> bool:
        """Whether this word is never imagined and never ignored."""
        return word in self.verbs or word in self.negations

    def tells(self, word: str) -> bool:
        """Whether the meaning is lost with this word."""
        return self.of(word) > _DROPPABLE

    def is_glue(self, word: str) -> bool:
        """Articles, pronouns, prepositions: words of many intents, and of no name."""
        return self.words.get(word, 1.0) < _GLUE


def careful_verbs(locale: Locale) -> frozenset[str]:
    """What templates of careful intents begin with, more often than others do."""
    counts: Counter[str] = Counter()
    for intent in locale.intents.values():
        for template in (*intent.hear, *intent.typed):
            for word in trees.openers(template.tree, locale.rules):
                counts[word] += 1 if intent.careful else -1
    polite = {
        *trees.words_of(locale.before, locale.rules),
        *trees.words_of(locale.after, locale.rules),
    }
    return frozenset(w for w, n in counts.items() if n > 0 and len(w) > 2) - polite


def word_prices(locale: Locale) -> dict[str, float]:
    """Words of few intents carry the meaning, words of many are glue (inverse intent frequency)."""
    found: dict[str, set[str]] = {}
    for name, intent in locale.intents.items():
        for template in intent.hear:
            for word in trees.words_of(template.tree, locale.rules):
                found.setdefault(word, set()).add(name)
    scale = math.log(1 + max(len(locale.intents), 2))
    prices = {
        word: 0.1 + 0.9 * (1 - math.log(len(intents) + 1) / (scale + 0.3))
        for word, intents in found.items()
    }
    polite = {
        *trees.words_of(locale.before, locale.rules),
        *trees.words_of(locale.after, locale.rules),
    }
    return dict.fromkeys(polite, 0.1) | prices | dict.fromkeys(locale.fillers, 0.0)


def known_words(locale: Locale, kinds: Collection[Kind]) -> Iterator[str]:
    """All words of templates and lists, today's names among them."""
    formed = [kind.network for kind in kinds if isinstance(kind, Formed)]
    for network in (locale.network, *formed):
        yield from (s for arcs in network.arcs for s in arcs if isinstance(s, str))
    for kind in kinds:
        if isinstance(kind, Listed):
            yield from (word for phrase in kind.phrases for word in phrase)
