"""An appointment as one line of JSON and back, for the mirror's table.

Neighbours: `store` keeps these lines.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from typing import Any

from assistant.core.model import Appointment, Attendee, DialIn, JoinInfo, Response


def to_json(appointment: Appointment) -> str:
    return json.dumps(asdict(appointment), default=_plain, ensure_ascii=False)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a record")


def from_json(line: str, zone: tzinfo) -> Appointment:
    """Raises ValueError, TypeError or KeyError for a line that `to_json` did not write."""
    raw: dict[str, Any] = json.loads(line)
    organizer, join = raw["organizer"], raw["join"]
    fields = raw | {
        "start": _moment(raw["start"], zone),
        "end": _moment(raw["end"], zone),
        "response": Response(raw["response"]),
        "organizer": _attendee(organizer) if organizer else None,
        "attendees": tuple(map(_attendee, raw["attendees"])),
        "join": _join(join) if join else None,
    }
    return Appointment(**fields)


def _moment(text: str, zone: tzinfo) -> datetime | date:
    if len(text) == len("2026-11-23"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(zone)


def _attendee(raw: dict[str, Any]) -> Attendee:
    return Attendee(**(raw | {"response": Response(raw["response"])}))


def _join(raw: dict[str, Any]) -> JoinInfo:
    return JoinInfo(**(raw | {"dial_ins": tuple(DialIn(**d) for d in raw["dial_ins"])}))
