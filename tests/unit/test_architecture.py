"""The import rules and sizes of the architecture, read from the source without running it."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "assistant"
FILES = sorted(p.relative_to(PACKAGE) for p in PACKAGE.rglob("*.py"))
EDGE = {"core", "errors", "config"}
MAY_IMPORT = {  # room -> rooms of ours, besides itself
    "errors": set(),
    "core": {"errors"},
    "config": {"core", "errors"},
    "actions": {"core", "errors"},
    "sample": {"core", "errors"},
    "speech": EDGE,
    "devices": EDGE,
    "display": EDGE,
    "services": EDGE,
    "replay": EDGE,
}
IMPURE = {"asyncio", "io", "logging", "os", "pathlib", "queue", "random", "shutil", "socket"} | {
    "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid"
}  # fmt: skip
IMPURE_FUNCTIONS = {"open", "print", "input"}
IMPURE_METHODS = {"now", "today", "utcnow", "open", "read_text", "write_text"}
MOST_LINES = 27_600
CORE_LIBRARIES = {"babel", "num2words", "phonenumbers", "rapidfuzz"}
SHARED_LIBRARIES = {  # everything else has one file
    "numpy": "samples are passed between the audio edges as arrays",
    "sounddevice": "the microphone and the voice each own a stream",
    "soxr": "resampled at the microphone, and when a file is read",
    "httpx": "every service builds its own client, with its own errors",
    "rich": "the command line and the replay report print with it",
}


def tree(file: Path) -> ast.Module:
    return ast.parse((PACKAGE / file).read_text(encoding="utf-8"))


def lines(file: Path) -> int:
    return (PACKAGE / file).read_text(encoding="utf-8").count("\n")


def room(file: Path) -> str:
    return file.parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """Full names of everything imported, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def libraries(file: Path) -> set[str]:
    roots = {name.split(".")[0] for name in imports(file)}
    return roots - sys.stdlib_module_names - {"assistant"}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_point_inwards(file: Path) -> None:
    if len(file.parts) == 1 and room(file) not in MAY_IMPORT:
        return  # composition: knows every room, and no room may import it
    assert room(file) in MAY_IMPORT, "a new room: say in MAY_IMPORT what it may know"
    ours = {name.split(".")[1] for name in imports(file) if name.startswith("assistant.")}
    assert ours <= MAY_IMPORT[room(file)] | {room(file)}


@pytest.mark.parametrize("file", [f for f in FILES if room(f) == "core"], ids=str)
def test_core_is_pure(file: Path) -> None:
    called = [node.func for node in ast.walk(tree(file)) if isinstance(node, ast.Call)]
    used = imports(file)
    assert not [name for name in used if any(f"{name}.".startswith(f"{i}.") for i in IMPURE)]
    assert not {f.id for f in called if isinstance(f, ast.Name)} & IMPURE_FUNCTIONS
    assert not {f.attr for f in called if isinstance(f, ast.Attribute)} & IMPURE_METHODS
    assert libraries(file) <= CORE_LIBRARIES


def test_one_library_lives_in_one_file() -> None:
    homes = defaultdict(set)
    for file in FILES:
        for library in libraries(file) - SHARED_LIBRARIES.keys():
            homes[library].add("core" if library in CORE_LIBRARIES else str(file))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_files_and_functions_stay_small(file: Path) -> None:
    assert lines(file) <= 300
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


def test_the_whole_stays_small() -> None:
    assert sum(map(lines, FILES)) <= MOST_LINES
