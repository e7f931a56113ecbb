"""The calendars that two libraries test themselves with, through the whole path: file, mirror,
question. They lie in the installed wheels; what is expected lies in `shared`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from assistant.core.model import Appointment, Span
from assistant.errors import ConfigError
from assistant.services.calendars.expand import expand
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.calendars.zones import zone_named

RECURRING = Path(recurring_ical_events.__file__).parent / "test" / "calendars"
ODD = Path(icalendar.__file__).parent / "tests" / "calendars"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Replayed:
    """A source whose window is the query's: the mirror's own lies around today."""

    name = "wheel"

    def __init__(self, text: str, window: Span, zone: ZoneInfo) -> None:
        self._found = expand(text, window, Reader(name=self.name, zone=zone))

    def sync(self, window: Span, state: str = "") -> SyncResult:  # noqa: ARG002 - the port's
        return SyncResult(appointments=self._found.appointments)


def cases(shared: Path) -> Iterator[dict[str, Any]]:
    recorded = json.loads(
        (shared / "ics" / "expected-recurring-ical-events.json").read_text("utf-8")
    )
    return (case for case in recorded["cases"] if case["components"] == ["VEVENT"])


def test_recorded_queries(shared: Path, tmp_path: Path) -> None:
    differing = [case["id"] for case in cases(shared) if not agrees(case, tmp_path)]
    assert differing == ["rie-042"]  # ends of whole days without length: we say the next day


def agrees(case: dict[str, Any], folder: Path) -> bool:
    text = (RECURRING / Path(case["calendar"]).name).read_text("utf-8", errors="replace")
    zone = own_zone(case, text)
    window = queried(case, zone)
    mirror = Mirror(folder / "mirror.db", [Replayed(text, window, zone)], zone, lambda: NOW)
    with mirror:
        mirror.sync()
        found = mirror.read(window).appointments
    if case["occurrences"] is None:
        return len(found) == case["count"]
    expected = [
        (moment(start, zone), moment(end, zone), title)
        for _, start, end, title in case["occurrences"]
    ]
    return sorted(map(str, expected)) == sorted(str((a.start, a.end, a.title)) for a in found)


def own_zone(case: dict[str, Any], text: str) -> ZoneInfo:
    """The zone in which the case thinks: the query's, the calendar's, the first entry's."""
    names = [arg["tz"] for arg in case["args"] if isinstance(arg, dict) and arg.get("tz")]
    names += re.findall(r"X-WR-TIMEZONE:(.*)", text)
    names += re.findall(r"TZID[=:]\"?([^:;\r\n\"]+)", text)
    return next((zone for name in names if (zone := zone_named(name))), ZoneInfo("UTC"))


def queried(case: dict[str, Any], zone: ZoneInfo) -> Span:
    """What the library makes of the query's arguments."""
    asked: list[Any] = []

    class Query(recurring_ical_events.CalendarQuery):
        def _between(self, start: Any, end: Any) -> list[Any]:
            asked.extend((start, end))
            return []

    getattr(Query(icalendar.Calendar()), case["method"])(*map(argument, case["args"]))
    start, end = (in_zone(moment, zone) for moment in asked)
    return Span(start=start, end=end)


def argument(raw: Any) -> Any:
    match raw:
        case {"date": text}:
            return date.fromisoformat(text)
        case {"datetime": text, "tz": tz}:
            return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz) if tz else None)
        case {"timedelta": seconds}:
            return timedelta(seconds=seconds)
        case list():
            return tuple(raw)
        case _:
            return raw


def in_zone(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min, zone)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def moment(text: str, zone: ZoneInfo) -> datetime | date:
    if len(text) == len("2026-11-23"):
        return date.fromisoformat(text)
    return in_zone(datetime.fromisoformat(text.removesuffix(" floating")), zone).astimezone(zone)


@pytest.mark.parametrize("file", sorted(p for p in ODD.rglob("*.ics")), ids=lambda p: p.name)
def test_odd_calendars_are_survived(file: Path) -> None:
    reader = Reader(name="odd", zone=ZoneInfo("Europe/Berlin"))
    calendar = IcsCalendar(file, reader, lambda: NOW)
    whole = Span(start=datetime(1980, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC))
    try:
        copy = calendar.read(whole)
    except ConfigError as error:
        assert "not a calendar" in str(error) or "empty" in str(error)
        return
    assert all(isinstance(found, Appointment) for found in copy.appointments)
    assert all("\n" not in problem for problem in copy.problems)
