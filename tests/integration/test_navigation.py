"""The way to a meeting is handed to the map program of the machine, where there is one."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

import pytest
from desktop import Desktop
from parts import eventually

from assistant.commands import Session
from assistant.core.model import Hypothesis


def asked(sentence: str, *, is_quiet: bool = False) -> str:
    options = argparse.Namespace(
        config=None,
        locale="en-GB",
        calendar=[],
        contacts=[],
        now=datetime(2026, 3, 10, 9, 50),
        json=False,
        quiet=is_quiet,
    )
    with Session(options) as session:
        return session.door.say(Hypothesis(text=sentence)).reply


def test_the_map_program_is_given_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = Desktop(tmp_path, ("geo",), monkeypatch)
    said = asked("take me to the client workshop")
    assert said == "Taking you to Harbour Health, 8 Dock Street."
    opened = eventually(lambda: desktop.opened, "opened link")
    assert opened == ["geo:0,0?q=Harbour%20Health%2C%208%20Dock%20Street"]


@pytest.mark.parametrize("is_quiet", [False, True])
def test_without_one_the_driver_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_quiet: bool
) -> None:
    """A rehearsal opens nothing either."""
    desktop = Desktop(tmp_path, ("geo",) if is_quiet else ("https",), monkeypatch)
    said = asked("take me to the client workshop", is_quiet=is_quiet)
    assert (said, desktop.opened) == ("Nothing is set up here for that.", [])
