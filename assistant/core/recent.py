"""What is known from earlier calls: whose number was used last, and what has been explained.

Neighbours: `actions.placing` prefers the number used last, `actions.carry` notes each call,
`services.recents` keeps the numbers from one drive to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.core.outcome import Action

MOST_PEOPLE = 200


@dataclass(slots=True, kw_only=True)
class Recent:
    """Changes as calls are placed."""

    numbers: dict[str, str] = field(default_factory=dict)
    """Person -> the URI last dialled for them, the latest person last."""
    last: Action | None = None
    """For redial after a restart."""
    keep: Callable[[Recent], None] | None = None
    """Called after each change of the two above."""
    _told: set[str] = field(default_factory=set)

    def note(self, call: Action) -> None:
        """A call has been placed. Emergency calls and meetings leave no trace."""
        if call.kind != "call" or call.target.startswith("sos:"):
            return
        self.last = Action(kind="call", target=call.target, name=call.name)
        self.numbers.pop(call.name, None)
        self.numbers[call.name] = call.target
        for oldest in list(self.numbers)[:-MOST_PEOPLE]:
            del self.numbers[oldest]
        if self.keep:
            self.keep(self)

    def is_first(self, what: str) -> bool:
        """True once per drive and `what`: an explanation is not given twice."""
        is_new = what not in self._told
        self._told.add(what)
        return is_new
