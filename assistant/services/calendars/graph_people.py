"""The driver's address book in Microsoft 365, and the people Microsoft thinks matter to them.

Neighbours: `graph_http` carries the requests; the address book merges what is found here with
other sources and keeps it.

Source: Microsoft Graph v1.0 reference, resource types contact and person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assistant.core.dialing import parse_target
from assistant.core.model import Contact, NumberKind, PhoneNumber
from assistant.errors import BrokenAnswer, UnsafeTarget
from assistant.services.calendars.graph_http import SERVICE, Ask, Budget, GraphHttp
from assistant.services.calendars.graph_json import Json

CONTACTS_SCOPES = ("Contacts.Read",)
PEOPLE_SCOPES = ("People.Read",)

_CONTACT_PROPERTIES = (
    "displayName,givenName,surname,nickName,companyName,emailAddresses,"
    "mobilePhone,businessPhones,homePhones,imAddresses"
)
_PERSON_PROPERTIES = (
    "displayName,givenName,surname,companyName,scoredEmailAddresses,phones,imAddress,personType"
)
_PHONE_KINDS = {
    "mobile": NumberKind.MOBILE,
    "business": NumberKind.WORK,
    "home": NumberKind.HOME,
    "other": NumberKind.OTHER,
}
"""Fax machines, pagers and assistants are not the person."""
_ORDER = tuple(NumberKind)


class GraphPeople:
    """Reads whole lists; slow, so whoever asks keeps the answer."""

    def __init__(self, http: GraphHttp, market: str) -> None:
        """`market`: ISO 3166 alpha-2; completes national telephone numbers."""
        self._http = http
        self._market = market

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

    def _read(self, item: Json, numbers: Iterable[tuple[NumberKind, str]]) -> Contact:
        return Contact(
            name=str(item["displayName"]),
            given=str(item.get("givenName") or ""),
            family=str(item.get("surname") or ""),
            nicknames=(str(item["nickName"]),) if item.get("nickName") else (),
            organisation=str(item.get("companyName") or ""),
            emails=tuple(_addresses(item)),
            numbers=self._numbers(numbers),
        )

    def _numbers(self, found: Iterable[tuple[NumberKind, str]]) -> tuple[PhoneNumber, ...]:
        """In the order of preference; what cannot be dialled is left out."""
        numbers: dict[str, PhoneNumber] = {}
        for kind, raw in found:
            try:
                target = parse_target(raw, self._market)
            except UnsafeTarget:
                continue
            numbers.setdefault(target.uri, PhoneNumber(kind=kind, uri=target.uri))
        return tuple(sorted(numbers.values(), key=lambda number: _ORDER.index(number.kind)))


def _is_person(item: Json) -> bool:
    kind = item.get("personType")
    return not isinstance(kind, Mapping) or kind.get("class") in (None, "Person")


def _addresses(item: Json) -> list[str]:
    entries = _dicts(item.get("emailAddresses")) or _dicts(item.get("scoredEmailAddresses"))
    return [str(entry["address"]) for entry in entries if entry.get("address")]


def _contact_numbers(item: Json) -> Iterator[tuple[NumberKind, str]]:
    yield from ((NumberKind.MOBILE, raw) for raw in _strings([item.get("mobilePhone")]))
    yield from ((NumberKind.WORK, raw) for raw in _strings(item.get("businessPhones")))
    yield from ((NumberKind.HOME, raw) for raw in _strings(item.get("homePhones")))
    yield from _sip_addresses(item.get("imAddresses"))


def _person_numbers(item: Json) -> Iterator[tuple[NumberKind, str]]:
    for phone in _dicts(item.get("phones")):
        if (kind := _PHONE_KINDS.get(str(phone.get("type")))) and phone.get("number"):
            yield kind, str(phone["number"])
    yield from _sip_addresses([item.get("imAddress")])


def _sip_addresses(raw: Any) -> Iterator[tuple[NumberKind, str]]:
    return ((NumberKind.SIP, entry) for entry in _strings(raw) if entry.startswith("sip:"))


def _strings(raw: Any) -> Sequence[str]:
    return [entry for entry in raw if isinstance(entry, str)] if isinstance(raw, list) else []


def _dicts(raw: Any) -> Sequence[Json]:
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
