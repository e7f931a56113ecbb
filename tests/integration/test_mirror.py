"""The copy of the calendars: what it answers when sources, disk and process fail."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.core.changes import Change, ChangeKind
from assistant.core.model import (
    Appointment,
    Attendee,
    DialIn,
    JoinInfo,
    Response,
    Span,
)
from assistant.errors import ConfigError, RateLimited, ServiceError, Unreachable
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import SyncResult

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=BERLIN)
TODAY = Span(start=NOW.replace(hour=0), end=NOW.replace(hour=0) + timedelta(days=1))


def meeting(uid: str, hour: int = 10, calendar: str = "Work", title: str = "") -> Appointment:
    start = NOW.replace(hour=hour)
    return Appointment(
        uid=uid, title=title or uid, start=start, end=start + timedelta(hours=1), calendar=calendar
    )


class Scripted:
    """A source that answers what it is told to: results and errors, the last one for ever."""

    def __init__(self, name: str, *answers: SyncResult | ServiceError) -> None:
        self.name = name
        self.answers = list(answers)
        self.asked: list[str] = []
        self.windows: list[Span] = []

    def sync(self, window: Span, state: str = "") -> SyncResult:
        self.asked.append(state)
        self.windows.append(window)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ServiceError):
            raise answer
        return answer


def full(
    *appointments: Appointment, state: str = "1", problems: tuple[str, ...] = ()
) -> SyncResult:
    return SyncResult(appointments=appointments, state=state, problems=problems)


def titles(mirror: Mirror, span: Span = TODAY) -> list[str]:
    return [one.title for one in mirror.read(span).appointments]


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Mirror]:
    def build(*sources: Scripted, now: datetime = NOW) -> Mirror:
        return Mirror(tmp_path / "private" / "mirror.db", sources, BERLIN, lambda: now)

    return build


def test_a_copy_outlives_the_program(build: Callable[..., Mirror], tmp_path: Path) -> None:
    rich = replace(
        meeting("a"),
        organizer=Attendee(name="Ben", email="b@x.example", response=Response.ORGANIZER),
        attendees=(Attendee(name="Räum", is_resource=True),),
        join=JoinInfo(provider="teams", dial_ins=(DialIn(number="+4930", country="DE"),), pin="x"),
        is_private=True,
        response=Response.DECLINED,
    )
    whole_day = replace(meeting("b"), start=date(2026, 11, 23), end=date(2026, 11, 24))
    with build(Scripted("Work", full(rich, whole_day, problems=("p",)))) as mirror:
        mirror.sync()
        before = mirror.read(TODAY)
    source = Scripted("Work", Unreachable("Work"))
    with build(source, now=NOW + timedelta(hours=2)) as mirror:
        assert mirror.read(TODAY) == before
        mirror.sync()
        copy = mirror.read(TODAY)
    assert source.asked == ["1"]
    assert (copy.appointments, copy.as_of) == ((whole_day, rich), NOW)
    assert copy.problems == ("p", "Work: Unreachable")
    files = list((tmp_path / "private").iterdir())
    assert files and all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_changes_are_merged_and_told(build: Callable[..., Mirror]) -> None:
    delta = SyncResult(
        appointments=(meeting("a", 12), meeting("d", 15)),
        removed=("b", "never known"),
        state="2",
        is_full=False,
    )
    source = Scripted("Work", full(meeting("a"), meeting("b", 14), meeting("c", 16)), delta)
    with build(source) as mirror:
        assert mirror.sync() == ()
        changes = mirror.sync()
        assert titles(mirror) == ["a", "d", "c"]
    assert [(change.kind, change.appointment.uid) for change in changes] == [
        (ChangeKind.MOVED, "a"),
        (ChangeKind.CANCELLED, "b"),
        (ChangeKind.ADDED, "d"),
    ]
    with build(source) as mirror:
        assert titles(mirror) == ["a", "d", "c"]


def test_the_window_is_yesterday_to_a_fortnight_ahead(build: Callable[..., Mirror]) -> None:
    source = Scripted("Work", full())
    with build(source) as mirror:
        mirror.sync()
    midnight = NOW.replace(hour=0)
    assert source.windows == [
        Span(start=midnight - timedelta(days=1), end=midnight + timedelta(days=15))
    ]


def test_one_meeting_in_two_calendars_counts_once(build: Callable[..., Mirror]) -> None:
    work = Scripted("Work", full(meeting("a"), meeting("x", 12, title="Lunch")))
    home = Scripted(
        "Home",
        full(
            meeting("a", calendar="Home"),
            meeting("y", 12, "Home", "Lunch"),
            meeting("z", 13, "Home"),
        ),
    )
    with build(work, home) as mirror:
        mirror.sync()
        found = mirror.read(TODAY).appointments
    assert [(one.calendar, one.title) for one in found] == [
        ("Work", "a"),
        ("Work", "Lunch"),
        ("Home", "z"),
    ]


def test_a_cancelled_meeting_does_not_hide_its_namesake(build: Callable[..., Mirror]) -> None:
    work = Scripted("Work", full(replace(meeting("x", title="Review"), is_cancelled=True)))
    home = Scripted("Home", full(meeting("y", calendar="Home", title="Review")))
    with build(work, home) as mirror:
        mirror.sync()
        found = mirror.read(TODAY).appointments
    assert ("Home", False) in [(one.calendar, one.is_cancelled) for one in found]


def test_one_failing_calendar_does_not_hide_the_other(build: Callable[..., Mirror]) -> None:
    with build(
        Scripted("Work", full(meeting("a"))), Scripted("Home", Unreachable("Home"))
    ) as mirror:
        mirror.sync()
        assert titles(mirror) == ["a"]
        work, home = mirror.status()
    assert (work.count, work.as_of, work.error) == (1, NOW, None)
    assert (home.count, home.as_of, str(home.error)) == (0, None, "Home: Unreachable")


def test_nothing_read_yet_is_no_empty_day(build: Callable[..., Mirror]) -> None:
    with build(Scripted("Work", Unreachable("Work", "no route"))) as mirror:
        with pytest.raises(Unreachable):
            mirror.read(TODAY)
        mirror.sync()
        with pytest.raises(Unreachable, match="no route"):
            mirror.read(TODAY)


def test_names_must_differ(build: Callable[..., Mirror]) -> None:
    with pytest.raises(ConfigError, match="must differ"):
        build(Scripted("Work", full()), Scripted("Work", full()))


@pytest.mark.parametrize("damage", [b"not a database at all" * 99, b"", None])
def test_a_damaged_file_is_moved_aside(
    build: Callable[..., Mirror], tmp_path: Path, damage: bytes | None
) -> None:
    source = Scripted("Work", full(*(meeting(f"m{n:03}") for n in range(500))))
    with build(source) as mirror:
        mirror.sync()
    file = tmp_path / "private" / "mirror.db"
    content = file.read_bytes()
    middle = (
        content[: len(content) // 2] + os.urandom(20_000) + content[len(content) // 2 + 20_000 :]
    )
    file.write_bytes(middle if damage is None else damage)
    with build(source) as mirror:
        mirror.sync()
        assert len(titles(mirror)) == 500
    assert source.asked[-1] == ""
    if damage != b"":
        assert file.with_name("mirror.db.broken").exists()


def test_rows_of_nonsense_are_damage_too(build: Callable[..., Mirror], tmp_path: Path) -> None:
    source = Scripted("Work", full(meeting("a")))
    with build(source) as mirror:
        mirror.sync()
    rows = sqlite3.connect(tmp_path / "private" / "mirror.db")
    with rows:
        rows.execute("UPDATE occurrence SET line = '{\"uid\": 1}'")
    rows.close()
    with build(source) as mirror:
        mirror.sync()
        assert titles(mirror) == ["a"]


def test_a_place_that_cannot_be_written_still_answers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    source = Scripted("Work", full(meeting("a")))
    with Mirror(tmp_path / "file" / "mirror.db", [source], BERLIN, lambda: NOW) as mirror:
        mirror.sync()
        copy = mirror.read(TODAY)
    assert [one.title for one in copy.appointments] == ["a"]
    assert "lost when roadcall ends" in copy.problems[0]


def test_the_background_keeps_going_and_stops(tmp_path: Path) -> None:
    told: list[tuple[Change, ...]] = []
    changed = threading.Event()

    def tell(changes: tuple[Change, ...]) -> None:
        told.append(changes)
        changed.set()

    source = Scripted("Work", full(meeting("a")), RateLimited("Work", 0.0), full(meeting("a", 12)))
    clock = iter(NOW + timedelta(minutes=n) for n in range(100_000))
    with Mirror(tmp_path / "m.db", [source], BERLIN, lambda: next(clock)) as mirror:
        mirror.start(every_s=0.01, on_change=tell)
        assert changed.wait(10)
    assert [change.kind for change in told[0]] == [ChangeKind.MOVED]
    assert not [thread for thread in threading.enumerate() if thread.name == "calendar-mirror"]


WRITER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
from assistant.core.model import Appointment
from assistant.services.calendars.mirror import Mirror
from assistant.services.calendars.source import SyncResult
zone = ZoneInfo("Europe/Berlin")
now = datetime(2026, 11, 23, 9, tzinfo=zone)

class Counting:
    name = "Work"
    def sync(self, window, state=""):
        title = str(int(state or 0) + 1)
        return SyncResult(state=title, appointments=tuple(
            Appointment(uid=str(n), title=title, start=now, end=now + timedelta(hours=1))
            for n in range(400)))

mirror = Mirror(Path(sys.argv[1]), [Counting()], zone, lambda: now)
while True:
    mirror.sync()
    print(mirror.status()[0].problems, flush=True)
"""


