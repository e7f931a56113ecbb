"""How much of an invitation is found, by field: `python -m tests.bench invitations`.

The rows of `tests/invitations.toml`, which are ours, and those of `shared/invitations` beside the
project. A field that a text does not have counts as found when nothing is made up for it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from assistant.core.joining import find_join
from tests.unit.test_joining import PROVIDERS

HERE = Path(__file__).parents[1]
SHARED = HERE.parents[1] / "shared" / "invitations"
FIELDS = ("provider", "url", "dial-in", "id", "PIN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    text: str
    market: str
    expected: tuple[str, ...]
    """In the order of FIELDS, each "" where there is none; the URL's beginning."""


def ours() -> Iterator[Row]:
    table = tomllib.loads((HERE / "invitations.toml").read_text("utf-8"))
    for row in table["meeting"]:
        number = row["dial_ins"][0] if row["dial_ins"] else ""
        expected = (row["provider"], row["url"], number, row["conference_id"], row["pin"])
        yield Row(text=row["text"], market=row["market"], expected=expected)
    for row in table["other"]:
        yield Row(text=row["text"], market="GB", expected=("",) * len(FIELDS))


def bodies() -> Iterator[Row]:
    for row in json.loads((SHARED / "bodies.json").read_text("utf-8")):
        facts = (row["url"], row["phone"], row["conference_id"], row["passcode"])
        expected = (PROVIDERS[row["service"]], *(fact or "" for fact in facts))
        yield Row(text=row["text"], market="DE", expected=expected)


def links() -> Iterator[Row]:
    for row in json.loads((SHARED / "links.json").read_text("utf-8"))["cases"]:
        provider = PROVIDERS.get(row["service"], "other") if row["service"] else ""
        yield Row(text=row["text"], market="GB", expected=(provider, row["url"] or "", "", "", ""))


def found(row: Row) -> tuple[str, ...]:
    join = find_join(fields={}, location="", text=row.text, market=row.market)
    if join is None:
        return ("",) * len(FIELDS)
    number = join.dial_ins[0].number if join.dial_ins else ""
    url = join.url[: len(row.expected[1])] or join.url
    return join.provider, url, number, join.conference_id, join.pin


def judge(console: Console, name: str, rows: Iterable[Row]) -> None:
    judged = [(row, found(row)) for row in rows]
    table = Table(title=f"{name}: {len(judged)} texts")
    for heading in ("field", "written in", "found", "made up"):
        table.add_column(heading, justify="left" if heading == "field" else "right")
    for at, field in enumerate(FIELDS):
        there = [got[at] == row.expected[at] for row, got in judged if row.expected[at]]
        made_up = sum(bool(got[at]) for row, got in judged if not row.expected[at])
        share = f"{100 * sum(there) / len(there):.1f} %" if there else "-"
        table.add_row(field, str(len(there)), share, str(made_up))
    console.print(table)


def main() -> None:
    console = Console()
    judge(console, "ours", ours())
    judge(console, "shared/invitations, bodies", bodies())
    judge(console, "shared/invitations, links", links())
