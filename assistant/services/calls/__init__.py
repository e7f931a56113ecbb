"""Ways to place a call: one class per way, all answering to the port `CallLine`.

`BACKENDS` is the whole registry: a name as in the configuration, and what builds the line from
its settings and from the function that takes its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.core.events import Event
from assistant.services.calls.dryrun import DryRunLine
from assistant.services.calls.phone import PhoneLine
from assistant.services.calls.sip import SipLine
from assistant.services.calls.skype import SkypeLine
from assistant.services.calls.uri import UriLine

Line = DryRunLine | UriLine | SipLine | PhoneLine | SkypeLine

BACKENDS: Mapping[str, Callable[[Mapping[str, str], Callable[[Event], None]], Line]] = {
    "dryrun": DryRunLine,
    "uri": UriLine,
    "sip": SipLine,
    "phone": PhoneLine,
    "skype": SkypeLine,
}
