"""Whole conversations through the text door: says, answers, asks, acts.

One TOML per locale; a native speaker can review it without reading Python. Every script is one
drive on the sample week, so the same sentence may mean something else later in it.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import report
from assistant.commands import Session
from assistant.core.model import Hypothesis
from assistant.core.recent import Recent

FILES = sorted(Path(__file__).parent.glob("*.toml"))
TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FILES}
SCRIPTS = [
    pytest.param(tag, script, id=f"{tag}/{script['name']}")
    for tag, table in TABLES.items()
    for script in table["script"]
]


@pytest.fixture(scope="session")
def sessions() -> Iterator[dict[str, Session]]:
    """One car per locale, quiet about what it would dial."""
    opened: dict[str, Session] = {}
    yield opened
    for session in opened.values():
        session.__exit__()


def build_session(tag: str) -> Session:
    options = argparse.Namespace(
        config=None, locale=tag, calendar=[], contacts=[], now=TABLES[tag]["now"], json=False
    )
    return Session(options)


@pytest.mark.parametrize(("tag", "script"), SCRIPTS)
def test_conversation(tag: str, script: dict[str, Any], sessions: dict[str, Session]) -> None:
    if tag not in sessions:
        sessions[tag] = build_session(tag)
    session = sessions[tag]
    session.door.hang_up()
    session.car.recent = Recent()
    session.door = session.new_door()
    for row in script["turns"]:
        turn = session.door.say(Hypothesis(text=row["says"]))
        got = report.as_json(turn)
        action = got["action"]
        assert {
            "intent": got["intent"] or "",
            "answers": got["reply"],
            "asks": got["asks"],
            "action": f"{action['kind']} {action['target']}" if action else "",
        } == {
            "intent": row["intent"],
            "answers": row["answers"],
            "asks": row.get("asks", False),
            "action": row.get("action", ""),
        }, row["says"]


@pytest.mark.parametrize("tag", TABLES)
def test_there_are_enough_conversations_and_each_has_a_name_of_its_own(tag: str) -> None:
    names = [script["name"] for script in TABLES[tag]["script"]]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
