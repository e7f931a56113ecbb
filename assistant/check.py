"""`roadcall check`: for every part, whether it is fine, and if not what to do."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from enum import StrEnum

from assistant.accounts import standings
from assistant.assembly import MOST_HEARD, load_contacts
from assistant.commands import Session, build_config
from assistant.core import agenda
from assistant.core.events import Scope
from assistant.devices.inputs import list_microphones
from assistant.errors import AssistantError
from assistant.hearing import build_ears
from assistant.speech.synthesizer import Synthesizer
from assistant.speech.voice import Voice

MOST_LISTED = 40
"""Words named one by one."""


class State(StrEnum):
    FINE = "fine"
    LIMITED = "limited"
    """Works with less than it could."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    part: str
    state: State
    says: str
    """What was found and, where something is amiss, what to do."""


def run(options: argparse.Namespace) -> int:
    """Print a line per part; 0 when a drive is possible, 1 when something needed is missing."""
    build_config(options)
    findings: list[Finding] = []
    with Session(options) as session:
        for part, look in CHECKS:
            findings.append(_found(part, look, session))
            _print(findings[-1], as_json=options.json)
        for one in standings(session):
            state = State.FINE if one.is_fine else State.LIMITED
            _print(Finding(part="account", state=state, says=one.says), as_json=options.json)
    needed = {"model", "voice", "calendar", "lines"}
    return int(any(f.part in needed and f.state is State.MISSING for f in findings))


def _found(part: str, look: Callable[[Session], tuple[State, str]], session: Session) -> Finding:
    try:
        state, says = look(session)
    except AssistantError as error:
        state, says = State.MISSING, str(error)
    return Finding(part=part, state=state, says=says)


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(finding), ensure_ascii=False), flush=True)
    else:
        print(f"{finding.part:<11} {finding.state:<8} {finding.says}", flush=True)


def _model(session: Session) -> tuple[State, str]:
    """Which model hears, what it can do, and which words it hears badly or not at all."""
    began = time.perf_counter()
    ears = build_ears(session.car)
    loaded_s = time.perf_counter() - began
    began = time.perf_counter()
    language = ears.prepare(Scope.IDLE)
    compiled_s = time.perf_counter() - began
    recognizer = ears.recognizer
    says = (
        f"{recognizer.model_dir}: {recognizer.abilities}; loaded in {loaded_s:.1f} s,"
        f" today's grammar compiled in {compiled_s:.1f} s"
    )
    limits = [
        f"{what}: {_listed(words)}"
        for what, words in (
            ("cannot be heard", language.left_out),
            ("only guessed, set X-SAY-LIKE", language.approximated),
        )
        if words
    ]
    if len(session.car.people) > MOST_HEARD:
        limits.append(
            f"{MOST_HEARD:,} of {len(session.car.people):,} people can be said aloud: those in the"
            " calendar, with X-SAY-LIKE or with a number"
        )
    return (State.LIMITED if limits else State.FINE), "; ".join((says, *limits))


def _listed(words: Collection[str]) -> str:
    more = f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
    return ", ".join(sorted(words)[:MOST_LISTED]) + more


def _voice(session: Session) -> tuple[State, str]:
    with Synthesizer(session.car.locale.tag) as synthesizer:
        synthesizer.warm_up()
    return State.FINE, f"speaks {session.car.locale.tag}"


def _speaker(session: Session) -> tuple[State, str]:
    car, done = session.car, threading.Event()
    with (
        Synthesizer(car.locale.tag) as synthesizer,
        Voice(synthesizer, lambda _: done.set(), device=car.config.speaker) as voice,
    ):
        voice.speak(car.wording.phrase("fine"))
        done.wait(timeout=5)
        problem = voice.problem
    if problem:
        return State.MISSING, f"{problem}; replies can only be kept as files"
    return State.FINE, session.car.config.speaker or "the system's default"


def _microphone(_: Session) -> tuple[State, str]:
    names = [device.name for device in list_microphones()]
    if not names:
        return State.MISSING, "no input device; plug one in, or use `roadcall hear FILE.wav`"
    return State.FINE, ", ".join(names[:4])


def _calendar(session: Session) -> tuple[State, str]:
    if session.car.trouble:
        raise session.car.trouble
    copy = session.car.copy
    now = session.clock()
    view = agenda.outlook(copy.appointments, now)
    following = session.car.wording.title(view.next[0]) if view.next else "nothing"
    says = (
        f"{len(copy.appointments)} appointments at hand, as of {copy.as_of:%H:%M},"
        f" zone {session.zone}, next: {following}"
    )
    if copy.problems:
        return State.LIMITED, f"{says}; {len(copy.problems)} problems, see below"
    return State.FINE, says


def _contacts(session: Session) -> tuple[State, str]:
    _, problems = load_contacts(session.config.contacts, session.car.locale.market)
    people = session.car.people
    callable_ = sum(1 for person in people if person.numbers)
    says = f"{len(people)} people, {callable_} with a number"
    if not people:
        return State.LIMITED, "none; give --contacts FILE.vcf, or set `contacts` or `people`"
    if problems:
        return State.LIMITED, f"{says}; left out: {'; '.join(problems[:3])}"
    return State.FINE, says


def _lines(session: Session) -> tuple[State, str]:
    names = [line.name for line in session.car.lines]
    if names == ["dryrun"]:
        return State.LIMITED, "dryrun: calls are announced, none is placed (docs/calls.md)"
    reach = [s for s in ("tel", "sip") if any(ln.can(_SAMPLE[s]) for ln in session.car.lines)]
    if not reach:
        return State.MISSING, f"{', '.join(names)}: no call can be placed right now"
    return State.FINE, f"{', '.join(names)}; reaches {', '.join(reach)}"


_SAMPLE = {"tel": "tel:+442079460000", "sip": "sip:anna@example.com"}


CHECKS: tuple[tuple[str, Callable[[Session], tuple[State, str]]], ...] = (
    ("model", _model),
    ("voice", _voice),
    ("speaker", _speaker),
    ("microphone", _microphone),
    ("calendar", _calendar),
    ("contacts", _contacts),
    ("lines", _lines),
)
