"""The driver's address book in Microsoft 365, and the people Microsoft thinks matter to them.

Neighbours: `graph_http` carries the requests, `addressbooks` keeps what comes.

Source: Microsoft Graph v1.0 reference, resource types contact and person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.core.model import Contact, NumberKind
from assistant.errors import BrokenAnswer
from assistant.services.calendars.graph_http import SERVICE, Ask, Budget, GraphHttp
from assistant.services.calendars.graph_json import Json
from assistant.services.numbers import Numbers, kind_of
from assistant.services.vcard import write_vcards

CONTACTS_SCOPES = ("Contacts.Read",)
PEOPLE_SCOPES = ("People.Read",)

_CONTACT_PROPERTIES = (
    "displayName,givenName,surname,nickName,companyName,emailAddresses,"
    "mobilePhone,businessPhones,homePhones,imAddresses"
)
_PERSON_PROPERTIES = (
    "displayName,givenName,surname,companyName,scoredEmailAddresses,phones,imAddress,personType"
)

Found = Iterator[tuple[str, NumberKind | None]]
"""Numbers as they were written, and whose kind they are (None: nobody answers there)."""


class GraphPeople:
    """Reads whole lists."""

    def __init__(self, http: GraphHttp, market: str) -> None:
        """`market`: ISO 3166 alpha-2; completes national telephone numbers."""
        self._http = http
        self._market = market

    def cards(self) -> str:
        """Both lists as vCards. Raises as `GraphHttp.fetch`."""
        return write_vcards((*self.contacts(), *self.colleagues()))

    def contacts(self) -> tuple[Contact, ...]:
        """The driver's own address book. Raises as `GraphHttp.fetch`."""
        ask = Ask(
            path="/me/contacts",
            params={"$top": "500", "$select": _CONTACT_PROPERTIES},
            scopes=CONTACTS_SCOPES,
        )
        return tuple(self._read(item, _contact_numbers(item)) for item in self._items(ask))

    def colleagues(self) -> tuple[Contact, ...]:
        """People the driver deals with, most relevant first. Raises as `GraphHttp.fetch`."""
        ask = Ask(
            path="/me/people",
            params={"$top": "500", "$select": _PERSON_PROPERTIES},
            scopes=PEOPLE_SCOPES,
        )
        people = (item for item in self._items(ask) if _is_person(item))
        return tuple(self._read(item, _person_numbers(item)) for item in people)

    def _items(self, ask: Ask) -> Iterator[Json]:
        """Named entries of all pages."""
        budget = Budget(seconds=60.0, requests=40, bytes=50_000_000)
        following: Ask | None = ask
        while following:
            page = self._http.fetch(following, budget)
            items = page.get("value")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise BrokenAnswer(SERVICE, "a page without proper people")
            yield from (item for item in items if item.get("displayName"))
            link = page.get("@odata.nextLink")
            following = Ask(path=str(link), scopes=ask.scopes) if link else None

    def _read(self, item: Json, found: Found) -> Contact:
        numbers = Numbers(region=self._market)
        for raw, kind in found:
            numbers.add(raw, kind)
        return Contact(
            name=str(item["displayName"]),
            given=str(item.get("givenName") or ""),
            family=str(item.get("surname") or ""),
            nicknames=(str(item["nickName"]),) if item.get("nickName") else (),
            organisation=str(item.get("companyName") or ""),
            emails=tuple(_addresses(item)),
            numbers=numbers.in_order(),
        )


def _is_person(item: Json) -> bool:
    kind = item.get("personType")
    return not isinstance(kind, Mapping) or kind.get("class") in (None, "Person")


def _addresses(item: Json) -> list[str]:
    entries = _dicts(item.get("emailAddresses")) or _dicts(item.get("scoredEmailAddresses"))
    return [str(entry["address"]) for entry in entries if entry.get("address")]


def _contact_numbers(item: Json) -> Found:
    yield from ((raw, NumberKind.MOBILE) for raw in _strings([item.get("mobilePhone")]))
    yield from ((raw, NumberKind.WORK) for raw in _strings(item.get("businessPhones")))
    yield from ((raw, NumberKind.HOME) for raw in _strings(item.get("homePhones")))
    yield from ((raw, NumberKind.SIP) for raw in _strings(item.get("imAddresses")))


def _person_numbers(item: Json) -> Found:
    for phone in _dicts(item.get("phones")):
        yield str(phone.get("number") or ""), kind_of(str(phone.get("type")))
    yield from ((raw, NumberKind.SIP) for raw in _strings([item.get("imAddress")]))


def _strings(raw: Any) -> Sequence[str]:
    return [entry for entry in raw if isinstance(entry, str)] if isinstance(raw, list) else []


def _dicts(raw: Any) -> Sequence[Json]:
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
