"""Changes go where an appointment lives; new entries into the one calendar that is meant for them.

Neighbours: `calendars` builds this over the back ends, the mirror is told to look again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from assistant.actions.ports import WritableCalendar
from assistant.core.changes import Change
from assistant.core.model import Appointment, Response, Span
from assistant.errors import Refused

ECHO = timedelta(minutes=5)
"""How long a change may take to come back from the server, where it is no news to the driver."""


class Writer:
    """A `WritableCalendar` over several. `default`: the name of the one for new entries."""

    def __init__(
        self,
        homes: Mapping[str, WritableCalendar],
        default: str,
        hurry: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        """`hurry` asks for a calendar to be read again, by its name."""
        self._homes = homes
        self._default = default
        self._hurry = hurry
        self._clock = clock
        self._own: dict[tuple[object, ...], datetime] = {}

    def respond(self, appointment: Appointment, response: Response) -> None:
        self._home(appointment).respond(appointment, response)
        self._changed(appointment.calendar, appointment.uid)

    def move(self, appointment: Appointment, span: Span) -> None:
        self._home(appointment).move(appointment, span)
        self._changed(appointment.calendar, appointment.uid)

    def cancel(self, appointment: Appointment) -> None:
        self._home(appointment).cancel(appointment)
        self._changed(appointment.calendar, appointment.uid)

    def create(self, appointment: Appointment) -> None:
        if not self._default:
            names = ", ".join(sorted(self._homes))
            raise Refused("calendar", f"set `writable = true` on one of {names} for new entries")
        self._homes[self._default].create(appointment)
        self._changed(self._default, appointment.title, appointment.start)

    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        self._home(appointment).notify(appointment, recipients, text)

    def is_own(self, change: Change) -> bool:
        """Whether this is what the driver has just changed through roadcall."""
        one = change.appointment
        keys = (one.calendar, one.uid), (one.calendar, one.title, one.start)
        since = self._clock() - ECHO
        return any(self._own.get(key, since) > since for key in keys)

    def _home(self, appointment: Appointment) -> WritableCalendar:
        name = appointment.calendar or self._default
        try:
            return self._homes[name]
        except KeyError:
            raise Refused(name or "calendar", "this calendar can only be read") from None

    def _changed(self, calendar: str, *which: object) -> None:
        self._own[calendar, *which] = self._clock()
        self._hurry(calendar)
