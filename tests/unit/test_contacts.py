"""Address books of telephones and mail programs, and the people of a calendar."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant import sample
from assistant.core.model import Appointment, Attendee, Contact, NumberKind, PhoneNumber
from assistant.errors import ConfigError
from assistant.services.contacts import load_contacts, merge, people_from

OLD_PHONE = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=
ller;J=C3=BCrgen
TEL;CELL;PREF:0171 3920001
TEL;WORK;FAX:030 23125 001
TEL;WORK:030 23125 002
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gro=DF;Eva
END:VCARD
"""
NEW_PHONE = r"""BEGIN:VCARD
VERSION:4.0
FN:Anna Weber
N:Weber;Anna;;;
NICKNAME:Anni,Anne\, die Große
ORG:Weber\; Söhne;Einkauf
item1.TEL;VALUE=uri;TYPE="cell,voice":tel:+49-30-23125-101
item2.TEL:030 23125 102
item2.X-ABLABEL:Büro
TEL;TYPE=home;PREF=1:030 23125 104
TEL;TYPE=home:030 23125 103
IMPP:sip:anna@weber.example
IMPP:xmpp:anna@weber.example
EMAIL;TYPE=work:Anna@Weber.example
X-PHONETIC-FIRST-NAME:Ana
NOTE:a very
  long note
END:VCARD
"""
GOOGLE = """\
First Name,Last Name,Nickname,Organization Name,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value
Anna,Weber,Anni,Northbridge,anna@weber.example,Mobile,+44 20 7946 0101
Ben,Carter,,,,Work,020 7946 0102 ::: 020 7946 0103
"""
OUTLOOK_DE = """\
Vorname;Nachname;Firma;E-Mail-Adresse;Telefon geschäftlich;Mobiltelefon;Fax
Jörg;Groß;Groß & Sohn;j@gross.example;030 23125 555;030 23125 556;030 1
"""


def load(
    folder: Path, text: str, region: str = "DE", name: str = "x.vcf", encoding: str = "utf-8"
) -> tuple[dict[str, Contact], tuple[str, ...]]:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    loaded = load_contacts(file, region)
    return {contact.name: contact for contact in loaded.contacts}, loaded.problems


def uris(contact: Contact) -> list[tuple[str, str]]:
    return [(number.kind.value, number.uri) for number in contact.numbers]


