"""One call over Skype for Business Server, and what the server's words for it mean.

Neighbour: `skype` gives the orders and reads the events.

Source: learn.microsoft.com/skype-sdk/ucwa: ErrorSubcode, contactPresence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.core.events import EndReason
from assistant.core.model import Presence

REASONS: Mapping[str, EndReason] = {
    "Busy": EndReason.BUSY,
    "Declined": EndReason.DECLINED,
    "DestinationNotFound": EndReason.NOT_FOUND,
    "Timeout": EndReason.NO_ANSWER,
    "NoAnswer": EndReason.NO_ANSWER,
    "TemporarilyUnavailable": EndReason.NO_ANSWER,
    "Unavailable": EndReason.NO_ANSWER,
    "Canceled": EndReason.HANG_UP,
    "Ended": EndReason.HANG_UP,
    "CallTerminated": EndReason.HANG_UP,
    "NotAllowed": EndReason.REFUSED,
    "DialoutNotAllowed": EndReason.REFUSED,
    "Forbidden": EndReason.REFUSED,
}
PRESENCE: Mapping[str, Presence] = {
    "Online": Presence.ONLINE,
    "IdleOnline": Presence.AWAY,
    "Busy": Presence.BUSY,
    "IdleBusy": Presence.BUSY,
    "DoNotDisturb": Presence.DO_NOT_DISTURB,
    "Away": Presence.AWAY,
    "BeRightBack": Presence.AWAY,
    "Offline": Presence.OFFLINE,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    uri: str
    name: str
    operation: str
    """Our own id of the invitation (at most 50 characters)."""
    links: dict[str, str] = field(default_factory=dict)
    """What can be done with it now: cancel, conversation, stopPhoneAudio, holdPhoneAudio, …"""
    has_rung: bool = False
    is_up: bool = False
    ending: EndReason | None = None
