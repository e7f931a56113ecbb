"""Ways to place a call: one class per way, all answering to the port `CallLine`.

`BACKENDS` is the whole registry: a name as in the configuration, and what builds the line from
its settings and from the function that takes its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from assistant.core.events import Event
from assistant.services.calls.dryrun import DryRunLine
from assistant.services.calls.phone import PhoneLine
from assistant.services.calls.sip import SipLine
from assistant.services.calls.uri import UriLine

if TYPE_CHECKING:
    from assistant.services.calls.skype import SkypeLine

Line: TypeAlias = "DryRunLine | UriLine | SipLine | PhoneLine | SkypeLine"


def _skype(settings: Mapping[str, str], post: Callable[[Event], None]) -> SkypeLine:
    from assistant.services.calls.skype import SkypeLine  # takes httpx along

    return SkypeLine(settings, post)


BACKENDS: Mapping[str, Callable[[Mapping[str, str], Callable[[Event], None]], Line]] = {
    "dryrun": DryRunLine,
    "uri": UriLine,
    "sip": SipLine,
    "phone": PhoneLine,
    "skype": _skype,
}
