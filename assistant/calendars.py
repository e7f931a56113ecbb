"""The configured accounts as one: back ends by name, local copies in front of the remote ones.

Files are read as they are. As soon as one calendar lives elsewhere, all are kept in the mirror
and every question is answered from there; people that an account knows are copied likewise.
Neighbours: `services` holds the back ends, `assembly` builds the car around this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import cast

from assistant.actions.ports import Calendar, WritableCalendar
from assistant.config import Account
from assistant.core.model import CalendarCopy, Span
from assistant.errors import ConfigError, NoCalendar
from assistant.microsoft import MICROSOFT, Connections, is_yes
from assistant.services.addressbooks import AddressBooks, Book
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.order import distinct, in_order
from assistant.services.calendars.source import Source
from assistant.services.calendars.vevent import Reader
from assistant.services.textfile import data_folder
from assistant.services.tokens import read_password
from assistant.services.web import Web
from assistant.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every back end wants to know besides its own settings."""

    zone: tzinfo
    clock: Callable[[], datetime]
    me: frozenset[str]
    """The driver's addresses, lower case; empty means: find out."""
    market: str
    microsoft: Connections = field(default_factory=Connections)

    def reader(self, name: str) -> Reader:
        return Reader(name=name, zone=self.zone, me=self.me, market=self.market)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """What the car reads and, where a back end can, changes."""

    calendar: Calendar
    names: tuple[str, ...] = ()
    """What the driver calls them."""
    writable: Writer | None = None
    mirror: Mirror | None = None
    """The local copy, when there is one: to be started."""
    books: AddressBooks | None = None
    """Copies of address books on servers, when there are any: to be started."""
    microsoft: Connections = field(default_factory=Connections)

    def close(self) -> None:
        """Stop what runs in the background, and every connection; harmless twice."""
        for one in (self.mirror, self.books, self.microsoft):
            if one:
                one.close()


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
            appointments=in_order(
                distinct(a for copy in copies for a in copy.appointments),
                span.start.tzinfo or UTC,
            ),
            as_of=min(copy.as_of for copy in copies),
            problems=tuple(p for copy in copies for p in copy.problems),
        )


def build_calendars(accounts: Sequence[Account], around: Surroundings) -> Calendars:
    """Raises ConfigError for an unknown back end, a missing setting or a missing library."""
    if not accounts:
        return Calendars(calendar=Nothing())
    microsoft = Connections(accounts)
    around = replace(around, microsoft=microsoft)
    built = [_build(account, around) for account in accounts]
    names = tuple(source.name for source in built)
    default = _default(accounts, built)
    people = [book for account in accounts for book in _books(account, around)]
    books = AddressBooks(data_folder(), people, around.market, around.zone) if people else None
    files = [source for source in built if isinstance(source, IcsCalendar)]
    if len(files) == len(built):
        alone = files[0] if len(files) == 1 else Together(files)
        return Calendars(calendar=alone, names=names, books=books)
    mirror = Mirror(data_folder() / "mirror.sqlite", built, around.zone, around.clock)
    homes = {s.name: cast(WritableCalendar, s) for s in built if hasattr(s, "respond")}
    writer = Writer(homes, default, mirror.hurry, around.clock) if homes else None
    return Calendars(
        calendar=mirror,
        names=names,
        writable=writer,
        mirror=mirror,
        books=books,
        microsoft=microsoft,
    )


def _default(accounts: Sequence[Account], built: Sequence[Source]) -> str:
    """The name of the calendar for new entries, "" where none is meant for them."""
    both = list(zip(accounts, built, strict=True))
    can_take = [s.name for a, s in both if hasattr(s, "respond") and _can_create(a)]
    marked = [s.name for a, s in both if is_yes(a.settings, "writable")]
    if len(marked) > 1 or not set(marked) <= set(can_take):
        told = f"must be set on one calendar that can be changed: {', '.join(can_take) or 'none'}"
        raise ConfigError("calendars", "writable", told)
    return next(iter(marked or (can_take if len(can_take) == 1 else ())), "")