def writer(file: Path, limit_bytes: int = 0) -> subprocess.Popen[str]:
    code = WRITER
    if limit_bytes:
        code = (
            "import resource, signal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))\n" + code
        )
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", code, str(file)], cwd=root, stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_leaves_one_whole_state(tmp_path: Path) -> None:
    file = tmp_path / "mirror.db"
    for round_ in range(4):
        process = writer(file)
        assert process.stdout
        for _ in range(2 + round_):
            process.stdout.readline()
        time.sleep(0.003 * round_)  # somewhere in the middle of the next write
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Mirror(file, [Scripted("Work", full())], BERLIN, lambda: NOW) as mirror:
            found = titles(mirror)
        assert len(found) == 400
        assert len(set(found)) == 1
    assert not file.with_name("mirror.db.broken").exists()


def test_a_full_disk_keeps_the_last_good_state(tmp_path: Path) -> None:
    file = tmp_path / "mirror.db"
    with Mirror(file, [Scripted("Work", full(meeting("a")))], BERLIN, lambda: NOW) as mirror:
        mirror.sync()
    process = writer(file, limit_bytes=60_000)  # every file ends there, as on a full disk
    assert process.stdout
    assert "could not be kept on disk" in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Mirror(file, [Scripted("Work", full())], BERLIN, lambda: NOW) as mirror:
        assert titles(mirror) == ["a"]
    assert not file.with_name("mirror.db.broken").exists()
