"""The driver's calendar on an Exchange Server of their own organisation, over EWS.

For servers on premises only: Exchange Online has switched EWS off, `graph` is for that. Decided
here: what is asked of the server, for how long, and what its refusals mean. Neighbours:
`exchange_items` reads what comes back, `mirror` calls `sync` in the background.

Source: Exchange Web Services reference (FindItem with CalendarView, CreateItem, UpdateItem);
"Retirement of Exchange Web Services in Exchange Online", Exchange Team, 2023.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from assistant.core.model import Appointment, Response, Span
from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    CutOff,
    NotFound,
    RateLimited,
    Refused,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.calendars.exchange_items import CONFERENCE_LINKS, FIELDS, ItemReader
from assistant.services.calendars.source import SyncResult

SERVICE = "Exchange"
TIMEOUT_S = 15.0
"""For each request; the library's own would be 120 s."""
MOST_ITEMS = 1000
"""Of one view: what servers grant by default. Source: EWS throttling, EwsFindCountLimit."""
BUSY_S = 60.0
"""Wait where a busy server names no time."""
REFUSED_S = 1800.0
"""A refused password is not tried again for so long: domains lock accounts after a few tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    name: str
    """What the driver calls this calendar."""
    server: str
    """Host name, with a port if it is not 443: `mail.contoso.com`."""
    user: str
    """`CONTOSO\\anna` or `anna@contoso.com`."""
    password: str = field(repr=False)
    address: str
    """The mailbox: `anna@contoso.com`."""
    auth: str = "ntlm"
    """`ntlm` or `basic`."""
    zone: ZoneInfo
    """The driver's; whole days are meant in it."""
    market: str = "GB"
    """ISO 3166 alpha-2, for telephone numbers in invitations."""