def _can_create(account: Account) -> bool:
    return account.kind != "graph" or is_yes(account.settings, "can_change")


def _build(account: Account, around: Surroundings) -> Source:
    try:
        backend, known = BACKENDS[account.kind]
    except KeyError:
        kinds = ", ".join(sorted(BACKENDS))
        raise ConfigError("calendars", account.kind, f"is not known; known: {kinds}") from None
    if unknown := account.settings.keys() - known - COMMON:
        words = f"is not a setting; known: {', '.join(sorted(known | COMMON))}"
        raise ConfigError("calendars", f"{account.kind}.{min(unknown)}", words)
    try:
        return backend(account.settings, around)
    except KeyError as missing:
        raise ConfigError("calendars", f"{account.kind}.{missing.args[0]}", "is missing") from None


def _ics(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`path` of a file, or `url` with optional `user`; `name`."""
    if "url" in settings:
        from assistant.services.calendars.feed import IcsFeed

        name = settings.get("name", "calendar")
        return IcsFeed(settings["url"], around.reader(name), _web(settings, name))
    path = Path(settings["path"]).expanduser()
    return IcsCalendar(path, around.reader(settings.get("name", path.stem)), around.clock)


def _caldav(settings: Mapping[str, str], around: Surroundings) -> Source:
    """`url`, `user`, `name`, `calendar`; the password from the keyring or `password_file`."""
    from assistant.services.calendars.caldav import CalDav

    name, calendar = settings.get("name", "calendar"), settings.get("calendar", "")
    url, web = settings["url"], _web(settings, name, settings["user"])
    return CalDav(url, around.reader(name), web, around.clock, calendar)


def _web(settings: Mapping[str, str], name: str, user: str = "") -> Web:
    """Signed in where a `user` is set; the password as in `read_password`."""
    user = user or settings.get("user", "")
    return Web(name, user, read_password(settings, settings["url"], user) if user else "")


def _graph(settings: Mapping[str, str], around: Surroundings) -> Source:
    from assistant.services.calendars.graph import GraphCalendar, Settings

    return GraphCalendar(
        around.microsoft.connection(settings),
        Settings(
            name=settings.get("name", MICROSOFT),
            addresses=around.me,
            market=around.market,
            calendar_id=settings.get("calendar_id", ""),
            can_change=is_yes(settings, "can_change"),
            can_mail=is_yes(settings, "can_mail"),
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


COMMON = frozenset({"name", "people", "writable"})
"""Settings of every account."""
_PASSWORD = frozenset({"user", "password_file"})
_GRAPH = {"client_id", "tenant", "authority", "graph", "account"}
BACKENDS: Mapping[
    str, tuple[Callable[[Mapping[str, str], Surroundings], Source], frozenset[str]]
] = {
    "ics": (_ics, _PASSWORD | {"path", "url"}),
    "caldav": (_caldav, _PASSWORD | {"url", "calendar"}),
    "graph": (_graph, frozenset({*_GRAPH, "calendar_id", "can_change", "can_mail"})),
    "exchange": (_exchange, _PASSWORD | {"server", "address", "auth"}),
}
"""`[[calendars]] kind` -> what builds it, and its settings besides the common ones."""


def _books(account: Account, around: Surroundings) -> Iterable[Book]:
    """The people of an account: `people = true`, or the address of its CardDAV server."""
    settings = account.settings
    where = settings.get("people", "")
    if not where or where.lower() in ("false", "no"):
        return
    if account.kind == "graph":
        from assistant.services.calendars.graph_people import GraphPeople

        people = GraphPeople(around.microsoft.connection(settings), around.market)
        yield Book(name=settings.get("name", MICROSOFT), cards=people.cards)
        return
    if account.kind == "exchange" or not {"url", "user"} <= settings.keys():
        raise ConfigError("calendars", "people", 'needs kind = "graph", or a url and user')
    from assistant.services.carddav import CardDav

    name = settings.get("name", "calendar")
    place = settings["url"] if is_yes(settings, "people") else where
    yield Book(name=name, cards=CardDav(name, place, _web(settings, name)).cards)
