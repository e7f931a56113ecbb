"""Exchange on premises: exchangelib's real code over TLS against a stand-in server (a fake)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fakes.exchange import (
    PASSWORD,
    USER,
    ExchangeServer,
    addresses,
    attendee,
    item,
    mailbox,
    refusal,
    texts,
)
from fakes.loopback import Answer

from assistant.core.model import Appointment, Response, Span
from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    NotFound,
    RateLimited,
    Refused,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from assistant.services.calendars.exchange import ExchangeCalendar, Settings

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WINDOW = Span(start=NOW - timedelta(days=1), end=NOW + timedelta(days=15))
MORNING = ("2026-11-23T08:00:00Z", "2026-11-23T08:30:00Z")


@pytest.fixture
def server(tls: ssl.SSLContext, trust: ssl.SSLContext) -> Iterator[ExchangeServer]:
    del trust  # only has to be set up
    with ExchangeServer(tls) as server:
        yield server


@pytest.fixture
def settings(server: ExchangeServer) -> Settings:
    return Settings(
        name="Work",
        server=server.host,
        user=USER,
        password=PASSWORD,
        address="Anna@contoso.com",
        auth="basic",
        zone=BERLIN,
        market="DE",
    )


@pytest.fixture
def calendar(settings: Settings) -> Iterator[ExchangeCalendar]:
    calendar = ExchangeCalendar(settings)
    yield calendar
    calendar.close()


def read(calendar: ExchangeCalendar) -> dict[str, Appointment]:
    result = calendar.sync(WINDOW)
    assert result.is_full
    return {appointment.uid: appointment for appointment in result.appointments}


def test_an_item_becomes_an_appointment(server: ExchangeServer, calendar: ExchangeCalendar) -> None:
    server.put(
        item("a", *MORNING, Resources=attendee("Raum 7", "raum7@contoso.com"), TextBody="Hallo")
    )
    found = read(calendar)["a"]
    assert (found.title, found.start, found.end) == (
        "Subject of a",
        NOW,
        NOW + timedelta(minutes=30),
    )
    assert [(a.name, a.response, a.is_self, a.is_resource) for a in found.attendees] == [
        ("Anna Weber", Response.ACCEPTED, True, False),
        ("Ben Roth", Response.NEEDS_ACTION, False, False),
        ("Raum 7", Response.NEEDS_ACTION, False, True),
    ]
    assert found.organizer and found.organizer.email == "ben@contoso.com"
    assert (found.calendar, found.zone, found.location) == ("Work", "Europe/Berlin", "Raum 1")
    assert found.response is Response.ACCEPTED
    assert found.join is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"Sensitivity": "Private"}, {"is_private": True}),
        ({"Sensitivity": "Confidential"}, {"is_private": True}),
        ({"LegacyFreeBusyStatus": "Free"}, {"is_free": True}),
        ({"LegacyFreeBusyStatus": "Tentative"}, {"is_tentative": True}),
        ({"IsCancelled": "true"}, {"is_cancelled": True}),
        ({"MyResponseType": "Decline"}, {"response": Response.DECLINED}),
        ({"MyResponseType": "Organizer"}, {"response": Response.ORGANIZER}),
        ({"MyResponseType": "Tentative"}, {"response": Response.TENTATIVE, "is_tentative": True}),
        (
            {"MyResponseType": "NoResponseReceived", "LegacyFreeBusyStatus": "Tentative"},
            {"response": Response.NEEDS_ACTION, "is_tentative": False},
        ),
        (
            {"MyResponseType": "Unknown", "Organizer": mailbox("Anna", "anna@contoso.com")},
            {"response": Response.ORGANIZER},
        ),
        ({"Subject": "", "Location": "", "TextBody": ""}, {"title": "", "location": ""}),
    ],
)
def test_what_an_item_says(
    server: ExchangeServer,
    calendar: ExchangeCalendar,
    told: Mapping[str, str],
    expected: Mapping[str, object],
) -> None:
    server.put(item("a", *MORNING, **told))
    found = read(calendar)["a"]
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_skype_meeting_of_the_house(server: ExchangeServer, calendar: ExchangeCalendar) -> None:
    focus = "sip:ben@contoso.com;gruu;opaque=app:conf:focus:id:ABC123"
    text = "Join Skype Meeting https://meet.contoso.com/ben/ABC123\nConference ID: 456789"
    server.put(item("a", *MORNING, TextBody=text, OnlineMeetingConfLink=f"conf:{focus}"))
    join = read(calendar)["a"].join
    assert join
    assert join.provider == "skype-business"
    assert join.url == "https://meet.contoso.com/ben/ABC123"
    assert "focus:id:ABC123" in join.sip_uri


@pytest.mark.parametrize("days", [1, 3])
def test_a_whole_day_is_dates_of_its_own_zone(
    server: ExchangeServer,
    calendar: ExchangeCalendar,
    days: int,
) -> None:
    end = datetime(2026, 11, 24 + days, 23, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.put(item("day", "2026-11-24T23:00:00Z", end, IsAllDayEvent="true"))
    found = read(calendar)["day"]
    assert (found.start, found.end) == (date(2026, 11, 25), date(2026, 11, 25 + days))
    assert type(found.start) is date


def test_only_the_window_is_read(server: ExchangeServer, calendar: ExchangeCalendar) -> None:
    server.put(item("a", *MORNING), item("far", "2027-01-01T08:00:00Z", "2027-01-01T09:00:00Z"))
    assert set(read(calendar)) == {"a"}


def test_a_sync_takes_few_requests(server: ExchangeServer, calendar: ExchangeCalendar) -> None:
    server.put(*(item(f"i{number}", *MORNING) for number in range(150)))
    assert len(read(calendar)) == 150
    first = len(server.requests)
    read(calendar)
    assert first <= 5
    assert len(server.requests) - first <= 3


def test_a_crowded_calendar_says_so(server: ExchangeServer, calendar: ExchangeCalendar) -> None:
    server.put(*(item(f"i{number}", *MORNING) for number in range(1001)))
    result = calendar.sync(WINDOW)
    assert len(result.appointments) == 1000
    assert "first 1000" in result.problems[0]


def test_an_item_that_goes_while_we_read_costs_only_itself(
    server: ExchangeServer, calendar: ExchangeCalendar
) -> None:
    server.put(item("a", *MORNING), item("b", *MORNING))

    def find_then_delete(request: object) -> Answer:
        answer = server.serve(request)
        server.items.pop("b", None)
        return answer

    read(calendar)
    server.upset(find_then_delete)
    assert set(read(calendar)) == {"a"}


# What goes wrong.


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=401, headers={"WWW-Authenticate": "Basic"}), SignInNeeded),
        (Answer(body=b"<!DOCTYPE html><title>Hotel Wi-Fi</title>"), BrokenAnswer),
        (Answer(status=302, headers={"Location": "https://portal.example/"}), BrokenAnswer),
        (Answer(body=b"<s:Envelope"), BrokenAnswer),
        (Answer(body=b""), BrokenAnswer),
        (Answer(status=500, body=b"oops"), BrokenAnswer),
        (Answer(status=503, headers={"Retry-After": "7"}), RateLimited),
        (refusal("FindItem", "ErrorAccessDenied"), Refused),
        (refusal("FindItem", "ErrorServerBusy"), RateLimited),
        (refusal("FindItem", "ErrorNonExistentMailbox"), NotFound),
    ],
)
def test_a_bad_answer_is_one_of_our_errors(
    server: ExchangeServer,
    calendar: ExchangeCalendar,
    answer: Answer,
    expected: type[ServiceError],
) -> None:
    read(calendar)
    server.upset(answer)
    with pytest.raises(expected) as caught:
        read(calendar)
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_not_tried_until_the_account_is_locked(
    server: ExchangeServer, settings: Settings
) -> None:
    calendar = ExchangeCalendar(replace(settings, password="guess"))
    for _ in range(10):
        with pytest.raises(SignInNeeded):
            calendar.sync(WINDOW)
    assert len(server.requests) == 1
    calendar.close()


def test_a_server_nobody_trusts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    calendar = ExchangeCalendar(settings)
    with pytest.raises(Unreachable):
        calendar.sync(WINDOW)
    calendar.close()


def test_a_dead_server(settings: Settings) -> None:
    calendar = ExchangeCalendar(replace(settings, server="localhost:1"))
    with pytest.raises(Unreachable):
        calendar.sync(WINDOW)
    calendar.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auth": "kerberos"}, "ntlm or basic"),
        ({"server": "https://mail.contoso.com/owa"}, "host name"),
    ],
)
def test_settings_that_cannot_be(settings: Settings, change: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ExchangeCalendar(replace(settings, **change))


def test_the_password_is_never_shown(settings: Settings) -> None:
    assert PASSWORD not in repr(settings)


# Changing.


@pytest.fixture
def invited(server: ExchangeServer, calendar: ExchangeCalendar) -> Appointment:
    server.put(item("a", *MORNING))
    return read(calendar)["a"]


@pytest.fixture
def own(server: ExchangeServer, calendar: ExchangeCalendar) -> Appointment:
    server.put(item("mine", *MORNING, MyResponseType="Organizer"))
    return read(calendar)["mine"]


@pytest.mark.parametrize(
    ("response", "order"),
    [
        (Response.ACCEPTED, "AcceptItem"),
        (Response.DECLINED, "DeclineItem"),
        (Response.TENTATIVE, "TentativelyAcceptItem"),
    ],
)
def test_answering(
    server: ExchangeServer,
    calendar: ExchangeCalendar,
    invited: Appointment,
    response: Response,
    order: str,
) -> None:
    calendar.respond(invited, response)
    ((name, body),) = server.orders
    assert name == order
    (reference,) = (e for e in body.iter() if e.tag.endswith("ReferenceItemId"))
    assert reference.attrib == {"Id": "a", "ChangeKey": "ck"}
    assert body.get("MessageDisposition") == "SendAndSaveCopy"


def test_own_meetings_cannot_be_answered(
    server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment
) -> None:
    with pytest.raises(Refused):
        calendar.respond(own, Response.ACCEPTED)
    assert server.orders == []


def test_what_is_gone_cannot_be_answered(
    server: ExchangeServer, calendar: ExchangeCalendar, invited: Appointment
) -> None:
    server.items.clear()
    with pytest.raises(NotFound):
        calendar.respond(invited, Response.ACCEPTED)


def test_creating(server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment) -> None:
    start = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
    calendar.create(replace(own, title="Call Ben", start=start, end=start + timedelta(hours=1)))
    ((name, body),) = server.orders
    assert name == "CalendarItem"
    assert body.get("SendMeetingInvitations") == "SendToAllAndSaveCopy"
    assert texts(body, "Subject") == ["Call Ben"]
    assert texts(body, "Start") == ["2026-11-24T09:00:00+01:00"]
    assert addresses(body, "RequiredAttendees") == ["ben@contoso.com"]


def test_creating_a_whole_day(
    server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment
) -> None:
    calendar.create(replace(own, start=date(2026, 11, 24), end=date(2026, 11, 25), attendees=()))
    ((_, body),) = server.orders
    assert texts(body, "IsAllDayEvent") == ["1"]
    assert texts(body, "Start") == ["2026-11-24T00:00:00+01:00"]
    assert texts(body, "End") == ["2026-11-25T00:00:00+01:00"]


def test_moving(server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment) -> None:
    calendar.move(own, Span(start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=2)))
    ((name, body),) = server.orders
    assert name == "UpdateItem"
    assert body.get("SendMeetingInvitationsOrCancellations") == "SendToAllAndSaveCopy"
    assert texts(body, "Start") == ["2026-11-23T10:00:00+01:00"]
    assert texts(body, "End") == ["2026-11-23T11:00:00+01:00"]


def test_cancelling_tells_the_others(
    server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment
) -> None:
    calendar.cancel(own)
    assert [name for name, _ in server.orders] == ["CancelCalendarItem"]


def test_cancelling_an_entry_of_ones_own_deletes_it(
    server: ExchangeServer, calendar: ExchangeCalendar, own: Appointment
) -> None:
    calendar.cancel(replace(own, attendees=()))
    ((name, body),) = server.orders
    assert name == "DeleteItem"
    assert body.get("SendMeetingCancellations") == "SendToNone"


def test_only_the_organiser_moves_and_cancels(
    server: ExchangeServer, calendar: ExchangeCalendar, invited: Appointment
) -> None:
    with pytest.raises(Refused):
        calendar.cancel(invited)
    with pytest.raises(Refused):
        calendar.move(invited, invited.span)
    assert server.orders == []


def test_writing_that_one_is_late(
    server: ExchangeServer, calendar: ExchangeCalendar, invited: Appointment
) -> None:
    calendar.notify(invited, ["ben@contoso.com"], "Ten minutes late, sorry.")
    ((name, body),) = server.orders
    assert name == "Message"
    assert texts(body, "Subject") == ["Subject of a"]
    assert texts(body, "Body") == ["Ten minutes late, sorry."]
    assert addresses(body, "ToRecipients") == ["ben@contoso.com"]