class ExchangeCalendar:
    """A `Source` that can also be changed (`ports.WritableCalendar`). Opens no connection yet.

    Raises: ConfigError for a missing library, an unknown `auth` or a `server` that is a URL.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            import exchangelib
        except ImportError as error:
            hint = "pip install 'roadcall[exchange]'"
            raise ConfigError("calendars", "exchange", hint) from error
        kinds = {"ntlm": exchangelib.NTLM, "basic": exchangelib.BASIC}
        if settings.auth not in kinds:
            raise ConfigError("calendars", "auth", "must be ntlm or basic")
        if "/" in settings.server:
            raise ConfigError("calendars", "server", "must be a host name: mail.contoso.com")
        self._ews = exchangelib
        self._settings = settings
        self._zone = exchangelib.EWSTimeZone.from_timezone(settings.zone)
        self._reader = ItemReader(
            calendar=settings.name, address=settings.address.lower(), market=settings.market
        )
        self._auth = kinds[settings.auth]
        self._account: Any = None
        self._refused_at_s = float("-inf")
        """When the password was last refused, on the monotonic clock."""

    @property
    def name(self) -> str:
        return self._settings.name

    def close(self) -> None:
        if self._account:
            self._account.protocol.close()

    def sync(self, window: Span, state: str = "") -> SyncResult:
        """See `Source.sync`; always a full one, EWS unfolds series only in views."""
        del state
        with self._faults():
            view = self._mailbox().calendar.view(
                start=self._moment(window.start),
                end=self._moment(window.end),
                max_items=MOST_ITEMS,
            )
            items = list(view.only(*FIELDS))
        appointments, problems = self._reader.read_all(items)
        if len(items) >= MOST_ITEMS:
            problems += (f"only the first {MOST_ITEMS} appointments were read",)
        return SyncResult(appointments=appointments, problems=problems)

    def respond(self, appointment: Appointment, response: Response) -> None:
        if appointment.response is Response.ORGANIZER:
            raise Refused(SERVICE, "only an invitation can be answered")
        with self._faults():
            item = self._item(appointment)
            match response:
                case Response.ACCEPTED:
                    item.accept()
                case Response.TENTATIVE:
                    item.tentatively_accept()
                case Response.DECLINED:
                    item.decline()
                case _:
                    raise Refused(SERVICE, "an answer is yes, no or maybe")

    def create(self, appointment: Appointment) -> None:
        last = appointment.end
        if not isinstance(last, datetime):
            last -= timedelta(days=1)  # the library counts the last day in
        with self._faults():
            self._ews.CalendarItem(
                account=self._mailbox(),
                folder=self._mailbox().calendar,
                subject=appointment.title,
                location=appointment.location,
                is_all_day=appointment.is_all_day,
                start=self._moment(appointment.start),
                end=self._moment(last),
                required_attendees=[person.email for person in appointment.others if person.email],
            ).save(send_meeting_invitations="SendToAllAndSaveCopy")

    def move(self, appointment: Appointment, span: Span) -> None:
        self._insist_on_organizer(appointment)
        with self._faults():
            item = self._item(appointment)
            item.start, item.end = self._moment(span.start), self._moment(span.end)
            item.save(
                update_fields=["start", "end"], send_meeting_invitations="SendToAllAndSaveCopy"
            )

    def cancel(self, appointment: Appointment) -> None:
        """With others invited they are told; an entry of the driver alone is deleted."""
        self._insist_on_organizer(appointment)
        with self._faults():
            item = self._item(appointment)
            if appointment.others:
                item.cancel()
            else:
                item.delete(send_meeting_cancellations="SendToNone")

    def notify(self, appointment: Appointment, recipients: Sequence[str], text: str) -> None:
        with self._faults():
            self._ews.Message(
                account=self._mailbox(),
                subject=appointment.title,
                body=text,
                to_recipients=list(recipients),
            ).send()

    def _insist_on_organizer(self, appointment: Appointment) -> None:
        if appointment.response is not Response.ORGANIZER:
            raise Refused(SERVICE, "only the organiser can move or cancel a meeting")

    def _mailbox(self) -> Any:
        """The account, connected on first use."""
        if time.monotonic() - self._refused_at_s < REFUSED_S:
            raise SignInNeeded(SERVICE, "the password was refused and is not tried again for now")
        if self._account is None:
            ews = self._ews
            _register_conference_links(ews)
            config = ews.Configuration(
                service_endpoint=f"https://{self._settings.server}/EWS/Exchange.asmx",
                credentials=ews.Credentials(self._settings.user, self._settings.password),
                auth_type=self._auth,
                version=ews.Version(build=ews.version.EXCHANGE_2016),
                retry_policy=ews.FailFast(),
                max_connections=1,
            )
            account = ews.Account(
                self._settings.address,
                config=config,
                autodiscover=False,
                access_type=ews.DELEGATE,
                default_timezone=self._zone,
            )
            account.protocol.TIMEOUT = TIMEOUT_S
            self._account = account
        return self._account

    def _item(self, appointment: Appointment) -> Any:
        (item,) = self._mailbox().fetch(ids=[(appointment.uid, None)], only_fields=FIELDS)
        if isinstance(item, Exception):
            raise item
        return item

    def _moment(self, moment: datetime | date) -> Any:
        if not isinstance(moment, datetime):
            return self._ews.EWSDate.from_date(moment)
        return self._ews.EWSDateTime.from_datetime(moment.astimezone(self._settings.zone))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """The library's 400 exceptions as ours."""
        from exchangelib import errors

        try:
            yield
        except errors.UnauthorizedError as error:
            self._refused_at_s = time.monotonic()
            raise SignInNeeded(SERVICE, "user name or password is wrong, or locked out") from error
        except (errors.ErrorItemNotFound, errors.ErrorNonExistentMailbox) as error:
            raise NotFound(SERVICE, _told(error)) from error
        except (errors.ErrorServerBusy, errors.RateLimitError) as error:
            raise RateLimited(SERVICE, getattr(error, "back_off", None) or BUSY_S) from error
        except errors.ErrorTimeoutExpired as error:
            kind = TooSlow if "Timeout" in str(error) else Unreachable
            raise kind(SERVICE, _told(error)) from error
        except (errors.RedirectError, errors.MalformedResponseError, errors.SOAPError) as error:
            raise BrokenAnswer(SERVICE, _told(error)) from error
        except errors.ResponseMessageError as error:
            raise Refused(SERVICE, _told(error)) from error
        except errors.EWSError as error:  # the library does not say whether it was sent
            raise CutOff(SERVICE, _told(error)) from error


def _told(error: Exception) -> str:
    """One short line; the library quotes whole answers."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"


def _register_conference_links(ews: Any) -> None:
    """Teach the library the properties in which Outlook keeps a Skype meeting's address."""
    for field_name, property_name in CONFERENCE_LINKS.items():
        if field_name not in {known.name for known in ews.CalendarItem.FIELDS}:
            kind = type(
                property_name,
                (ews.ExtendedProperty,),
                {
                    "distinguished_property_set_id": "PublicStrings",
                    "property_name": property_name,
                    "property_type": "String",
                },
            )
            ews.CalendarItem.register(field_name, kind)
