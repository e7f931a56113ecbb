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


class News:
    """What the driver changed through roadcall is no news."""

    def __init__(self, car: Car, calendars: Calendars) -> None:
        self._car = car
        self._calendars = calendars
        self._arrivals: queue.SimpleQueue[tuple[Change, ...]] = queue.SimpleQueue()
        self._untold: tuple[Change, ...] = ()
        self._signed_out: frozenset[str] = frozenset()

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
        """The refusal of an account that still let us in the last time; told once."""
        statuses = self._calendars.mirror.status() if self._calendars.mirror else ()
        refused = {s.name: s.error for s in statuses if isinstance(s.error, SignInNeeded)}
        fresh = [error for name, error in refused.items() if name not in self._signed_out]
        self._signed_out = frozenset(refused)
        return next(iter(fresh), None)
