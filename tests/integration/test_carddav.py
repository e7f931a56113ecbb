"""Address books of Radicale and xandikos, copied into a file that outlives the network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dav_servers import PASSWORD, DavServer, radicale, xandikos
from parts import eventually

from assistant.core.model import Contact, NumberKind, PhoneNumber
from assistant.errors import Unreachable
from assistant.services.addressbooks import AddressBooks, Book
from assistant.services.carddav import CardDav
from assistant.services.vcard import read_vcards, write_vcards
from assistant.services.web import Web

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{1}\r\nN:;{1};;;\r\nTEL;TYPE=CELL:{2}\r\n"
    "END:VCARD\r\n"
)
PEOPLE = {"a": ("Anna Weber & Co", "+44 20 7946 0101"), "b": ("Jürgen Groß", "+49 30 23125 204")}


def fill(server: DavServer) -> str:
    """Makes sure of an address book with two cards, and returns its address."""
    if server.kind == "xandikos":
        book = f"{server.root}anna/contacts/addressbook/"
    else:
        book = f"{server.root}anna/people/"
        body = (
            '<d:mkcol xmlns:d="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>'
            "<d:resourcetype><d:collection/><a:addressbook/></d:resourcetype>"
            "</d:prop></d:set></d:mkcol>"
        )
        assert server.web.request("MKCOL", book, {}, body.encode()).status == 201
    for uid, (name, number) in PEOPLE.items():
        card = CARD.format(uid, name, number).encode()
        answer = server.web.request("PUT", f"{book}{uid}.vcf", {"Content-Type": "text/vcard"}, card)
        assert answer.status in (200, 201, 204)
    return book


def books(folder: Path, server: DavServer, url: str) -> AddressBooks:
    cards = CardDav("My people", url, Web("My people", server.user, PASSWORD)).cards
    book = Book(name="My people", cards=cards)
    return AddressBooks(folder / "private", [book], "GB", ZoneInfo("Europe/London"))


@pytest.mark.parametrize("run", [radicale, xandikos])
def test_people_are_copied_and_kept(
    run: Callable[[Path], AbstractContextManager[DavServer]], tmp_path: Path
) -> None:
    with run(tmp_path) as server:
        for url in (fill(server), server.root):
            fresh = books(tmp_path, server, url)
            fresh.refresh()
            (status,) = fresh.status()
            assert (len(status.loaded.contacts), status.error) == (2, None)
    later = books(tmp_path, server, server.root)
    before = later.people
    later.refresh()
    (status,) = later.status()
    assert isinstance(status.error, Unreachable) and status.as_of
    assert later.people is before
    assert {c.name: [n.uri for n in c.numbers] for c in later.people} == {
        "Anna Weber & Co": ["tel:+442079460101"],
        "Jürgen Groß": ["tel:+493023125204"],
    }
    (file,) = (tmp_path / "private").iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_the_background_goes_on_after_what_nobody_foresaw(
    tmp_path: Path, no_threads_left: None, caplog: pytest.LogCaptureFixture
) -> None:
    del no_threads_left

    def broken() -> str:
        raise RuntimeError("password geheim")

    card = CARD.format("a", "Anna", "+44 20 7946 0101")
    zone = ZoneInfo("Europe/London")
    both = [Book(name="Odd", cards=broken), Book(name="Good", cards=lambda: card)]
    fresh = AddressBooks(tmp_path, both, "GB", zone)
    assert fresh.is_empty
    fresh.start()
    eventually(lambda: fresh.people, "people")
    fresh.close()
    odd, good = fresh.status()
    assert "unexpected RuntimeError in test_carddav.py" in str(odd.error)
    assert good.error is None and [c.name for c in fresh.people] == ["Anna"]
    assert "geheim" not in caplog.text and "RuntimeError" in caplog.text


def test_what_is_kept_is_what_was_read() -> None:
    anna = Contact(
        name="Weber, Anna; Dr.: ",
        given="Anna",
        family="Weber",
        nicknames=("Änni", "Nana"),
        organisation="Groß & Co, Ltd",
        emails=("anna@contoso.com",),
        numbers=(
            PhoneNumber(kind=NumberKind.MOBILE, uri="tel:+491711234567"),
            PhoneNumber(kind=NumberKind.WORK, uri="tel:+49691234567"),
            PhoneNumber(kind=NumberKind.SIP, uri="sip:anna@contoso.com"),
        ),
        say_like="veber",
    )
    (read,) = read_vcards(write_vcards([anna]), "DE")
    assert read == replace(anna, name="Weber, Anna; Dr.:")