def test_an_old_telephone(tmp_path: Path) -> None:
    people, problems = load(tmp_path, OLD_PHONE)
    assert problems == ()
    assert people["Eva Groß"].numbers == ()
    assert uris(people["Jürgen Müller"]) == [
        ("mobile", "tel:+491713920001"),
        ("work", "tel:+493023125002"),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_new_telephone(tmp_path: Path, ending: str) -> None:
    people, problems = load(tmp_path, NEW_PHONE.replace("\n", ending))
    anna = people["Anna Weber"]
    assert problems == ()
    assert (anna.given, anna.family, anna.organisation) == ("Anna", "Weber", "Weber; Söhne")
    assert anna.nicknames == ("Anni", "Anne, die Große")
    assert (anna.emails, anna.say_like) == (("anna@weber.example",), "Ana Weber")
    assert uris(anna) == [
        ("mobile", "tel:+493023125101"),
        ("work", "tel:+493023125102"),
        ("home", "tel:+493023125104"),
        ("home", "tel:+493023125103"),
        ("sip", "sip:anna@weber.example"),
    ]


def test_good_cards_survive_broken_ones(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nTEL:1\nEND:VCARD\n" + NEW_PHONE + "BEGIN:VCARD\nFN:Cut\nTEL:030"
    people, problems = load(tmp_path, text.replace("030 23125 102", "ask Ben"))
    assert list(people) == ["Anna Weber"]
    assert [p.partition(":")[0] for p in problems] == [
        "card 1 has no name",
        "Anna Weber",
        "card 3 is cut off",
    ]


def test_tables(tmp_path: Path) -> None:
    people, problems = load(tmp_path, GOOGLE, "GB", "google.csv")
    assert problems == ()
    assert uris(people["Anna Weber"]) == [("mobile", "tel:+442079460101")]
    assert people["Anna Weber"].nicknames == ("Anni",)
    assert uris(people["Ben Carter"]) == [
        ("work", "tel:+442079460102"),
        ("work", "tel:+442079460103"),
    ]
    people, _ = load(tmp_path, OUTLOOK_DE, "DE", "outlook.csv", "cp1252")
    assert uris(people["Jörg Groß"]) == [
        ("mobile", "tel:+493023125556"),
        ("work", "tel:+493023125555"),
    ]
    assert people["Jörg Groß"].organisation == "Groß & Sohn"


@pytest.mark.parametrize("text", ["", "\0\0\0", "hello", "a,b\n1,2\n", "BEGIN:VCARD\nEND:VCARD\n"])
def test_a_file_without_people_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"x\.vcf: contacts: .+give the path"):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_contacts(tmp_path / "none.vcf", "GB")


def person(name: str, email: str = "", number: str = "", firm: str = "") -> Contact:
    numbers = (PhoneNumber(kind=NumberKind.WORK, uri=number),) if number else ()
    return Contact(name=name, emails=(email,) if email else (), numbers=numbers, organisation=firm)


def test_one_person_is_one_contact() -> None:
    merged = merge(
        [
            person("Anna Weber", "a@x.example", "tel:+1"),
            person("anna weber", number="tel:+2"),
            person("Anni Weber", "a@x.example"),
        ]
    )
    assert [contact.name for contact in merged] == ["Anna Weber"]
    assert [number.uri for number in merged[0].numbers] == ["tel:+1", "tel:+2"]


def test_namesakes_and_sharers_of_an_address_stay_apart() -> None:
    merged = merge(
        [
            person("Tom Müller", number="tel:+1", firm="Alpha"),
            person("Tom Müller", number="tel:+2", firm="Beta"),
            person("Ada Sharp", "home@x.example", "tel:+3"),
            person("Bo Field", "home@x.example", "tel:+4"),
        ]
    )
    assert len(merged) == 4


def test_attendees_are_people() -> None:
    start = datetime(2026, 11, 23, 9, tzinfo=UTC)
    attendees = (
        Attendee(name="Weber, Anna (Contoso)", email="anna@x.example"),
        Attendee(name="ben.carter", email="ben.carter@x.example"),
        Attendee(name="info", email="info@x.example"),
        Attendee(name="Room 4 Big", email="r@x.example", is_resource=True),
        Attendee(name="Alex Morgan", email="me@x.example", is_self=True),
    )
    meeting = Appointment(
        uid="1", title="t", start=start, end=start + timedelta(hours=1), attendees=attendees
    )
    people = people_from([meeting, meeting])
    assert [(p.name, p.given, p.family) for p in people] == [
        ("Anna Weber", "Anna", "Weber"),
        ("Ben Carter", "Ben", "Carter"),
    ]
    known = person("Anna Weber", "anna@x.example", "tel:+1")
    assert [p.name for p in merge((known, *people))] == ["Anna Weber", "Ben Carter"]


def test_the_sample_people_can_be_called() -> None:
    loaded = load_contacts(sample.contacts_path(), "GB")
    assert loaded.problems == ()
    assert sum(contact.given == "Anna" for contact in loaded.contacts) == 2
    assert [c.name for c in loaded.contacts if not c.numbers] == ["Robert King"]


def test_hostile_cards_take_no_time(tmp_path: Path) -> None:
    lines = [
        "FN:A B",
        "TEL;" * 20_000,
        "N:" + ";" * 5_000_000,
        "NOTE;ENCODING=QUOTED-PRINTABLE:" + "=\n" * 5_000,
    ]
    begun = time.process_time()
    people, _ = load(tmp_path, "BEGIN:VCARD\n" + "\n".join(lines) + "\nEND:VCARD\n")
    assert list(people) == ["A B"]
    firms = [Contact(name="Reception", organisation=f"Firm {n}") for n in range(20_000)]
    assert len(merge(firms)) == 20_000
    assert time.process_time() - begun < 20


def test_a_table_that_ends_within_a_cell_keeps_what_came_before(tmp_path: Path) -> None:
    text = 'Name,Phone\nAnna Weber,030 23125 101\n"Ben Carter' + "," * 200_000
    people, problems = load(tmp_path, text, "DE", "x.csv")
    assert list(people) == ["Anna Weber"]
    assert problems == ("not a table from here on: field larger than field limit (131072)",)
