"""A car counts as parked only while somebody says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.devices.vehicle import MAX_AGE_S, Motion, Vehicle


@pytest.mark.parametrize("motion", list(Motion))
def test_fixed(motion: Motion) -> None:
    assert Vehicle(str(motion)).motion() is motion


@pytest.mark.parametrize(
    ("text", "motion"),
    [
        (b"parked\n", Motion.PARKED),
        (b"off\n", Motion.OFF),
        (b"0", Motion.PARKED),
        (b"0.3 ", Motion.PARKED),
        (b"moving", Motion.MOVING),
        (b"4.2", Motion.MOVING),
        (b"-3", Motion.MOVING),  # reversing
        (b"nan", Motion.MOVING),
        (b"", Motion.MOVING),
        (b"\xff", Motion.MOVING),
        (b"PARKED?", Motion.MOVING),
    ],
)
def test_file_tells(tmp_path: Path, text: bytes, motion: Motion) -> None:
    file = tmp_path / "speed"
    file.write_bytes(text)
    assert Vehicle(str(file)).motion() is motion


def test_what_is_old_or_missing_counts_as_moving(tmp_path: Path) -> None:
    file = tmp_path / "speed"
    vehicle = Vehicle(str(file))
    assert vehicle.motion() is Motion.MOVING
    file.write_text("0")
    assert vehicle.motion() is Motion.PARKED
    old_s = file.stat().st_mtime - MAX_AGE_S - 1
    os.utime(file, (old_s, old_s))
    assert vehicle.motion() is Motion.MOVING
    file.unlink()
    file.mkdir()
    assert vehicle.motion() is Motion.MOVING
    file.rmdir()
    os.mkfifo(file)
    assert vehicle.motion() is Motion.MOVING
