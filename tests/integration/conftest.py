"""Fixtures of the tests with real parts; their helpers are in `parts`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import eventually
from sip.peer import Peer, peer
from sip.sound import write_noise_bursts


@pytest.fixture
def no_threads_left() -> Iterator[None]:
    """Fails when a test leaves a thread behind that it started."""
    before = set(threading.enumerate())
    yield
    eventually(lambda: set(threading.enumerate()) <= before, "end of every thread")


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A minute of noise bursts to speak into calls."""
    path = tmp_path / "voice.wav"
    write_noise_bursts(path)
    return path


@pytest.fixture
def far(tmp_path: Path, voice: Path) -> Iterator[Peer]:
    """The far end of SIP calls."""
    with peer(tmp_path / "far", voice) as one:
        yield one
