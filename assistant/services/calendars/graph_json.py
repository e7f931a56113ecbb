"""Microsoft Graph's JSON, read and written; no network here.

Decided here: what an event says about an appointment, and how a change is put. Neighbours:
`graph_delta` completes what is read here, `graph` asks and sends, `core.joining` reads the
invitation.

Source: Microsoft Graph v1.0 reference, resource types event, dateTimeTimeZone, message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assistant.core.joining import find_join
from assistant.core.model import Appointment, Attendee, Response, Span
from assistant.services.calendars.outlook import is_tentative
from assistant.services.calendars.zones import zone_named

Json = Mapping[str, Any]
"""A JSON object as the service sent it; nothing in it is believed before it is read here."""

PROPERTIES = (
    "id,type,seriesMasterId,subject,start,end,isAllDay,isCancelled,isOrganizer,location,organizer,"
    "attendees,responseStatus,showAs,sensitivity,originalStartTimeZone,onlineMeeting,"
    "onlineMeetingUrl,body"
)
"""What is read of an event, as `$select` wants it."""

_RESPONSES = {
    "organizer": Response.ORGANIZER,
    "accepted": Response.ACCEPTED,
    "tentativelyAccepted": Response.TENTATIVE,
    "declined": Response.DECLINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns events into appointments of one calendar."""

    calendar: str
    addresses: frozenset[str]
    """The driver's own e-mail addresses, lower case."""
    market: str
    """ISO 3166 alpha-2: completes national telephone numbers and puts its own in front."""

    def read_all(self, events: Iterable[Json]) -> tuple[tuple[Appointment, ...], tuple[str, ...]]:
        """The appointments, and a line about each event that could not be read."""
        appointments, problems = [], []
        for event in events:
            try:
                appointments.append(self.read(event))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                problems.append(f"event …{str(event['id'])[-12:]} left out: {error!r:.120}")
        return tuple(appointments), tuple(problems)

    def read(self, event: Json) -> Appointment:
        """One complete event. Raises ValueError, KeyError or TypeError where it is broken."""
        start, end = _stretch(event)
        response = _own_response(event)
        organizer = self._person(event.get("organizer"))
        return Appointment(
            uid=str(event["id"]),
            title=str(event.get("subject") or ""),
            start=start,
            end=end,
            location=_location(event),
            organizer=organizer if organizer.name else None,
            attendees=tuple(map(self._person, _list(event, "attendees"))),
            response=response,
            is_cancelled=bool(event.get("isCancelled")),
            is_tentative=is_tentative(event.get("showAs"), response),
            is_free=event.get("showAs") == "free",
            is_private=event.get("sensitivity") in ("private", "confidential"),
            zone=_zone_name(event),
            calendar=self.calendar,
            join=find_join(
                fields=_join_fields(event),
                location=_location(event),
                text=text_of(event),
                market=self.market,
            ),
        )

    def _person(self, raw: object) -> Attendee:
        email = str(at(raw, "emailAddress", "address") or "")
        return Attendee(
            name=str(at(raw, "emailAddress", "name") or email.partition("@")[0]),
            email=email,
            response=_response(at(raw, "status", "response"), Response.NEEDS_ACTION),
            is_self=email.lower() in self.addresses,
            is_resource=at(raw, "type") == "resource",
        )


