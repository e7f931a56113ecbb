"""The table of recordings: `audio_fixtures/<locale>/cases.toml`, one row per WAV file.

Decided here: what a row holds and when a table is refused. Neighbours: `scoring` compares a row
with what was understood.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from pathlib import Path

from assistant.core.events import Scope
from assistant.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One recording and what must come of it."""

    file: Path
    """The WAV file: a name in the table, here its whole path."""
    heard: str
    """The words spoken, "" where nobody speaks; a recogniser may differ where the meaning does
    not."""
    intent: str
    """"" where nothing must happen."""
    slots: Mapping[str, object] = field(default_factory=dict)
    """Slot -> plain value: a name, a number, the ISO start of a time."""
    locale: str
    scope: str = "idle"
    """Which sentences can be heard: idle, question, call, ringing."""
    choices: tuple[str, ...] = ()
    """What the pending question offers, in its order."""
    speaker: str
    """Who speaks: a voice, or a person's name in the source; "" for nobody."""
    noise: str = ""
    """car, babble, indicator; "" for a quiet recording."""
    snr_db: float | None = None
    """Loudest frame of the speech over the loudest frame of the noise; None for noise alone."""
    kind: str
    """human or synthetic."""
    source: str
    licence: str
    drive: int = 0
    """Place in the demonstration drive, from 1; 0 for none."""
    known_miss: str = ""
    """Why the present model does not get it; such a row must still do no harm."""
    taken_for: str = ""
    """The one other intent that a known miss may be taken for, as long as it dials nobody."""
    says: str = ""
    """The words as the synthesiser must read them, where that differs from `heard`."""
    kept: float = 1.0
    """Share of the speech that is kept, for half words."""
    seconds: float = 1.5
    """Length of a row in which nobody speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One table."""

    folder: Path
    now: datetime
    """The moment every row is spoken at."""
    cases: tuple[Case, ...]

    @property
    def locale(self) -> str:
        """The language of the table: that of its first row."""
        return self.cases[0].locale


KINDS = ("human", "synthetic")
SCOPES = tuple(scope.value for scope in Scope)


def load_suite(folder: Path) -> Suite:
    """Reads `folder/cases.toml`. Raises: ConfigError, naming the row and what was expected."""
    path = folder / "cases.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "cases.toml", "no such table of recordings") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), "TOML", str(error)) from None
    now = table.get("now")
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ConfigError(str(path), "now", "a date and time with an offset")
    defaults = table.get("defaults", {})
    rows = [parse_case(path, {**defaults, **row}) for row in table.get("case", [])]
    names = [case.file.name for case in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(str(path), ", ".join(sorted(twice)), "a file has one row")
    if not rows:
        raise ConfigError(str(path), "case", "at least one row")
    return Suite(folder=folder, now=now, cases=tuple(rows))


def parse_case(path: Path, row: Mapping[str, object]) -> Case:
    """One row. Raises: ConfigError."""
    where = f"case {row.get('file', '(no file)')}"
    known = {f.name: f for f in fields(Case)}
    if unknown := sorted(row.keys() - known.keys()):
        raise ConfigError(str(path), f"{where}: {', '.join(unknown)}", "no such column")
    for name, column in known.items():
        required = column.default is MISSING and column.default_factory is MISSING
        if required and name not in row:
            raise ConfigError(str(path), f"{where}: {name}", "this column must be filled")
    if row["kind"] not in KINDS:
        raise ConfigError(str(path), f"{where}: kind", " or ".join(KINDS))
    if row.get("scope", "idle") not in SCOPES:
        raise ConfigError(str(path), f"{where}: scope", " or ".join(SCOPES))
    cells = {
        **row,
        "file": path.parent / str(row["file"]),
        "choices": tuple(row.get("choices", ())),  # type: ignore[arg-type]
    }
    return Case(**cells)  # type: ignore[arg-type]
