"""What has changed in the calendar, between the thread that finds it and the loop that tells it.

Neighbours: the mirror reports changes, `app` chooses the moment, `actions.news` finds the words.
"""

from __future__ import annotations

import queue

from assistant.assembly import Car
from assistant.calendars import Calendars
from assistant.core.changes import Change, combine, soon
from assistant.core.events import DeviceBack, DeviceFailed, Event
from assistant.core.model import Interpretation
from assistant.errors import SignInNeeded


class News:
    """What the driver changed through roadcall is no news."""

    def __init__(self, car: Car, calendars: Calendars) -> None:
        self._car = car
        self._calendars = calendars
        self._arrivals: queue.SimpleQueue[tuple[Change, ...]] = queue.SimpleQueue()
        self._untold: tuple[Change, ...] = ()
        self._is_in_trouble = False
        self._signed_out: SignInNeeded | None = None

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

    def trouble(self) -> Event | None:
        """That an account lets us in no more, or soon will not, or was never read, so that the day
        is not whole; once until all are well again. Who signs in is told that it was enough."""
        statuses = self._calendars.mirror.status() if self._calendars.mirror else ()
        errors = [
            status.error
            for status in statuses
            if status.error and (isinstance(status.error, SignInNeeded) or not status.as_of)
        ]
        if refused := self._calendars.microsoft.refused:
            errors.append(SignInNeeded(refused[0]))
        outs = (error for error in errors if isinstance(error, SignInNeeded))
        was_out, self._signed_out = self._signed_out, next(outs, None)
        was_told, self._is_in_trouble = self._is_in_trouble, bool(errors)
        if was_out and not self._signed_out:
            return DeviceBack(kind="sign_in", device=was_out.values["service"])
        if self._signed_out and not was_out:
            return DeviceFailed(error=self._signed_out)
        return DeviceFailed(error=errors[0]) if errors and not was_told else None
