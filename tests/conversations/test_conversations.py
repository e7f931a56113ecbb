"""Whole conversations through the text door: says, answers, asks, acts, and what became of it.

One TOML per locale; a native speaker can review it without reading Python. Every script is one
drive on the sample week, so the same sentence may mean something else later in it. Scripts that
change the calendar do so in a stand-in, which may be out of reach; real servers are in
tests/integration.

A turn is what the driver `says`, or what the telephone does: `rings` is the address of who calls
in (`rings_as` the name that comes with the call), `gives_up` ends the ringing.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant import report
from assistant.assembly import build_locale
from assistant.commands import Session
from assistant.core.events import Connected, Ended, EndReason, Event, Ringing
from assistant.core.model import Appointment, Hypothesis, Response, Span
from assistant.core.recent import Recent
from assistant.core.wording import MAX_WORDS
from assistant.door import Door, Turn
from assistant.errors import CallFailed, Unreachable
from assistant.services.calls.dryrun import Dialled, DryRunLine

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


class Telephone(DryRunLine):
    """A stand-in for a line that can be rung; like the real ones it holds a call for another."""

    def __init__(self, country: str, post: Callable[[Event], None], notes: list[str]) -> None:
        super().__init__({"country": country, "quiet": "yes"}, post)
        self.notes = notes
        self._ringing: Ringing | None = None
        self._held: Dialled | None = None

    def ring(self, event: Ringing) -> None:
        self._ringing = event
        self._post(event)

    def stop_ringing(self, reason: EndReason) -> None:
        rang = self._no_longer_ringing()
        self._post(Ended(uri=rang.uri, name=rang.name, reason=reason))

    def answer(self) -> None:
        rang = self._no_longer_ringing()
        self._held = self._call
        self._speak(Dialled(uri=rang.uri, name=rang.name, tones=""))

    def decline(self) -> None:
        self.stop_ringing(EndReason.DECLINED)

    def hang_up(self, held: bool = False) -> None:
        if held and self._call is None:
            self._call, self._held = self._held, None
        super().hang_up()

    def hold(self, on: bool) -> None:
        super().hold(on) if self._held is None else self._swap()

    def send_tones(self, tones: str) -> None:
        super().send_tones(tones)
        self.notes.append(f"tones {tones}")

    def _no_longer_ringing(self) -> Ringing:
        if self._ringing is None:
            raise CallFailed("no incoming call")
        rang, self._ringing = self._ringing, None
        return rang

    def _swap(self) -> None:
        before, self._held = self._held, self._call
        assert before is not None
        self._speak(before)

    def _speak(self, call: Dialled) -> None:
        self._call = call
        self._post(Connected(uri=call.uri, name=call.name))


class Drive(Door):
    """A text door beside a telephone that may ring."""

    def __init__(self, session: Session, notebook: Notebook, *, has_maps: bool = False) -> None:
        car, reported = session.car, deque[Event]()
        opens = notebook.notes.append if has_maps else None
        super().__init__(
            car.new_dialog(),
            car.interpret,
            lambda context: replace(car.world(context), open_link=opens),
            session.clock,
            reported,
        )
        self.telephone = Telephone(
            car.locale.market, lambda event: reported.append(car.introduce(event)), notebook.notes
        )
        car.lines = (self.telephone,)

    def play(self, row: dict[str, Any]) -> Turn:
        if "says" in row:
            return self.say(Hypothesis(text=row["says"]))
        self._turn = Turn(heard="", confidence=0)
        if "rings" in row:
            name = row.get("rings_as", "")
            self.telephone.ring(Ringing(uri=row["rings"], name=name, incoming=True))
        else:
            self.telephone.stop_ringing(EndReason.NO_ANSWER)
        self._drain()
        return self._finished()


@pytest.fixture(scope="session")
def sessions() -> Iterator[dict[str, Session]]:
    """One car per locale."""
    opened: dict[str, Session] = {}
    yield opened
    for session in opened.values():
        session.__exit__()


def build_session(tag: str, calendar: Sequence[str] = (), contacts: Sequence[str] = ()) -> Session:
    options = argparse.Namespace(
        config=None,
        locale=tag,
        calendar=list(calendar),
        contacts=list(contacts),
        now=TABLES[tag]["now"],
        json=False,
    )
    return Session(options)


@pytest.mark.parametrize(("tag", "script"), SCRIPTS)
def test_conversation(tag: str, script: dict[str, Any], sessions: dict[str, Session]) -> None:
    if tag not in sessions:
        sessions[tag] = build_session(tag)
    session = sessions[tag]
    session.car.recent = Recent()
    notebook = Notebook(is_offline=script.get("offline", False))
    session.car.writable = notebook if script.get("writable") else None  # type: ignore[assignment]
    drive = Drive(session, notebook, has_maps=script.get("maps", False))
    for row in script["turns"]:
        got = report.as_json(drive.play(row))
        action = got["action"]
        assert {
            "intent": got["intent"] or "",
            "answers": got["reply"],
            "asks": got["asks"],
            "action": f"{action['kind']} {action['target']}" if action else "",
            "world": notebook.notes,
        } == {
            "intent": row.get("intent", ""),
            "answers": row["answers"],
            "asks": row.get("asks", False),
            "action": row.get("action", ""),
            "world": row.get("world", []),
        }, row
        assert not row.get("card") or got["card"]["lines"] == row["card"], row


def test_whoever_is_written_to_needs_no_meeting(tmp_path: Path) -> None:
    calendar, contacts = tmp_path / "empty.ics", tmp_path / "people.vcf"
    calendar.write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nEND:VCALENDAR\n")
    contacts.write_text(
        "BEGIN:VCARD\nVERSION:4.0\nFN:Laura Fischer\nEMAIL:laura@nordlicht.example\nEND:VCARD\n"
    )
    with build_session("en-GB", [str(calendar)], [str(contacts)]) as session:
        notebook = Notebook(is_offline=False)
        session.car.writable = notebook  # type: ignore[assignment]
        drive = Drive(session, notebook)
        asked = drive.play({"says": "tell laura fischer i'm downstairs"})
        assert asked.reply == "To Laura Fischer: I'm downstairs. Shall I send it?"
        assert notebook.notes == []
        drive.play({"says": "yes"})
        assert notebook.notes == ["tell laura about I'm downstairs: I'm downstairs"]


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


NO_TURN: dict[str, str] = {}
"""Intents that no script can reach, each with the reason."""


@pytest.mark.parametrize("tag", TABLES)
def test_every_intent_has_a_turn(tag: str) -> None:
    heard = {row.get("intent") for script in TABLES[tag]["script"] for row in script["turns"]}
    assert set(LOCALES[tag].intents) - heard == NO_TURN.keys()
