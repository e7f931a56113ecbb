"""CardDAV: the address books of an account, as vCards.

Neighbours: `dav` speaks the protocol, `addressbooks` keeps what comes.

Source: RFC 6352 (CardDAV).
"""

from __future__ import annotations

from assistant.errors import NotFound
from assistant.services.dav import Dav, Entry, find_home
from assistant.services.web import Web, web_address

A = "{urn:ietf:params:xml:ns:carddav}"


class CardDav:
    """Every address book of one account. `url`: the server, the account or one address book."""

    def __init__(self, name: str, url: str, web: Web) -> None:
        self.name = name
        self._url = web_address(url, "contacts")
        self._dav = Dav(name, web)

    def cards(self) -> str:
        """Every card of every address book. Raises: ServiceError."""
        inside = "<d:prop><d:getetag/><a:address-data/></d:prop><a:filter/>"
        cards: list[str] = []
        for book in self._books():
            listing = self._dav.report(book.url, "a:addressbook-query", inside)
            texts = (entry.text(f"{A}address-data") for entry in listing.entries)
            cards += [f"{text}\n" for text in texts if text]
        return "".join(cards)

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
