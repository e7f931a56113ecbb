"""Who calls: a number or address looked up among the driver's contacts.

The name that comes with a call is the caller's own claim; the address book is believed first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from assistant.core.dialing import parse_target
from assistant.core.events import Event, Ringing
from assistant.core.model import Contact
from assistant.errors import UnsafeTarget


def introduced(event: Event, people: Iterable[Contact], home: str) -> Event:
    """A caller under the name in the address book; every other event as it is.

    `home`: ISO 3166 alpha-2 that completes national numbers.
    """
    if not isinstance(event, Ringing) or not event.incoming:
        return event
    called = _address(event.uri, home)
    names = {c.name for c in people for n in c.numbers if called and n.uri in called}
    return replace(event, name=names.pop()) if len(names) == 1 else event


def _address(uri: str, home: str) -> tuple[str, ...]:
    """How a contact may have the caller: as the address itself, or as its number."""
    try:
        target = parse_target(uri, home)
    except UnsafeTarget:
        return ()
    return (target.uri, f"tel:{target.number}")
