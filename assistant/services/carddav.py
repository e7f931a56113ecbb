"""CardDAV: an address book on a server, copied into a vCard file that is there without signal.

Neighbours: `dav` speaks the protocol, `contacts` reads the file.

Source: RFC 6352 (CardDAV).
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from assistant.errors import NotFound
from assistant.services.dav import Dav, Entry, find_home
from assistant.services.web import Limits, Web, web_address

A = "{urn:ietf:params:xml:ns:carddav}"


class CardDav:
    """Every address book of one account. `url`: the server, the account or one address book."""

    def __init__(
        self,
        name: str,
        url: str,
        user: str,
        password: str,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.name = name
        self._url = web_address(url, "contacts")
        self._dav = Dav(name, Web(name, user, password, tls, limits))

    def refresh(self, file: Path) -> int:
        """Replace `file` (mode 0600) by what the server has, and say how many cards that is.

        The last good file stays when anything fails. Raises: ServiceError, OSError.
        """
        cards = self._cards()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"{file.name}.new")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
            out.write("".join(cards))
        fresh.replace(file)
        return len(cards)

    def _cards(self) -> list[str]:
        inside = "<d:prop><d:getetag/><a:address-data/></d:prop><a:filter/>"
        cards = []
        for book in self._books():
            listing = self._dav.report(book.url, "a:addressbook-query", inside)
            texts = (entry.text(f"{A}address-data") for entry in listing.entries)
            cards += [f"{text}\n" for text in texts if text]
        return cards

    def _books(self) -> list[Entry]:
        kind = "<d:resourcetype/>"
        here = self._dav.propfind(self._url, kind, 0)
        if here and here[0].is_a(f"{A}addressbook"):
            return [here[0]]
        principal = find_home(self._dav, self._url, "carddav", "<a:addressbook-home-set/>")
        homes = principal.hrefs(f"{A}addressbook-home-set")
        listed = (entry for home in homes for entry in self._dav.propfind(home, kind, 1))
        books = [entry for entry in listed if entry.is_a(f"{A}addressbook")]
        if not books:
            raise NotFound(self.name, "no address book there")
        return books
