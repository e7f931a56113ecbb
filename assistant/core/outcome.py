"""What comes of an intent: answers, questions, actions, cards, and the context they leave behind.

Made by `actions`, spoken and carried out by `dialog`, shown by `hud`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assistant.core.model import Appointment, Interpretation


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the world will notice; it happens when the cancel window ends unopposed."""

    kind: str
    """call, join, message, navigate, create, move, cancel, respond, hang_up, …"""
    target: str
    """A `tel:`/`sip:`/`https:`/`geo:` URI, or the uid of an appointment."""
    backend: str = ""
    """Which back end will do it; "" until one has been chosen."""
    name: str = ""
    """Whom or what the driver would call it: "Anna Weber"."""
    details: Mapping[str, str] = field(default_factory=dict)
    """`tones` for dial-ins, `text` for messages, `start`/`end` ISO for changes, `guests` line by
    line."""


class Glyph(StrEnum):
    """The picture on a card."""

    MEETING = "meeting"
    AGENDA = "agenda"
    CALL = "call"
    PERSON = "person"
    QUESTION = "question"
    ERROR = "error"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the head-up view shows: at most 3 lines of 30 characters while moving."""

    glyph: Glyph
    lines: tuple[str, ...]
    """Most important first; the display cuts."""
    is_private: bool = False
    """Lines hold titles or names that private mode hides."""
    is_for_parked: bool = False
    """To be read, heard and done by a driver who does not drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `topic` keeps the context for "who's coming?"; `rest` answers "more"."""

    text: str
    card: Card
    topic: tuple[Appointment, ...] = ()
    person: str = ""
    """The contact last talked about, for "call her"."""
    rest: str = ""
    action: Action | None = None
    """Carried out after the cancel window (calls) or at once (harmless)."""
    confirm: str = ""
    """Asked instead of the announcement when the driver was not heard well enough to go ahead."""


def told(
    text: str,
    topic: tuple[Appointment, ...] = (),
    *,
    glyph: Glyph = Glyph.INFO,
    action: Action | None = None,
) -> Reply:
    """An answer whose card is the answer."""
    return Reply(text=text, card=Card(glyph=glyph, lines=(text,)), topic=topic, action=action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to an Ask."""

    label: str
    """As spoken: "Anna Weber"."""
    slots: Mapping[str, object]
    """Merged over the pending interpretation's slots when chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question that needs a choice before the intent can run."""

    text: str
    card: Card
    interpretation: Interpretation
    choices: tuple[Choice, ...] = ()
    slot: str = ""
    """The slot an open answer fills ("which day?"); "" when only the choices count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Reads back and waits for yes."""

    text: str
    card: Card
    action: Action
    done: str = ""
    """Said when the action has been carried out."""
    interpretation: Interpretation | None = None
    """The order that led here, where a part of it can be corrected: "no, make it five"."""
    topic: tuple[Appointment, ...] = ()


Outcome = Reply | Ask | Confirm


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the conversation has been about; travels with every Act, so actions keep no state."""

    topic: tuple[Appointment, ...] = ()
    """Appointments last talked about: "who's coming?"."""
    person: str = ""
    """Contact last talked about: "call her"."""
    is_private: bool = False
    """A passenger listens: titles and names are not told."""
    order: Interpretation | None = None
    """The last call or change asked for: "no, the other one"."""
    last_call: Action | None = None
    """For redial."""
    missed_call: Action | None = None
    """For "call them back"."""
    in_call: bool = False
    is_parked: bool = False
    rings_in: bool = False
    """Somebody calls the car, whether or not another call is up."""
    on_hold: bool = False
    """The call is, and no other one is spoken in."""
    call_began: datetime | None = None
