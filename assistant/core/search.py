"""Best paths of a sentence through a network of words and slots.

`Chart` knows which slots can be heard where; `Search` finds the cheapest ways through the
network, first word for word, then with words left out, added or exchanged at a price.
Neighbours: `match` sets the prices and makes Interpretations of the paths.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from assistant.core.kinds import NAMES, Digits, Formed, Kind, Listed, Open, Sense
from assistant.core.locales import Meaning
from assistant.core.network import Network
from assistant.core.tree import Slot

Tokens = tuple[str, ...]

WORD_FOR_WORD = 0.04
"""Cost limit that leaves room for slots only."""


class Piece(NamedTuple):
    """A slot heard from where it was looked for up to `end`."""

    end: int
    value: object
    cost: float
    known: bool = True
    """False: these words are in no list; they may still resemble something."""


class Capture(NamedTuple):
    """A slot on a path, linked to the one before."""

    slot: Slot
    start: int
    piece: Piece
    before: Capture | None

    def chain(self) -> list[Capture]:
        found: list[Capture] = []
        capture: Capture | None = self
        while capture is not None:
            found.append(capture)
            capture = capture.before
        return found[::-1]


class Graph:
    """A network laid out for walking."""

    def __init__(self, network: Network) -> None:
        self.words: list[dict[str, int]] = []
        self.slots: list[list[tuple[Slot, int]]] = []
        for arcs in network.arcs:
            self.words.append({s: t for s, t in arcs.items() if isinstance(s, str)})
            self.slots.append([(s, t) for s, t in arcs.items() if isinstance(s, Slot)])
        self.finals = network.finals
        self._beyond: dict[int, dict[str, list[tuple[int, str]]]] = {}

    def before_slot_or_end(self, state: int) -> list[tuple[str, int]]:
        """Arcs of words after which a slot or nothing may come."""
        arcs = self.words[state].items()
        return [(word, to) for word, to in arcs if self.slots[to] or to in self.finals]

    def beyond(self, state: int) -> dict[str, list[tuple[int, str]]]:
        """Word -> states reached by leaving out one word before it, and the word left out."""
        found = self._beyond.get(state)
        if found is None:
            found = {}
            for skipped, middle in self.words[state].items():
                for word, target in self.words[middle].items():
                    found.setdefault(word, []).append((target, skipped))
            self._beyond[state] = found
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each kind of departure from a template costs; 1 is a word that carries the meaning."""

    words: Mapping[str, float]
    """Weight of the words that templates use."""
    foreign: float = 0.6
    """A word that no template uses."""
    slot: float = 0.001
    """Any slot: plain words win a draw."""
    unknown: float = 0.35
    """A name that is in no list."""
    open_word: float = 0.04
    """A word of a slot for free words."""

    def of(self, word: str) -> float:
        return self.words.get(word, self.foreign)


class Chart:
    """Which slots can be heard where in one sentence; asked and remembered."""

    def __init__(
        self, words: Tokens, kinds: Mapping[str, Kind], graphs: Mapping[str, Graph], prices: Prices
    ) -> None:
        self.words = words
        self.kinds = kinds
        self.graphs = graphs
        self.prices = prices
        self._heard: dict[tuple[str, int], list[Piece]] = {}
        self._loose: dict[tuple[str, int], list[Piece]] = {}

    def heard(self, kind: str, start: int) -> list[Piece]:
        """Exact readings of a slot that starts at word `start`."""
        key = (kind, start)
        if key not in self._heard:
            self._heard[key] = list(self._pieces(kind, start))
        return self._heard[key]

    def loose(self, kind: str, start: int) -> list[Piece]:
        """Readings that take words nobody listed: free words, names never heard of."""
        key = (kind, start)
        if key not in self._loose:
            self._loose[key] = list(self._any_words(kind, start))
        return self._loose[key]

    def _pieces(self, kind: str, start: int) -> Iterator[Piece]:
        match self.kinds[kind]:
            case Listed(phrases=phrases, longest=longest):
                for end in range(start + 1, min(start + longest, len(self.words)) + 1):
                    words = self.words[start:end]
                    if words in phrases:
                        yield Piece(end, phrases[words], self.prices.slot)
            case Formed(sense=sense):
                yield from self._forms(kind, sense, start)
            case Digits(digits=digits):
                yield from self._number(digits, start)
            case Open():
                pass

    def _forms(self, kind: str, sense: Sense, start: int) -> Iterator[Piece]:
        found: dict[int, Piece] = {}
        for end, capture in self._walk(self.graphs[kind], start):
            value: object = " ".join(self.words[start:end])
            if sense is not Sense.TEXT:
                value = _fields(capture)
            found.setdefault(end, Piece(end, value, self.prices.slot))
        yield from found.values()

    def _walk(self, graph: Graph, start: int) -> Iterator[tuple[int, Capture | None]]:
        stack: list[tuple[int, int, Capture | None]] = [(0, start, None)]
        while stack:
            state, at, capture = stack.pop()
            if at > start and state in graph.finals:
                yield at, capture
            if at == len(self.words):
                continue
            for slot, target in graph.slots[state]:
                for piece in self.heard(slot.kind, at):
                    stack.append((target, piece.end, Capture(slot, at, piece, capture)))
            target_of_word = graph.words[state].get(self.words[at])
            if target_of_word is not None:
                stack.append((target_of_word, at + 1, capture))

    def _number(self, digits: Mapping[Tokens, str], start: int) -> Iterator[Piece]:
        said, at = "", start
        while at < len(self.words):
            for length in (4, 3, 2, 1):
                words = self.words[at : at + length]
                figure = digits.get(words) if len(words) == length else None
                if length == 1 and (words[0].isdigit() or words[0] == "+"):
                    figure = words[0]
                if figure is not None:
                    said, at = said + figure, at + length
                    yield Piece(at, said, self.prices.slot)
                    break
            else:
                return

    def _any_words(self, kind: str, start: int) -> Iterator[Piece]:
        is_open = isinstance(self.kinds[kind], Open)
        if not is_open and kind not in NAMES:
            return
        cost = self.prices.slot if is_open else self.prices.unknown
        for end in range(start + 1, len(self.words) + 1):
            word = self.words[end - 1]
            if is_open:
                cost += self.prices.open_word
            else:
                cost += 0.5 * self.prices.words[word] if word in self.prices.words else 0.05
            yield Piece(end, " ".join(self.words[start:end]), cost, is_open)


