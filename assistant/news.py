"""What has changed in the calendar, between the thread that finds it and the loop that tells it.

Neighbours: the mirror reports changes, `app` chooses the moment, `actions.news` finds the words.
"""

from __future__ import annotations

import queue

from assistant.assembly import Car
from assistant.calendars import Calendars
from assistant.core.changes import Change, combine, soon
from assistant.core.model import Interpretation
from assistant.errors import SignInNeeded
from assistant.microsoft import MICROSOFT


class News:
    """What the driver changed through roadcall is no news."""

    def __init__(self, car: Car, calendars: Calendars) -> None:
        self._car = car
        self._calendars = calendars
        self._arrivals: queue.SimpleQueue[tuple[Change, ...]] = queue.SimpleQueue()
        self._untold: tuple[Change, ...] = ()
        self._is_signed_out = False

    def notice(self, changes: tuple[Change, ...]) -> None:
        """From the mirror's thread."""
        self._arrivals.put(changes)

    def arrived(self) -> bool:
        """Take in what the mirror found; whether that was anything, so that the day is re-read."""
        is_any = False
        writer = self._calendars.writable
        while not self._arrivals.empty():
            is_any = True
            foreign = [c for c in self._arrivals.get() if not (writer and writer.is_own(c))]
            self._untold = combine(self._untold, foreign)
            self._car.changes = combine(self._car.changes, foreign)
        return is_any

    def untold(self) -> Interpretation | None:
        """The order to tell what matters now; once. None when there is nothing to tell."""
        changes = soon(self._untold, self._car.clock())
        self._untold = ()
        if not changes:
            return None
        return Interpretation(intent="calendar.changes", slots={"changes": changes})

    def signed_out(self) -> SignInNeeded | None:
        """That an account lets us in no more, or soon will not; once until all are well again."""
        statuses = self._calendars.mirror.status() if self._calendars.mirror else ()
        refused = [s.error for s in statuses if isinstance(s.error, SignInNeeded)]
        if self._calendars.microsoft.is_refused:
            refused.append(SignInNeeded(MICROSOFT))
        was_told, self._is_signed_out = self._is_signed_out, bool(refused)
        return refused[0] if refused and not was_told else None
