"""What the driver turned is as it was at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.core.events import Dial
from assistant.dials import Dials
from assistant.speech.synthesizer import Synthesizer


def turned(file: Path, *steps: tuple[Dial, int]) -> tuple[float, int]:
    """The voice after a start and some turns."""
    with Synthesizer("en-GB", words_per_minute=175, volume=0.6) as voice:
        dials = Dials(voice, file)
        for dial, sign in steps:
            dials.turn(dial, sign)
        return round(voice.volume, 2), voice.words_per_minute


def test_kept_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "voice.json"
    assert turned(file) == (0.6, 175)
    assert turned(file, (Dial.VOLUME, 1), (Dial.RATE, -1)) == (0.8, 150)
    assert turned(file) == (0.8, 150)
    assert file.stat().st_mode & 0o077 == 0


def test_ends_of_the_scale(tmp_path: Path) -> None:
    file = tmp_path / "voice.json"
    assert turned(file, *[(Dial.VOLUME, 1), (Dial.RATE, 1)] * 12) == (1.0, 400)
    assert turned(file, *[(Dial.VOLUME, -1), (Dial.RATE, -1)] * 15) == (0.2, 80)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"volume": 1}', '{"volume": "x", "rate_wpm": null}']
)
def test_broken_file_is_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "voice.json"
    file.write_text(text)
    assert turned(file) == (0.6, 175)


def test_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert turned(tmp_path / "file" / "voice.json", (Dial.VOLUME, 1)) == (0.8, 175)
