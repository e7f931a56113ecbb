"""The driver's calendars, copied: questions are answered from here, never from the network.

One thread asks every source in turn, at its own pace; what it brings replaces or completes the
copy, on disk and in memory. A source that fails keeps its last good copy, and the age of the
oldest copy is the age of every answer. Neighbours: `source` says what is copied, `store` keeps
it, actions read through the port `Calendar`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path
from types import TracebackType

from assistant.core.changes import Change, diff
from assistant.core.model import Appointment, CalendarCopy, Span
from assistant.errors import BrokenAnswer, ConfigError, RateLimited, ServiceError, Unreachable
from assistant.services.calendars.order import as_instants, distinct, in_order, touches
from assistant.services.calendars.source import Source, SyncResult
from assistant.services.calendars.store import Held, Store

BEFORE = timedelta(days=1)
AFTER = timedelta(days=15)
"""The window: yesterday, today and the fourteen days after it."""

MOST_PROBLEMS = 100
"""Kept of one source."""

_FIRST_RETRY_S = 15.0
_LAST_RETRY_S = 900.0

_Row = tuple[datetime, datetime, Appointment]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How one calendar stands, for `roadcall check`."""

    name: str
    count: int
    """Appointments in the copy."""
    as_of: datetime | None
    """Last successful sync; None when there was none yet."""
    error: ServiceError | None
    """Why the last sync failed; None when it did not."""
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Pace:
    """When one source is asked again."""

    due: datetime | None = None
    """None: now."""
    retry_s: float = _FIRST_RETRY_S
    error: ServiceError | None = None


