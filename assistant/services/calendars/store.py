"""What the mirror keeps on disk: one SQLite file, readable by its owner alone.

Survives a killed process (write-ahead log), a full disk (the last good state stays) and a
damaged file (moved aside, begun anew: everything in it can be fetched again). Neighbours:
`mirror` decides what is kept, `record` how an appointment is written.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from assistant.core.model import Appointment
from assistant.services.calendars.record import from_json, to_json

_VERSION = 1
_SCHEMA = """
CREATE TABLE source (
    name TEXT PRIMARY KEY, state TEXT NOT NULL, as_of TEXT NOT NULL, problems TEXT NOT NULL
);
CREATE TABLE occurrence (
    source TEXT NOT NULL, uid TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (source, uid)
) WITHOUT ROWID;
"""
_BUSY_S = 5.0
"""How long to wait for another roadcall that is writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is known of one source."""

    appointments: dict[str, Appointment]
    """By uid. Never changed in place."""
    state: str
    as_of: datetime
    problems: tuple[str, ...] = ()


class Store:
    """Opening never fails: where nothing can be written, the copy lives in memory."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self.problem = ""
        """Why nothing is kept on disk, "" when it is."""
        self._path = path
        self._zone = zone
        self._rows = self._open()

    def close(self) -> None:
        self._rows.close()

    def load(self) -> dict[str, Held]:
        """Everything that was kept; nothing when the file was damaged."""
        try:
            return self._load()
        except (sqlite3.DatabaseError, ValueError, TypeError, KeyError):
            self._rows.close()
            self._set_aside()
            self._rows = self._open()
            return {}

    def save(self, name: str, held: Held, changed: Iterable[str], is_full: bool) -> None:
        """Write one source's new state in one go; `changed`: the uids to write or remove.

        Raises: OSError when the disk is full or broken; what was there before stays.
        """
        try:
            with self._rows:  # one transaction
                if is_full:
                    self._rows.execute("DELETE FROM occurrence WHERE source = ?", (name,))
                self._write(name, held, changed)
        except sqlite3.DatabaseError as error:
            raise OSError(f"{self._path.name}: {error}") from error

    def _write(self, name: str, held: Held, changed: Iterable[str]) -> None:
        gone = [(name, uid) for uid in changed if uid not in held.appointments]
        kept = [
            (name, uid, to_json(held.appointments[uid]))
            for uid in changed
            if uid in held.appointments
        ]
        self._rows.executemany("DELETE FROM occurrence WHERE source = ? AND uid = ?", gone)
        self._rows.executemany("INSERT OR REPLACE INTO occurrence VALUES (?, ?, ?)", kept)
        self._rows.execute(
            "INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?)",
            (name, held.state, held.as_of.isoformat(), json.dumps(held.problems)),
        )

    def _load(self) -> dict[str, Held]:
        lines: dict[str, dict[str, Appointment]] = {}
        for source, uid, line in self._rows.execute("SELECT source, uid, line FROM occurrence"):
            lines.setdefault(source, {})[uid] = from_json(line, self._zone)
        sources = self._rows.execute("SELECT name, state, as_of, problems FROM source").fetchall()
        return {
            name: Held(
                appointments=lines.get(name, {}),
                state=state,
                as_of=datetime.fromisoformat(as_of).astimezone(self._zone),
                problems=tuple(json.loads(problems)),
            )
            for name, state, as_of, problems in sources
        }

    def _open(self) -> sqlite3.Connection:
        """The file; a fresh one where it was damaged; memory where nothing can be written."""
        try:
            self._create()
            return self._connect()
        except (OSError, sqlite3.DatabaseError) as error:
            if not _is_damage(error):
                return self._in_memory(error)
        try:
            self._set_aside()
            return self._connect()
        except (OSError, sqlite3.DatabaseError) as error:
            return self._in_memory(error)

    def _in_memory(self, error: Exception) -> sqlite3.Connection:
        self.problem = f"{self._path}: {error}; the copy is lost when roadcall ends"
        rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._prepare(rows)
        return rows

    def _create(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path.chmod(0o600)

    def _connect(self) -> sqlite3.Connection:
        rows = sqlite3.connect(self._path, timeout=_BUSY_S, check_same_thread=False)
        try:
            rows.execute("PRAGMA journal_mode = WAL")
            rows.execute("PRAGMA synchronous = NORMAL")
            if rows.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
            self._prepare(rows)
        except sqlite3.DatabaseError:
            rows.close()
            raise
        return rows

    def _prepare(self, rows: sqlite3.Connection) -> None:
        """A fresh file gets its tables; one of another version is begun anew."""
        (version,) = rows.execute("PRAGMA user_version").fetchone()
        if version == _VERSION:
            return
        if version:
            raise sqlite3.DatabaseError(f"version {version}")
        with rows:
            rows.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")

    def _set_aside(self) -> None:
        """Keep the damaged file for whoever wants to look, one at most."""
        self._path.replace(f"{self._path}.broken")
        for suffix in ("-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        self._create()


def _is_damage(error: Exception) -> bool:
    """Whether a fresh file would help; a full disk or another user's lock are no damage."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return isinstance(error, sqlite3.DatabaseError) and code & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
    )
