"""The nouns: what is heard, what is meant, what is in the calendar, what is answered.

Pure data. Neighbours: `events` carries these through the dialogue, `agenda` and `wording`
read appointments, `joining` fills JoinInfo, `match` makes Interpretations.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What the recogniser, or a keyboard, says was said."""

    text: str
    """Lower-case words separated by single spaces; "" when nothing but noise was heard."""
    confidence: float = 1.0
    """0 to 1: the posterior of everything that means the same; typed text has 1."""
    is_spoken: bool = False
    """False: typed."""
    is_speech: bool = True
    """False: nobody spoke. An empty text that is speech was outside the grammar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Half-open stretch of time `[start, end)`, both aware."""

    start: datetime
    end: datetime

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


class Grain(StrEnum):
    """How exact a spoken time is."""

    INSTANT = "instant"
    """"at three": the moment something starts."""
    RANGE = "range"
    """"between two and four", "this afternoon", "after lunch"."""
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A spoken date or time, resolved against the moment it was said."""

    heard: str
    """The words, for repair ("I didn't get which day")."""
    spans: tuple[Span, ...]
    """Possible meanings, likeliest first ("at three": 15:00 today, 03:00 tomorrow). An instant is
    the minute from it. Empty when the words name no real moment ("31 February")."""
    grain: Grain
    has_day: bool = True
    """False for a bare time of day, which may belong to a day that was spoken of before."""
    has_end: bool = False
    """Begin and end were said as times: "from two to four", not "tomorrow afternoon"."""


class Response(StrEnum):
    """The driver's own answer to an invitation (RFC 5545 PARTSTAT)."""

    ORGANIZER = "organizer"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    NEEDS_ACTION = "needs-action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Someone invited."""

    name: str
    """Display name, or the local part of the address when there is none."""
    email: str = ""
    response: Response = Response.NEEDS_ACTION
    is_self: bool = False
    is_resource: bool = False
    """A room or a device, not a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialIn:
    """One telephone number of a conference."""

    number: str
    """E.164, `+4969…`."""
    country: str = ""
    """ISO 3166 alpha-2 of the number, "" when unknown (toll-free international)."""
    is_toll_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinInfo:
    """How to get into an online meeting."""

    provider: str
    """teams, skype-business, skype (retired), zoom, webex, meet, goto, whereby, jitsi, bluejeans,
    phone, other."""
    url: str = ""
    dial_ins: tuple[DialIn, ...] = ()
    """Best first for the driver's market."""
    conference_id: str = ""
    """Digits only, to be sent as tones after the answer, followed by `#`."""
    pin: str = ""
    """Passcode for people (may hold letters); digits are sent as tones when the phone asks."""
    sip_uri: str = ""
    """`sip:…;gruu;opaque=app:conf:focus:id:…` for Skype for Business Server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One occurrence of one calendar entry, already expanded."""

    uid: str
    """Unique per occurrence within its calendar."""
    title: str
    start: datetime | date
    """Aware, or a date for a whole day (never midnight)."""
    end: datetime | date
    """Exclusive."""
    location: str = ""
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    """Everyone invited, the driver included (`is_self`)."""
    response: Response = Response.ACCEPTED
    is_cancelled: bool = False
    is_tentative: bool = False
    """STATUS:TENTATIVE or the driver answered tentatively."""
    is_free: bool = False
    """Transparent: shown as free."""
    is_private: bool = False
    """CLASS private or confidential: the title is never spoken or shown."""
    zone: str = ""
    """IANA zone the organiser wrote it in, "" when unknown."""
    calendar: str = ""
    """Name of the calendar it came from."""
    join: JoinInfo | None = None

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def span(self) -> Span:
        """The timed stretch. Raises TypeError for a whole day, which has none."""
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            return Span(start=self.start, end=self.end)
        raise TypeError(f"{self.uid} is a whole day and has no instant")

    @property
    def others(self) -> tuple[Attendee, ...]:
        """People invited besides the driver, rooms left out."""
        return tuple(a for a in self.attendees if not a.is_self and not a.is_resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarCopy:
    """What the calendar answered: the appointments of a stretch and how old they are."""

    appointments: tuple[Appointment, ...]
    """Sorted by start, whole days first."""
    as_of: datetime
    """When this copy was last known to be right."""
    problems: tuple[str, ...] = ()
    """One line per broken entry or failed source, for `check` and the log."""


class NumberKind(StrEnum):
    MOBILE = "mobile"
    WORK = "work"
    HOME = "home"
    OTHER = "other"
    SIP = "sip"


class Presence(StrEnum):
    """Whether a colleague is there."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    DO_NOT_DISTURB = "do_not_disturb"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneNumber:
    kind: NumberKind
    uri: str
    """`tel:+49…` (RFC 3966, E.164) or `sip:user@host`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person the driver may name."""

    name: str
    """Display name, "Anna Weber"."""
    given: str = ""
    family: str = ""
    nicknames: tuple[str, ...] = ()
    organisation: str = ""
    emails: tuple[str, ...] = ()
    numbers: tuple[PhoneNumber, ...] = ()
    """Preferred first: mobile, work, home, other, SIP."""
    say_like: str = ""
    """How the driver pronounces the name, in ordinary spelling; "" to guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """One reading of an utterance."""

    intent: str
    """`calendar.next`, or the section name of a locale file for another domain."""
    slots: Mapping[str, object] = field(default_factory=dict)
    """Slot name -> typed value: Named (people, titles), When (dates, times), str, int."""
    score: float = 1.0
    """0 to 1; 1 is a template matched word for word with every name exact."""
    left: Interpretation | None = None
    """What was said in the same breath: a question is answered, an order is not carried out."""
    missing: tuple[str, ...] = ()
    """Slots that the sentence announced but whose value was not understood ("call <mumble>")."""

    @property
    def meaning(self) -> Hashable:
        """Equal for readings that ask for the same, however they are worded. "Anna" is not "Anna
        Weber": there may be two, and that has to be asked."""
        values = {
            name: (value.candidates or value.heard) if isinstance(value, Named) else value
            for name, value in self.slots.items()
        }
        return self.intent, frozenset(values.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One entry of the vocabulary that a spoken name may mean."""

    value: str
    """Key of the thing meant: a contact's display name, an appointment's title, a list entry."""
    score: float
    """0 to 1 likeness of what was heard to what the thing is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A spoken name and what it may mean, best first. A clear winner needs score *and* margin."""

    heard: str
    candidates: tuple[Candidate, ...] = ()
