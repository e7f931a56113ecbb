"""The nouns of the head-up view: what goes in, and what the page shows.

Everything that is shown has been decided, cut and worded before it gets here; the page only lays
it out. Pure data. Neighbours: `hud` builds a View from a Scene, `display/server.py` sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from assistant.core.glance import MARKETS, Market, Panel
from assistant.core.model import CalendarCopy, Interpretation
from assistant.core.outcome import Card
from assistant.core.states import State

# --- what goes in -----------------------------------------------------------------------------


class CallPhase(StrEnum):
    INCOMING = "incoming"
    RINGING = "ringing"
    """The far end is alerted."""
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The call that is up or coming up."""

    phase: CallPhase
    name: str = ""
    since: datetime | None = None
    """When it was connected."""
    is_muted: bool = False
    is_held: bool = False
    waiting: str | None = None
    """Who else calls, "" for somebody unknown; None when nobody does."""


class NoticeKind(StrEnum):
    """The picture of a notice."""

    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    MUTED = "muted"
    NETWORK = "network"
    BUTTON = "button"
    CALENDAR = "calendar"
    EAR = "ear"
    PRIVATE = "private"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One line about the state of things. Problems come first and are coloured."""

    kind: NoticeKind
    text: str
    """"" for the picture alone."""
    is_problem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the loop knows besides the calendar."""

    activity: State = State.ASLEEP
    heard: str = ""
    """The last utterance, as understood."""
    answered: str = ""
    """The last spoken reply."""
    card: Card | None = None
    """The answer to show; None once it is old."""
    call: Call | None = None
    leave_by: datetime | None = None
    """When to set off for the next appointment; None when unknown."""
    health: tuple[Notice, ...] = ()
    """Microphone, network and button, worded; only what the driver should know."""
    is_moving: bool = False
    is_private: bool = False
    """Private mode: no titles, no names."""
    is_muted: bool = False
    """The microphone is switched off."""
    is_ear_worn: bool = False
    """Sound goes to a headset."""
    is_signed_out: bool = False
    """An account lets the driver in no more."""
    can_sign_in: bool = False
    """An account has to be signed in, and can be from here."""

    @property
    def is_resting(self) -> bool:
        """No turn of the driver is under way."""
        return self.activity in (State.ASLEEP, State.IN_CALL)


class Surface(StrEnum):
    DASHBOARD = "dashboard"
    HEAD_UP = "head-up"
    """Projected into the windscreen."""


class Theme(StrEnum):
    AUTO = "auto"
    """As the browser says (`prefers-color-scheme`)."""
    DAY = "day"
    NIGHT = "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Settings of the page."""

    labels: Mapping[str, str]
    """Every key of `hud.LABELS`, in the driver's language."""
    locale: str = "en-GB"
    market: str = ""
    """ISO 3166 code; a country without a profile has no special rule."""
    surface: Surface = Surface.DASHBOARD
    theme: Theme = Theme.AUTO
    panel: Panel = field(default_factory=Panel)
    stale_after: timedelta = timedelta(minutes=15)
    """An older copy of the calendar is said to be old."""

    @property
    def rules(self) -> Market:
        return MARKETS.get(self.market, MARKETS[""])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a View is built from."""

    now: datetime
    """Aware, in the car's zone."""
    copy: CalendarCopy
    """At least today and the next few days."""
    status: Status
    look: Look

    @property
    def zone(self) -> tzinfo:
        """The car's. Raises ValueError where `now` is naive."""
        if self.now.tzinfo is None:
            raise ValueError("now must be aware")
        return self.now.tzinfo

    @property
    def is_times_only(self) -> bool:
        """Whether the law of the market leaves nothing but times on this surface."""
        return self.look.surface is Surface.HEAD_UP and not self.look.rules.projects_titles

    @property
    def shows_names(self) -> bool:
        """Whether titles and names may be shown at all."""
        return not self.status.is_private and not self.is_times_only

    def label(self, key: str, **values: str) -> str:
        return self.look.labels[key].format(**values)


# --- what comes out ---------------------------------------------------------------------------


class Tone(StrEnum):
    """The colour of a button: green, red, neutral."""

    GO = "go"
    STOP = "stop"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to touch. Only what is shown can be done: the page sends back `key`."""

    key: str
    label: str
    glyph: str
    tone: Tone
    words: str
    """What to say instead; "" where a sentence would mean something else."""
    interpretation: Interpretation
    """What a touch means; never leaves the program."""


class FocusKind(StrEnum):
    MEETING = "meeting"
    CALL = "call"
    CARD = "card"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """The one thing in the middle of the page."""

    kind: FocusKind
    identity: str
    """Tells one thing from another; the same thing may change its figure and lines. Holds names,
    and never leaves the program."""
    glyph: str
    lines: tuple[str, ...]
    """Most important first."""
    figure: str = ""
    """The large number, "23"."""
    unit: str = ""
    is_urgent: bool = False
    """The figure is coloured."""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An appointment on the time line."""

    start_min: int
    """Minutes of the clock since midnight, 0 to 1440."""
    end_min: int
    clock: str
    """The start, in words."""
    lane: int
    """0 for the upper row; what clashes lies below."""
    title: str
    """"" while moving and in private mode."""
    is_over: bool
    is_focus: bool
    """The meeting that matters now."""
    is_clash: bool
    is_tentative: bool
    is_private: bool
    button: Button | None
    """None where there is nothing to join and nobody to call, and while moving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Free time between two blocks, in minutes since midnight."""

    start_min: int
    end_min: int
    label: str
    """"45 min"; "" while moving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """Today, from the first full hour worth showing to the last."""

    start_min: int
    end_min: int
    now_min: int
    lanes: int
    blocks: tuple[Block, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The page."""

    locale: str
    theme: Theme
    font_px: int
    """The smallest text; everything else is sized from it."""
    is_moving: bool
    is_private: bool
    takes_touch: bool
    """False: buttons are shown as words to say."""
    clock: str
    date: str
    """Weekday and date, and what lasts all day; "" while moving."""
    activity: State
    """Never IN_CALL: the call itself is the focus."""
    activity_label: str
    heard: str
    answered: str
    focus: Focus
    focus_since: datetime
    coming: tuple[Block, ...]
    """The next few as a list; empty while moving and beside an answer or a call."""
    time_line: TimeLine
    notices: tuple[Notice, ...]
    labels: Mapping[str, str]
    """The page's own words: push_to_talk, disconnected, say."""

    @property
    def buttons(self) -> tuple[Button, ...]:
        """Everything that can be touched now."""
        blocks = tuple(block.button for block in self.time_line.blocks if block.button)
        return (*self.focus.buttons, *blocks) if self.takes_touch else ()
