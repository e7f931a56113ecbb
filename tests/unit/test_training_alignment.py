"""Sentences, pronunciations and evaluation grammars of the training recipe."""

import itertools
import math
import shutil

import numpy as np
import pytest

pytest.importorskip("soundfile", reason="the training recipe reads audio with it")
pytest.importorskip("scipy", reason="needs the extra 'train'")

from models.training.evaluate import loudest, mixed, slot_grammar, slots
from models.training.phones import OUTPUTS, PHONES, onset, rest, units
from models.training.pronounce import arpabet, pronounce


def sentences(grammar):
    """All word strings of an automaton without cycles."""

    def walk(state):
        if state in grammar.finals:
            yield ()
        for arc in grammar.arcs:
            if arc.source == state:
                yield from ((arc.word, *tail) for tail in walk(arc.target))

    return set(walk(0))


def test_every_unit_has_its_own_transition_ids():
    ids = [tid for unit in units() for tid in (unit.loop_tid, unit.forward_tid)]
    assert sorted(ids) == list(range(1, 2 * 4 * len(PHONES) + 1))
    assert {unit.forward_output for unit in units()} == set(range(0, OUTPUTS, 2))


def test_a_slot_grammar_lets_every_slot_value_follow_every_other():
    spoken = [slots(["call", "ben", "now"]), slots(["join", "my", "next", "meeting", "please"])]
    expected = {
        tuple(itertools.chain(*choice)) for choice in itertools.product(*zip(*spoken, strict=True))
    }
    grammar = slot_grammar(spoken)
    assert sentences(grammar) == expected
    assert len(expected) == 8
    assert sum(arc.weight for arc in grammar.arcs if arc.source == 0) == pytest.approx(
        2 * math.log(2)
    )


def test_slots_keep_every_word_in_order():
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    assert [word for slot in slots(words) for word in slot] == words


def test_noise_is_mixed_by_the_loudest_frames():
    rng = np.random.default_rng(0)
    speech = np.zeros(16_000, np.float32)
    speech[8000:12_000] = rng.normal(0, 0.1, 4000)
    sound = rng.normal(0, 3.0, 16_000)
    total = mixed(speech, sound, snr_db=6.0)
    scale = loudest(total[:8000]) / loudest(total[8000:12_000])
    assert 0.3 < scale < 0.6
    assert np.abs(total).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("mˈiːɾɪŋ", "M IY T IH NG"),
        ("ʃtʃˌɛpˈænski", "SH CH EH P AE N S K IY"),
        ("dʒˈoʊ", "JH OW"),
        ("", ""),
    ],
)
def test_ipa_becomes_arpabet(ipa, phones):
    assert arpabet(ipa) == phones


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed")
def test_unknown_words_are_guessed_in_order():
    guesses = pronounce(["kowalski", "zzyzx", "smith"])
    assert guesses["smith"] == "S M IH TH"
    assert guesses["kowalski"].startswith("K")


def test_alignment_finds_phones_in_their_order_and_skips_needless_silence():
    pytest.importorskip("torch", reason="needs the extra 'train'")
    from models.training.align import best_path, sentence_chain

    truth = [("SIL", 5), ("Y", 4), ("EH", 6), ("S", 7), ("N", 5), ("OW", 9), ("SIL", 4)]
    wanted = [out for phone, n in truth for out in [onset(phone)] + [rest(phone)] * (n - 1)]
    scores = np.full((len(wanted), OUTPUTS), -5.0, np.float32)
    scores[np.arange(len(wanted)), wanted] = 2.0
    found, mean = best_path(scores, sentence_chain([["Y", "EH", "S"], ["N", "OW"]]))
    assert [(part.phone, part.frames) for part in found] == truth
    assert mean == pytest.approx(1.0)


def test_a_recording_shorter_than_its_text_is_refused():
    pytest.importorskip("torch", reason="needs the extra 'train'")
    from models.training.align import best_path, sentence_chain

    scores = np.zeros((3, OUTPUTS), np.float32)
    with pytest.raises(ValueError, match="too short"):
        best_path(scores, sentence_chain([["Y", "EH", "S", "T", "ER", "D", "EY"]]))
