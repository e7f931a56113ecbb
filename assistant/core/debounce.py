"""When a switch counts as pressed and as released.

A press counts at once, so that the reply falls silent under the finger; a release counts when the
contact has stayed open for `settle_s`. So neither the bounce of a press nor a worn contact in the
middle of a sentence can end an utterance. Pure: fed with seconds of any one monotonic clock.
Neighbours: `devices/button.py` feeds it from a switch.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.core.events import ButtonDown, ButtonUp

SETTLE_S = 0.080
"""Contacts have been seen to bounce for 80 ms (google/aiyprojects-raspbian issue 514)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A raw change of a switch."""

    is_down: bool
    at_s: float
    """Monotonic clock."""


class Debouncer:
    """Turns raw edges into presses and releases."""

    def __init__(self, settle_s: float = SETTLE_S) -> None:
        self._settle_s = settle_s
        self._down_s: float | None = None
        self._open_s: float | None = None

    @property
    def is_down(self) -> bool:
        return self._down_s is not None

    @property
    def due_s(self) -> float | None:
        """When `settle` has something to say, if no edge comes first."""
        return None if self._open_s is None else self._open_s + self._settle_s

    def feed(self, edge: Edge) -> list[ButtonDown | ButtonUp]:
        """Take one edge; returns what it, or a release that was due before it, means."""
        known = self.settle(edge.at_s)
        if not edge.is_down:
            if self.is_down and self._open_s is None:
                self._open_s = edge.at_s
            return known
        self._open_s = None
        if self.is_down:
            return known
        self._down_s = edge.at_s
        return [*known, ButtonDown()]

    def settle(self, now_s: float) -> list[ButtonDown | ButtonUp]:
        """The release, once the contact has been open for longer than `settle_s`."""
        if self._open_s is None or now_s - self._open_s <= self._settle_s:
            return []
        return self.release(self._open_s)

    def release(self, at_s: float) -> list[ButtonDown | ButtonUp]:
        """End a press at once, because the switch is gone; nothing if none is held."""
        if self._down_s is None:
            return []
        held_s = max(0.0, at_s - self._down_s)
        self._down_s = self._open_s = None
        return [ButtonUp(held_s=held_s)]
