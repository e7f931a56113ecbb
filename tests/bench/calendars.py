"""How fast calendars are: first sync, re-sync, question and memory, beside the plain libraries.

`python -m tests.bench calendars`

The file is made up: 5,000 entries over five years with Teams invitations, of which a few or many
repeat every week to this day. Memory is the peak of the whole process, in the second table with
what the plain libraries left. Microsoft 365 is counted in requests, against a stand-in (a fake).
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from assistant.core.model import Span
from assistant.services.calendars.ics import IcsCalendar
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.vevent import Reader

sys.path.append(str(Path(__file__).parents[1] / "integration"))
from fakes.driver import NOW as MONDAY
from fakes.driver import Driver
from fakes.graph import GraphMailbox
from fakes.graph_events import event, weekly

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, tzinfo=ZONE)
ENTRIES = 5_000
YEARS = 5
INVITATION = (
    "Agenda: numbers of the quarter and what follows from them.\\n\\n" + "_" * 80 + "\\n"
    "Microsoft Teams meeting\\nJoin: https://teams.microsoft.com/meet/26374053457629?p=example\\n"
    "Meeting ID: 263 740 534 576 29\\nPasscode: Ax3Zj3Mx\\nDial in by phone\\n"
    "+49 30 23125 017\\,\\,766918553# Germany\\, Berlin\\nPhone conference ID: 766 918 553#\\n"
) * 2


def build_calendar(series: int) -> str:
    first = NOW.replace(tzinfo=None) - timedelta(days=365 * YEARS)
    step = timedelta(days=365 * YEARS) / (ENTRIES - series)
    entries = [build_entry(f"single-{n}", first + n * step, "") for n in range(ENTRIES - series)]
    entries += [
        build_entry(f"series-{n}", first + timedelta(hours=n), "RRULE:FREQ=WEEKLY\r\n")
        for n in range(series)
    ]
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(entries) + "END:VCALENDAR\r\n"


def build_entry(uid: str, start: datetime, rule: str) -> str:
    return (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Meeting {uid}\r\n{rule}"
        f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M00}\r\n"
        f"DTEND;TZID=Europe/Berlin:{start + timedelta(minutes=30):%Y%m%dT%H%M00}\r\n"
        "ORGANIZER;CN=Ben:mailto:ben@x.example\r\n"
        "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@x.example\r\n"
        f"DESCRIPTION:{INVITATION}\r\nEND:VEVENT\r\n"
    )


def clocked(label: str, work: Callable[[], object], times: int = 1) -> None:
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    print(f"{label:<44}{statistics.median(taken):>10.1f} ms", flush=True)


def main() -> None:
    for series in (63, 500):
        measure(series)
    measure_graph()


def measure_graph() -> None:
    """A fortnight of 500 events, 60 of them of 30 weekly series."""
    with GraphMailbox() as mailbox:
        driver = Driver(mailbox)
        mailbox.put(*(event(f"e{i}", MONDAY + timedelta(minutes=i)) for i in range(440)))
        mailbox.put(*(weekly(f"w{i}", MONDAY, 2) for i in range(30)))
        print("Microsoft 365, 500 events in the window")
        for label in ("first sync", "sync, nothing changed"):
            before = len(mailbox.requests)
            clocked(label, driver.sync)
            print(f"{label + ', requests':<44}{len(mailbox.requests) - before:>10}")
        driver.http.close()


def measure(series: int) -> None:
    day = NOW.replace(hour=0)
    today = Span(start=day, end=day + timedelta(days=1))
    week = Span(start=day, end=day + timedelta(days=7))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "work.ics"
        file.write_text(build_calendar(series))
        print(f"{ENTRIES} entries, {series} live series, {file.stat().st_size / 1e6:.1f} MB")
        reader = Reader(name="Work", zone=ZONE, me=frozenset({"anna@x.example"}), market="DE")
        source = IcsCalendar(file, reader, lambda: NOW)
        with Mirror(Path(folder) / "mirror.db", [source], ZONE, lambda: NOW) as mirror:
            clocked("first sync", mirror.sync)
            clocked("sync, nothing changed", mirror.sync, 20)
            print(f"{'appointments in the copy':<44}{mirror.status()[0].count:>10}")
            clocked("question: today", lambda: mirror.read(today), 200)
            clocked("question: this week", lambda: mirror.read(week), 200)
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{'memory, whole process':<44}{peak_mib:>10.0f} MiB")
        clocked(
            "start with the copy on disk",
            lambda: Mirror(Path(folder) / "mirror.db", [source], ZONE, lambda: NOW).close(),
            5,
        )
        plain(file, today)


def plain(file: Path, today: Span) -> None:
    """The same file with the plain libraries."""
    parsed: list[icalendar.Component] = []
    clocked(
        "plain icalendar: parse",
        lambda: parsed.append(icalendar.Calendar.from_ical(file.read_bytes())),
    )
    query = recurring_ical_events.of(parsed[0])
    clocked("plain recurring-ical-events: today", lambda: query.between(today.start, today.end))


if __name__ == "__main__":
    main()
