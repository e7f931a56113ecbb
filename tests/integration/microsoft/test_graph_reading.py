"""What an event in Microsoft 365 says about an appointment: real HTTP, a stand-in mailbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from fakes.driver import BERLIN, NOW, Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, person, weekly
from fakes.loopback import Answer

from assistant.core.model import Response
from assistant.errors import (
    BrokenAnswer,
)


def test_an_event_becomes_an_appointment(mailbox: GraphMailbox, driver: Driver) -> None:
    url = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"
    meeting = {"joinUrl": url, "conferenceId": None, "tollNumber": None}
    text = "Or call in (audio only)<br>+49 69 12345678,,987654321# Germany, Frankfurt"
    body = {"contentType": "html", "content": f"<html>{text}</html>"}
    attendees = [
        person("Anna Weber", "Anna@contoso.com", "accepted"),
        person("", "ben@contoso.com", "tentativelyAccepted"),
        person("Raum 7", "raum7@contoso.com", "none", "resource"),
    ]
    meeting_of = {"attendees": attendees, "onlineMeeting": meeting, "body": body}
    mailbox.put(event("a", NOW, 45, subject="Jour fixe", **meeting_of))

    found = driver.sync()["a"]

    assert (found.title, found.start, found.end) == ("Jour fixe", NOW, NOW + timedelta(minutes=45))
    assert [(a.name, a.response, a.is_self, a.is_resource) for a in found.attendees] == [
        ("Anna Weber", Response.ACCEPTED, True, False),
        ("ben", Response.TENTATIVE, False, False),
        ("Raum 7", Response.NEEDS_ACTION, False, True),
    ]
    assert found.organizer and found.organizer.email == "ben@contoso.com"
    assert (found.calendar, found.zone, found.location) == ("Work", "Europe/Berlin", "Raum 1")
    assert found.join
    assert (found.join.provider, found.join.url) == ("teams", url)
    assert [dial_in.number for dial_in in found.join.dial_ins] == ["+496912345678"]
    assert found.join.conference_id == "987654321"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"sensitivity": "private"}, {"is_private": True}),
        ({"sensitivity": "confidential"}, {"is_private": True}),
        ({"sensitivity": "personal"}, {"is_private": False}),
        ({"showAs": "free"}, {"is_free": True}),
        ({"showAs": "tentative"}, {"is_tentative": True}),
        ({"isCancelled": True}, {"is_cancelled": True}),
        ({"responseStatus": {"response": "declined"}}, {"response": Response.DECLINED}),
        ({"isOrganizer": True}, {"response": Response.ORGANIZER}),
        (
            {"responseStatus": {"response": "tentativelyAccepted"}},
            {"response": Response.TENTATIVE, "is_tentative": True},
        ),
        (
            {"responseStatus": {"response": "notResponded"}, "showAs": "tentative"},
            {"response": Response.NEEDS_ACTION, "is_tentative": False},
        ),
        (
            {"responseStatus": {"response": "none"}, "attendees": []},
            {"response": Response.ACCEPTED},
        ),
        ({"subject": None, "location": None, "attendees": None, "body": None}, {"title": ""}),
        ({"organizer": None}, {"organizer": None}),
        ({"originalStartTimeZone": "Customized Time Zone"}, {"zone": ""}),
        ({"originalStartTimeZone": "tzone://Microsoft/Custom"}, {"zone": ""}),
        ({"originalStartTimeZone": "America/New_York"}, {"zone": "America/New_York"}),
    ],
)
def test_what_an_event_says(
    mailbox: GraphMailbox,
    driver: Driver,
    told: Mapping[str, object],
    expected: Mapping[str, object],
) -> None:
    mailbox.put(event("a", NOW, **told))
    found = driver.sync()["a"]
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("days", [1, 3])
def test_a_whole_day_is_dates(mailbox: GraphMailbox, driver: Driver, days: int) -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    mailbox.put(event("day", midnight, days * 24 * 60, isAllDay=True))
    found = driver.sync()["day"]
    assert (found.start, found.end) == (date(2026, 11, 25), date(2026, 11, 25 + days))


def test_a_whole_day_that_ends_where_it_starts_is_a_day(
    mailbox: GraphMailbox, driver: Driver
) -> None:
    empty = event("day", datetime(2026, 11, 25, tzinfo=UTC), 0, isAllDay=True)
    mailbox.upset(Answer(body=json.dumps({"value": [empty]}).encode()))
    found = driver.sync()["day"]
    assert (found.start, found.end) == (date(2026, 11, 25), date(2026, 11, 26))


def test_times_in_a_windows_zone_are_understood(mailbox: GraphMailbox, driver: Driver) -> None:
    local = {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    page = {"value": [{**event("a", NOW), "start": local}], "@odata.deltaLink": mailbox.url}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert driver.sync()["a"].start == datetime(2026, 11, 23, 9, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "broken",
    [
        {"start": None},
        {"start": {"dateTime": "tomorrow", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-11-23T09:00:00", "timeZone": "Middle Earth Time"}},
        {"start": {"timeZone": "UTC"}},
        {"end": "never"},
    ],
)
def test_one_broken_event_costs_only_itself(
    mailbox: GraphMailbox, driver: Driver, broken: Mapping[str, object]
) -> None:
    items = [{**event("bad", NOW), **broken}, event("good", NOW)]
    page = {"value": items, "@odata.deltaLink": f"{mailbox.url}/x"}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert set(driver.sync()) == {"good"}
    assert len(driver.problems) == 1
    assert "bad" in driver.problems[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"attendees": "everyone"},
        {"attendees": {"0": "everyone"}},
        {"attendees": [None, "Ben", {"emailAddress": "ben"}, {"status": 3}]},
        {"organizer": "ben", "isOrganizer": True},
        {"organizer": {"emailAddress": "ben"}, "isOrganizer": True},
        {"onlineMeeting": {"tollFreeNumbers": 800}},
        {"onlineMeeting": "yes", "location": 3, "body": [], "responseStatus": "accepted"},
        {"subject": {"text": "x"}, "showAs": [], "sensitivity": {}, "originalStartTimeZone": 1},
        {"seriesMasterId": ["w"]},
    ],
)
def test_odd_properties_lose_only_themselves(
    mailbox: GraphMailbox, driver: Driver, odd: Mapping[str, object]
) -> None:
    page = {"value": [{**event("a", NOW), **odd}], "@odata.deltaLink": f"{mailbox.url}/x"}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    assert driver.sync()["a"].start == NOW
    assert driver.problems == ()


def test_a_master_that_is_none_breaks_the_sync(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.withholds_masters = True
    mailbox.put(weekly("w", NOW, 1))
    mailbox.upset(mailbox.serve, Answer(body=b"{}"))
    with pytest.raises(BrokenAnswer):
        driver.sync()


def test_own_addresses_are_learnt_from_own_meetings(mailbox: GraphMailbox, driver: Driver) -> None:
    own = {"emailAddress": {"name": "Anna", "address": "A.Weber@contoso.com"}}
    mailbox.put(event("mine", NOW, isOrganizer=True, organizer=own))
    driver.sync()
    mailbox.put(event("b", NOW, attendees=[person("Anna", "a.weber@contoso.com")]))
    assert driver.sync()["b"].attendees[0].is_self
