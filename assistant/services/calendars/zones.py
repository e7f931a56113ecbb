"""Time-zone names as calendars write them, turned into rules.

Exchange and Outlook write Windows names, everyone else IANA names; some write neither.
Neighbours: every back end that meets a named zone.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from babel.core import get_global

_UTC_NAMES = frozenset({"utc", "z", "tzone://microsoft/utc", "coordinated universal time"})


def zone_named(name: str) -> ZoneInfo | None:
    """The zone called `name` (IANA or Windows), or None where the name says nothing.

    "Customized Time Zone" and `tzone://Microsoft/Custom` stand for rules that were not sent.
    Source: Unicode CLDR windowsZones.xml (through babel) for the Windows names.
    """
    name = name.strip().strip('"')
    if name.lower() in _UTC_NAMES:
        return ZoneInfo("UTC")
    key = get_global("windows_zone_mapping").get(name, name)
    try:
        return ZoneInfo(key)
    except (ValueError, KeyError, OSError):  # KeyError: unknown; OSError: a folder, too long
        return None
