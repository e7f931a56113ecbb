"""Of all that may have been said: the likeliest meaning, in its best wording."""

from __future__ import annotations

import math

import pytest

from assistant.speech.alternatives import Alternative, likeliest


def said(**shares: float) -> list[Alternative]:
    """Alternatives by their shares, best first; `_` is a space."""
    scores = {text.replace("_", " "): math.log(share) for text, share in shares.items()}
    best_first = sorted(scores.items(), key=lambda one: -one[1])
    return [Alternative(text, score) for text, score in best_first]


def who(text: str) -> str | None:
    """The last word is what counts; "[unk]" means nothing."""
    return None if text == "[unk]" else text.split()[-1]


def test_wordings_of_one_meaning_share_their_evidence() -> None:
    found = said(call_anna=0.35, could_you_call_anna=0.35, call_hannah=0.3)
    text, posterior = likeliest(found, who)
    assert text == "call anna"
    assert posterior == pytest.approx(0.7)


def test_two_wordings_may_outweigh_the_best_single_one() -> None:
    found = said(call_ben=0.4, call_anna=0.32, ring_anna=0.28)
    text, posterior = likeliest(found, who)
    assert text == "call anna"
    assert posterior == pytest.approx(0.6)


def test_nothing_of_the_grammar_is_likeliest() -> None:
    found = [Alternative("[unk]", -10.0), Alternative("call anna", -11.0)]
    text, posterior = likeliest(found, who)
    assert text == ""
    assert posterior > 0.7


def test_only_differences_of_scores_count() -> None:
    near = likeliest([Alternative("call anna", -5e4), Alternative("call ben", -5e4 - 1)], who)
    assert near == likeliest([Alternative("call anna", 0.0), Alternative("call ben", -1.0)], who)


def test_silence() -> None:
    assert likeliest([], who) == ("", 0.0)
