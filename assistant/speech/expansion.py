"""From words to the acoustic model's units: the states and arcs of a decoding graph.

Every phone is an arc into a chain of states, as many as it has frames at least, of which the last
has a self-loop; words that share their first phones share those states; silence may stand between
any two words. Beside the grammar stands a filler, a loop over common words and all phones, which
wins when something else is said. Pure; `graph` reads and writes files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from assistant.core.automaton import Automaton
from assistant.speech.arcs import Arcs
from assistant.speech.phonemes import Phones
from assistant.speech.units import ANY, SILENCE, Unit, Units

_OTHER_SPEECH = -1
"""A grammar state that no automaton has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each liberty costs, in nats beside the scaled acoustic scores.

    Tuned on people reading, single words and commands: `python -m tests.bench rejection`."""

    grammar: float = 0.5
    """Factor on the weights of the grammar: rare sentences are still said."""
    pause: float = 0.7
    """Silence between two words; going without costs the same."""
    unknown: float = 0.0
    """Taking the whole utterance for something outside the grammar."""
    unknown_word: float = 4.25
    """For each common word of it."""
    common_words: int = 300
    """How many of the commonest; many more, and the search loses sight of them in noise."""
    unknown_phone: float = 1.9
    """For each phone of it that is in no common word."""
    noise: float = 10.0
    """A stretch before or after a sentence that does not belong to it."""
    noise_phone: float = 2.15


class WordArc(NamedTuple):
    """A word that may follow here."""

    weight: float
    word: int
    spoken: Sequence[Phones]
    target: int


class Node(NamedTuple):
    """A phone inside words."""

    begin: int
    end: int
    """States; the same for a phone that may be over after one frame."""
    paid: float
    """Nats on the way from the beginning of the word."""


class Expansion:
    """Collects the arcs of a decoding graph; state 0 starts."""

    def __init__(self, units: Units, costs: Costs) -> None:
        self.arcs = Arcs()
        self.finals: dict[int, float] = {}
        self.n_states = 1
        self._units = units
        self._costs = costs
        self._entries: dict[tuple[int, str], int] = {}
        self._waiting: list[tuple[int, str]] = []
        self._spelt: dict[Phones, tuple[tuple[str, str], list[Unit]]] = {}

    def add_grammar(
        self, automaton: Automaton, ids: Mapping[str, int], spoken: Mapping[str, Sequence[Phones]]
    ) -> None:
        """`ids` and `spoken`: number and pronunciations of each word.

        Raises:
            KeyError: a pronunciation with a phone that the model does not have.
        """
        self._pause(0, self._entry(0, SILENCE))
        words: dict[int, list[WordArc]] = defaultdict(list)
        free: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for source, target, word, weight in automaton.arcs:
            cost = self._costs.grammar * weight
            if word is None:
                free[source].append((target, cost))
            else:
                words[source].append(WordArc(cost, ids[word], spoken[word], target))
        finals = {s: self._costs.grammar * weight for s, weight in automaton.finals.items()}
        self._grow(words, free, finals)

    def _grow(
        self,
        words: Mapping[int, Sequence[WordArc]],
        free: Mapping[int, Sequence[tuple[int, float]]],
        finals: Mapping[int, float],
    ) -> None:
        """Everything that can be reached from the entries made so far."""
        roots: dict[int, dict[tuple[str, str], Node]] = {}
        last = _ends(free, finals)
        while self._waiting:
            state, left = self._waiting.pop()
            entry = self._entries[state, left]
            if left == ANY:
                self._pause(entry, self._entry(state, SILENCE))
                continue
            unpaused = 0.0
            if left != SILENCE:
                self._silence(entry, self._entry(state, SILENCE))
                unpaused = self._costs.pause
            if state in finals:
                self.finals[entry] = finals[state] + unpaused
            for target, cost in free.get(state, ()):
                self._link(entry, self._entry(target, left), weight=cost)
            if state not in roots:
                roots[state] = self._tree(words.get(state, ()), last)
            self._enter(entry, roots[state], left, unpaused)

    def add_fillers(self, unknown: int, noise: int, common: Iterable[Phones] = ()) -> None:
        """`[unk]` instead of a sentence, `[noise]` before and after one, given as word ids.

        What is unknown is a loop over `common` words, which other speech is made of, and over
        phones for the rest of it; it may be as hurried as a grammar's words may not.
        """
        costs = self._costs
        self._units, self._spelt = self._units.brief(), {}
        sentence_ends = dict(self.finals)
        end, last = self._state(), self._state()
        self._pause(end, last)
        self.finals[last] = 0.0
        before = self._state()
        self._pause(before, self._entries[0, SILENCE])
        self._link(0, self._filler(before, costs.noise_phone), noise, costs.noise)
        after = self._filler(end, costs.noise_phone)
        for state, weight in sentence_ends.items():
            self._link(state, after, noise, weight + costs.noise)
        other = self._entry(_OTHER_SPEECH, SILENCE)
        self._link(0, other, weight=costs.unknown)
        self._link(other, self._filler(other, costs.unknown_phone))
        words = [WordArc(costs.unknown_word, 0, (phones,), _OTHER_SPEECH) for phones in common]
        self._grow({_OTHER_SPEECH: words}, {}, {})
        for (state, left), entry in self._entries.items():
            if state == _OTHER_SPEECH and left != ANY:
                unpaused = 0.0 if left == SILENCE else costs.pause
                self._link(entry, end, unknown, unpaused)

    def _tree(self, arcs: Sequence[WordArc], last: Set[int]) -> dict[tuple[str, str], Node]:
        """The words that leave one grammar state, as states after each first phone.

        The last phone of a sentence may be cut short. Each phone bears what the likeliest word
        behind it costs more than what was paid before it: a beam that learns of a cost only at the
        end of a word keeps too many states to be narrow.
        """
        roots: dict[tuple[str, str], Node] = {}
        inner: dict[tuple[int, Unit], Node] = {}
        ends: set[tuple[int, int]] = set()
        for arc in sorted(arcs):  # so whoever makes a state is the likeliest behind it
            for phones in arc.spoken:
                begin, end, paid = self._walk(phones, arc.weight, roots, inner)
                following = self._entry(arc.target, self._units.context(phones[-1]))
                for state in {end, begin} if arc.target in last else {end}:
                    if (state, following) not in ends:  # a homophone that leads to the same place
                        ends.add((state, following))
                        self._link(state, following, arc.word, arc.weight - paid)
        return roots

    def _walk(
        self,
        phones: Phones,
        cost: float,
        roots: dict[tuple[str, str], Node],
        inner: dict[tuple[int, Unit], Node],
    ) -> Node:
        """The last phone, made where no other word has made it."""
        if phones not in self._spelt:
            self._spelt[phones] = self._spell(phones)
        first, units = self._spelt[phones]
        if first not in roots:
            roots[first] = Node(*self._after_first(*first), cost)
        node = roots[first]
        for unit in units:
            key = (node.end, unit)
            if key not in inner:
                begin, end = self._lasting(unit)
                self.arcs.add(node.end, begin, unit.forward, 0, cost - node.paid)
                inner[key] = Node(begin, end, cost)
            node = inner[key]
        return node

    def _spell(self, phones: Phones) -> tuple[tuple[str, str], list[Unit]]:
        """The first phone with its position, and the units of the others."""
        last = len(phones) - 1
        units = [
            self._units.unit(phones[index], "E" if index == last else "I", phones[index - 1])
            for index in range(1, len(phones))
        ]
        return (phones[0], "B" if last else "S"), units

    def _after_first(self, phone: str, position: str) -> tuple[int, int]:
        """Its states, or one behind it when it depends on what came before."""
        if not self._units.depend_on_left:
            return self._lasting(self._units.unit(phone, position, ANY))
        state = self._state()
        return state, state

    def _enter(
        self, entry: int, roots: Mapping[tuple[str, str], Node], left: str, weight: float
    ) -> None:
        for (phone, position), (begin, _, paid) in roots.items():
            unit, cost = self._units.unit(phone, position, left), weight + paid
            if self._units.depend_on_left:
                self._link(self._sound(entry, unit, cost), begin)
            else:
                self.arcs.add(entry, begin, unit.forward, 0, cost)

    def _filler(self, end: int, phone_cost: float) -> int:
        """A loop over words of any two or more phones; returns where it begins."""
        begin, between = self._state(), self._state()
        hubs = {self._units.context(phone): self._state() for phone in self._units.phones}
        for phone in self._units.phones:
            first = self._sound(begin, self._units.unit(phone, "B", SILENCE), phone_cost)
            self._link(first, hubs[self._units.context(phone)])
            for left, hub in hubs.items():
                middle = self._sound(hub, self._units.unit(phone, "I", left), phone_cost)
                self._link(middle, hubs[self._units.context(phone)])
                final = self._sound(hub, self._units.unit(phone, "E", left), phone_cost)
                self._link(final, between)
        self._link(between, end)
        self._silence(between, begin)
        return begin

    def _entry(self, state: int, left: str) -> int:
        """Where the words of a grammar state begin after the phone `left`."""
        key = (state, left)
        if key not in self._entries:
            self._entries[key] = self._state()
            self._waiting.append(key)
        return self._entries[key]

    def _pause(self, source: int, target: int) -> None:
        """Optional silence."""
        self._link(source, target, weight=self._costs.pause)
        self._silence(source, target)

    def _silence(self, source: int, target: int) -> None:
        unit = self._units.unit(SILENCE, "S", ANY)
        self._link(self._sound(source, unit, self._costs.pause), target)

    def _sound(self, source: int, unit: Unit, weight: float = 0.0) -> int:
        """`unit` after `source`; returns where it may be over."""
        begin, end = self._lasting(unit)
        self.arcs.add(source, begin, unit.forward, 0, weight)
        return end

    def _lasting(self, unit: Unit) -> tuple[int, int]:
        """New states for the first frame of `unit` and for the one after which it may be over."""
        begin = end = self._state()
        for _ in range(unit.frames - 1):
            before, end = end, self._state()
            self.arcs.add(before, end, unit.loop)
        self.arcs.add(end, end, unit.loop)
        return begin, end

    def _link(self, source: int, target: int, word: int = 0, weight: float = 0.0) -> None:
        self.arcs.add(source, target, 0, word, weight)

    def _state(self) -> int:
        self.n_states += 1
        return self.n_states - 1


def _ends(free: Mapping[int, Sequence[tuple[int, float]]], finals: Iterable[int]) -> Set[int]:
    """The states in which a sentence may be over, without another word."""
    found = set(finals)
    while True:
        more = {s for s, arcs in free.items() if any(target in found for target, _ in arcs)}
        if more <= found:
            return found
        found |= more
