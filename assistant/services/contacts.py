"""Everyone the driver may name: address books and whoever is in the calendar, each once.

Neighbours: `vcard` and `addresscsv` read files, `assembly` puts the people together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.core.model import Appointment, Attendee, Contact, NumberKind
from assistant.errors import ConfigError
from assistant.services.addresscsv import read_csv
from assistant.services.textfile import decode
from assistant.services.vcard import read_vcards

LARGEST_BYTES = 64 * 1024 * 1024

_ORDER = tuple(NumberKind)
_MOST_NAMESAKES = 100
"""Compared with one more of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedContacts:
    contacts: tuple[Contact, ...]
    problems: tuple[str, ...]
    """One line per entry or number that could not be used."""


def load_contacts(path: Path, region: str) -> LoadedContacts:
    """Read a `.vcf` or `.csv` file; broken entries are left out and named.

    `region`: ISO 3166 alpha-2, completes national numbers.

    Raises: ConfigError when the file is missing or holds no contact at all.
    """
    text = _read(path)
    is_vcard = re.search(r"^BEGIN:VCARD", text, re.MULTILINE | re.IGNORECASE) is not None
    read = list(read_vcards(text, region) if is_vcard else read_csv(text, region))
    contacts = [found for found in read if isinstance(found, Contact)]
    problems = tuple(found for found in read if isinstance(found, str))
    if not contacts:
        raise _unusable(path, problems[0] if problems else "no contacts in it")
    return LoadedContacts(contacts=merge(contacts), problems=problems)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _unusable(path, f"larger than {LARGEST_BYTES // 2**20} MiB")
        return decode(path.read_bytes())
    except OSError as error:
        raise _unusable(path, error.strerror or "cannot be read") from error


def _unusable(path: Path, problem: str) -> ConfigError:
    return ConfigError(str(path), "contacts", f"{problem}; give the path of a .vcf or .csv file")


def people_from(appointments: Iterable[Appointment]) -> tuple[Contact, ...]:
    """Attendees as contacts without a number; rooms and the driver are left out."""
    met = {attendee: None for a in appointments for attendee in a.others}
    return merge(contact for attendee in met if (contact := _person(attendee)))


def _person(attendee: Attendee) -> Contact | None:
    """`Weber, Anna (Contoso)` and `anna.weber@…` are Anna Weber; `info@…` is nobody."""
    name = re.sub(r"\s*[(\[|/].*$", "", attendee.name).strip()
    family, comma, given = name.partition(",")
    if comma:
        name = f"{given.strip()} {family.strip()}"
    elif re.fullmatch(r"[^\W\d_]+(?:[._-][^\W\d_]+)+", name):
        name = " ".join(part.capitalize() for part in re.split(r"[._]", name))
    if " " not in name:
        return None
    given, _, family = name.partition(" ")
    return Contact(
        name=name, given=given, family=family, emails=(attendee.email,) if attendee.email else ()
    )


def merge(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """One contact per person, in the order of first mention.

    Two entries are one person when they share an e-mail address, or a name and nothing speaks
    against it: two people called Thomas Müller at two firms stay two.
    """
    merged: list[Contact] = []
    by_email: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for contact in contacts:
        place = _same(contact, merged, by_email, by_name)
        if place is None:
            place = len(merged)
            merged.append(contact)
            by_name.setdefault(_key(contact), []).append(place)
        else:
            merged[place] = _join(merged[place], contact)
        by_email.update(dict.fromkeys(contact.emails, place))
    return tuple(merged)


def _key(contact: Contact) -> str:
    return " ".join(contact.name.casefold().split())


def _same(
    contact: Contact,
    merged: list[Contact],
    by_email: dict[str, int],
    by_name: dict[str, list[int]],
) -> int | None:
    for email in contact.emails:
        place = by_email.get(email)
        if place is not None and _may_be_one(merged[place], contact):
            return place
    namesakes = by_name.get(_key(contact), [])[:_MOST_NAMESAKES]
    return next((at for at in namesakes if not _differ(merged[at], contact)), None)


def _may_be_one(one: Contact, other: Contact) -> bool:
    """A shared address is one person unless it is a family's or an office's."""
    words = set(_key(one).split()) & set(_key(other).split())
    return bool(words) or not (one.numbers and other.numbers)


def _differ(one: Contact, other: Contact) -> bool:
    numbers = {number.uri for number in one.numbers} & {number.uri for number in other.numbers}
    firms = {one.organisation.casefold(), other.organisation.casefold()} - {""}
    return len(firms) == 2 and not numbers


def _join(one: Contact, other: Contact) -> Contact:
    known = {number.uri for number in one.numbers}
    numbers = [*one.numbers, *(number for number in other.numbers if number.uri not in known)]
    return replace(
        one,
        given=one.given or other.given,
        family=one.family or other.family,
        nicknames=tuple(dict.fromkeys((*one.nicknames, *other.nicknames))),
        organisation=one.organisation or other.organisation,
        emails=tuple(dict.fromkeys((*one.emails, *other.emails))),
        numbers=tuple(sorted(numbers, key=lambda n: _ORDER.index(n.kind))),
        say_like=one.say_like or other.say_like,
    )
