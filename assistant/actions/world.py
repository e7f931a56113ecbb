"""What one turn's action sees of the world, read once and then fixed.

`app` builds a World per Act; actions read it, and place orders through its ports. Neighbours:
`selection` finds whom and what is meant, `telling` turns appointments into words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from assistant.actions.ports import CallLine, SignIns, WritableCalendar
from assistant.core import agenda
from assistant.core.changes import Change
from assistant.core.model import Appointment, CalendarCopy, Contact, Interpretation, Span
from assistant.core.outcome import Action, Context, Outcome
from assistant.core.recent import Recent
from assistant.core.wording import Wording
from assistant.errors import ServiceError

BEHIND = timedelta(days=1)
AHEAD = timedelta(days=15)
"""How much of the calendar is at hand before and after the last midnight: yesterday, today and
two weeks more."""


def in_view(now: datetime) -> Span:
    """What can be known of the calendar; of other days nothing may be said."""
    midnight = agenda.day_span(now.date(), now.tzinfo or UTC).start
    return Span(start=midnight - BEHIND, end=midnight + AHEAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    now: datetime
    """Aware, in the car's zone."""
    calendar: CalendarCopy | ServiceError
    """What is known of the calendar, or why nothing is."""
    people: Sequence[Contact]
    wording: Wording
    market: str = "GB"
    """ISO 3166 alpha-2: default region of telephone numbers."""
    context: Context = field(default_factory=Context)
    lines: Sequence[CallLine] = ()
    """Best first."""
    recent: Recent = field(default_factory=Recent)
    """Earlier calls, of this drive and the ones before."""
    writable: WritableCalendar | None = None
    open_link: Callable[[str], None] | None = None
    """Hands a `geo:` link to the navigation."""
    sign_ins: SignIns | None = None
    travel: timedelta | None = None
    """Travel time to the next place, from config or the navigation."""
    stale_after: timedelta = timedelta(minutes=30)
    changes: Sequence[Change] = ()
    """What has changed in the calendar since the start."""

    @property
    def copy(self) -> CalendarCopy:
        """Raises the ServiceError when the calendar was never read: no answer beats a wrong one."""
        if isinstance(self.calendar, ServiceError):
            raise self.calendar
        return self.calendar

    @property
    def appointments(self) -> tuple[Appointment, ...]:
        return self.copy.appointments

    @property
    def zone(self) -> tzinfo:
        """The car's zone."""
        return self.now.tzinfo or UTC

    @property
    def is_stale(self) -> bool:
        return self.now - self.copy.as_of > self.stale_after


Act = Callable[[World, Interpretation], Outcome]
Carry = Callable[[World, Action], Outcome]
