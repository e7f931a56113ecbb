"""What the page tells the driver to say is heard, and means what the button means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assistant.assembly import build_locale
from assistant.core.consent import MIN_SCORE
from assistant.core.events import Scope
from assistant.core.hud import LABELS
from assistant.core.match import Matcher
from assistant.core.slots import build_vocabulary

TAGS = ("en-GB", "de-DE", "fr-FR")
LOCALES = {tag: build_locale(tag) for tag in TAGS}
NOW = datetime(2026, 11, 23, 11, 7, tzinfo=UTC)
BUTTONS = {
    "join": ("call.join", Scope.IDLE),
    "call": ("call.meeting", Scope.IDLE),
    "hang_up": ("call.hangup", Scope.CALL),
    "answer": ("call.answer", Scope.RINGING),
    "decline": ("call.decline", Scope.RINGING),
    "mute": ("call.mute", Scope.CALL),
    "unmute": ("call.unmute", Scope.CALL),
    "resume": ("call.resume", Scope.CALL),
    "sign_in": ("session.sign_in", Scope.IDLE),
}


def test_every_hint_is_tested() -> None:
    assert {key for key in LABELS if key.startswith("say_")} == {f"say_{key}" for key in BUTTONS}


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("button", BUTTONS)
def test_words_mean_the_button(tag: str, button: str) -> None:
    locale = LOCALES[tag]
    matcher = Matcher(locale, build_vocabulary(locale, (), ()))
    intent, scope = BUTTONS[button]
    readings = matcher.interpret(locale.phrases[f"label_say_{button}"], now=NOW, scope=scope)
    assert readings, "the words are not understood"
    assert readings[0].intent == intent
    is_asked = intent == "call.join"
    assert (readings[0].score < MIN_SCORE) == is_asked


@pytest.mark.parametrize("tag", TAGS)
def test_every_label_is_worded(tag: str) -> None:
    phrases = LOCALES[tag].phrases
    assert [key for key in LABELS if not phrases.get(f"label_{key}")] == []
