"""A car counts as parked only while somebody says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.devices.vehicle import MAX_AGE_S, Vehicle


@pytest.mark.parametrize(("setting", "is_moving"), [("parked", False), ("moving", True)])
def test_fixed(setting: str, is_moving: bool) -> None:
    assert Vehicle(setting).is_moving() is is_moving


@pytest.mark.parametrize(
    ("text", "is_moving"),
    [
        (b"parked\n", False),
        (b"0", False),
        (b"0.3 ", False),
        (b"moving", True),
        (b"4.2", True),
        (b"-3", True),  # reversing
        (b"nan", True),
        (b"", True),
        (b"\xff", True),
        (b"PARKED?", True),
    ],
)
def test_file_tells(tmp_path: Path, text: bytes, is_moving: bool) -> None:
    file = tmp_path / "speed"
    file.write_bytes(text)
    assert Vehicle(str(file)).is_moving() is is_moving


def test_what_is_old_or_missing_counts_as_moving(tmp_path: Path) -> None:
    file = tmp_path / "speed"
    vehicle = Vehicle(str(file))
    assert vehicle.is_moving()
    file.write_text("0")
    assert not vehicle.is_moving()
    old_s = file.stat().st_mtime - MAX_AGE_S - 1
    os.utime(file, (old_s, old_s))
    assert vehicle.is_moving()
    file.unlink()
    file.mkdir()
    assert vehicle.is_moving()
