"""People in Microsoft 365: our client over real HTTP against a stand-in for Graph (a fake)."""

from __future__ import annotations

import json

import pytest
from fakes.driver import Driver
from fakes.graph import GraphMailbox
from fakes.loopback import Answer

from assistant.core.model import Contact, NumberKind, PhoneNumber
from assistant.errors import BrokenAnswer
from assistant.services.calendars.graph_people import GraphPeople

ANNA = {
    "id": "1",
    "displayName": "Anna Weber",
    "givenName": "Anna",
    "surname": "Weber",
    "nickName": "Änni",
    "companyName": "Contoso",
    "emailAddresses": [{"name": "Anna", "address": "anna@contoso.com"}],
    "mobilePhone": "0171 1234567",
    "businessPhones": ["+49 (69) 1234-567", "0171/1234567"],
    "homePhones": ["call my neighbour"],
    "imAddresses": ["sip:anna@contoso.com", "skype:anna"],
}
BEN = {
    "id": "2",
    "displayName": "Ben Roth",
    "givenName": None,
    "surname": None,
    "companyName": None,
    "scoredEmailAddresses": [{"address": "ben@contoso.com", "relevanceScore": 8.0}],
    "phones": [
        {"type": "businessFax", "number": "+49 69 999999"},
        {"type": "business", "number": "+49 69 12345678"},
        {"type": "mobile", "number": "+49 171 7654321"},
    ],
    "imAddress": "sip:ben@contoso.com",
    "personType": {"class": "Person", "subclass": "OrganizationUser"},
}


@pytest.fixture
def people(driver: Driver) -> GraphPeople:
    return GraphPeople(driver.http, "DE")


def test_a_contact(mailbox: GraphMailbox, people: GraphPeople, driver: Driver) -> None:
    mailbox.contacts = [ANNA, {"id": "3", "displayName": None}]
    assert people.contacts() == (
        Contact(
            name="Anna Weber",
            given="Anna",
            family="Weber",
            nicknames=("Änni",),
            organisation="Contoso",
            emails=("anna@contoso.com",),
            numbers=(
                PhoneNumber(kind=NumberKind.MOBILE, uri="tel:+491711234567"),
                PhoneNumber(kind=NumberKind.WORK, uri="tel:+49691234567"),
                PhoneNumber(kind=NumberKind.SIP, uri="sip:anna@contoso.com"),
            ),
        ),
    )
    assert driver.account.asked == [("Contacts.Read",)]


def test_a_colleague(mailbox: GraphMailbox, people: GraphPeople, driver: Driver) -> None:
    mailbox.people = [BEN, {**BEN, "displayName": "Team", "personType": {"class": "Group"}}]
    assert people.colleagues() == (
        Contact(
            name="Ben Roth",
            emails=("ben@contoso.com",),
            numbers=(
                PhoneNumber(kind=NumberKind.MOBILE, uri="tel:+491717654321"),
                PhoneNumber(kind=NumberKind.WORK, uri="tel:+496912345678"),
                PhoneNumber(kind=NumberKind.SIP, uri="sip:ben@contoso.com"),
            ),
        ),
    )
    assert driver.account.asked == [("People.Read",)]


def test_every_page_is_read(mailbox: GraphMailbox, people: GraphPeople) -> None:
    mailbox.contacts = [{**ANNA, "displayName": f"Anna {i}"} for i in range(1201)]
    assert len(people.contacts()) == 1201
    assert len(mailbox.requests) == 3


@pytest.mark.parametrize("body", [{}, {"value": 3}, {"value": ["Anna"]}])
def test_pages_that_are_none(
    mailbox: GraphMailbox, people: GraphPeople, body: dict[str, object]
) -> None:
    mailbox.upset(Answer(body=json.dumps(body).encode()))
    with pytest.raises(BrokenAnswer):
        people.contacts()


def test_odd_entries_lose_only_what_is_odd(mailbox: GraphMailbox, people: GraphPeople) -> None:
    odd = {**ANNA, "emailAddresses": "a@b", "businessPhones": 3, "imAddresses": [None]}
    page = {"value": [{**odd, "mobilePhone": {"number": 1}}]}
    mailbox.upset(Answer(body=json.dumps(page).encode()))
    (contact,) = people.contacts()
    assert (contact.name, contact.emails, contact.numbers) == ("Anna Weber", (), ())