class Mirror:
    """A port `Calendar` over any number of sources.

    Raises: ConfigError when two sources have one name.
    """

    def __init__(
        self,
        path: Path,
        sources: Sequence[Source],
        zone: tzinfo,
        clock: Callable[[], datetime],
    ) -> None:
        names = [source.name for source in sources]
        if len(set(names)) < len(names):
            raise ConfigError("calendars", "name", f"must differ, not {', '.join(names)}")
        self._sources = tuple(sources)
        self._zone = zone
        self._clock = clock
        self._store = Store(path, zone)
        self._held = self._store.load()
        self._paces = {source.name: _Pace() for source in sources}
        self._rows = self._merged()
        self._syncing = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Mirror:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, span: Span) -> CalendarCopy:
        """Raises: the last ServiceError, or Unreachable, as long as no source was ever read."""
        held = [self._held[s.name] for s in self._sources if s.name in self._held]
        if not held:
            errors = (pace.error for pace in self._paces.values() if pace.error)
            raise next(errors, Unreachable("calendar", "not read yet"))
        found = [one for start, end, one in self._rows if touches(start, end, span)]
        return CalendarCopy(
            appointments=tuple(found),
            as_of=min(one.as_of for one in held),
            problems=(*(p for one in held for p in one.problems), *self._failures()),
        )

    def sync(self) -> tuple[Change, ...]:
        """Ask every source now, and return what that changed; failures are kept for `status`."""
        with self._syncing:
            return self._sync(self._sources)

    def start(self, every_s: float, on_change: Callable[[tuple[Change, ...]], None]) -> None:
        """Keep the copy fresh in the background, asking each source about every `every_s`.

        `on_change` is called from the mirror's thread with what a sync changed for the driver.
        """
        self._thread = threading.Thread(
            target=self._run, args=(every_s, on_change), name="calendar-mirror", daemon=True
        )
        self._thread.start()

    def hurry(self, name: str) -> None:
        """Ask one source again now: something in it has just been changed."""
        self._paces[name].due = None
        self._wake.set()

    def close(self) -> None:
        """Stop the thread and close the file; harmless twice."""
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=5)
        with self._syncing:
            self._store.close()

    def status(self) -> tuple[SourceStatus, ...]:
        return tuple(self._status(source.name) for source in self._sources)

    def _status(self, name: str) -> SourceStatus:
        held = self._held.get(name)
        return SourceStatus(
            name=name,
            count=len(held.appointments) if held else 0,
            as_of=held.as_of if held else None,
            error=self._paces[name].error,
            problems=held.problems if held else (),
        )

    def _failures(self) -> Iterator[str]:
        if self._store.problem:
            yield self._store.problem
        yield from (str(pace.error) for pace in self._paces.values() if pace.error)

    def _run(self, every_s: float, on_change: Callable[[tuple[Change, ...]], None]) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            now = self._clock()
            due = [s for s in self._sources if (self._paces[s.name].due or now) <= now]
            for source in due:
                self._paces[source.name].due = now + timedelta(seconds=every_s)
            with self._syncing:
                changes = self._sync(due)
            for source in due:
                self._put_off(self._paces[source.name], every_s)
            if changes:
                on_change(changes)
            self._wake.wait(min(every_s, _FIRST_RETRY_S))

    def _put_off(self, pace: _Pace, every_s: float) -> None:
        if pace.due:  # not asked to hurry meanwhile
            pace.due = self._clock() + timedelta(seconds=_wait_s(pace, every_s))

    def _sync(self, sources: Iterable[Source]) -> tuple[Change, ...]:
        """What a source brings at its first time is not news."""
        now = self._clock()
        window = self._window(now)
        reach = self._window(min((one.as_of for one in self._held.values()), default=now)).end
        before = tuple(row[2] for row in self._rows)
        known = set(self._held)
        for source in sources:
            if self._stop.is_set():
                break
            self._sync_one(source, window)
        self._rows = self._merged()
        after = tuple(row[2] for row in self._rows)
        changes = diff(before, after, now, reach)
        return tuple(c for c in changes if c.appointment.calendar in known)

    def _window(self, moment: datetime) -> Span:
        today = moment.astimezone(self._zone).date()
        midnight = datetime.combine(today, time.min, self._zone)
        return Span(start=midnight - BEFORE, end=midnight + AFTER)

    def _sync_one(self, source: Source, window: Span) -> None:
        pace = self._paces[source.name]
        held = self._held.get(source.name)
        try:
            result = source.sync(window, held.state if held else "")
        except ServiceError as error:
            pace.error = error
            return
        except Exception as error:  # foreign libraries over foreign data: none may end the thread
            pace.error = BrokenAnswer.unexpected(source.name, error)
            log.warning("%s", pace.error)
            return
        pace.error, pace.retry_s = None, _FIRST_RETRY_S
        old = held.appointments if held and not result.is_full else {}
        fresh = Held(
            appointments=_applied(old, result),
            state=result.state,
            as_of=self._clock(),
            problems=_problems(held, result),
        )
        self._held = {**self._held, source.name: fresh}
        self._keep(source.name, fresh, result)

    def _keep(self, name: str, fresh: Held, result: SyncResult) -> None:
        """A copy that cannot be written still answers until the car is switched off."""
        changed = (*(a.uid for a in result.appointments), *result.removed)
        try:
            self._store.save(name, fresh, changed, result.is_full)
        except OSError as error:
            problems = (*fresh.problems, f"the copy could not be kept on disk: {error}")
            self._held = {**self._held, name: replace(fresh, problems=problems)}

    def _merged(self) -> list[_Row]:
        """All sources in one order, each meeting once."""
        held = (self._held[s.name] for s in self._sources if s.name in self._held)
        once = distinct(appointment for one in held for appointment in one.appointments.values())
        return [(*as_instants(one, self._zone), one) for one in in_order(once, self._zone)]


def _applied(old: dict[str, Appointment], result: SyncResult) -> dict[str, Appointment]:
    gone = set(result.removed)
    kept = {uid: one for uid, one in old.items() if uid not in gone}
    return kept | {one.uid: one for one in result.appointments}


def _problems(held: Held | None, result: SyncResult) -> tuple[str, ...]:
    """An incremental sync only tells of what it brought."""
    if held is None or result.is_full:
        return result.problems
    return tuple(dict.fromkeys((*held.problems, *result.problems)))[-MOST_PROBLEMS:]


def _wait_s(pace: _Pace, every_s: float) -> float:
    """Until the next question: sooner after a failure, later where the server says so."""
    if isinstance(pace.error, RateLimited):
        return max(pace.error.retry_after_s, _FIRST_RETRY_S)
    if pace.error is None or not pace.error.retryable:
        return every_s
    wait_s, pace.retry_s = pace.retry_s, min(pace.retry_s * 2, _LAST_RETRY_S)
    return wait_s
