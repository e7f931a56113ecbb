"""Names are said as the driver wrote, else in the language that their spelling shows."""

from __future__ import annotations

import pytest

from assistant.core.model import Contact
from assistant.speech.spoken_names import SpokenNames

PEOPLE = (
    Contact(name="Wojciech Szczepański"),
    Contact(name="Anna Kowalska"),
    Contact(name="Siobhán Byrne", say_like="shivawn burn"),
    Contact(name="Nguyen & Sons", say_like="win and sons incorporated"),
    Contact(name="Ben Carter"),
)


def pl(name: str) -> str:
    return f'<voice xml:lang="pl">{name}</voice>'


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Calling Wojciech Szczepański.", f"Calling {pl('Wojciech Szczepański')}."),
        ("Anna Kowalska, then Ben.", f"{pl('Anna Kowalska')}, then Ben."),
        ("Mr Kowalska & more", f"Mr {pl('Kowalska')} &amp; more"),
        ("Siobhán and Anna Kowalska", f"shivawn and {pl('Anna Kowalska')}"),
        ("Anna is late.", ""),
        ("Kowalskas are late.", ""),
        ("", ""),
    ],
)
def test_foreign_names_change_the_voice(text: str, marked: str) -> None:
    assert SpokenNames(PEOPLE, "en").marked(text) == marked


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Calling Siobhán Byrne.", "Calling shivawn burn."),
        ("With Byrne.", "With burn."),
        ("From Nguyen & Sons.", "From win and sons incorporated."),
        ("The sons.", "The sons."),
    ],
)
def test_say_like_is_said(text: str, plain: str) -> None:
    assert SpokenNames(PEOPLE, "en").plain(text) == plain


def test_own_language_needs_no_other_voice() -> None:
    assert SpokenNames(PEOPLE, "pl").marked("Calling Wojciech Szczepański.") == ""


def test_nobody_is_known_at_first() -> None:
    nobody = SpokenNames()
    assert (nobody.plain("Hello."), nobody.marked("Hello.")) == ("Hello.", "")
