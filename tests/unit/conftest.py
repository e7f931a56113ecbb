"""The shipped languages, each read once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from assistant.core.locales import Locale, parse

LOCALES = Path(__file__).parents[2] / "assistant" / "locales"


@cache
def locale(tag: str) -> Locale:
    return parse((LOCALES / f"{tag}.toml").read_text(encoding="utf-8"), tag)


@pytest.fixture(scope="session")
def language() -> Callable[[str], Locale]:
    """A shipped language by its tag."""
    return locale


@pytest.fixture(params=["en-GB", "de-DE", "fr-FR"])
def shipped(request: pytest.FixtureRequest) -> Locale:
    """Each language in turn."""
    return locale(request.param)
