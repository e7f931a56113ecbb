"""What each command does with its options. `__main__` parses, `door` plays the turns."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from assistant import report, sample
from assistant.assembly import build_car, build_locale, build_zone
from assistant.calendars import Surroundings, build_calendars
from assistant.config import Account, Config, load
from assistant.core import agenda as rules
from assistant.core.events import Event, Scope
from assistant.core.locales import Locale
from assistant.core.match import Matcher
from assistant.core.model import Hypothesis, Interpretation, Span
from assistant.core.slots import build_vocabulary
from assistant.door import Door, Turn
from assistant.services.calendars.dryrun import DryRunCalendar
from assistant.services.calls.handlers import SystemHandlers
from assistant.writer import Writer


def build_config(options: argparse.Namespace) -> Config:
    """The file's settings with the command line's on top. Raises ConfigError."""
    config = load(Path(options.config)) if options.config else Config()
    if options.locale:
        config = replace(config, locale=options.locale)
    if options.contacts:
        config = replace(config, contacts=tuple(options.contacts))
    if options.calendar:
        files = tuple(Account(kind="ics", settings={"path": p}) for p in options.calendar)
        config = replace(config, calendars=files)
    return config


_SAMPLE = "Sample week"
_SAMPLE_NOTE = "roadcall: nothing is set up (--calendar FILE.ics); using the sample week"


class Session:
    """One car with its text door, built from the options. Closes its lines."""

    def __init__(
        self,
        options: argparse.Namespace,
        *,
        fill: bool = True,
        post: Callable[[Event], None] | None = None,
    ) -> None:
        """`fill`: whether to wait for remote calendars that were never read. `post`: who is told
        what the call lines report, from the first moment on; the door, unless given."""
        self.config = build_config(options)
        self._now: datetime | None = options.now
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        is_quiet = getattr(options, "quiet", False)
        is_sample = not self.config.calendars and not self.config.contacts
        if is_sample:
            self._use_sample()
            if not is_quiet:
                print(_SAMPLE_NOTE, file=sys.stderr)
        if is_quiet:
            lines = (Account(kind="dryrun", settings={"quiet": "yes"}),)
            self.config = replace(self.config, lines=lines)
        self.zone = build_zone(self.config.zone)
        locale = build_locale(self.config.locale)
        around = Surroundings(
            zone=self.zone,
            clock=self.clock,
            me=frozenset(address.lower() for address in self.config.me),
            market=locale.market,
        )
        self.calendars = build_calendars(self.config.calendars, around)
        if is_sample:
            rehearsal = {_SAMPLE: DryRunCalendar(is_quiet=is_quiet)}
            writer = Writer(rehearsal, _SAMPLE, lambda _: None, self.clock)
            self.calendars = replace(self.calendars, writable=writer)
        if fill:
            self._fill()
        self._reported: deque[Event] = deque()
        """For the door: lines may report before there is one."""
        post = post or self._reported.append
        self.car = build_car(self.config, locale, self.calendars, clock=self.clock, post=post)
        self.car.open_link = None if is_quiet else SystemHandlers().open
        self.door = self.new_door()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self.car.lines:
            line.close()
        self.calendars.close()
        if self._folder:
            self._folder.cleanup()

    def clock(self) -> datetime:
        """Now in the car's zone, or the moment to pretend."""
        if self._now is None:
            return datetime.now(self.zone)
        return self._now.replace(tzinfo=self._now.tzinfo or self.zone).astimezone(self.zone)

    def _fill(self) -> None:
        """The first time there is nothing to answer from; later the copies will do."""
        mirror, books = self.calendars.mirror, self.calendars.books
        if mirror and all(status.as_of is None for status in mirror.status()):
            mirror.sync()
        if books and books.is_empty:
            books.refresh()

    def new_door(self) -> Door:
        """A new dialogue about the same day."""
        car = self.car
        return Door(car.new_dialog(), car.interpret, car.world, self.clock, self._reported)

    def _use_sample(self) -> None:
        """The sample week, and its people unless others are given."""
        zone = self.config.zone or "Europe/London"
        self.config = replace(self.config, zone=zone, me=(sample.DRIVER,))
        self.zone = build_zone(zone)
        self._folder = tempfile.TemporaryDirectory(prefix="roadcall-")
        path = Path(self._folder.name) / "sample-week.ics"
        path.write_text(sample.build_week(self.clock(), zone), encoding="utf-8")
        account = Account(kind="ics", settings={"path": str(path), "name": _SAMPLE})
        people = (str(sample.contacts_path()),)
        self.config = replace(self.config, calendars=(account,), contacts=people)


class OtherDomain:
    """A locale file without replies: sentences get an intent and slots, and nothing happens."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self.vocabulary = build_vocabulary(locale, (), ())
        self._matcher = Matcher(locale, self.vocabulary)

    def interpret(
        self, text: str, scope: Scope, choices: Sequence[str]
    ) -> tuple[Interpretation, ...]:
        """What a spoken sentence may mean, best first."""
        now = datetime.now().astimezone()
        return self._matcher.interpret(text, now=now, scope=scope, choices=choices, is_spoken=True)

    def read(self, hypothesis: Hypothesis) -> Turn:
        began = time.perf_counter()
        readings = self._matcher.interpret(
            hypothesis.text, now=datetime.now().astimezone(), is_spoken=hypothesis.is_spoken
        )
        return Turn(
            heard=hypothesis.text,
            confidence=hypothesis.confidence,
            reading=readings[0] if readings else None,
            timings_ms={"understand": (time.perf_counter() - began) * 1000},
        )


def ask(options: argparse.Namespace) -> int:
    """`roadcall ask TEXT`; a locale file of another domain gives intent and slots only."""
    locale = build_locale(build_config(options).locale)
    if not locale.errors:
        other = OtherDomain(locale)
        for sentence in _sentences(options.text):
            print_turn(other.read(Hypothesis(text=sentence)), options)
        return 0
    with Session(options) as session:
        for sentence in _sentences(options.text):
            if options.fresh:
                session.door = session.new_door()
            print_turn(session.door.say(Hypothesis(text=sentence)), options)
    return 0


def _sentences(text: str) -> Iterator[str]:
    if text != "-":
        yield text
        return
    for line in sys.stdin:
        if line.strip():
            yield line.strip()


def print_turn(turn: Turn, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(report.as_json(turn), ensure_ascii=False), flush=True)
        return
    print(f"heard       {turn.heard or '(nothing)'}")
    print(f"understood  {report.understood(turn)}")
    print(f"answered    {turn.reply}")
    if report.done(turn):
        print(f"action      {report.done(turn)}")
    print(flush=True)


def agenda(options: argparse.Namespace) -> int:
    """`roadcall agenda`"""
    with Session(options) as session:
        now = session.clock()
        copy = session.car.copy
        span = Span(
            start=rules.day_span(now.date(), session.zone).start,
            end=now + timedelta(days=options.days),
        )
        rows = [
            *rules.whole_days(copy.appointments, now.date()),
            *rules.within(copy.appointments, span),
        ]
        for row in rows:
            title = session.car.wording.title(row)
            if options.json:
                facts = {"start": row.start.isoformat(), "end": row.end.isoformat()}
                print(json.dumps({**facts, "title": title, "location": row.location}))
            else:
                print(f"{row.start:%a %d %b %H:%M}  {title}")
        for problem in copy.problems:
            print(f"roadcall: {problem}", file=sys.stderr)
    return 0
