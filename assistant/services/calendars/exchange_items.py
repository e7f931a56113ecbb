"""What an EWS calendar item says about an appointment; no network here.

Neighbours: `exchange` fetches the items, `core.joining` reads the invitation.

Source: Exchange Web Services reference, CalendarItem; [MS-ASCAL] §2.2.2.33 for the conference
links.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assistant.core.joining import find_join
from assistant.core.model import Appointment, Attendee, Response
from assistant.services.calendars.outlook import both_ends, is_tentative
from assistant.services.calendars.zones import zone_named

CONFERENCE_LINKS = {
    "conference_link": "OnlineMeetingConfLink",
    "external_link": "OnlineMeetingExternalLink",
}
"""Field here -> named property that the Skype for Business add-in of Outlook writes."""
_JOIN_FIELDS = {
    "conference_link": "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "external_link": "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
}
"""Field here -> the name under which iCalendar carries the same."""
FIELDS = (
    "subject",
    "start",
    "end",
    "is_all_day",
    "is_cancelled",
    "location",
    "organizer",
    "required_attendees",
    "optional_attendees",
    "resources",
    "my_response_type",
    "legacy_free_busy_status",
    "sensitivity",
    "type",
    "text_body",
    *CONFERENCE_LINKS,
)
"""What is asked for; the library adds the zones of start and end."""

_RESPONSES = {
    "Organizer": Response.ORGANIZER,
    "Accept": Response.ACCEPTED,
    "Tentative": Response.TENTATIVE,
    "Decline": Response.DECLINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Turns items into appointments of one calendar."""

    calendar: str
    address: str
    """The driver's, lower case."""
    market: str

    def read_all(self, items: Iterable[Any]) -> tuple[tuple[Appointment, ...], tuple[str, ...]]:
        """The appointments, and a line about each item that could not be read."""
        appointments, problems = [], []
        for item in items:
            try:
                appointments.append(self._read(item))
            except (ValueError, TypeError, AttributeError) as error:
                problems.append(f"an item was left out: {error!r:.120}")
        return tuple(appointments), tuple(problems)

    def _read(self, item: Any) -> Appointment:
        start, end = _stretch(item)
        response = self._response(item)
        location = str(item.location or "")
        return Appointment(
            uid=str(item.id),
            title=str(item.subject or ""),
            start=start,
            end=end,
            location=location,
            organizer=self._person(item.organizer) if item.organizer else None,
            attendees=self._attendees(item),
            response=response,
            is_cancelled=bool(item.is_cancelled),
            is_tentative=is_tentative(item.legacy_free_busy_status, response),
            is_free=item.legacy_free_busy_status == "Free",
            is_private=item.sensitivity in ("Private", "Confidential"),
            zone=_zone_name(item),
            calendar=self.calendar,
            join=find_join(
                fields={
                    there: str(value)
                    for here, there in _JOIN_FIELDS.items()
                    if (value := getattr(item, here))
                },
                location=location,
                text=both_ends(str(item.text_body or "")),
                market=self.market,
            ),
        )

    def _response(self, item: Any) -> Response:
        """An entry of the driver alone has nobody to answer to."""
        own = self.address == str(getattr(item.organizer, "email_address", "") or "").lower()
        alone = Response.ORGANIZER if own or not item.organizer else Response.NEEDS_ACTION
        return _RESPONSES.get(item.my_response_type, alone)

    def _attendees(self, item: Any) -> tuple[Attendee, ...]:
        people = [*(item.required_attendees or ()), *(item.optional_attendees or ())]
        rooms = item.resources or ()
        return (
            *(self._person(p.mailbox, p.response_type) for p in people),
            *(self._person(r.mailbox, r.response_type, is_resource=True) for r in rooms),
        )

    def _person(self, mailbox: Any, told: str = "", is_resource: bool = False) -> Attendee:
        email = str(mailbox.email_address or "")
        return Attendee(
            name=str(mailbox.name or email.partition("@")[0]),
            email=email,
            response=_RESPONSES.get(told, Response.NEEDS_ACTION),
            is_self=email.lower() == self.address,
            is_resource=is_resource,
        )


def _stretch(item: Any) -> tuple[datetime | date, datetime | date]:
    if not isinstance(item.start, datetime):  # the library counts the last day in
        return _day(item.start), _day(item.end) + timedelta(days=1)
    start, end = (datetime.fromtimestamp(m.timestamp(), UTC) for m in (item.start, item.end))
    return start, max(start, end)


def _day(moment: Any) -> date:
    """A plain date of the library's own kind of date. Raises: AttributeError if there is none."""
    return date(moment.year, moment.month, moment.day)


def _zone_name(item: Any) -> str:
    zone = zone_named(str(getattr(item, "_start_timezone", "") or ""))
    return zone.key if zone else ""
