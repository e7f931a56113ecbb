"""One VEVENT occurrence -> one Appointment.

What a calendar says in many ways is said here in one: who the driver is among the attendees,
what counts as tentative, free or private, where whole days hide, how to join. Neighbours:
`expand` brings the occurrences, `core.joining` finds the way in.

Source: RFC 5545 §3.6.1, §3.8; RFC 7986 §5.11 (CONFERENCE); [MS-STANOICAL] (X-MICROSOFT-CDO-*).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from assistant.core.joining import find_join
from assistant.core.model import Appointment, Attendee, JoinInfo, Response

MOST_ATTENDEES = 1_000
"""Beyond this nobody is named any more."""

_JOIN_FIELDS = (
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-MICROSOFT-ONLINEMEETINGINFORMATION",
    "X-GOOGLE-CONFERENCE",
    "X-ZOOM-MEETING",
    "URL",
)
_PARTSTAT = {
    "ACCEPTED": Response.ACCEPTED,
    "COMPLETED": Response.ACCEPTED,
    "IN-PROCESS": Response.ACCEPTED,
    "TENTATIVE": Response.TENTATIVE,
    "DECLINED": Response.DECLINED,
    "DELEGATED": Response.DECLINED,
}
_SHARED_CALENDAR = "calendar.google.com"
"""Google writes a shared calendar's own address as the organiser; nobody answers there."""

Properties = Mapping[str, Any]
"""A VEVENT as icalendar parsed it: names in any case, a list where a property repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What has to be known to read somebody's calendar."""

    name: str
    """What the driver calls it."""
    zone: tzinfo
    """The car's: floating times are meant in it, and every start and end is given in it."""
    me: frozenset[str] = frozenset()
    """The driver's e-mail addresses, lower case."""
    market: str = "GB"
    """ISO 3166 alpha-2: completes national telephone numbers and puts its own in front."""
    joins: dict[tuple[str, ...], JoinInfo | None] = field(default_factory=dict, compare=False)
    """Join information by invitation text, shared by the occurrences of a series; `expand` begins
    with an empty one."""


