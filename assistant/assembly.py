"""Builds the objects of one car from its settings: language, calendar, people, lines, dialogue.

Nothing runs here yet: `door` plays turns with the result, `app` drives it live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from assistant.actions.ports import Calendar, CallLine, SignIns, WritableCalendar
from assistant.actions.world import World, in_view
from assistant.calendars import Calendars
from assistant.config import Account, Config
from assistant.core import locales
from assistant.core.callers import introduced
from assistant.core.changes import Change
from assistant.core.dialog import Dialog
from assistant.core.events import Event, Scope
from assistant.core.locales import Locale
from assistant.core.match import Matcher
from assistant.core.model import CalendarCopy, Contact, Interpretation
from assistant.core.outcome import Context
from assistant.core.recent import Recent
from assistant.core.slots import Vocabulary, build_vocabulary, likeliest
from assistant.core.wording import Wording
from assistant.errors import ConfigError, ServiceError
from assistant.services import calls
from assistant.services.addressbooks import AddressBooks
from assistant.services.contacts import load_contacts as read_contacts
from assistant.services.contacts import merge, people_from
from assistant.services.recents import FILE as RECENT_FILE
from assistant.services.recents import load_recent
from assistant.services.textfile import data_folder
from assistant.services.tokens import read_password

MOST_HEARD = 3000
"""People who can be heard by name; all others can be typed. With 20,000 names a new grammar would
take 6 s and half a gigabyte, and too many of them sound alike."""

_SYSTEM_ZONE = Path("/etc/localtime")


@dataclass(slots=True, kw_only=True)
class Car:
    """One driver's assistant, without ears and voice."""

    config: Config
    locale: Locale
    wording: Wording
    clock: Callable[[], datetime]
    calendar: Calendar
    writable: WritableCalendar | None
    calendar_names: tuple[str, ...]
    lines: tuple[CallLine, ...]
    address_book: tuple[Contact, ...]
    """Of files on this machine."""
    recent: Recent = field(default_factory=Recent)
    """Earlier calls."""
    books: AddressBooks | None = None
    sign_ins: SignIns | None = None
    """For `drive`."""
    open_link: Callable[[str], None] | None = None
    """Hands a `geo:` link to the navigation, where something is there to do so."""
    copy: CalendarCopy = field(init=False)
    """The last one that could be read; empty before the first."""
    changes: tuple[Change, ...] = ()
    """Of the calendar, since the start; see `news`."""
    trouble: ServiceError | None = None
    """Why the calendar was never read yet."""
    _remote: tuple[Contact, ...] = field(init=False)
    """What the address books on servers held at the last refresh."""
    people: tuple[Contact, ...] = field(init=False)
    vocabulary: Vocabulary = field(init=False)
    heard: Vocabulary = field(init=False)
    """What of it can be said aloud: see MOST_HEARD."""
    _matcher: Matcher | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Take today's names and titles from the copies; cheap when nothing changed."""
        before = (self.copy.appointments, self._remote) if hasattr(self, "copy") else None
        self.copy = self._read()
        self._remote = self.books.people if self.books else ()
        if before == (self.copy.appointments, self._remote):
            return
        met = people_from(self.copy.appointments)
        self.people = merge((*self.address_book, *self._remote, *met))
        self.vocabulary = self._vocabulary(self.people)
        heard = likeliest(self.people, self.copy.appointments, MOST_HEARD)
        is_whole = len(heard) == len(self.people)
        self.heard = self.vocabulary if is_whole else self._vocabulary(heard)

    def _vocabulary(self, people: Sequence[Contact]) -> Vocabulary:
        return build_vocabulary(self.locale, people, self.copy.appointments, self.calendar_names)

    def _read(self) -> CalendarCopy:
        now = self.clock()
        try:
            copy = self.calendar.read(in_view(now))
        except ServiceError as error:
            self.trouble = error
            return CalendarCopy(appointments=(), as_of=now)
        self.trouble = None
        return copy

    def introduce(self, event: Event) -> Event:
        """What a call line reports, with the caller's name from the address book."""
        return introduced(event, self.people, self.locale.market)

    def new_dialog(self) -> Dialog:
        return Dialog(self.wording)

    def interpret(
        self,
        text: str,
        scope: Scope,
        choices: Sequence[str],
        now: datetime,
        is_spoken: bool = False,
    ) -> tuple[Interpretation, ...]:
        return self.matcher().interpret(
            text, now=now, scope=scope, choices=choices, is_spoken=is_spoken
        )

    def read_speech(
        self, text: str, scope: Scope, choices: Sequence[str]
    ) -> tuple[Interpretation, ...]:
        """What a sentence that was heard just now may mean, best first."""
        return self.interpret(text, scope, choices, self.clock(), is_spoken=True)

    def matcher(self) -> Matcher:
        """Understands sentences with today's names; made when it is first wanted."""
        matcher = self._matcher
        if matcher is None or matcher.vocabulary is not self.vocabulary:
            matcher = self._matcher = Matcher(self.locale, self.vocabulary)
        return matcher

    def world(self, context: Context) -> World:
        """What an action may see and use right now."""
        minutes = self.config.travel_minutes
        return World(
            now=self.clock(),
            calendar=self.trouble or self.copy,
            people=self.people,
            wording=self.wording,
            market=self.locale.market,
            context=context,
            lines=self.lines,
            recent=self.recent,
            writable=self.writable,
            open_link=self.open_link,
            travel=timedelta(minutes=minutes) if minutes else None,
            stale_after=timedelta(minutes=self.config.stale_minutes),
            sign_ins=self.sign_ins,
            changes=self.changes,
        )


