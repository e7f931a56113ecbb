"""What has changed in the calendar, between the thread that finds it and the loop that tells it.

Neighbours: the mirror reports changes, `app` chooses the moment, `actions.news` finds the words.
"""

from __future__ import annotations

import queue
from collections.abc import Callable

from assistant.assembly import Car
from assistant.core.changes import Change, combine, soon
from assistant.core.model import Interpretation


class News:
    """`is_own`: whether the driver made a change through roadcall, and needs not hear of it."""

    def __init__(self, car: Car, is_own: Callable[[Change], bool] = lambda _: False) -> None:
        self._car = car
        self._is_own = is_own
        self._arrivals: queue.SimpleQueue[tuple[Change, ...]] = queue.SimpleQueue()
        self._untold: tuple[Change, ...] = ()

    def notice(self, changes: tuple[Change, ...]) -> None:
        """From the mirror's thread."""
        self._arrivals.put(changes)

    def arrived(self) -> bool:
        """Take in what the mirror found; whether that was anything, so that the day is re-read."""
        is_any = False
        while not self._arrivals.empty():
            is_any = True
            foreign = [c for c in self._arrivals.get() if not self._is_own(c)]
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
