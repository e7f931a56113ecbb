"""Sound-alikes in a small vocabulary, the words of a model, and the files they come from."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from assistant.core.automaton import Arc, Automaton
from assistant.errors import ModelMissing
from assistant.speech.arcs import Arcs
from assistant.speech.fst import check_lookahead, read_symbols, write_fst
from assistant.speech.phonemes import Phones
from assistant.speech.soundalike import SoundAlikes, distance
from assistant.speech.vocabulary import Vocabulary

SPOKEN = {
    "weber": "W EH B ER",
    "webber": "W EH B ER",
    "shop": "SH AA P",
    "pan": "P AE N",
    "ski": "S K IY",
    "an": "AE N",
    "new": "N UW",
    "telephone": "T EH L AH F OW N",
}


def phones(text: str) -> Phones:
    return tuple(text.split())


@pytest.fixture
def alike() -> SoundAlikes:
    return SoundAlikes({word: phones(sounds) for word, sounds in SPOKEN.items()})


@pytest.mark.parametrize(
    ("sounds", "words"),
    [
        ("W EH B ER", ("weber",)),
        ("V EH B ER", ("weber",)),
        ("S K IH", ("ski",)),
        ("SH AA P AE N S K IY", ("shop", "an", "ski")),
        ("SH AO P AE N S K IY", ("shop", "an", "ski")),
        ("N UW S K IY", ("new", "ski")),
        ("K R IH S T AO F", ()),
        ("", ()),
    ],
)
def test_the_closest_words(alike: SoundAlikes, sounds: str, words: tuple[str, ...]) -> None:
    assert alike.closest(phones(sounds)) == words


def test_with_many_names_only_single_words_are_sought(alike: SoundAlikes) -> None:
    assert alike.closest(phones("SH AA P AE N S K IY"), most=1) == ()
    assert alike.closest(phones("V EH B ER"), most=1) == ("weber",)


def test_distances_grow_with_difference() -> None:
    wanted = phones("B EH T ER")
    near, farther, far = (phones(s) for s in ("P EH T ER", "S EH T ER", "S OW F"))
    assert 0 == distance(wanted, wanted) < distance(wanted, near) < distance(wanted, farther)
    assert distance(wanted, farther) < distance(wanted, far)
    assert distance(near, wanted) == pytest.approx(distance(wanted, near))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "graph").mkdir()
    words = ["<eps>", "call", "telefon", "konferenz", "l'", "heure", "Anna", "muller", "#0", "!SIL"]
    lines = (f"{word} {number}\n" for number, word in enumerate(words))
    (tmp_path / "graph/words.txt").write_text("".join(lines))
    return tmp_path


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("call", ("call",)),
        ("anna", ("Anna",)),
        ("telefonkonferenz", ("telefon", "konferenz")),
        ("telefon-konferenz", ("telefon", "konferenz")),
        ("l’heure", ("l'", "heure")),
    ],
)
def test_words_of_the_model_and_what_is_made_of_them_are_sure(
    model: Path, word: str, pieces: tuple[str, ...]
) -> None:
    spelling = Vocabulary(model, "de", model / "cache").spell([word], {})[word]
    assert spelling == ((pieces,), False)


def test_others_are_guessed_kept_and_found_again(model: Path) -> None:
    guessed = Vocabulary(model, "de", model / "cache").spell(["kall"], {})["kall"]
    assert guessed == ((("call",),), True)
    assert len(list((model / "cache").glob("soundalikes-*.json"))) == 1
    assert Vocabulary(model, "de", model / "cache").spell(["kall"], {})["kall"] == guessed


def test_say_it_like_wins(model: Path) -> None:
    vocabulary = Vocabulary(model, "de", model / "cache")
    spelt = vocabulary.spell(["call"], {"call": "Anna Muller"})
    assert spelt["call"] == ((("Anna", "muller"),), False)


def test_what_nothing_sounds_like_is_missing(model: Path) -> None:
    assert Vocabulary(model, "de", model / "cache").spell(["krzysztof"], {}) == {}


def with_symbols(path: Path, *words: str) -> None:
    """As OpenFst writes a grammar that carries its words: type ngram, output symbols."""

    def text(value: str) -> bytes:
        return struct.pack("<i", len(value.encode())) + value.encode()

    table = struct.pack("<i", 2125658996) + text("words") + struct.pack("<qq", 9, len(words))
    table += b"".join(text(word) + struct.pack("<q", n) for n, word in enumerate(words))
    header = struct.pack("<i", 2125659606) + text("ngram") + text("standard")
    path.write_bytes(header + struct.pack("<iiQqqq", 4, 2, 0, 0, 1, 0) + table + b"the grammar")


def test_words_inside_the_grammar_are_preferred(model: Path) -> None:
    grammar = model / "graph/Gr.fst"
    with_symbols(grammar, "<eps>", "yes", "né")
    assert read_symbols(grammar) == {"<eps>": 0, "yes": 1, "né": 2}
    assert Vocabulary(model, "fr", model / "cache").ids == {"yes": 1, "né": 2}


def test_a_grammar_without_words_is_passed_over(model: Path) -> None:
    write_fst(model / "graph/Gr.fst", 2, Arcs([(0, 1, 1, 1, 0.0)]), {1: 0.0})
    assert "call" in Vocabulary(model, "de", model / "cache").ids


@pytest.mark.parametrize("kept", [0, 3, 10, 40, 70, 90])
def test_a_list_of_words_that_is_cut_off_is_named(model: Path, kept: int) -> None:
    grammar = model / "graph/Gr.fst"
    with_symbols(grammar, "<eps>", "yes", "né")
    grammar.write_bytes(grammar.read_bytes()[:kept])
    with pytest.raises(ModelMissing, match="list of words"):
        Vocabulary(model, "de", model / "cache")


def test_a_graph_of_another_kind_is_not_taken_for_a_lexicon(tmp_path: Path) -> None:
    write_fst(tmp_path / "a.fst", 2, Arcs([(0, 1, 1, 1, 0.0)]), {1: 0.0})
    with pytest.raises(ValueError, match="const"):
        check_lookahead(tmp_path / "a.fst")


def test_sentences_without_some_words_leave_no_dead_end() -> None:
    arcs = (
        Arc(0, 1, "call", 0.0),
        Arc(1, 2, "anna", 0.0),
        Arc(0, 3, "ring", 0.0),
        Arc(3, 4, None, 0.0),
        Arc(4, 2, "ivo", 0.0),
    )
    grammar = Automaton(n_states=5, arcs=arcs, finals={2: 0.0})
    assert grammar.without(frozenset()) is grammar
    assert grammar.without({"ivo"}).words == {"call", "anna"}
    assert grammar.without({"ivo", "anna"}).arcs == ()
