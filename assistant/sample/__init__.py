"""A consultant's week that is always this week, and her address book: data for trying things out.

The calendar is a template whose days count from today, so that the demonstration works on any
date. All people and firms are invented; the telephone numbers come from ranges kept free for
fiction. Neighbours: `roadcall demo` writes the week to a file and reads it like any other.

Source: Ofcom "Telephone numbers for drama", Bundesnetzagentur "Drama numbers", ARCEP 2012-0855.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

DRIVER = "alex.morgan@northbridge.example"
"""The driver's address in the sample calendar."""

_DAY = re.compile(r"@D([+-]\d+)@")


def build_week(now: datetime, zone: str) -> str:
    """The sample calendar around `now`, in the IANA zone `zone`."""
    today = now.date()
    template = files(__name__).joinpath("week.ics.in").read_text("utf-8").replace("@ZONE@", zone)
    return _DAY.sub(lambda day: f"{today + timedelta(days=int(day[1])):%Y%m%d}", template)


def contacts_path() -> Path:
    """The sample address book."""
    return Path(str(files(__name__).joinpath("contacts.vcf")))
