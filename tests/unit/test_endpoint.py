"""When an utterance is over, by scripted loudness and words."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from assistant.core.automaton import Arc, Automaton
from assistant.speech.endpoint import Decision, Endpointer, Reading, Sentences

QUIET, LOUD = -62.0, -25.0
Script = Iterable[tuple[float, float, str, Reading]]


def ending(script: Script, endpointer: Endpointer | None = None) -> tuple[Decision, float]:
    """Plays (seconds, dBFS, text, reading) in frames; the first ending and its time."""
    endpointer = endpointer or Endpointer()
    for seconds, dbfs, text, reading in script:
        for _ in range(round(seconds / 0.02)):
            decision = endpointer.feed(0.02, dbfs, text, reading)
            if decision in (Decision.DONE, Decision.NO_INPUT):
                return decision, endpointer.elapsed_s
    return Decision.GO_ON, endpointer.elapsed_s


def after_speech(reading: Reading, floor: float = QUIET) -> tuple[Decision, float]:
    """How long after the last loud frame an utterance ends."""
    script = [(0.3, floor, "", Reading.NOTHING), (0.7, LOUD, "", Reading.NOTHING)]
    script += [(0.3, LOUD, "words", reading)]
    decision, end_s = ending([*script, (3.0, floor, "words", reading)])
    return decision, end_s - 1.3


@pytest.mark.parametrize(
    ("reading", "least_s", "most_s"),
    [
        (Reading.WHOLE, 0.2, 0.26),
        (Reading.OPEN, 0.4, 0.5),
        (Reading.PART, 0.7, 0.8),
        (Reading.FOREIGN, 0.7, 0.8),
    ],
)
@pytest.mark.parametrize("floor", [QUIET, -45.0, -math.inf])
def test_the_pause_depends_on_the_sentence(
    reading: Reading, least_s: float, most_s: float, floor: float
) -> None:
    decision, pause_s = after_speech(reading, floor)
    assert decision is Decision.DONE
    assert least_s <= pause_s <= most_s


def test_a_pause_inside_a_sentence_is_waited_out() -> None:
    script = [
        (0.3, QUIET, "", Reading.NOTHING),
        (0.6, LOUD, "call my", Reading.PART),
        (0.6, QUIET, "call my", Reading.PART),
        (0.6, LOUD, "call my three p m", Reading.WHOLE),
        (1.0, QUIET, "call my three p m", Reading.WHOLE),
    ]
    decision, end_s = ending(script)
    assert decision is Decision.DONE
    assert end_s > 2.3


def test_a_pause_is_peeked_at_once() -> None:
    endpointer = Endpointer()
    script = [(0.3, QUIET, "", Reading.NOTHING), (1.0, LOUD, "", Reading.NOTHING)]
    ending(script, endpointer)
    pause = [endpointer.feed(0.02, QUIET, "", Reading.PART) for _ in range(30)]
    assert pause.count(Decision.PEEK) == 1
    assert 5 <= pause.index(Decision.PEEK) <= 9


@pytest.mark.parametrize("floor", [QUIET, -40.0, -math.inf])
def test_silence_is_no_input(floor: float) -> None:
    decision, end_s = ending([(9.0, floor, "", Reading.NOTHING)])
    assert decision is Decision.NO_INPUT
    assert end_s == pytest.approx(5.0, abs=0.05)


def test_a_click_is_no_speech() -> None:
    script = [(1.0, QUIET, "", Reading.NOTHING), (0.04, -10.0, "", Reading.NOTHING)]
    assert ending([*script, (9.0, QUIET, "no", Reading.PART)])[0] is Decision.NO_INPUT


def test_noise_that_never_falls_silent_ends_by_the_words() -> None:
    script = [(1.0, LOUD, "", Reading.NOTHING), (1.0, LOUD, "call", Reading.PART)]
    decision, end_s = ending([*script, (9.0, LOUD, "call anna", Reading.WHOLE)])
    assert decision is Decision.DONE
    assert 2.5 < end_s < 3.2


def test_nobody_may_speak_for_ever() -> None:
    syllable = [(0.15, LOUD, "", Reading.FOREIGN), (0.05, -40.0, "", Reading.FOREIGN)]
    decision, end_s = ending(syllable * 100)
    assert decision is Decision.DONE
    assert end_s == pytest.approx(12.0, abs=0.05)


def test_a_held_button_ends_at_its_release_and_a_tail() -> None:
    endpointer = Endpointer(hold=True)
    script = [(1.0, LOUD, "yes", Reading.WHOLE), (2.0, QUIET, "yes", Reading.WHOLE)]
    assert ending(script, endpointer)[0] is Decision.GO_ON
    endpointer.release()
    decision, end_s = ending([(2.0, LOUD, "yes", Reading.WHOLE)], endpointer)
    assert decision is Decision.DONE
    assert end_s == pytest.approx(3.3, abs=0.05)


def half(count: int = 2) -> float:
    return math.log(count)


def test_how_complete_words_are() -> None:
    arcs = (
        Arc(0, 1, "call", half()),
        Arc(0, 5, None, half()),
        Arc(1, 2, "anna", half()),
        Arc(1, 2, "ben", half()),
        Arc(2, 3, "weber", 0.1),
        Arc(5, 6, "help", 0.0),
        Arc(6, 3, "please", half(10)),
    )
    sentences = Sentences(Automaton(n_states=7, arcs=arcs, finals={2: 3.0, 3: 0.0, 6: 0.1}))
    expected = {
        "": Reading.NOTHING,
        "call": Reading.PART,
        "call anna": Reading.OPEN,
        "call anna weber": Reading.WHOLE,
        "help": Reading.WHOLE,
        "help please": Reading.WHOLE,
        "weber": Reading.PART,
    }
    assert {text: sentences.reading(text.split()) for text in expected} == expected
