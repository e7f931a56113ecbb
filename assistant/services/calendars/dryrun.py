"""A calendar that only says what it would change or send; the sample week is one.

Neighbours: `services/calls/dryrun.py` does the same for calls.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from assistant.core.model import Appointment, Response, Span


class DryRunCalendar:
    """A `WritableCalendar` in which nothing happens."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet

    def respond(self, appointment: Appointment, response: Response) -> None:
        self._say(f"answer {appointment.title!r}: {response.value}")

    def create(self, appointment: Appointment) -> None:
        self._say(f"enter {appointment.title!r} at {appointment.start}")

    def move(self, appointment: Appointment, span: Span) -> None:
        self._say(f"move {appointment.title!r} to {span.start}")

    def cancel(self, appointment: Appointment) -> None:
        self._say(f"cancel {appointment.title!r} at {appointment.start}")

    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        del appointment
        self._say(f"write to {', '.join(recipients)}: {text}")

    def _say(self, what: str) -> None:
        if not self._is_quiet:
            print(f"would {what}", file=sys.stderr)
