"""Somebody who uses the stand-in mailbox: tokens without a sign-in, and a memory of syncs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from assistant.core.model import Appointment, Span
from assistant.services.calendars.graph import GraphCalendar, Settings
from assistant.services.calendars.graph_http import GraphHttp
from fakes.graph import GraphMailbox
from fakes.loopback import Answer

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WINDOW = Span(start=NOW - timedelta(days=1), end=NOW + timedelta(days=15))
BERLIN = ZoneInfo("Europe/Berlin")
HTML = Answer(
    body=b"<!DOCTYPE html><title>Hotel Wi-Fi</title>", headers={"Content-Type": "text/html"}
)


class Account:
    """Tokens without a sign-in: the one in use, and the one a renewal brings."""

    def __init__(self) -> None:
        self.now = self.renewed = "good"
        self.asked: list[tuple[str, ...]] = []

    def token(self, scopes: Sequence[str], *, renew: bool = False) -> str:
        self.asked.append(tuple(scopes))
        if renew:
            self.now = self.renewed
        return self.now


class Driver:
    """A calendar client and what the mirror would know."""

    def __init__(self, mailbox: GraphMailbox) -> None:
        self.account = Account()
        self.waits: list[float] = []
        self.http = GraphHttp(self.account, mailbox.url, wait=self.waits.append)
        self.settings = Settings(
            name="Work", addresses=frozenset({"anna@contoso.com"}), can_change=True, can_mail=True
        )
        self.calendar = GraphCalendar(self.http, self.settings)
        self.known: dict[str, Appointment] = {}
        self.state = ""

    def sync(self, window: Span = WINDOW) -> dict[str, Appointment]:
        result = self.calendar.sync(window, self.state)
        if result.is_full:
            self.known.clear()
        for uid in result.removed:
            self.known.pop(uid, None)
        self.known |= {appointment.uid: appointment for appointment in result.appointments}
        self.state = result.state
        self.problems = result.problems
        self.was_full = result.is_full
        return self.known
