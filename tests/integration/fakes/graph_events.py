"""What stands in the stand-in mailbox: events as Microsoft Graph sends them. Part of a fake.

Source: Microsoft Graph v1.0 reference, resource type event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Event = dict[str, Any]
TIME = "%Y-%m-%dT%H:%M:%S.0000000"
LONG_AGO = "0001-01-01T00:00:00Z"


def stamp(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).strftime(TIME), "timeZone": "UTC"}


def person(name: str, address: str, response: str = "none", kind: str = "required") -> Event:
    return {
        "type": kind,
        "status": {"response": response, "time": LONG_AGO},
        "emailAddress": {"name": name, "address": address},
    }


def event(uid: str, start: datetime, minutes: int = 30, **changes: Any) -> Event:
    """A complete event as the service sends it, in UTC."""
    return {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": f'W/"{uid}"',
        "id": uid,
        "createdDateTime": "2026-11-01T08:00:00.1234567Z",
        "lastModifiedDateTime": "2026-11-01T08:00:00Z",
        "changeKey": "x==",
        "categories": [],
        "transactionId": None,
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "iCalUId": f"0400{uid}",
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "subject": f"Subject of {uid}",
        "bodyPreview": "",
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": False,
        "isDraft": False,
        "responseRequested": True,
        "seriesMasterId": None,
        "showAs": "busy",
        "type": "singleInstance",
        "webLink": "https://outlook.office365.com/x",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "onlineMeeting": None,
        "allowNewTimeProposals": True,
        "hideAttendees": False,
        "recurrence": None,
        "responseStatus": {"response": "accepted", "time": "2026-11-01T08:00:00Z"},
        "body": {"contentType": "html", "content": "<html><body>Agenda</body></html>"},
        "start": stamp(start),
        "end": stamp(start + timedelta(minutes=minutes)),
        "location": {
            "displayName": "Raum 1",
            "locationType": "default",
            "uniqueId": "Raum 1",
            "uniqueIdType": "private",
        },
        "locations": [],
        "attendees": [
            person("Anna Weber", "anna@contoso.com", "accepted"),
            person("Ben Roth", "ben@contoso.com"),
        ],
        "organizer": {"emailAddress": {"name": "Ben Roth", "address": "ben@contoso.com"}},
        **changes,
    }


@dataclass(kw_only=True)
class Series:
    """A recurring event: its master and what is left of its occurrences."""

    master: Event
    occurrences: dict[str, Event] = field(default_factory=dict)
    """Complete, as calendarView shows them."""


def weekly(uid: str, first: datetime, count: int, **changes: Any) -> Series:
    """`count` occurrences, a week apart."""
    master = event(uid, first, type="seriesMaster", **changes)
    series = Series(master=master)
    for index in range(count):
        own = {"type": "occurrence", "seriesMasterId": uid}
        start = first + timedelta(weeks=index)
        series.occurrences[f"{uid}.{index}"] = event(
            f"{uid}.{index}", start, **{**changes, "subject": master["subject"], **own}
        )
    return series
