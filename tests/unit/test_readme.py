"""The README keeps its promises: settings, commands and files that it names exist."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import fields
from pathlib import Path

from assistant import config
from assistant.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def settings_table() -> str:
    """One row per field of Config: name, default, and the line under the field."""
    tree = ast.parse(Path(config.__file__).read_text("utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Config").body
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name) and field.value
            meaning = " ".join(str(ast.literal_eval(text.value)).split()).replace("|", "\\|")
            rows.append(f"| `{field.target.id}` | `{_default(field.value)}` | {meaning} |")
    assert len(rows) == 2 + len(fields(config.Config))
    return "\n".join(rows)


def _default(value: ast.expr) -> str:
    return ast.unparse(value).replace("'", '"').replace("()", "[]")


def test_the_table_of_settings_is_the_configuration() -> None:
    assert settings_table() in README, f"put this into README.md:\n{settings_table()}"


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"(?:`|bin/)roadcall ([a-z]+)", README))
    assert named <= {name for name, _, _ in COMMANDS}


def test_the_two_commands_are_in_it() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test", "bench"):
        assert f"make {target}" in README
        assert f"\n{target}:" in makefile
