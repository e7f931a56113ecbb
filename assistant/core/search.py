"""Best paths of a sentence through a network of words and slots.

`Search` finds the cheapest ways through one network, word for word or, at a price, with words
left out, added or exchanged. `Chart` knows which slots and rules can be heard where in a
sentence, each asked once. Neighbours: `match` sets the prices and makes Interpretations.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from assistant.core.kinds import NAMES, Digits, Formed, Kind, Listed, Open, Sense
from assistant.core.pieces import Capture, Graph, Piece, Prices

Tokens = tuple[str, ...]

_SLOTS_LIMIT = 2.0
"""Cost limit of a sentence heard word for word: free words in slots have a small price."""
_NAME, _FORM, _DIGITS = 2, 3, 4
"""Slots are preferred in this order when words fit several: lists, names, times, digits."""
_LONGEST_NAME = 4
"""Words of a name that is in no list."""
_MOST_VISITS = 800
"""Steps of one search."""


class Chart:
    """Which slots and rules can be heard where in one sentence; asked and remembered."""

    def __init__(
        self,
        words: Tokens,
        kinds: Mapping[str, Kind],
        graphs: Mapping[str, Graph],
        prices: Prices,
        resembles: Callable[[str, Tokens], float],
    ) -> None:
        """`resembles(kind, words)`: likeness 0 to 1 of the words to some name of that kind."""
        self.words = words
        self.resembles = resembles
        self.kinds = kinds
        self.graphs = graphs
        self.prices = prices
        self.limit = _SLOTS_LIMIT
        """Highest cost of a path."""
        self.is_loose = False
        """Whether words may be left out, added, exchanged and names be strange."""
        self._heard: dict[tuple[str, int], list[Piece]] = {}

    def loosen(self, limit: float) -> None:
        """From now on things may differ from what templates say, up to this cost."""
        self.limit = limit
        self.is_loose = True
        self._heard.clear()

    def heard(self, kind: str, start: int) -> list[Piece]:
        """Readings of a slot that starts at word `start`."""
        key = (kind, start)
        if key not in self._heard:
            self._heard[key] = list(self._pieces(kind, start))
        return self._heard[key]

    def _pieces(self, kind: str, start: int) -> Iterator[Piece]:
        match self.kinds[kind]:
            case Listed(phrases=phrases, longest=longest):
                for end in range(start + 1, min(start + longest, len(self.words)) + 1):
                    words = self.words[start:end]
                    if words in phrases:
                        dear = _NAME if kind in NAMES else 1
                        yield Piece(end, phrases[words], dear * self.prices.slot)
                if kind in NAMES and self.is_loose:
                    yield from self._strangers(kind, start)
            case Formed(sense=Sense.PARTS):
                yield from self._parts(self.graphs[kind], start)
            case Formed(sense=sense):
                yield from self._forms(self.graphs[kind], sense, start)
            case Digits(digits=digits, least=least):
                yield from islice(self._number(digits, start), least - 1, None)
            case Open(without=without):
                yield from self._any_words(start, without)

    def _parts(self, graph: Graph, start: int) -> Iterator[Piece]:
        found: dict[int, Piece] = {}
        for step in Search(graph, self, start=start).ends():
            if step.at > start:
                piece = Piece(step.at, step.capture, step.cost, step.said, step.lost)
                found.setdefault(step.at, piece)
        yield from found.values()

    def _forms(self, graph: Graph, sense: Sense, start: int) -> Iterator[Piece]:
        """Spoken times and the like are heard word for word or not at all; "twenty thirty one" is
        rather a year than an hour and a minute."""
        found: dict[int, Piece] = {}
        for end, capture in sorted(self._walk(graph, start), key=_slots_heard):
            value: object = " ".join(self.words[start:end])
            if sense is not Sense.TEXT:
                value = _fields(capture)
            found.setdefault(end, Piece(end, value, _FORM * self.prices.slot))
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
                    stack.append((target, piece.end, Capture(slot, at, piece, capture)))  # noqa: PERF401 - the tuple is clearer
            follower = graph.words[state].get(self.words[at])
            if follower is not None:
                stack.append((follower, at + 1, capture))

    def _number(self, digits: Mapping[Tokens, str], start: int) -> Iterator[Piece]:
        said, at = "", start
        while at < len(self.words):
            length, figure = self._figure(digits, at)
            if not length:
                return
            said, at = said + figure, at + length
            yield Piece(at, said, _DIGITS * self.prices.slot)

    def _figure(self, digits: Mapping[Tokens, str], at: int) -> tuple[int, str]:
        """Words and digits of the longest number at `at`; 0 words when there is none."""
        if self.words[at].isdigit() or self.words[at] == "+":
            return 1, self.words[at]
        for length in (4, 3, 2, 1):
            figure = digits.get(self.words[at : at + length])
            if figure is not None:
                return len(self.words[at : at + length]), figure
        return 0, ""

    def _strangers(self, kind: str, start: int) -> Iterator[Piece]:
        """Names that are in no list as they are. People may be unknown, all else must resemble."""
        cost = self.prices.unknown
        for end in range(start + 1, min(start + _LONGEST_NAME, len(self.words)) + 1):
            word = self.words[end - 1]
            if self.prices.is_glue(word) or word.isdigit() or word in self.prices.negations:
                return
            cost += self.prices.known_word if word in self.prices.words else 0.05
            likeness = self.resembles(kind, self.words[start:end])
            if likeness:
                yield Piece(end, None, self.prices.slot + 1 - likeness)
            elif kind == "person":
                yield Piece(end, None, cost)

    def _any_words(self, start: int, without: frozenset[str]) -> Iterator[Piece]:
        """What is said to be a thing of some kind, "without" others, is more than "an" or "it"."""
        is_named = not without
        for end in range(start + 1, len(self.words) + 1):
            if self.words[end - 1] in without:
                return
            is_named = is_named or self.prices.tells(self.words[end - 1])
            if not is_named:
                continue
            if end == start + 1 and self.words[start] in self.prices.negations:
                continue
            cost = self.prices.slot + self.prices.open_word * (end - start)
            yield Piece(end, " ".join(self.words[start:end]), cost)


def _slots_heard(way: tuple[int, Capture | None]) -> int:
    return sum(1 for _ in way[1].chain()) if way[1] else 0


def _fields(capture: Capture | None) -> dict[str, object]:
    """Slots of a spoken time; a listed value may set several fields."""
    fields: dict[str, object] = {}
    for link in capture.chain() if capture else ():
        if isinstance(link.piece.value, Mapping):
            fields.update(link.piece.value)
        else:
            fields[link.slot.name] = link.piece.value
    return fields


class Step(NamedTuple):
    """How far one way through has come."""

    cost: float
    order: int
    at: int
    """Words used."""
    state: int
    said: float
    """Weight of the template words that were said."""
    lost: float
    """Weight of the template words that were not."""
    capture: Capture | None


_NOWHERE: Mapping[int, float] = MappingProxyType({})
Evidence = tuple[float, float, Capture | None]
"""The last three fields of a Step."""


class Search:
    """Cheapest first (Dijkstra) over (words used, state)."""

    def __init__(self, graph: Graph, chart: Chart, *, start: int = 0) -> None:
        self.graph = graph
        self.chart = chart
        self.words = chart.words
        self.prices = chart.prices
        self._order = 0
        self._heap = [Step(0.0, 0, start, 0, 0.0, 0.0, None)]
        self._best: dict[tuple[int, int], float] = {}

    def ends(self) -> Iterator[Step]:
        """Steps where a sentence may end, cheapest first."""
        done: set[tuple[int, int]] = set()
        while self._heap and len(done) < _MOST_VISITS:
            step = heapq.heappop(self._heap)
            key = (step.at, step.state)
            if key in done:
                continue
            done.add(key)
            if step.state in self.graph.finals:
                yield step
            if step.at < len(self.words):
                self._follow(step)
            if self.chart.is_loose:
                self._stray(step)

    def _push(self, cost: float, at: int, state: int, evidence: Evidence) -> None:
        if cost < self._best.get((at, state), self.chart.limit):
            self._best[at, state] = cost
            self._order += 1
            heapq.heappush(self._heap, Step(cost, self._order, at, state, *evidence))

    def _follow(self, step: Step) -> None:
        """What the template says next is what was said next."""
        cost, _, at, state, said, lost, capture = step
        word = self.words[at]
        target = self.graph.words[state].get(word)
        if target is not None:
            self._push(cost, at + 1, target, (said + self.prices.of(word), lost, capture))
        best, limit = self._best, self.chart.limit
        for slot, target in self.graph.slots[state]:
            for piece in self.chart.heard(slot.kind, at):
                if cost + piece.cost < best.get((piece.end, target), limit):
                    link = Capture(slot, at, piece, capture)
                    evidence = (said + piece.said, lost + piece.lost, link)
                    self._push(cost + piece.cost, piece.end, target, evidence)

    def _stray(self, step: Step) -> None:
        """A word too many, too few, or another one."""
        cost, _, at, state, said, lost, capture = step
        best, limit = self._best, self.chart.limit
        for target, price in self.graph.skips(state, self.prices).items():
            if cost + price < best.get((at, target), limit):
                self._push(cost + price, at, target, (said, lost + price, capture))
        if at >= len(self.words):
            return
        extra = self.prices.of(self.words[at])
        is_bound = self.prices.binds(self.words[at])
        if not is_bound:
            self._push(cost + extra, at + 1, state, (said, lost, capture))
        beyond = self.graph.beyond(state, self.prices)
        for used, least in ((at, 0.0),) if is_bound else ((at, 0.0), (at + 1, extra)):
            word = self.words[used] if used < len(self.words) else ""
            for target, price in beyond.get(word, _NOWHERE).items():
                dear = cost + max(price, least)
                if dear < best.get((used + 1, target), limit):
                    evidence = (said + self.prices.of(word), lost + price, capture)
                    self._push(dear, used + 1, target, evidence)
