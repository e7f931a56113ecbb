"""Whole conversations through the text door: says, answers, asks, acts, and what became of it.

One TOML per locale; a native speaker can review it without reading Python. Every script is one
drive on the sample week, so the same sentence may mean something else later in it. Scripts that
change the calendar do so in a stand-in, which may be out of reach; real servers are in
tests/integration.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant import report
from assistant.assembly import build_locale
from assistant.commands import Session
from assistant.core.model import Appointment, Hypothesis, Response, Span
from assistant.core.recent import Recent
from assistant.core.wording import MAX_WORDS
from assistant.errors import Unreachable

FILES = sorted(Path(__file__).parent.glob("*.toml"))
TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FILES}
LOCALES = {tag: build_locale(tag) for tag in TABLES}
SCRIPTS = [
    pytest.param(tag, script, id=f"{tag}/{script['name']}")
    for tag, table in TABLES.items()
    for script in table["script"]
]


class Notebook:
    """A stand-in for a calendar that can be changed (`ports.WritableCalendar`): takes notes."""

    def __init__(self, *, is_offline: bool) -> None:
        self.is_offline = is_offline
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        if self.is_offline:
            raise Unreachable("calendar")
        self.notes.append(text)

    def respond(self, appointment: Appointment, response: Response) -> None:
        self.note(f"respond {appointment.title}: {response}")

    def create(self, appointment: Appointment) -> None:
        invited = "".join(f", {one.name}" for one in appointment.attendees)
        self.note(f"create {appointment.title} {written(appointment.span)}{invited}")

    def move(self, appointment: Appointment, span: Span) -> None:
        self.note(f"move {appointment.title} {written(span)}")

    def cancel(self, appointment: Appointment) -> None:
        self.note(f"cancel {appointment.title}")

    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        names = ", ".join(address.partition("@")[0] for address in recipients)
        self.note(f"tell {names} about {appointment.title}: {text}")


def written(span: Span) -> str:
    return f"{span.start:%Y-%m-%d %H:%M}-{span.end:%H:%M}"


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
    notebook = Notebook(is_offline=script.get("offline", False))
    session.car.writable = notebook if script.get("writable") else None  # type: ignore[assignment]
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
            "world": notebook.notes,
        } == {
            "intent": row["intent"],
            "answers": row["answers"],
            "asks": row.get("asks", False),
            "action": row.get("action", ""),
            "world": row.get("world", []),
        }, row["says"]
        assert not row.get("card") or got["card"]["lines"] == row["card"], row["says"]


@pytest.mark.parametrize("tag", TABLES)
def test_there_are_enough_conversations_and_each_has_a_name_of_its_own(tag: str) -> None:
    names = [script["name"] for script in TABLES[tag]["script"]]
    assert len(names) >= 60
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("tag", TABLES)
def test_answers_are_short_enough_for_ears(tag: str) -> None:
    """Twenty words before "more?"; what is read back is told whole, and two orders at once are
    answered with a reminder in front."""
    ends, reminder = (LOCALES[tag].phrases[key] for key in ("more", "one_at_a_time"))
    rows = [row for script in TABLES[tag]["script"] for row in script["turns"]]
    rows = [row for row in rows if not row.get("asks")]
    answers = [row["answers"].removeprefix(reminder.partition("{")[0]) for row in rows]
    assert [a for a in answers if len(a.removesuffix(ends).split()) > MAX_WORDS] == []
