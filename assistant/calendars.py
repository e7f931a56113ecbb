"""The configured calendars as one: back ends by name, a local copy in front of the remote ones.

Files are read as they are. As soon as one calendar lives elsewhere, all are kept in the mirror
and every question is answered from there. Neighbours: `services.calendars` holds the back ends,
`assembly` builds the car around this.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from assistant.actions.ports import Calendar, WritableCalendar
from assistant.config import Account
from assistant.core.model import Appointment, CalendarCopy, Span
from assistant.errors import ConfigError, NoCalendar
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import Source
from assistant.services.calendars.vevent import Reader
from assistant.services.signin import Registration, SignIn
from assistant.services.tokens import TokenStore, read_password

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every back end wants to know besides its own settings."""

    zone: tzinfo
    clock: Clock
    me: frozenset[str]
    """The driver's addresses, lower case; empty means: find out."""
    market: str

    def reader(self, name: str) -> Reader:
        return Reader(name=name, zone=self.zone, me=self.me, market=self.market)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """What the car reads and, where a back end can, changes."""

    calendar: Calendar
    writable: WritableCalendar | None = None
    mirror: Mirror | None = None
    """The local copy, when there is one: to be started and closed."""


class Nothing:
    """Nothing is set up: questions about the day are refused, not answered with an empty one."""

    def read(self, span: Span) -> CalendarCopy:
        raise NoCalendar("calendar", f"none is set up, nothing is known of {span.start:%d %B}")


class Together:
    """Several files read as one; an entry that is in two of them counts once."""

    def __init__(self, calendars: Sequence[Calendar]) -> None:
        self._calendars = calendars

    def read(self, span: Span) -> CalendarCopy:
        copies = [calendar.read(span) for calendar in self._calendars]
        return CalendarCopy(
            appointments=_once(a for copy in copies for a in copy.appointments),
            as_of=min(copy.as_of for copy in copies),
            problems=tuple(p for copy in copies for p in copy.problems),
        )


def _once(appointments: Iterable[Appointment]) -> tuple[Appointment, ...]:
    distinct = {(a.uid, a.start): a for a in appointments}
    return tuple(distinct.values())


def build_calendars(accounts: Sequence[Account], around: Surroundings) -> Calendars:
    """Raises ConfigError for an unknown back end, a missing setting or a missing library."""
    if not accounts:
        return Calendars(calendar=Nothing())
    built = [_build(account, around) for account in accounts]
    files = [source for source in built if isinstance(source, IcsCalendar)]
    if len(files) == len(built):
        return Calendars(calendar=files[0] if len(files) == 1 else Together(files))
    mirror = Mirror(data_folder() / "mirror.sqlite", built, around.zone, around.clock)
    changers = [s for s in built if not isinstance(s, IcsCalendar) and hasattr(s, "respond")]
    writable: WritableCalendar | None = changers[0] if len(changers) == 1 else None  # type: ignore[assignment]
    return Calendars(calendar=mirror, writable=writable, mirror=mirror)


def _build(account: Account, around: Surroundings) -> Source:
    try:
        backend = BACKENDS[account.kind]
    except KeyError:
        known = ", ".join(sorted(BACKENDS))
        raise ConfigError("calendars", account.kind, f"is not known; known: {known}") from None
    try:
        return backend(account.settings, around)
    except KeyError as missing:
        raise ConfigError("calendars", f"{account.kind}.{missing.args[0]}", "is missing") from None


def _ics(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`path` of a file, or `url` with optional `user`; `name`."""
    if "url" in settings:
        from assistant.services.calendars.feed import IcsFeed

        user = settings.get("user", "")
        password = read_password(settings, settings["url"], user) if user else ""
        reader = around.reader(settings.get("name", "calendar"))
        return IcsFeed(settings["url"], reader, user, password)
    path = Path(settings["path"]).expanduser()
    return IcsCalendar(path, around.reader(settings.get("name", path.stem)), around.clock)


def _caldav(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`url`, `user`, `name`, `calendar`; the password from the keyring or `password_file`."""
    from assistant.services.calendars.caldav import CalDav

    url, user = settings["url"], settings["user"]
    return CalDav(
        url,
        around.reader(settings.get("name", "calendar")),
        user,
        read_password(settings, url, user),
        around.clock,
        settings.get("calendar", ""),
    )


def _graph(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`client_id`, `tenant`, `name`, `calendar_id`, `can_change`, `can_mail` (yes or no)."""
    from assistant.services.calendars.graph import GraphCalendar, Settings
    from assistant.services.calendars.graph_http import GraphHttp

    return GraphCalendar(
        GraphHttp(build_sign_in(settings)),
        Settings(
            name=settings.get("name", "Microsoft 365"),
            addresses=around.me,
            market=around.market,
            calendar_id=settings.get("calendar_id", ""),
            can_change=_is_yes(settings, "can_change"),
            can_mail=_is_yes(settings, "can_mail"),
        ),
    )


def _exchange(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`server`, `user`, `address`, `auth`, `name`; the password as for caldav."""
    from zoneinfo import ZoneInfo

    from assistant.services.calendars.exchange import ExchangeCalendar, Settings

    server, user = settings["server"], settings["user"]
    return ExchangeCalendar(
        Settings(
            name=settings.get("name", "Exchange"),
            server=server,
            user=user,
            password=read_password(settings, server, user),
            address=settings["address"],
            auth=settings.get("auth", "ntlm"),
            zone=ZoneInfo(str(around.zone)),
            market=around.market,
        )
    )


BACKENDS: Mapping[str, Callable[[Mapping[str, str], Surroundings], Source]] = {
    "ics": _ics,
    "caldav": _caldav,
    "graph": _graph,
    "exchange": _exchange,
}
"""`[[calendars]] kind` -> what builds it."""


def build_sign_in(settings: Mapping[str, str]) -> SignIn:
    """The Microsoft account of a `graph` calendar. Raises ConfigError."""
    from assistant.services.calendars.graph import CHANGE_SCOPES, MAIL_SCOPES, READ_SCOPES

    scopes: tuple[str, ...] = CHANGE_SCOPES if _is_yes(settings, "can_change") else READ_SCOPES
    if _is_yes(settings, "can_mail"):
        scopes += MAIL_SCOPES
    registration = Registration(
        client_id=settings["client_id"],
        tenant=settings.get("tenant", "organizations"),
        scopes=scopes,
    )
    return SignIn(registration, TokenStore(data_folder() / "microsoft.json"))


def _is_yes(settings: Mapping[str, str], key: str) -> bool:
    return settings.get(key, "").lower() in ("yes", "true", "1")


def data_folder() -> Path:
    """Where copies and tokens live, readable by the driver alone.

    Source: XDG Base Directory Specification, XDG_DATA_HOME.
    """
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folder = Path(base) / "roadcall"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
