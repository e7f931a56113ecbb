"""Answering, creating, moving, cancelling and writing mail in Microsoft 365."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from fakes.driver import BERLIN, NOW, WINDOW, Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, stamp
from fakes.loopback import Answer

from assistant.core.model import Appointment, Response, Span
from assistant.errors import (
    NotFound,
    RateLimited,
    Refused,
)
from assistant.services.calendars.graph import GraphCalendar


@pytest.fixture
def invited(mailbox: GraphMailbox, driver: Driver) -> Appointment:
    mailbox.put(event("a", NOW))
    return driver.sync()["a"]


@pytest.fixture
def own(mailbox: GraphMailbox, driver: Driver) -> Appointment:
    anna = {"emailAddress": {"name": "Anna Weber", "address": "anna@contoso.com"}}
    mailbox.put(event("mine", NOW, isOrganizer=True, organizer=anna))
    return driver.sync()["mine"]


@pytest.mark.parametrize(
    ("response", "order"),
    [
        (Response.ACCEPTED, "accept"),
        (Response.DECLINED, "decline"),
        (Response.TENTATIVE, "tentativelyAccept"),
    ],
)
def test_answering(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment, response: Response, order: str
) -> None:
    driver.calendar.respond(invited, response)
    assert mailbox.orders == [(order, "a", {"sendResponse": True})]


def test_answering_an_organiser_who_wants_no_answer(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("a", NOW, responseRequested=False))
    driver.calendar.respond(driver.sync()["a"], Response.ACCEPTED)
    assert mailbox.orders == [("accept", "a", {"sendResponse": False})]


def test_own_meetings_cannot_be_answered(
    mailbox: GraphMailbox, driver: Driver, own: Appointment
) -> None:
    with pytest.raises(Refused):
        driver.calendar.respond(own, Response.ACCEPTED)
    assert mailbox.orders == []


def test_creating(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    start = datetime(2026, 11, 24, 9, tzinfo=BERLIN)
    new = replace(own, uid="new-1", title="Call Ben", start=start, end=start + timedelta(hours=1))
    driver.calendar.create(replace(new, zone="Europe/Berlin"))
    ((what, _, body),) = mailbox.orders
    assert what == "create"
    assert body["subject"] == "Call Ben"
    assert body["transactionId"] == "new-1"
    assert body["start"] == {"dateTime": "2026-11-24T09:00:00", "timeZone": "Europe/Berlin"}
    assert [a["emailAddress"]["address"] for a in body["attendees"]] == ["ben@contoso.com"]


def test_creating_a_whole_day(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    day = replace(own, start=date(2026, 11, 24), end=date(2026, 11, 25))
    driver.calendar.create(replace(day, zone="Europe/Berlin"))
    ((_, _, body),) = mailbox.orders
    assert body["isAllDay"] is True
    assert body["end"] == {"dateTime": "2026-11-25T00:00:00", "timeZone": "Europe/Berlin"}


def test_moving(mailbox: GraphMailbox, driver: Driver, own: Appointment) -> None:
    later = Span(start=NOW + timedelta(hours=1), end=NOW + timedelta(hours=2))
    driver.calendar.move(own, later)
    ((what, uid, body),) = mailbox.orders
    assert (what, uid) == ("update", "mine")
    assert body == {
        "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "Europe/Berlin"},
    }


def test_cancelling_tells_the_others(
    mailbox: GraphMailbox, driver: Driver, own: Appointment
) -> None:
    driver.calendar.cancel(own)
    assert mailbox.orders == [("cancel", "mine", {})]


def test_cancelling_an_entry_of_ones_own_deletes_it(mailbox: GraphMailbox, driver: Driver) -> None:
    mailbox.put(event("mine", NOW, isOrganizer=True, attendees=[]))
    driver.calendar.cancel(driver.sync()["mine"])
    assert mailbox.orders == [("delete", "mine", None)]


@pytest.mark.parametrize("response", [Response.ACCEPTED, Response.TENTATIVE, Response.NEEDS_ACTION])
def test_only_the_organiser_moves_and_cancels(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment, response: Response
) -> None:
    invited = replace(invited, response=response)
    with pytest.raises(Refused):
        driver.calendar.cancel(invited)
    with pytest.raises(Refused):
        driver.calendar.move(invited, invited.span)
    assert mailbox.orders == []


def test_writing_that_one_is_late(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    driver.calendar.notify(invited, ["ben@contoso.com"], "Ten minutes late, sorry.\nAnna")
    ((_, _, mail),) = mailbox.orders
    assert mail["message"]["subject"] == "Subject of a"
    assert mail["message"]["body"] == {
        "contentType": "text",
        "content": "Ten minutes late, sorry.\nAnna",
    }
    assert driver.account.asked[-1] == ("Mail.Send",)


def test_what_was_not_agreed_to_is_refused(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    settings = replace(driver.settings, can_change=False, can_mail=False)
    reader = GraphCalendar(driver.http, settings)
    reader.sync(WINDOW)
    assert driver.account.asked[-1] == ("Calendars.Read",)
    with pytest.raises(Refused):
        reader.respond(invited, Response.ACCEPTED)
    with pytest.raises(Refused):
        reader.notify(invited, ["ben@contoso.com"], "late")
    assert mailbox.orders == []


def test_what_is_gone_cannot_be_answered(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    mailbox.delete("a")
    with pytest.raises(NotFound):
        driver.calendar.respond(invited, Response.ACCEPTED)


def test_orders_do_not_wait_long(
    mailbox: GraphMailbox, driver: Driver, invited: Appointment
) -> None:
    mailbox.upset(Answer(status=429, headers={"Retry-After": "30"}))
    with pytest.raises(RateLimited):
        driver.calendar.respond(invited, Response.ACCEPTED)
    assert driver.waits == []


def test_stamps_agree_with_the_service() -> None:
    assert stamp(datetime(2026, 11, 23, 9, tzinfo=BERLIN))["dateTime"] == (
        "2026-11-23T08:00:00.0000000"
    )
