"""The pages under docs/ keep their promises: their settings are settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from assistant import config
from assistant.calendars import BACKENDS, COMMON

ROOT = Path(__file__).parents[2]
PAGES = sorted((*(ROOT / "docs").glob("*.md"), ROOT / "README.md"))
SNIPPETS = [
    pytest.param(snippet, id=f"{page.name}-{number}")
    for page in PAGES
    for number, snippet in enumerate(
        re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.S)
    )
    if "[[calendars]]" in snippet
]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_account_in_the_docs_can_be_set_up(snippet: str) -> None:
    accounts = config.parse(tomllib.loads(snippet), "docs").calendars
    assert accounts
    for account in accounts:
        _, known = BACKENDS[account.kind]
        assert account.settings.keys() <= known | COMMON


def test_there_are_accounts_of_every_kind() -> None:
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert all(f'kind = "{kind}"' in text for kind in BACKENDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_links_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
