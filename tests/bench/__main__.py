"""Speed and accuracy tables: `python -m tests.bench [NAME ...]`, or `make bench` for all.

Every module beside this one has a `main()` that prints its own table. What cannot run here is
named with the reason; nothing is asserted, the figures are for reading.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest
from rich.console import Console

from assistant.errors import AssistantError

SKIPS = (AssistantError, ImportError, OSError, pytest.skip.Exception)


def names() -> list[str]:
    return sorted(file.stem for file in Path(__file__).parent.glob("[a-z]*.py"))


def main(wanted: list[str]) -> None:
    console = Console()
    if unknown := sorted(set(wanted) - set(names())):
        sys.exit(f"no bench named {', '.join(unknown)}; there are: {', '.join(names())}")
    skipped = []
    for name in wanted or names():
        console.rule(name)
        try:
            import_module(f"tests.bench.{name}").main()
        except SKIPS as reason:
            skipped.append(f"{name}: {reason}")
            console.print(f"skipped: {reason}", markup=False)
    if skipped:
        console.rule("skipped")
        console.print("\n".join(skipped), markup=False)


if __name__ == "__main__":
    main(sys.argv[1:])
