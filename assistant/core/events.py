"""Every Event (past tense, what happened) and every Command (imperative, what to do).

Two closed unions: `dialog` maps one to the other and nothing else does. Audio never passes
here, only meaning. `turn` numbers the driver's turns; an event of an old turn is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from assistant.core.model import Hypothesis, Interpretation
from assistant.core.outcome import Action, Card, Context, Outcome
from assistant.errors import AssistantError

# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonDown:
    """Push-to-talk pressed (debounced)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonUp:
    """Push-to-talk released."""

    held_s: float
    """How long it was down; above the tap limit the press was a hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The recogniser's result of one utterance, or a typed sentence."""

    turn: int
    hypothesis: Hypothesis
    readings: tuple[Interpretation, ...] = ()
    """What the matcher made of it, best first; empty when nothing fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """Someone began to speak while the assistant listens."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """Something on the head-up page was touched: an intent without speech."""

    interpretation: Interpretation


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingHeard:
    """Listening ended without speech."""

    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone:
    """A worker finished `Act`; `outcome` is what to say or ask, or the error."""

    turn: int
    outcome: Outcome | AssistantError


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechDone:
    """The last Speak was heard to the end or hushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    turn: int
    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """A call rings: the car is called (`incoming`) or the far end is alerted."""

    uri: str
    name: str = ""
    incoming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A call is up."""

    uri: str
    name: str = ""


class EndReason(StrEnum):
    HANG_UP = "hang_up"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    NOT_FOUND = "not_found"
    UNREACHABLE = "unreachable"
    LOST = "lost"
    AWAY = "away"
    """The telephone has left the car; the call may go on there."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A call is over or never came up."""

    uri: str
    reason: EndReason
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailed:
    """A microphone, speaker, button or service thread failed."""

    error: AssistantError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBack:
    """A device is usable again; `device` is its name."""

    kind: str
    """microphone, speaker, button, sign_in: a phrase of the locale file says that it is back."""
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionChanged:
    """The car was parked, or set off."""

    is_parked: bool


Event = (
    ButtonDown
    | ButtonUp
    | Heard
    | SpeechStarted
    | Tapped
    | NothingHeard
    | ActionDone
    | SpeechDone
    | TimerFired
    | Ringing
    | Connected
    | Ended
    | DeviceFailed
    | DeviceBack
    | MotionChanged
)

# --- commands ---------------------------------------------------------------------------------


class Timer(StrEnum):
    NO_INPUT = "no_input"
    WORKING = "working"
    TOO_SLOW = "too_slow"
    CANCEL_WINDOW = "cancel_window"
    QUESTION = "question"


class Sound(StrEnum):
    """Earcons."""

    LISTENING = "listening"
    WORKING = "working"
    DONE = "done"
    ERROR = "error"
    CALL = "call"


class Scope(StrEnum):
    """Which sentences can be heard now; each intent of a locale names the scopes it is heard in."""

    IDLE = "idle"
    QUESTION = "question"
    """A choice or a missing part has been asked for."""
    CONFIRM = "confirm"
    """Yes or no."""
    CHANGE = "change"
    """The same for a change of the calendar or a message, where a part can be said anew."""
    CALL = "call"
    RINGING = "ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    turn: int
    scope: Scope
    choices: tuple[str, ...] = ()
    """Spoken answers of the pending question, heard beside yes, no and cancel."""
    hold: bool = False
    """True: the button is down; ends at StopListening, or EndOnSilence turns it into a tap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopListening:
    """End of a hold; `discard` throws the audio away (cancel)."""

    discard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOnSilence:
    """The press was a tap: from now on the end of the utterance ends the listening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Run an intent, or carry out an action that has been agreed."""

    turn: int
    order: Interpretation | Action
    context: Context = field(default_factory=Context)


class Dial(StrEnum):
    """What Adjust turns."""

    VOLUME = "volume"
    RATE = "rate"
    MICROPHONE = "microphone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Turn the voice louder or slower, or the microphone off."""

    dial: Dial
    to: str
    """"+", "-" or "off"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earcon:
    sound: Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Silence at once (barge-in)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    turn: int
    timer: Timer
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTimer:
    timer: Timer


Command = (
    Listen
    | StopListening
    | EndOnSilence
    | Act
    | Adjust
    | Speak
    | Earcon
    | Hush
    | Show
    | SetTimer
    | StopTimer
)
