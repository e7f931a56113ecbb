"""Fixtures of the tests with real parts; their helpers are in `parts`."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from parts import eventually


@pytest.fixture
def no_threads_left() -> Iterator[None]:
    """Fails when a test leaves a thread behind that it started."""
    before = set(threading.enumerate())
    yield
    eventually(lambda: set(threading.enumerate()) <= before, "end of every thread")