def build_appointment(event: Properties, reader: Reader, zone: str, is_series: bool) -> Appointment:
    """Raises ValueError, TypeError and the like for times that are none."""
    start, end = _times(event, reader.zone)
    organizer = _organizer(event, reader.me)
    attendees = _attendees(event, organizer, reader.me)
    response = _response(organizer, attendees)
    busy = _text(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    return Appointment(
        uid=_uid(event, is_series),
        title=_line(event, "SUMMARY"),
        start=start,
        end=end,
        location=_line(event, "LOCATION"),
        organizer=organizer,
        attendees=attendees,
        response=response,
        is_cancelled=_text(event, "STATUS").upper() == "CANCELLED",
        is_tentative="TENTATIVE" in (_text(event, "STATUS").upper(), busy)
        or response is Response.TENTATIVE,
        is_free=_text(event, "TRANSP").upper() == "TRANSPARENT" or busy == "FREE",
        is_private=_text(event, "CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"),
        zone=zone,
        calendar=reader.name,
        join=_join(event, reader),
    )


def _times(event: Properties, zone: tzinfo) -> tuple[datetime | date, datetime | date]:
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start
    if _text(event, "X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE":
        start, end = _as_day(start), _as_day(end)
    if not isinstance(start, datetime):
        return start, max(_as_date(end), start + timedelta(days=1))
    local = _local(start, zone)
    return local, max(_local(end, zone), local)


def _as_day(moment: datetime | date) -> datetime | date:
    """Outlook writes whole days as midnights; a midnight there is a day."""
    is_midnight = isinstance(moment, datetime) and moment.time() == time.min
    return _as_date(moment) if is_midnight else moment


def _as_date(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _local(moment: datetime | date, zone: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min, zone)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _uid(event: Properties, is_series: bool) -> str:
    """The UID, and for an occurrence of a series which one it is (RFC 5545 §3.8.4.4)."""
    uid = _text(event, "UID")
    which = event.get("RECURRENCE-ID") or event["DTSTART"]
    return f"{uid}/{stamp(which.dt)}" if is_series else uid


def stamp(moment: datetime | date) -> str:
    """`20261123T090000Z`, or `20261123` for a day, or without Z where no zone was written."""
    if not isinstance(moment, datetime):
        return moment.strftime("%Y%m%d")
    if moment.tzinfo is None:
        return moment.strftime("%Y%m%dT%H%M%S")
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _attendees(
    event: Properties, organizer: Attendee | None, me: frozenset[str]
) -> tuple[Attendee, ...]:
    """Everyone invited; the organiser comes too, though Outlook does not list them."""
    listed = [_attendee(raw, me) for raw in _all(event, "ATTENDEE")[:MOST_ATTENDEES]]
    emails = {attendee.email for attendee in listed}
    if organizer and organizer.email not in emails and _SHARED_CALENDAR not in organizer.email:
        listed.insert(0, organizer)
    return tuple(listed)


def _attendee(raw: Any, me: frozenset[str]) -> Attendee:
    params = getattr(raw, "params", {})
    email = _email(raw, params)
    name = " ".join(str(params.get("CN", "")).split()).strip("'\"")
    return Attendee(
        name=name if name and "@" not in name else email.partition("@")[0],
        email=email,
        response=_PARTSTAT.get(str(params.get("PARTSTAT", "")).upper(), Response.NEEDS_ACTION),
        is_self=email in me,
        is_resource=str(params.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE"),
    )


def _email(raw: Any, params: Any) -> str:
    written = str(params.get("EMAIL", "")) or str(raw)
    return re.sub(r"^mailto:", "", written.strip(), flags=re.IGNORECASE).lower()


def _organizer(event: Properties, me: frozenset[str]) -> Attendee | None:
    for raw in _all(event, "ORGANIZER")[:1]:
        read = _attendee(raw, me)
        return Attendee(
            name=read.name, email=read.email, response=Response.ORGANIZER, is_self=read.is_self
        )
    return None


def _response(organizer: Attendee | None, attendees: Iterable[Attendee]) -> Response:
    """The driver's own; an entry nobody invited the driver to is the driver's own entry."""
    if organizer and organizer.is_self:
        return Response.ORGANIZER
    return next((a.response for a in attendees if a.is_self), Response.ACCEPTED)


def _join(event: Properties, reader: Reader) -> JoinInfo | None:
    fields = {name: value for name in _JOIN_FIELDS if (value := _text(event, name))}
    if conferences := _conferences(event):
        fields["CONFERENCE"] = conferences
    location = _text(event, "LOCATION")
    text = _text(event, "DESCRIPTION") or _text(event, "X-ALT-DESC")
    key = (*fields.values(), location, text)
    if key not in reader.joins:
        reader.joins[key] = find_join(
            fields=fields, location=location, text=text, market=reader.market
        )
    return reader.joins[key]


def _conferences(event: Properties) -> str:
    """Every CONFERENCE URI on its own line; a moderator's is not for guests (RFC 7986 §6.3)."""
    guests = [
        str(raw)
        for raw in _all(event, "CONFERENCE")
        if "MODERATOR" not in str(getattr(raw, "params", {}).get("FEATURE", "")).upper()
    ]
    return "\n".join(guests or map(str, _all(event, "CONFERENCE")))


def _all(event: Properties, name: str) -> list[Any]:
    value = event.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(event: Properties, name: str) -> str:
    return "\n".join(str(value) for value in _all(event, name)).strip()


def _line(event: Properties, name: str) -> str:
    """One line that can be spoken: no control characters, no runs of blanks, not endless."""
    text = "".join(c if c.isprintable() else " " for c in _text(event, name))
    return " ".join(text.split())[:300]
