"""Shared fixtures: where the project and the optional shared material lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpora, texts and calendars beside the project; skips where it is missing."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("ROADCALL_TESTS") == "all":
            pytest.fail(f"{folder.name}/ beside the project is missing")
        pytest.skip("shared/ beside the project is missing")
    return folder
