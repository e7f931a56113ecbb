"""What the conversation has been about and which call is up. Owned by `dialog` alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from assistant.core.model import Appointment, Interpretation
from assistant.core.outcome import Action, Confirm, Context, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the car."""

    uri: str
    name: str
    incoming: bool
    began: datetime | None = None
    """When it was connected; None while it rings."""
    is_muted: bool = False
    is_held: bool = False


@dataclass(slots=True, kw_only=True)
class Memory:
    """Changes only inside `Dialog.handle`."""

    topic: tuple[Appointment, ...] = ()
    person: str = ""
    said: str = ""
    """The last thing spoken, for "repeat"."""
    is_for_parked: bool = False
    """Whether that is for a parked driver only."""
    is_parked: bool = False
    rest: str = ""
    """What "more" continues with."""
    is_private: bool = False
    call: Call | None = None
    """The call that the driver speaks in, or the first that rings."""
    waiting: Call | None = None
    """Rings while `call` is up."""
    held: Call | None = None
    """On hold while another one is spoken in."""
    order: Interpretation | None = None
    """The last order to call or tell somebody, or to change an entry."""
    asked: Interpretation | None = None
    """The last question about a time."""
    last_call: Action | None = None
    missed_call: Action | None = None

    @property
    def rings_in(self) -> bool:
        return self.call is not None and self.call.incoming and self.call.began is None

    @property
    def in_call(self) -> bool:
        return self.call is not None and self.call.began is not None

    def obeyed(self, action: Action) -> None:
        """It is done; what was added to the calendar is what is talked about."""
        if action.kind == "create":
            start, end = (datetime.fromisoformat(action.details[at]) for at in ("start", "end"))
            self.topic = (Appointment(uid="", title=action.name, start=start, end=end),)
        if self.call is None:
            return
        match action.kind:
            case "mute" | "unmute":
                self.call = replace(self.call, is_muted=action.kind == "mute")
            case "hold" | "resume":
                self.call = replace(self.call, is_held=action.kind == "hold")

    def keep(self, said: Reply | Confirm) -> None:
        """Remember what it was about; an answer about nothing keeps the old topic."""
        self.topic = said.topic or self.topic
        if isinstance(said, Reply):
            self.person = said.person or self.person
        elif said.action.kind == "call":
            self.person = said.action.name or self.person

    def context(self) -> Context:
        return Context(
            topic=self.topic,
            person=self.person,
            is_private=self.is_private,
            is_parked=self.is_parked,
            order=self.order,
            last_call=self.last_call,
            missed_call=self.missed_call,
            in_call=self.call is not None,
            rings_in=self.rings_in or self.waiting is not None,
            on_hold=self.call is not None and self.call.is_held,
            call_began=self.call.began if self.call else None,
        )
