"""Changes to one calendar resource, made in its text so that everything else in it stays.

An occurrence of a series is changed by an exception of its own; the rest of the series is never
touched. Neighbours: `caldav` fetches and stores the text.

Source: RFC 5545 §3.8.4.4 (RECURRENCE-ID), §3.8.7.4 (SEQUENCE); RFC 5546 §3.2 (REPLY, CANCEL).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo

from assistant.core.model import Appointment, Response
from assistant.services.calendars.vevent import stamp
from assistant.services.calendars.zones import zone_named

_PARTSTAT = {
    Response.ACCEPTED: "ACCEPTED",
    Response.TENTATIVE: "TENTATIVE",
    Response.DECLINED: "DECLINED",
}
_OF_THE_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE")
_STAMP = re.compile(r"(?P<uid>.*)/(?P<stamp>\d{8}(?:T\d{6}Z?)?)(?:~\d+)?")
_LINE = 74
"""Octets before a fold, RFC 5545 §3.1."""

Moment = datetime | date


def split_uid(uid: str) -> tuple[str, str]:
    """The UID and which occurrence of it; "" for an entry that is no series."""
    found = _STAMP.fullmatch(uid)
    return (found["uid"], found["stamp"]) if found else (re.sub(r"~\d+$", "", uid), "")


def respond(text: str, which: str, me: Iterable[str], response: Response, now: datetime) -> str:
    """Raises: ValueError when the driver is not among those invited."""
    resource = _Resource(text)
    event = resource.occurrence(which, now)
    mine = [
        number
        for number, line in enumerate(event)
        if _name(line) == "ATTENDEE" and any(f"mailto:{one}" in line.lower() for one in me)
    ]
    if not mine:
        raise ValueError("you are not among those invited")
    for number in mine:
        bare = re.sub(r";(?:PARTSTAT|RSVP)=[^;:]*", "", event[number], flags=re.IGNORECASE)
        event[number] = f"ATTENDEE;PARTSTAT={_PARTSTAT[response]}{bare[len('ATTENDEE') :]}"
    return resource.text()


def move(text: str, which: str, start: datetime, end: datetime, now: datetime) -> str:
    """Raises: ValueError when its zone is not known here."""
    resource = _Resource(text)
    event = resource.occurrence(which, now)
    like = _line(event, "DTSTART")
    sequence = int(_line(event, "SEQUENCE").rpartition(":")[2] or 0) + 1
    changes = [_like(like, "DTSTART", start), _like(like, "DTEND", end), f"SEQUENCE:{sequence}"]
    kept = [one for one in event if _name(one) not in ("DTSTART", "DTEND", "DURATION", "SEQUENCE")]
    event[:] = kept + changes
    return resource.text()


def cancel(text: str, which: str) -> str:
    """The series without one occurrence; "" when the whole resource should go."""
    resource = _Resource(text)
    if not which:
        return ""
    resource.drop(which)
    like = _line(resource.master, "DTSTART")
    resource.master.append(_like(like, "EXDATE", _parse_stamp(which)))
    return resource.text()


def build(appointment: Appointment, uid: str, organizer: str, now: datetime) -> str:
    """A new calendar resource; whoever is invited is asked to answer."""
    event = [
        f"UID:{uid}",
        f"DTSTAMP:{stamp(now)}",
        _fresh("DTSTART", appointment.start),
        _fresh("DTEND", appointment.end),
        f"SUMMARY:{_escape(appointment.title)}",
    ]
    if appointment.location:
        event.append(f"LOCATION:{_escape(appointment.location)}")
    others = [one.email for one in appointment.others if one.email]
    if others and organizer:
        event.append(f"ORGANIZER:mailto:{organizer}")
        event.append(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{organizer}")
    event += [f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{one}" for one in others]
    frame = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//roadcall//EN", "BEGIN:VEVENT"]
    return _folded([*frame, *event, "END:VEVENT", "END:VCALENDAR"])


class _Resource:
    """The lines of one resource, its VEVENTs apart."""

    def __init__(self, text: str) -> None:
        lines = re.sub(r"\r?\n[ \t]", "", text).replace("\r\n", "\n").strip().split("\n")
        self._frame: list[str] = []
        self._events: list[list[str]] = []
        is_inside = False
        for line in lines:
            if line.upper() == "BEGIN:VEVENT":
                self._events.append([])
                is_inside = True
            elif line.upper() == "END:VEVENT":
                is_inside = False
            else:
                (self._events[-1] if is_inside else self._frame).append(line)

    @property
    def master(self) -> list[str]:
        plain = (e for e in self._events if not _line(e, "RECURRENCE-ID"))
        return next(plain, self._events[0])

    def occurrence(self, which: str, now: datetime) -> list[str]:
        """The lines of one occurrence, to be changed in place; an exception made if needed."""
        event = self.master if not which else self._exception(which) or self._add(which)
        event[:] = [line for line in event if _name(line) != "DTSTAMP"] + [f"DTSTAMP:{stamp(now)}"]
        return event

    def drop(self, which: str) -> None:
        exception = self._exception(which)
        self._events = [event for event in self._events if event is not exception]

    def text(self) -> str:
        events = [["BEGIN:VEVENT", *event, "END:VEVENT"] for event in self._events]
        flat = [line for event in events for line in event]
        return _folded([*self._frame[:-1], *flat, self._frame[-1]])

    def _exception(self, which: str) -> list[str] | None:
        found = (
            e
            for e in self._events
            if (line := _line(e, "RECURRENCE-ID")) and _stamp_of(line) == which
        )
        return next(found, None)

    def _add(self, which: str) -> list[str]:
        """An exception that is like the series, at its own place in it."""
        like, end = _line(self.master, "DTSTART"), _line(self.master, "DTEND")
        start = _parse_stamp(which)
        event = [
            line
            for line in self.master
            if _name(line) not in (*_OF_THE_SERIES, "DTSTART", "DTEND", "RECURRENCE-ID")
        ]
        event += [_like(like, "RECURRENCE-ID", start), _like(like, "DTSTART", start)]
        if end:
            event.append(_like(end, "DTEND", start + (_moment(end) - _moment(like))))
        self._events.append(event)
        return event


def _name(line: str) -> str:
    found = re.match(r"[\w-]+", line)
    return found[0].upper() if found else ""


def _line(event: list[str], name: str) -> str:
    return next((line for line in event if _name(line) == name), "")


def _zone(line: str) -> tzinfo | None:
    """The zone a line is written in, None for floating times. Raises: ValueError if unknown."""
    found = re.search(r';TZID="?([^";:]+)', line, re.IGNORECASE)
    if found is None:
        return UTC if line.endswith("Z") else None
    zone = zone_named(found[1])
    if zone is None:
        raise ValueError(f"the time zone {found[1]!r} is not known here")
    return zone


def _moment(line: str) -> Moment:
    return _parse(line.rpartition(":")[2].strip(), _zone(line))


def _parse(text: str, zone: tzinfo | None) -> Moment:
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").date()
    return datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone)


def _parse_stamp(which: str) -> Moment:
    return _parse(which, UTC if which.endswith("Z") else None)


def _stamp_of(line: str) -> str:
    return stamp(_moment(line))


def _like(line: str, name: str, moment: Moment) -> str:
    """`moment` written as `line` is: a day, a time in its zone, UTC or floating."""
    params = re.search(r'(?:;[\w-]+=(?:"[^"]*"|[^;:]*))*', line[len(_name(line)) :])
    written = params[0] if params else ""
    if not isinstance(moment, datetime):
        return f"{name}{written}:{moment:%Y%m%d}"
    zone = _zone(line)
    local = moment.astimezone(zone) if moment.tzinfo and zone else moment
    return f"{name}{written}:{local:%Y%m%dT%H%M%S}{'Z' if zone is UTC else ''}"


def _fresh(name: str, moment: Moment) -> str:
    form = "" if isinstance(moment, datetime) else ";VALUE=DATE"
    return f"{name}{form}:{stamp(moment)}"


def _escape(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def _folded(lines: list[str]) -> str:
    return "".join(f"{part}\r\n" for line in lines for part in _fold(line))


def _fold(line: str) -> Iterable[str]:
    raw = line.encode()
    while len(raw) > _LINE:
        cut = _LINE
        while raw[cut] & 0xC0 == 0x80:  # never inside a character
            cut -= 1
        yield raw[:cut].decode()
        raw = b" " + raw[cut:]
    yield raw.decode()
