"""The decoding graph, walked without a decoder: what it accepts, pronounces and shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from assistant.core.automaton import Arc, Automaton
from assistant.errors import ModelMissing
from assistant.speech.expansion import Costs, Expansion
from assistant.speech.graph import read_units
from assistant.speech.phonemes import Phones
from assistant.speech.units import Unit, Units

PHONES = ("SIL", "A", "B", "K")
COSTS = Costs(
    grammar=1.0,
    pause=0.5,
    unknown=5.0,
    unknown_word=1.5,
    unknown_phone=1.0,
    noise=7.0,
    noise_phone=2.0,
)
IDS = {"ab": 3, "ka": 4, "k": 5, "cab": 6}
SPOKEN = {
    "ab": [("A", "B")],
    "ka": [("K", "A")],
    "k": [("K",)],
    "cab": [("K", "A", "B"), ("A", "B")],
}
UNKNOWN, NOISE = 1, 2


def units(lefts: Sequence[str] = ("*",), frames: int = 1) -> Units:
    """Numbered units; silence never depends on its left."""
    keys = [("SIL", "S", "*")]
    keys += [(p, position, left) for p in PHONES[1:] for position in "SBIE" for left in lefts]
    return Units({key: Unit(2 * n + 2, 2 * n + 1, frames) for n, key in enumerate(keys)})


def grammar_of(*sentences: str) -> Automaton:
    arcs, state = [], 1
    for sentence in sentences:
        source = 0
        for word in sentence.split():
            arcs.append(Arc(source, state, word, 0.0))
            source, state = state, state + 1
        arcs.append(Arc(source, 100, None, 0.0))
    return Automaton(n_states=101, arcs=tuple(arcs), finals={100: 0.0})


def expanded(
    table: Units, *sentences: str, fillers: bool = False, common: Iterable[Phones] = ()
) -> Expansion:
    expansion = Expansion(table, COSTS)
    expansion.add_grammar(grammar_of(*sentences), IDS, SPOKEN)
    if fillers:
        expansion.add_fillers(UNKNOWN, NOISE, common)
    return expansion


def transduce(expansion: Expansion, tids: Iterable[int]) -> dict[tuple[int, ...], float]:
    """Word sequences for a sequence of transition ids, with their least costs."""
    arcs = defaultdict(list)
    for source, target, label, word, weight in expansion.arcs:
        arcs[source].append((target, label, word, weight))
    found: dict[tuple[int, ...], float] = {}
    wanted = tuple(tids)
    waiting: list[tuple[int, int, tuple[int, ...], float]] = [(0, 0, (), 0.0)]
    seen = set()
    while waiting:
        state, position, words, cost = waiting.pop()
        if (state, position, words, cost) in seen:
            continue
        seen.add((state, position, words, cost))
        if position == len(wanted) and state in expansion.finals:
            found[words] = min(cost + expansion.finals[state], found.get(words, 99.0))
        for target, label, word, weight in arcs[state]:
            if label and (position == len(wanted) or label != wanted[position]):
                continue
            longer = (*words, word) if word else words
            waiting.append((target, position + bool(label), longer, cost + weight))
    return found


def frames(table: Units, *said: str | tuple[str, ...], stay: int = 2) -> list[int]:
    """Transition ids of words given as phones, and "-" for silence; every phone lasts a while."""
    tids: list[int] = []
    left = "SIL"
    for word in said:
        phones: Phones = ("SIL",) if word == "-" else tuple(word)
        for index, phone in enumerate(phones):
            last = index == len(phones) - 1
            position = "S" if len(phones) == 1 else "B" if not index else "E" if last else "I"
            unit = table.unit(phone, position, left)
            tids += [unit.forward] + [unit.loop] * stay
            left = phone
    return tids


BOTH = pytest.mark.parametrize("table", [units(), units(PHONES)], ids=["mono", "left-biphone"])


@BOTH
def test_sentences_come_out_as_their_words(table: Units) -> None:
    expansion = expanded(table, "ab ka", "k")
    assert set(transduce(expansion, frames(table, "AB", "KA"))) == {(3, 4)}
    assert set(transduce(expansion, frames(table, "-", "AB", "-", "KA", "-"))) == {(3, 4)}
    assert set(transduce(expansion, frames(table, "K", stay=0))) == {(5,)}


@BOTH
def test_nothing_else_comes_out(table: Units) -> None:
    expansion = expanded(table, "ab ka", "k")
    for said in (["AB"], ["KA"], ["AB", "KA", "K"], ["-"], []):
        assert transduce(expansion, frames(table, *said)) == {}


@BOTH
def test_silence_and_its_absence_cost_the_same(table: Units) -> None:
    expansion = expanded(table, "ab ka")
    with_pause = transduce(expansion, frames(table, "-", "AB", "-", "KA", "-"))
    without = transduce(expansion, frames(table, "AB", "KA"))
    assert with_pause == without == {(3, 4): pytest.approx(3 * COSTS.pause)}


@BOTH
def test_a_word_may_be_said_in_several_ways(table: Units) -> None:
    expansion = expanded(table, "cab")
    assert set(transduce(expansion, frames(table, "KAB"))) == {(6,)}
    assert set(transduce(expansion, frames(table, "AB"))) == {(6,)}


@BOTH
def test_a_word_is_paid_for_as_soon_as_it_is_told_from_likelier_ones(table: Units) -> None:
    arcs = (Arc(0, 1, "ka", 1.0), Arc(0, 1, "cab", 3.0))
    expansion = Expansion(table, COSTS)
    expansion.add_grammar(Automaton(n_states=2, arcs=arcs, finals={1: 0.0}), IDS, SPOKEN)
    for said, word, cost in (("KA", 4, 1.0), ("KAB", 6, 3.0), ("AB", 6, 3.0)):
        heard = transduce(expansion, frames(table, said))
        assert heard == {(word,): pytest.approx(cost + 2 * COSTS.pause)}
    assert {weight for *_, word, weight in expansion.arcs if word} == {0.0}


@BOTH
def test_anything_is_heard_as_unknown(table: Units) -> None:
    expansion = expanded(table, "ab ka", fillers=True)
    heard = transduce(expansion, frames(table, "KABA"))
    assert heard == {(UNKNOWN,): pytest.approx(COSTS.unknown + 4 * COSTS.unknown_phone + 0.5)}


@BOTH
def test_common_words_are_cheaper_than_their_phones(table: Units) -> None:
    expansion = expanded(table, "ab ka", fillers=True, common=[("K", "A", "B")])
    heard = transduce(expansion, frames(table, "KAB"))
    assert COSTS.unknown_word < 3 * COSTS.unknown_phone
    words = COSTS.unknown + COSTS.unknown_word + 2 * COSTS.pause
    assert heard == {(UNKNOWN,): pytest.approx(words)}


@BOTH
def test_noise_before_and_after_does_not_hide_the_sentence(table: Units) -> None:
    expansion = expanded(table, "ab ka", fillers=True)
    heard = transduce(expansion, frames(table, "BAK", "-", "AB", "KA", "-", "KK"))
    assert min(heard, key=heard.__getitem__) in {(NOISE, 3, 4, NOISE), (UNKNOWN,)}
    assert (NOISE, 3, 4, NOISE) in heard


@pytest.mark.parametrize("lefts", [("*",), PHONES], ids=["mono", "left-biphone"])
def test_a_phone_lasts_as_long_as_it_must(lefts: Sequence[str]) -> None:
    table = units(lefts, frames=3)
    expansion = expanded(table, "ab ab")
    assert set(transduce(expansion, frames(table, "AB", "AB", stay=2))) == {(3, 3)}
    assert set(transduce(expansion, frames(table, "AB", "AB", stay=3))) == {(3, 3)}
    assert not transduce(expansion, frames(table, "AB", "AB", stay=1))


def test_the_last_phone_of_a_sentence_may_be_cut_short() -> None:
    table = units(frames=3)
    expansion, said = expanded(table, "ab ab"), frames(table, "AB", "AB")
    assert set(transduce(expansion, said[:-2])) == {(3, 3)}
    assert not transduce(expansion, said[:4] + said[6:])


def test_words_share_their_first_phones() -> None:
    alone = expanded(units(), "ka").n_states + expanded(units(), "cab").n_states
    assert expanded(units(), "ka", "cab").n_states < alone - 2


def test_the_table_of_units_is_read(tmp_path: Path) -> None:
    (tmp_path / "graph").mkdir()
    header = "phone\tposition\tleft\tforward_tid\tloop_tid\tframes\n"
    table = "SIL\tS\t*\t2\t1\t1\nA\tB\tSIL\t4\t3\t1\nA\tB\t*\t6\t5\t2\n"
    (tmp_path / "graph/units.tsv").write_text(header + table)
    table_read = read_units(tmp_path)
    assert table_read.unit("A", "B", "SIL") == Unit(4, 3)
    assert table_read.unit("A", "B", "K") == Unit(6, 5, frames=2)
    assert table_read.depend_on_left


@pytest.mark.parametrize("content", [None, "phone\tposition\nSIL\tS\n", "h\nA\tB\t*\tx\ty\n"])
def test_a_missing_or_broken_table_is_named(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "graph").mkdir()
    if content is not None:
        (tmp_path / "graph/units.tsv").write_text(content)
    with pytest.raises(ModelMissing, match=r"units\.tsv"):
        read_units(tmp_path)
