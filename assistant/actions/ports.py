"""What actions need from the world, as Protocols. Services implement them; tests may fake them.

Calls report back through events (`Ringing`, `Connected`, `Ended`) that the back end posts;
a method returns when the order has been accepted, never when the call is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assistant.core.model import Appointment, CalendarCopy, JoinInfo, Presence, Response, Span


class Calendar(Protocol):
    """The driver's appointments, answered from a local copy within milliseconds."""

    def read(self, span: Span) -> CalendarCopy:
        """Appointments that touch `span`, expanded. Never goes to the network."""


class WritableCalendar(Protocol):
    """A calendar that can be changed; each raises Refused, Unreachable, NotFound."""

    def respond(self, appointment: Appointment, response: Response) -> None: ...
    def create(self, appointment: Appointment) -> None: ...
    def move(self, appointment: Appointment, span: Span) -> None: ...
    def cancel(self, appointment: Appointment) -> None: ...
    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        """Send "running late" and the like to e-mail addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What somebody enters on another device to sign this car in."""

    code: str
    address: str
    """Where, a URL."""
    account: str
    """What the driver calls it."""


class SignIns(Protocol):
    """Signing in from the car. Source: RFC 8628 (device authorization grant)."""

    @property
    def is_needed(self) -> bool: ...

    def begin(self) -> DeviceCode | None:
        """The code that is waited for; None where nobody has to sign in. Raises ServiceError."""


class CallLine(Protocol):
    """One way to place calls: uri, sip, phone, skype, dryrun."""

    name: str

    def can(self, uri: str) -> bool:
        """Whether this line reaches `uri` hands-free right now (scheme, account, registration)."""

    def dial(self, uri: str, name: str = "", tones: str = "") -> None:
        """Place a call; `tones` (digits, `#`, `*`, `,` = 2 s pause) follow the answer.

        Raises: Busy, NoHandler, CallFailed, UnsafeTarget, Unreachable.
        """

    def join(self, join: JoinInfo, name: str = "") -> None:
        """Enter a meeting by its URL or SIP address. Raises as `dial`."""

    def can_join(self, join: JoinInfo) -> bool: ...
    def answer(self) -> None:
        """Take the call that rings; the one spoken in is put on hold."""

    def decline(self) -> None: ...
    def hang_up(self, held: bool = False) -> None:
        """End the call spoken in, dialled or ringing; with `held`, the one on hold. What is left
        on hold is spoken in again."""

    def mute(self, on: bool) -> None: ...
    def hold(self, on: bool) -> None:
        """With one call spoken in and one held, they change places either way."""

    def send_tones(self, tones: str) -> None: ...
    def close(self) -> None:
        """Hang up, free every resource; harmless twice."""


@runtime_checkable
class KnowsPresence(Protocol):
    """A line whose server says who is there."""

    def can(self, uri: str) -> bool: ...
    def presence(self, uri: str) -> Presence:
        """Raises: ServiceError."""
