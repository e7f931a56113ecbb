"""A calendar file on this machine, read again whenever it changes.

Answers questions directly (it needs no mirror) and can be mirrored like any other source.
Neighbours: `expand` does the reading, `feed` is the same thing behind a URL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from assistant.core.model import CalendarCopy, Span
from assistant.errors import ConfigError
from assistant.services.calendars.expand import Expanded, expand
from assistant.services.calendars.order import as_instants, in_order, touches
from assistant.services.calendars.source import SyncResult
from assistant.services.calendars.vevent import Reader
from assistant.services.textfile import decode

LARGEST_BYTES = 64 * 1024 * 1024
"""A calendar larger than this is refused rather than read into memory."""

_BEFORE = timedelta(days=1)
_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    stamp: tuple[int, int]
    """Modification time (ns) and size of the file that was read."""
    window: Span
    expanded: Expanded


class IcsCalendar:
    """Appointments of one `.ics` file. Not thread-safe: one reader asks at a time.

    Raises: ConfigError from `read` and `sync` when the file is missing or no calendar, unless an
    earlier state of it was good: that is kept, and the problem named.
    """

    def __init__(self, path: Path, reader: Reader, clock: Callable[[], datetime]) -> None:
        self.name = reader.name
        self._path = path
        self._reader = reader
        self._clock = clock
        self._copy: _Copy | None = None

    def read(self, span: Span) -> CalendarCopy:
        expanded = self._expanded(span)
        zone = self._reader.zone
        found = [a for a in expanded.appointments if touches(*as_instants(a, zone), span)]
        return CalendarCopy(
            appointments=in_order(found, zone),
            as_of=self._clock(),
            problems=expanded.problems,
        )

    def sync(self, window: Span, state: str = "") -> SyncResult:
        """As `Source.sync`; `state` is the file's modification time, size and the window."""
        now = f"{self._stamp()} {window.start.isoformat()}"
        if now == state:
            return SyncResult(appointments=(), state=now, is_full=False)
        expanded = self._load(window)
        return SyncResult(appointments=expanded.appointments, problems=expanded.problems, state=now)

    def _expanded(self, span: Span) -> Expanded:
        copy = self._copy
        if copy and span.start >= copy.window.start and span.end <= copy.window.end:
            try:
                if copy.stamp == self._stamp():
                    return copy.expanded
            except ConfigError as error:
                return _with_problem(copy.expanded, error)
        window = Span(start=span.start - _BEFORE, end=max(span.end, span.start + _AFTER))
        try:
            stamp = self._stamp()
            self._copy = _Copy(stamp=stamp, window=window, expanded=self._load(window))
        except ConfigError as error:
            if copy is None:
                raise
            return _with_problem(copy.expanded, error)
        return self._copy.expanded

    def _load(self, window: Span) -> Expanded:
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise self._unusable(error.strerror or "cannot be read") from error
        try:
            return expand(decode(raw), window, self._reader)
        except ValueError as error:
            raise self._unusable(str(error)) from error

    def _stamp(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise self._unusable(error.strerror or "cannot be read") from error
        if status.st_size > LARGEST_BYTES:
            raise self._unusable(f"larger than {LARGEST_BYTES // 2**20} MiB")
        return status.st_mtime_ns, status.st_size

    def _unusable(self, problem: str) -> ConfigError:
        return ConfigError(str(self._path), "calendar", f"{problem}; give the path of an .ics file")


def _with_problem(expanded: Expanded, error: ConfigError) -> Expanded:
    return Expanded(appointments=expanded.appointments, problems=(*expanded.problems, str(error)))
