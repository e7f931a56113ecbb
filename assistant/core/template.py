"""Templates to the recogniser's automaton, with today's names in it.

The same trees that `match` understands; every slot is replaced by what can be said in it. Slots
that are followed by the same rest of the sentence share one copy of their names. Probabilities:
every intent, every template, every alternative equally often; careful intents (calls, changes)
get no more than their share. Neighbours: `network` merges, `speech/graph.py` compiles.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from assistant.core import tree as trees
from assistant.core.automaton import Arc, Automaton
from assistant.core.events import Scope
from assistant.core.kinds import NAMES, OPTION, Digits, Formed, Kind, Listed, Open
from assistant.core.locale import Locale
from assistant.core.network import Network, Sentences, Weaver, list_network, merge
from assistant.core.options import option_phrases
from assistant.core.slots import Vocabulary
from assistant.core.tree import Choice, Slot, Tree

_MOST_COPIED = 6_000
"""Arcs that the copies of one slot may take; beyond that one copy serves all other places."""
_POLITE = 0.2
"""Share of sentences with polite words before or after."""
_MORE_DIGITS = 0.9
"""Share of digits after which another one comes."""
_DIGIT_DOUBT = 1.5
"""Weight of each digit after the least there must be: long rows of figures are seldom dialled."""


def automaton(
    locale: Locale, vocabulary: Vocabulary, scope: Scope, choices: Sequence[str] = ()
) -> Automaton:
    """Everything that can be said in `scope`, as words.

    Yes and no stand alone: "yeah now" would be one more way to mishear a no.
    """
    kinds: dict[str, Kind] = dict(locale.kinds)
    for name in NAMES:
        lexicon = vocabulary.of(name)
        kinds[name] = Listed(phrases=lexicon.phrases, longest=lexicon.longest)
    kinds[OPTION] = option_phrases(choices)
    builder = _Builder(kinds)
    start = {0: 0.0}
    if scope in (Scope.CONFIRM, Scope.CHANGE):
        return builder.automaton(builder.insert(skeleton(locale, scope), start))
    start |= builder.insert(_phrase(locale, locale.before), {0: -math.log(_POLITE)})
    ends = builder.insert(skeleton(locale, scope), start)
    after = builder.state()
    builder.free({end: weight - math.log(_POLITE) for end, weight in ends.items()}, after)
    return builder.automaton(ends | builder.insert(_phrase(locale, locale.after), {after: 0.0}))


def skeleton(locale: Locale, scope: Scope) -> Network:
    """The sentences of a scope with their slots still open and without their meanings.

    Polite words around them are left out: merged in, they would stand there a hundred times.
    """
    templates = tuple(
        (_by_kind(trees.with_calls(template.tree, locale.rules)), None, 1 / len(intent.hear))
        for intent in locale.intents.values()
        if scope in intent.scopes
        for template in intent.hear
    )
    sentences = Sentences(before=trees.EMPTY, after=trees.EMPTY, templates=templates)
    return merge(*sentences.woven(locale.rules))


def _phrase(locale: Locale, tree: Tree) -> Network:
    weaver = Weaver(locale.rules)
    weaver.finish(weaver.add(tree, {0: 1.0}), None)
    return merge(weaver)


def _by_kind(tree: Tree) -> Tree:
    """`{when:to}` sounds like `{when}`: slots keep their kind only."""
    match tree:
        case Slot(kind):
            return Slot(kind, kind)
        case trees.Sequence(items):
            return trees.Sequence(tuple(map(_by_kind, items)))
        case Choice(items):
            return Choice(tuple(map(_by_kind, items)))
        case _:
            return tree


class _Builder:
    """Grows one automaton; states of inserted networks are new ones."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = kinds
        self.arcs: list[Arc] = []
        self.n_states = 1
        self._lists: dict[str, Network] = {}
        self._sizes: dict[str, int] = {}

    def state(self) -> int:
        self.n_states += 1
        return self.n_states - 1

    def automaton(self, ends: Mapping[int, float]) -> Automaton:
        return Automaton(n_states=self.n_states, arcs=tuple(self.arcs), finals=ends)

    def insert(self, network: Network, starts: Mapping[int, float]) -> dict[int, float]:
        """A copy of `network` after `starts` (state -> weight); returns its ends."""
        states = [self.state() for _ in network.arcs]
        self.free(starts, states[0])
        shared: dict[tuple[str, int | None], int] = {}
        pools = self._pools(network)
        onward: defaultdict[tuple[int, int], float] = defaultdict(float)
        ends: dict[int, float] = {}
        for source, arcs in enumerate(network.arcs):
            counts = network.counts[source]
            stop = sum(network.finals.get(source, {}).values())
            total = sum(counts.values()) + stop
            if source in network.finals:
                ends[states[source]] = _weight(stop, total)
            for symbol, target in arcs.items():
                weight = _weight(counts[symbol], total)
                if isinstance(symbol, str):
                    self.arcs.append(Arc(states[source], states[target], symbol, weight))
                    continue
                pool = pools.get((symbol.kind, target))
                key = (symbol.kind, target if pool is None else None)
                if key not in shared:
                    shared[key] = self.state()
                    after = states[target] if pool is None else pool
                    self.free(self._slot(symbol.kind, shared[key]), after)
                self.arcs.append(Arc(states[source], shared[key], None, weight))
                if pool is not None:
                    onward[pool, states[target]] += counts[symbol]
        self._leave(onward)
        return ends

    def _pools(self, network: Network) -> dict[tuple[str, int], int]:
        """Slots before a target that share one copy -> the state behind that copy.

        The likeliest ways to go on have copies of their own, as many as there is room for. What
        may follow the shared copy is whatever may follow it anywhere; the matcher, which knows
        better, refuses the sentences too many.
        """
        uses: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for source, arcs in enumerate(network.arcs):
            for symbol, target in arcs.items():
                if isinstance(symbol, Slot):
                    uses[symbol.kind][target] += round(1e6 * network.counts[source][symbol])
        pools: dict[tuple[str, int], int] = {}
        for kind, targets in uses.items():
            room = _MOST_COPIED // max(1, self._size(kind))
            likeliest = [target for target, _ in targets.most_common()]
            if len(likeliest) > room:
                state = self.state()
                pools |= {(kind, target): state for target in likeliest[max(0, room - 1) :]}
        return pools

    def _size(self, kind: str) -> int:
        """Arcs of one copy."""
        if kind not in self._sizes:
            alone = _Builder(self.kinds)
            alone._lists, alone._sizes = self._lists, self._sizes
            alone._slot(kind, 0)
            self._sizes[kind] = len(alone.arcs)
        return self._sizes[kind]

    def _leave(self, onward: Mapping[tuple[int, int], float]) -> None:
        totals: dict[int, float] = {}
        for (pool, _), count in onward.items():
            totals[pool] = totals.get(pool, 0.0) + count
        for (pool, target), count in onward.items():
            self.arcs.append(Arc(pool, target, None, _weight(count, totals[pool])))

    def free(self, sources: Mapping[int, float], target: int) -> None:
        self.arcs.extend(Arc(source, target, None, weight) for source, weight in sources.items())

    def _slot(self, name: str, start: int) -> dict[int, float]:
        """Everything that can be said in a slot, after state `start`; returns the ends."""
        match self.kinds[name]:
            case Formed(network=network):
                return self.insert(network, {start: 0.0})
            case Open(like=network):
                return self.insert(network, {start: 0.0}) if network else {}
            case Listed(phrases=phrases):
                if name not in self._lists:
                    self._lists[name] = list_network(_spoken(phrases))
                return self.insert(self._lists[name], {start: 0.0}) if phrases else {}
            case Digits(digits=digits, least=least):
                return self._digits(list_network(_spoken(digits)), start, least)

    def _digits(self, figure: Network, start: int, least: int) -> dict[int, float]:
        end = start
        for _ in range(least):
            start, end = end, self.state()
            self.free(self.insert(figure, {start: 0.0}), end)
        self.arcs.append(Arc(end, start, None, _DIGIT_DOUBT - math.log(_MORE_DIGITS)))
        return {end: -math.log(1 - _MORE_DIGITS)}


def _weight(count: float, total: float) -> float:
    return -math.log(count / total) if count > 0 else 30.0


def _spoken(phrases: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Written digits are for eyes only."""
    return [words for words in phrases if not any(word[0].isdigit() for word in words)]