def build_locale(tag_or_path: str) -> Locale:
    """A locale of the product by its tag, or any file of the same shape by its path.

    Raises: ConfigError.
    """
    path = Path(tag_or_path)
    if path.suffix == ".toml":
        try:
            return locales.parse(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(str(path), "locale", f"cannot be read: {error}") from error
    folder = resources.files("assistant") / "locales"
    file = folder / f"{tag_or_path}.toml"
    if not file.is_file():
        tags = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
        raise ConfigError("locale", tag_or_path, f"is not known; known: {', '.join(tags)}")
    return locales.parse(file.read_text(encoding="utf-8"), file.name)


def build_car(
    config: Config,
    locale: Locale,
    calendars: Calendars,
    *,
    clock: Callable[[], datetime],
    post: Callable[[Event], None],
) -> Car:
    """Put a car together. Raises: ConfigError."""
    wording = Wording(locale.tag, locale.replies, locale.phrases, locale.errors)
    book, _ = load_contacts(config.contacts, locale.market)
    car = Car(
        config=config,
        locale=locale,
        wording=wording,
        clock=clock,
        calendar=calendars.calendar,
        writable=calendars.writable,
        calendar_names=calendars.names,
        lines=(),
        recent=build_recent(config.lines),
        address_book=book,
        books=calendars.books,
    )
    introduce = car.introduce  # a line may report at once, so the lines come last
    lines = build_lines(config.lines, locale.market, lambda event: post(introduce(event)))
    car.lines = tuple(lines)
    return car


def load_contacts(paths: Iterable[str], market: str) -> tuple[tuple[Contact, ...], tuple[str, ...]]:
    """Everybody in the address books, and a line per entry that had to be left out."""
    people: list[Contact] = []
    problems: list[str] = []
    for path in paths:
        loaded = read_contacts(Path(path), market)
        people.extend(loaded.contacts)
        problems.extend(loaded.problems)
    return tuple(people), tuple(problems)


def build_lines(
    accounts: Iterable[Account], market: str, post: Callable[[Event], None]
) -> Iterable[CallLine]:
    for account in accounts:
        try:
            backend = calls.BACKENDS[account.kind]
        except KeyError:
            known = ", ".join(sorted(calls.BACKENDS))
            raise ConfigError("lines", account.kind, f"is not known; known: {known}") from None
        yield backend(_line_settings(account, market), post)


def build_recent(accounts: Iterable[Account]) -> Recent:
    """Earlier calls; calls that are only printed leave no file behind."""
    is_real = any(account.kind != "dryrun" for account in accounts)
    return load_recent(data_folder() / RECENT_FILE) if is_real else Recent()


def _line_settings(account: Account, market: str) -> Mapping[str, str]:
    """Those of the table, the country of national numbers, the password of a line that signs in."""
    settings = {"country": market, **account.settings}
    address = settings.get("account", "").removeprefix("sips:").removeprefix("sip:")
    if address and "password" not in settings and settings.get("register") != "no":
        user, _, domain = address.partition("@")
        settings["password"] = read_password(settings, domain, settings.get("login", user))
    settings.pop("password_file", None)
    return settings


def build_zone(name: str) -> tzinfo:
    """The car's zone; the system's when none is set."""
    if name:
        return ZoneInfo(name)
    target = str(_SYSTEM_ZONE.resolve())
    _, marker, key = target.partition("zoneinfo/")
    return ZoneInfo(key) if marker else ZoneInfo("UTC")
