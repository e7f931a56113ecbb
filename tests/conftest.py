"""Shared fixtures: where the project and the optional shared material lie."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpora, texts and calendars beside the project; skips where it is missing.

    Even with ROADCALL_TESTS=all: it is no part of the project and a fresh clone has none.
    """
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("shared/ beside the project is missing")
    return folder
