"""A machine at which somebody signs in to the stand-in for Microsoft's servers."""

from __future__ import annotations

from pathlib import Path

from assistant.services.signin import Registration, SignIn
from assistant.services.tokens import TokenStore
from fakes.authority import Authority

READ = ("Calendars.Read",)


def ignore(*_: str) -> None:
    """A person who needs not be shown anything."""


class Desk:
    """One machine: every `start` is a new start of the program over the same stored tokens."""

    def __init__(self, authority: Authority, file: Path) -> None:
        self._authority = authority
        self._file = file
        self._started: list[SignIn] = []

    def start(self, *scopes: str) -> SignIn:
        registration = Registration(
            client_id="00000000-0000-0000-0000-000000000001",
            scopes=scopes or READ,
            authority=self._authority.url,
        )
        self._started.append(SignIn(registration, TokenStore(self._file)))
        return self._started[-1]

    def close(self) -> None:
        for sign_in in self._started:
            sign_in.close()