def at(raw: object, *path: str) -> object:
    """What stands at `path` inside nested objects, None where there is nothing."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw


def _list(raw: object, *path: str) -> list[object]:
    found = at(raw, *path)
    return found if isinstance(found, list) else []


def own_addresses(events: Iterable[Json]) -> frozenset[str]:
    """Addresses under which the driver organised something: sign-in names may differ from them."""
    own = (event for event in events if event.get("isOrganizer") is True)
    found = (at(event, "organizer", "emailAddress", "address") for event in own)
    return frozenset(str(address).lower() for address in found if address)


def _stretch(event: Json) -> tuple[datetime | date, datetime | date]:
    start, end = _moment(event["start"]), _moment(event["end"])
    if event.get("isAllDay"):  # midnight in whatever zone: only the date means anything
        first = start.date()
        return first, max(end.date(), first + timedelta(days=1))
    return start, max(start, end)


def _moment(raw: Json) -> datetime:
    zone = zone_named(str(raw.get("timeZone") or "UTC"))
    if zone is None:
        raise ValueError(f"unknown time zone {str(raw['timeZone'])[:60]!r}")
    return datetime.fromisoformat(str(raw["dateTime"])).replace(tzinfo=zone)


def _response(told: object, otherwise: Response) -> Response:
    return _RESPONSES.get(str(told), otherwise)


def _own_response(event: Json) -> Response:
    if event.get("isOrganizer"):
        return Response.ORGANIZER
    own_entry = Response.NEEDS_ACTION if event.get("attendees") else Response.ACCEPTED
    return _response(at(event, "responseStatus", "response"), own_entry)


def _location(event: Json) -> str:
    return str(at(event, "location", "displayName") or "")


def _zone_name(event: Json) -> str:
    zone = zone_named(str(event.get("originalStartTimeZone") or ""))
    return zone.key if zone else ""


def _join_fields(event: Json) -> dict[str, str]:
    """What the service says about the online meeting, under its own names; often nothing but the
    join URL. The provider is left out: it says skypeForBusiness for Teams meetings.

    Source: microsoftgraph/microsoft-graph-docs issues 10215, 12519.
    """
    fields = {
        "joinUrl": at(event, "onlineMeeting", "joinUrl") or event.get("onlineMeetingUrl"),
        "conferenceId": at(event, "onlineMeeting", "conferenceId"),
        "tollNumber": at(event, "onlineMeeting", "tollNumber"),
        "tollFreeNumber": next(iter(_list(event, "onlineMeeting", "tollFreeNumbers")), None),
    }
    return {key: str(value) for key, value in fields.items() if value}


def text_of(event: Json) -> str:
    """The invitation."""
    return str(at(event, "body", "content") or "")


def build_event(appointment: Appointment) -> dict[str, object]:
    """Body of a create request. `transactionId` makes a second attempt harmless."""
    people = [a for a in appointment.attendees if not a.is_self and a.email]
    return {
        "subject": appointment.title,
        "isAllDay": appointment.is_all_day,
        "location": {"displayName": appointment.location},
        "attendees": [
            {
                "type": "resource" if person.is_resource else "required",
                "emailAddress": {"address": person.email, "name": person.name},
            }
            for person in people
        ],
        "transactionId": appointment.uid,
        **build_stretch(appointment.start, appointment.end, appointment.zone),
    }


def build_stretch(start: datetime | date, end: datetime | date, zone: str) -> dict[str, object]:
    """`start` and `end` as Graph wants them, in `zone` (IANA, "" for UTC)."""
    return {"start": _build_moment(start, zone), "end": _build_moment(end, zone)}


def _build_moment(moment: datetime | date, zone: str) -> dict[str, str]:
    rules = zone_named(zone) or UTC
    if not isinstance(moment, datetime):
        return {"dateTime": f"{moment.isoformat()}T00:00:00", "timeZone": str(rules)}
    local = moment.astimezone(rules).replace(tzinfo=None)
    return {"dateTime": local.isoformat(timespec="seconds"), "timeZone": str(rules)}


def build_mail(subject: str, text: str, recipients: Iterable[str]) -> dict[str, object]:
    """Body of a sendMail request."""
    return {
        "message": {
            "subject": subject,
            "body": {"contentType": "text", "content": text},
            "toRecipients": [{"emailAddress": {"address": address}} for address in recipients],
        },
        "saveToSentItems": True,
    }


def build_window(window: Span) -> dict[str, str]:
    """Query parameters that choose a calendar view."""
    return {"startDateTime": _instant(window.start), "endDateTime": _instant(window.end)}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