def _fields(capture: Capture | None) -> dict[str, object]:
    """Slots of a spoken time; a listed value may set several fields."""
    fields: dict[str, object] = {}
    for link in capture.chain() if capture else ():
        if isinstance(link.piece.value, Mapping):
            fields.update(link.piece.value)
        else:
            fields[link.slot.name] = link.piece.value
    return fields


class Path(NamedTuple):
    """One way through: what it means, what it cost."""

    cost: float
    lost: float
    """Price of the heaviest template word that was not said."""
    meaning: Meaning
    captures: tuple[Capture, ...]


class _Item(NamedTuple):
    cost: float
    order: int
    at: int
    state: int
    lost: float
    capture: Capture | None


class Search:
    """Cheapest first (Dijkstra) over (word position, state)."""

    def __init__(self, graph: Graph, chart: Chart, *, limit: float) -> None:
        """A `limit` below the cheapest price finds only what was said word for word."""
        self.graph = graph
        self.chart = chart
        self.prices = chart.prices
        self.limit = limit
        self.is_robust = limit > WORD_FOR_WORD
        self._order = itertools.count()
        self._heap: list[_Item] = [_Item(0.0, 0, 0, 0, 0.0, None)]
        self._best: dict[tuple[int, int], float] = {}
        self.visits = 0

    def paths(self, most_visits: int) -> Iterator[Path]:
        """Whole sentences, cheapest first; gives up after `most_visits` steps."""
        n_words = len(self.chart.words)
        done: set[tuple[int, int]] = set()
        while self._heap and self.visits < most_visits:
            item = heapq.heappop(self._heap)
            if (item.at, item.state) in done:
                continue
            done.add((item.at, item.state))
            self.visits += 1
            if item.at == n_words:
                yield from self._ended(item)
            else:
                self._step(item)
            if self.is_robust:
                self._stray(item)

    def _ended(self, item: _Item) -> Iterator[Path]:
        captures = tuple(item.capture.chain()) if item.capture else ()
        for label in self.graph.finals.get(item.state, ()):
            assert isinstance(label, Meaning)
            yield Path(item.cost, item.lost, label, captures)

    def _push(self, item: _Item, price: float, at: int, state: int, lost: float = 0.0) -> None:
        cost = item.cost + price
        key = (at, state)
        if cost <= self.limit and cost < self._best.get(key, self.limit + 1):
            self._best[key] = cost
            lost = max(lost, item.lost)
            onward = _Item(cost, next(self._order), at, state, lost, item.capture)
            heapq.heappush(self._heap, onward)

    def _step(self, item: _Item) -> None:
        """What the template says next is what was said next."""
        target = self.graph.words[item.state].get(self.chart.words[item.at])
        if target is not None:
            self._push(item, 0.0, item.at + 1, target)
        for slot, target in self.graph.slots[item.state]:
            pieces = self.chart.heard(slot.kind, item.at)
            if self.is_robust:
                pieces = pieces + self.chart.loose(slot.kind, item.at)
            for piece in pieces:
                capture = Capture(slot, item.at, piece, item.capture)
                self._push(item._replace(capture=capture), piece.cost, piece.end, target)

    def _stray(self, item: _Item) -> None:
        """A word too many, too few, or another one."""
        words, at, state, price = self.chart.words, item.at, item.state, self.prices.of
        if at < len(words):
            self._push(item, price(words[at]), at + 1, state)
            for target, skipped in self.graph.beyond(state).get(words[at], ()):
                self._push(item, price(skipped), at + 1, target, price(skipped))
        if at + 1 < len(words):
            for target, skipped in self.graph.beyond(state).get(words[at + 1], ()):
                both = max(price(skipped), price(words[at]))
                self._push(item, both, at + 2, target, price(skipped))
        for skipped, target in self.graph.before_slot_or_end(state):
            self._push(item, price(skipped), at, target, price(skipped))
