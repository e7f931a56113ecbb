"""Trees to networks: what may follow what, without repetition.

`Weaver` joins trees into a nondeterministic network without free steps (Glushkov); `determine`
makes it deterministic, `merge` also merges what ends alike. Probabilities are carried as
expected counts, so that a merged network is still the best fit to "every intent, every
alternative, equally often". Neighbours: `template` (the recogniser's automaton), `search` (the
matcher's walk).
Sources: Glushkov 1961; Revuz, "Minimisation of acyclic deterministic automata", 1992.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from assistant.core.tree import Choice, Rule, Sequence, Slot, Tree, Word

Symbol = str | Slot
_POLITE = 0.2
"""Share of sentences with polite words around them."""
Ends = dict[int, float]
"""State -> share of its probability that goes on from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Deterministic and acyclic; state 0 is the start."""

    arcs: tuple[dict[Symbol, int], ...]
    """Per state: symbol -> target."""
    finals: Mapping[int, Mapping[Hashable, float]]
    """Final state -> label (the meaning) -> expected count of sentences that end so."""
    counts: tuple[dict[Symbol, float], ...] = ()
    """Per state: symbol -> how often it is taken in one random sentence; () when not asked for."""


class Weaver:
    """Collects sentences; `start` is where they begin."""

    def __init__(self, rules: Mapping[str, Tree]) -> None:
        self.rules = rules
        self.out: list[dict[tuple[Symbol, int], float]] = [{}]
        """Per state: (symbol, target) -> share."""
        self.into: list[dict[tuple[int, Symbol], None]] = [{}]
        self.labels: dict[int, dict[Hashable, float]] = {}

    def state(self) -> int:
        self.out.append({})
        self.into.append({})
        return len(self.out) - 1

    def arc(self, source: int, symbol: Symbol, target: int, share: float) -> None:
        key = (symbol, target)
        self.out[source][key] = self.out[source].get(key, 0.0) + share
        self.into[target][source, symbol] = None

    def add(self, tree: Tree, starts: Ends) -> Ends:
        """Weaves a tree in after `starts` and returns where it may end."""
        match tree:
            case Word(text):
                return self._step(text, starts)
            case Slot():
                return self._step(tree, starts)
            case Rule(name):
                return self.add(self.rules[name], starts)
            case Sequence(items):
                for item in items:
                    starts = self.add(item, starts)
                return starts
            case Choice(items):
                return self._choice(items, starts)
            case _:
                assert_never(tree)

    def _step(self, symbol: Symbol, starts: Ends) -> Ends:
        target = self.state()
        for source, share in starts.items():
            self.arc(source, symbol, target, share)
        return {target: 1.0}

    def _choice(self, items: tuple[Tree, ...], starts: Ends) -> Ends:
        ends: Ends = defaultdict(float)
        part = {state: share / len(items) for state, share in starts.items()}
        for item in items:
            for state, share in self.add(item, part).items():
                ends[state] += share
        return self._joined(ends)

    def _joined(self, ends: Ends) -> Ends:
        """Ends that nothing follows yet become one state: "(a|b|c)" needs one, not three."""
        fresh = [state for state, share in ends.items() if share == 1.0 and not self.out[state]]
        if len(fresh) < 2:
            return ends
        joint, *others = fresh
        for state in others:
            for source, symbol in self.into[state]:
                self.arc(source, symbol, joint, self.out[source].pop((symbol, state)))
            self.into[state] = {}
            del ends[state]
        return ends

    def hub(self, ends: Ends) -> int:
        """One state that stands for all `ends`, so that what follows is woven once."""
        hub = self.state()
        for state, share in ends.items():
            for source, symbol in self.into[state]:
                self.arc(source, symbol, hub, self.out[source][symbol, state] * share)
        return hub

    def finish(self, ends: Ends, label: Hashable) -> None:
        for state, share in ends.items():
            labels = self.labels.setdefault(state, {})
            labels[label] = labels.get(label, 0.0) + share


Subset = frozenset[int]
Subsets = dict[Subset, dict[Symbol, Subset]]


def determine(weaver: Weaver, start: Subset = frozenset({0})) -> Network:
    """The deterministic network, for walking."""
    subsets, arcs = _explored(weaver, start)
    finals: dict[int, dict[Hashable, float]] = {}
    for i, subset in enumerate(subsets):
        labels = [label for state in subset for label in weaver.labels.get(state, ())]
        if labels:
            finals[i] = dict.fromkeys(labels, 1.0)
    return Network(arcs=tuple(arcs), finals=finals)


def merge(weaver: Weaver, start: Subset = frozenset({0})) -> Network:
    """The deterministic network with states of equal futures merged, and counted."""
    arcs = _subsets(weaver, start)
    order = _topological(arcs, start)
    counts, finals = _counts(weaver, order, arcs)
    return _merged(order, arcs, counts, finals)


def _explored(weaver: Weaver, start: Subset) -> tuple[list[Subset], list[dict[Symbol, int]]]:
    """Every set of states that some beginning of a sentence leads to, the start first, and which
    of them each symbol leads to from there."""
    number = {start: 0}
    subsets, arcs = [start], []
    for subset in subsets:  # grows as it is walked
        targets: dict[Symbol, set[int]] = {}
        for state in subset:
            for symbol, target in weaver.out[state]:
                targets.setdefault(symbol, set()).add(target)
        leads = {}
        for symbol, states in targets.items():
            reached = frozenset(states)
            leads[symbol] = number.setdefault(reached, len(subsets))
            if leads[symbol] == len(subsets):
                subsets.append(reached)
        arcs.append(leads)
    return subsets, arcs


def _subsets(weaver: Weaver, start: Subset) -> Subsets:
    subsets, arcs = _explored(weaver, start)
    return {
        subset: {symbol: subsets[target] for symbol, target in leads.items()}
        for subset, leads in zip(subsets, arcs, strict=True)
    }


def _topological(arcs: Subsets, start: Subset) -> list[Subset]:
    """Every subset before its targets (depth first, reversed finishing order)."""
    order: list[Subset] = []
    seen = {start}
    stack = [(start, iter(arcs[start].values()))]
    while stack:
        subset, targets = stack[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(arcs[target].values())))
                break
        else:
            order.append(subset)
            stack.pop()
    return order[::-1]


def _counts(
    weaver: Weaver, order: list[Subset], arcs: Subsets
) -> tuple[dict[Subset, dict[Symbol, float]], dict[Subset, dict[Hashable, float]]]:
    """How often each arc is taken and each label reached, in one random sentence."""
    mass: dict[Subset, dict[int, float]] = {subset: defaultdict(float) for subset in order}
    mass[order[0]].update(dict.fromkeys(order[0], 1.0))
    counts: dict[Subset, dict[Symbol, float]] = {subset: defaultdict(float) for subset in order}
    finals: dict[Subset, dict[Hashable, float]] = {}
    for subset in order:
        labels: dict[Hashable, float] = defaultdict(float)
        for state, present in mass[subset].items():
            for (symbol, target), share in weaver.out[state].items():
                counts[subset][symbol] += present * share
                mass[arcs[subset][symbol]][target] += present * share
            for label, share in weaver.labels.get(state, {}).items():
                labels[label] += present * share
        if labels:
            finals[subset] = labels
    return counts, finals


def _merged(
    order: list[Subset],
    arcs: Subsets,
    counts: dict[Subset, dict[Symbol, float]],
    finals: dict[Subset, dict[Hashable, float]],
) -> Network:
    """States with equal futures become one, from the ends backwards."""
    number: dict[Hashable, int] = {}
    merged: dict[Subset, int] = {}
    for subset in reversed(order):
        future = frozenset((symbol, merged[t]) for symbol, t in arcs[subset].items())
        merged[subset] = number.setdefault((future, frozenset(finals.get(subset, ()))), len(number))
    last = len(number) - 1  # the start is numbered last; it becomes 0
    out: list[dict[Symbol, int]] = [{} for _ in number]
    taken: list[dict[Symbol, float]] = [defaultdict(float) for _ in number]
    ends: dict[int, dict[Hashable, float]] = {}
    for subset in order:
        state = last - merged[subset]
        for symbol, target in arcs[subset].items():
            out[state][symbol] = last - merged[target]
            taken[state][symbol] += counts[subset][symbol]
        for label, count in finals.get(subset, {}).items():
            labels = ends.setdefault(state, {})
            labels[label] = labels.get(label, 0.0) + count
    return Network(arcs=tuple(out), finals=ends, counts=tuple(taken))


def list_network(phrases: Iterable[tuple[str, ...]]) -> Network:
    """The minimal network of a list of phrases; every branching is equally likely."""
    trie: list[dict[str, int]] = [{}]
    ends: set[int] = set()
    for words in phrases:
        node = 0
        for word in words:
            if word not in trie[node]:
                trie[node][word] = len(trie)
                trie.append({})
            node = trie[node][word]
        ends.add(node)
    number: dict[Hashable, int] = {}
    merged = [0] * len(trie)
    for node in range(len(trie) - 1, -1, -1):  # children have the higher numbers
        future = frozenset((word, merged[child]) for word, child in trie[node].items())
        merged[node] = number.setdefault((future, node in ends), len(number))
    last = len(number) - 1
    arcs: list[dict[Symbol, int]] = [{} for _ in number]
    for node, children in enumerate(trie):
        arcs[last - merged[node]] = {w: last - merged[child] for w, child in children.items()}
    return Network(
        arcs=tuple(arcs),
        finals={last - merged[node]: {None: 1.0} for node in ends},
        counts=tuple(dict.fromkeys(out, 1.0) for out in arcs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """What may be said, in templates, with words that may stand around any of them."""

    before: Tree
    after: Tree
    templates: tuple[tuple[Tree, Hashable, float], ...]
    """Tree, meaning, share of all sentences."""

    def woven(self, rules: Mapping[str, Tree]) -> tuple[Weaver, Subset]:
        """The network of all, and its start."""
        weaver = Weaver(rules)
        body = weaver.hub(weaver.add(self.before, {0: _POLITE}))
        ends: dict[Hashable, Ends] = {}
        for tree, meaning, share in self.templates:
            ends.setdefault(meaning, {}).update(weaver.add(tree, {body: share}))
        for meaning, states in ends.items():
            weaver.finish(states, meaning)
            weaver.finish(weaver.add(self.after, {weaver.hub(states): _POLITE}), meaning)
        return weaver, frozenset({0, body})
