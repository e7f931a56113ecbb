"""The whole car on one machine: a key, a microphone, a loudspeaker, and `roadcall drive` between.

The sound server, PortAudio, Vosk and the voice are real; the key is pressed on a pseudo-terminal.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.hardware.sound_server import SoundServer, missing_programs
from tests.integration.parts import eventually, leave_out

ROOT = Path(__file__).parents[2]
QUESTION = ROOT / "audio_fixtures/en-GB/join-slt.wav"
NOW = "2026-03-10T09:50"


class LiveDrive:
    """`roadcall drive` as a child with a terminal of its own."""

    def __init__(self, folder: Path, server: SoundServer) -> None:
        self.kept = folder / "kept"
        config = folder / "car.toml"
        config.write_text(f'display_port = 0\nrecord = "{self.kept}"\n')
        self._terminal, slave = pty.openpty()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                "-m",
                "assistant",
                "drive",
                "--now",
                NOW,
                "--config",
                str(config),
            ],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | server.environment | {"XDG_RUNTIME_DIR": str(folder)},
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def says(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def press(self) -> None:
        os.write(self._terminal, b" ")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        self._reader.join(timeout=5)
        os.close(self._terminal)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    if missing := missing_programs():
        leave_out(f"no sound server: {', '.join(missing)} (packages pulseaudio, pulseaudio-utils)")
    server = SoundServer(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_question_is_heard_and_its_answer_comes_out_of_the_speaker(
    tmp_path: Path, server: SoundServer
) -> None:
    drive = LiveDrive(tmp_path, server)
    try:
        eventually(lambda: drive.says("ready"), "drive is ready", within_s=60)
        heard = tmp_path / "speaker.wav"
        with server.recording(heard):
            drive.press()
            server.play_to_microphone(QUESTION)
            eventually(lambda: drive.says("would dial"), "the call is announced", within_s=40)
    finally:
        code = drive.stop()
    assert code == 0, drive.lines
    assert not drive.says("Traceback"), drive.lines
    assert drive.says("would dial tel:+442079460314 then ,,314159265#")
    answer, rate_hz = soundfile.read(drive.kept / "reply-001.wav")
    spoken = soxr.resample(answer, rate_hz, 16000)
    alike = [likeness(piece, soundfile.read(heard)[0]) for piece in pieces(spoken)]
    assert sum(value > 0.8 for value in alike) > 0.6 * len(alike), alike


def pieces(sound: np.ndarray) -> list[np.ndarray]:
    """Quarters of a second that are not silent: a busy machine may drop a moment between them."""
    parts = [sound[at : at + 4000] for at in range(0, len(sound) - 4000, 4000)]
    return [part for part in parts if np.sqrt(np.mean(part**2)) > 0.01]


def likeness(part: np.ndarray, whole: np.ndarray) -> float:
    """Normalised correlation of `part` with where it fits best in `whole`."""
    size = 1 << (len(whole) + len(part)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    at = int(np.argmax(product[: max(1, len(whole) - len(part))]))
    found = whole[at : at + len(part)]
    return float(np.corrcoef(found, part[: len(found)])[0, 1])
