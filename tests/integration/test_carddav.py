"""Address books of Radicale and xandikos, copied into a file that outlives the network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from dav_servers import PASSWORD, DavServer, radicale, xandikos

from assistant.errors import Unreachable
from assistant.services.carddav import CardDav
from assistant.services.contacts import load_contacts

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


@pytest.mark.parametrize("run", [radicale, xandikos])
def test_people_are_copied_and_kept(
    run: Callable[[Path], AbstractContextManager[DavServer]], tmp_path: Path
) -> None:
    file = tmp_path / "private" / "people.vcf"
    with run(tmp_path) as server:
        for url in (fill(server), server.root):
            assert CardDav("People", url, server.user, PASSWORD).refresh(file) == 2
    with pytest.raises(Unreachable):
        CardDav("People", server.root, server.user, PASSWORD).refresh(file)
    loaded = load_contacts(file, "GB")
    assert file.stat().st_mode & 0o077 == 0
    assert {c.name: [n.uri for n in c.numbers] for c in loaded.contacts} == {
        "Anna Weber & Co": ["tel:+442079460101"],
        "Jürgen Groß": ["tel:+493023125204"],
    }
