"""Address books on servers, copied: everybody can be named and called without signal.

One thread asks every server from time to time; what it brings replaces the copy, a file that
only the driver can read. A server that fails keeps its last good copy. Neighbours: `carddav` and
`graph_people` ask the servers, `contacts` reads the copies.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from urllib.parse import quote

from assistant.core.model import Contact
from assistant.errors import BrokenAnswer, ConfigError, ServiceError
from assistant.services.contacts import LoadedContacts, load_contacts
from assistant.services.textfile import write_private

EVERY_S = 3_600.0
RETRY_S = 300.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What one account knows of people."""

    name: str
    """What the driver calls the account."""
    cards: Callable[[], str]
    """Everybody in it, as vCards. Raises: ServiceError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookStatus:
    """How one address book stands, for `roadcall check`."""

    name: str
    loaded: LoadedContacts
    as_of: datetime | None
    """Last successful copy; None when there was none yet."""
    error: ServiceError | None
    """Why the last one failed; None when it did not."""


class AddressBooks:
    """`region`: ISO 3166 alpha-2, completes national numbers."""

    def __init__(self, folder: Path, books: Sequence[Book], region: str, zone: tzinfo) -> None:
        self._files = {b.name: folder / f"people-{quote(b.name, safe='')}.vcf" for b in books}
        self._books = tuple(books)
        self._region = region
        self._zone = zone
        self._errors: dict[str, ServiceError] = {}
        self._loaded = {name: self._load(file) for name, file in self._files.items()}
        self.people = self._everybody()
        """The same tuple as long as nothing has changed."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever copied."""
        return not any(file.exists() for file in self._files.values())

    def start(self) -> None:
        """Keep the copies fresh in the background."""
        self._thread = threading.Thread(target=self._run, name="address-books", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Harmless twice."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)

    def refresh(self) -> None:
        """Ask every server now; failures are kept for `status`."""
        for book in self._books:
            if not self._stop.is_set():
                self._refresh_one(book)
        people = self._everybody()
        if people != self.people:
            self.people = people

    def status(self) -> tuple[BookStatus, ...]:
        return tuple(
            BookStatus(
                name=name,
                loaded=self._loaded[name],
                as_of=datetime.fromtimestamp(file.stat().st_mtime, self._zone)
                if file.exists()
                else None,
                error=self._errors.get(name),
            )
            for name, file in self._files.items()
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            self.refresh()
            self._stop.wait(RETRY_S if self._errors else EVERY_S)

    def _refresh_one(self, book: Book) -> None:
        try:
            write_private(self._files[book.name], book.cards())
        except ServiceError as error:
            self._errors[book.name] = error
            return
        except Exception as error:  # foreign data: none may end the thread
            self._errors[book.name] = BrokenAnswer.unexpected(book.name, error)
            log.warning("%s", self._errors[book.name])
            return
        self._errors.pop(book.name, None)
        self._loaded[book.name] = self._load(self._files[book.name])

    def _load(self, file: Path) -> LoadedContacts:
        """An address book may be empty, and is before its first copy."""
        try:
            return load_contacts(file, self._region)
        except ConfigError:
            return LoadedContacts(contacts=(), problems=())

    def _everybody(self) -> tuple[Contact, ...]:
        return tuple(one for loaded in self._loaded.values() for one in loaded.contacts)
