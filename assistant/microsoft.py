"""The Microsoft accounts of the configuration: one sign-in and one connection for each.

Several `[[calendars]]` of kind `graph` may be of one account; `account` tells several apart.
Neighbours: `calendars` builds what reads through these, `parked` signs in and out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from assistant.config import Account
from assistant.errors import ConfigError
from assistant.services.signin import PUBLIC_CLOUD, Registration, SignIn, Status
from assistant.services.textfile import data_folder
from assistant.services.tokens import TokenStore

if TYPE_CHECKING:
    from assistant.services.calendars.graph_http import GraphHttp

MICROSOFT = "Microsoft 365"


def microsoft_accounts(accounts: Iterable[Account]) -> Mapping[str, Mapping[str, str]]:
    """The settings of each account by its name: those of all its calendars together, so that
    one sign-in agrees to everything that any of them needs."""
    found: dict[str, dict[str, str]] = {}
    for settings in (account.settings for account in accounts if account.kind == "graph"):
        together = found.setdefault(settings.get("account", ""), {})
        together.update({k: v for k, v in settings.items() if not is_yes(together, k)})
    return found


class Connections:
    """To Microsoft Graph, one per account, made when they are first needed."""

    def __init__(self, accounts: Iterable[Account] = ()) -> None:
        self._settings = microsoft_accounts(accounts)
        self._sign_ins: dict[str, SignIn] = {}
        self._made: dict[str, GraphHttp] = {}

    def connection(self, settings: Mapping[str, str]) -> GraphHttp:
        """That of the account of a calendar with these settings. Raises: ConfigError."""
        from assistant.services.calendars.graph_http import GRAPH_URL, GraphHttp

        name = settings.get("account", "")
        if name not in self._made:
            self._sign_ins[name] = build_sign_in(self._settings[name])
            self._made[name] = GraphHttp(self._sign_ins[name], settings.get("graph", GRAPH_URL))
        return self._made[name]

    def statuses(self) -> tuple[Status, ...]:
        return tuple(sign_in.status() for sign_in in self._sign_ins.values())

    @property
    def refused(self) -> tuple[str, SignIn] | None:
        """The first account that is signed out, or will be within minutes, and its name."""
        for name, sign_in in self._sign_ins.items():
            if sign_in.is_refused:
                return name or MICROSOFT, sign_in
        return None

    def close(self) -> None:
        for connection in self._made.values():
            connection.close()
        for sign_in in self._sign_ins.values():
            sign_in.close()


def build_sign_in(settings: Mapping[str, str]) -> SignIn:
    """Asks for the permissions of the features that are switched on. Raises ConfigError."""
    from assistant.services.calendars import graph, graph_people

    can_change = is_yes(settings, "can_change")
    scopes: tuple[str, ...] = graph.CHANGE_SCOPES if can_change else graph.READ_SCOPES
    if is_yes(settings, "can_mail"):
        scopes += graph.MAIL_SCOPES
    if is_yes(settings, "people"):
        scopes += graph_people.CONTACTS_SCOPES + graph_people.PEOPLE_SCOPES
    if not settings.get("client_id"):
        raise ConfigError("calendars", "graph.client_id", "is missing; see docs/microsoft-365.md")
    registration = Registration(
        client_id=settings["client_id"],
        tenant=settings.get("tenant", "organizations"),
        scopes=scopes,
        authority=settings.get("authority", PUBLIC_CLOUD).rstrip("/"),
    )
    return SignIn(registration, TokenStore(_token_file(settings)))


def _token_file(settings: Mapping[str, str]) -> Path:
    account = quote(settings.get("account", ""), safe="@")
    return data_folder() / f"microsoft{'-' if account else ''}{account}.json"


def is_yes(settings: Mapping[str, str], key: str) -> bool:
    return settings.get(key, "").lower() in ("yes", "true", "1")
