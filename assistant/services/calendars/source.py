"""Where appointments come from: what every calendar back end offers the mirror.

A source talks to the network and may take seconds; the mirror calls it in the background and
answers every question from its own copy. Neighbours: `graph`, `exchange`, `caldav` and `ics`
implement this, `mirror` calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.core.model import Appointment, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What one sync brought."""

    appointments: tuple[Appointment, ...]
    """New or changed occurrences, expanded, declined and cancelled ones included. In a full
    sync: all that touch the window, in any order."""
    removed: tuple[str, ...] = ()
    """Uids that are gone; some may never have been known. Always empty in a full sync."""
    state: str = ""
    """To be handed back at the next sync; means something to its source only."""
    is_full: bool = True
    """True: `appointments` replace everything known of this source. False: they are merged in."""
    problems: tuple[str, ...] = ()
    """One line per entry that could not be read and was left out."""


class Source(Protocol):
    """One calendar or account that can be read."""

    @property
    def name(self) -> str:
        """What the driver calls it; every appointment carries it as `calendar`."""

    def sync(self, window: Span, state: str = "") -> SyncResult:
        """Everything that touches `window`, or what changed in it since `state`.

        "" or a state that no longer fits (another window, forgotten by the server, damaged)
        brings a full sync, never an error. Bounded in time, requests and bytes; either all of
        it works or nothing is returned, so that the last good copy is kept.

        Raises: ServiceError (Unreachable, TooSlow, RateLimited, SignInNeeded, Refused, NotFound,
        BrokenAnswer).
        """
