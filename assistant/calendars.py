"""The configured calendars as one: back ends by name, several read together.

Neighbours: `services.calendars` holds the back ends, `assembly` builds the car around this.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from assistant.actions.ports import Calendar
from assistant.config import Account
from assistant.core.model import Appointment, CalendarCopy, Span
from assistant.errors import ConfigError
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.vevent import Reader

Clock = Callable[[], datetime]

_EVENT = re.compile(r"BEGIN:VEVENT.*?END:VEVENT", re.DOTALL)
_MAILTO = re.compile(r"mailto:([^\s;:,\"]+@[^\s;:,\"]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every back end wants to know besides its own settings."""

    zone: tzinfo
    clock: Clock
    me: frozenset[str]
    """The driver's addresses, lower case; empty means: find out."""
    market: str


class Together:
    """Several calendars read as one; an entry that is in two of them counts once."""

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


def build_calendar(accounts: Sequence[Account], around: Surroundings) -> Calendar:
    """Raises ConfigError for an unknown back end or a missing setting."""
    built = [_build(account, around) for account in accounts]
    return built[0] if len(built) == 1 else Together(built)


def _build(account: Account, around: Surroundings) -> Calendar:
    try:
        backend = BACKENDS[account.kind]
    except KeyError:
        known = ", ".join(sorted(BACKENDS))
        raise ConfigError("calendars", account.kind, f"is not known; known: {known}") from None
    return backend(account.settings, around)


def _ics(settings: Mapping[str, str], around: Surroundings) -> Calendar:
    """Settings: `path`, `name`."""
    if "path" not in settings:
        raise ConfigError("calendars", "path", "is missing: where is the .ics file?")
    path = Path(settings["path"]).expanduser()
    reader = Reader(
        name=settings.get("name", path.stem),
        zone=around.zone,
        me=around.me or owner(path),
        market=around.market,
    )
    return IcsCalendar(path, reader, around.clock)


BACKENDS: Mapping[str, Callable[[Mapping[str, str], Surroundings], Calendar]] = {"ics": _ics}


def owner(path: Path) -> frozenset[str]:
    """Whose calendar this is, when nobody said: the one address in most of its invitations."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace").replace("\n ", "")
    except OSError:
        return frozenset()
    invitations = [set(map(str.lower, _MAILTO.findall(e))) for e in _EVENT.findall(text)]
    invitations = [addresses for addresses in invitations if addresses]
    counts = Counter(address for addresses in invitations for address in addresses)
    if len(invitations) < 3 or not counts:
        return frozenset()
    address, count = counts.most_common(1)[0]
    return frozenset({address}) if count > 0.6 * len(invitations) else frozenset()
