"""How each account stands, for `roadcall check`: what was copied, when, and the way out of trouble.

Neighbours: `check` prints this, the mirror and the address books know it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.commands import Session
from assistant.core import agenda
from assistant.core.model import Appointment
from assistant.errors import (
    BrokenAnswer,
    NotFound,
    RateLimited,
    Refused,
    ServiceError,
    SignInNeeded,
    TooSlow,
    Unreachable,
)

WAY_OUT: Mapping[type[ServiceError], str] = {
    Unreachable: "check the network and the address; it is asked again by itself",
    TooSlow: "it is asked again by itself",
    RateLimited: "it is asked again by itself",
    SignInNeeded: "Microsoft 365: `roadcall login`; else check user and app password",
    Refused: "the account may not do this: check its rights and those of the app password",
    NotFound: "check the address and the name of the calendar",
    BrokenAnswer: "a login page of this network, or no calendar at this address:"
    " open it in a browser",
}
MOST_PROBLEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One account."""

    is_fine: bool
    says: str


def standings(session: Session) -> Iterator[Standing]:
    """A line per calendar, address book and sign-in; every server is asked first."""
    mirror, books = session.calendars.mirror, session.calendars.books
    if mirror:
        mirror.sync()
        session.car.refresh()
        for status in mirror.status():
            own = [a for a in session.car.copy.appointments if a.calendar == status.name]
            contents = f", {_contents(session, own)}" if status.as_of else ""
            says = f"{status.name}: {_age(status.as_of)}{contents}"
            yield _standing(says, status.problems, status.error)
    elif not session.car.trouble:
        for name in dict.fromkeys(a.calendar for a in session.car.copy.appointments):
            own = [a for a in session.car.copy.appointments if a.calendar == name]
            yield Standing(is_fine=True, says=f"{name}: {_contents(session, own)}")
    if books:
        books.refresh()
        for book in books.status():
            says = f"{book.name}: people {_age(book.as_of)}, {len(book.loaded.contacts)} of them"
            yield _standing(says, book.loaded.problems, book.error)
    yield from _sign_ins(session)


def _contents(session: Session, own: Sequence[Appointment]) -> str:
    people = {attendee.email or attendee.name for a in own for attendee in a.others}
    zones = sorted({a.zone for a in own} - {""})
    following = agenda.outlook(own, session.clock()).next
    parts = [f"{len(own)} appointments, {len(people)} people in them"]
    if zones:
        parts.append(f"zones {', '.join(zones)}")
    parts.append(f"next {_next(session, following[0])}" if following else "nothing ahead")
    return ", ".join(parts)


def _next(session: Session, appointment: Appointment) -> str:
    start = appointment.span.start.astimezone(session.zone)
    return f"{session.car.wording.title(appointment)} {start:%a %H:%M}"


def _age(as_of: datetime | None) -> str:
    return f"as of {as_of:%a %H:%M}" if as_of else "never read"


def _standing(says: str, problems: Sequence[str], error: ServiceError | None) -> Standing:
    parts = [says, *problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        parts.append(f"and {len(problems) - MOST_PROBLEMS} more entries left out")
    if error:
        parts.append(f"{error} ({WAY_OUT.get(type(error), 'it is asked again by itself')})")
    return Standing(is_fine=len(parts) == 1, says="; ".join(parts))


def _sign_ins(session: Session) -> Iterator[Standing]:
    for status in session.calendars.microsoft.statuses():
        who = f"signed in as {status.account}" if status.account else "nobody is signed in"
        warnings = status.warnings if status.account else ("run `roadcall login`",)
        yield Standing(is_fine=not warnings, says="; ".join((who, *warnings)))
