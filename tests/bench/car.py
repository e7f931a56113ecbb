"""In the car: how soon a drive is ready, a reply begins, a hush is heard, and the page changes.

The sound is measured at the loudspeaker of a sound server without hardware, and the page in a real
browser; the recorder's own delay, up to 20 ms, is part of the figures.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from assistant.core.hud import build_view
from assistant.display.server import Display
from assistant.speech.audio import read_wav
from assistant.speech.synthesizer import Synthesizer
from assistant.speech.voice import Voice
from tests.browser.scenes import SCENES
from tests.hardware.live_drive import LiveDrive
from tests.hardware.sound_server import SoundServer
from tests.integration.parts import eventually

REPLIES = (
    "Your next meeting is the budget review at ten, with Anna Weber.",
    "You are free until half past two, then there is the design clinic.",
    "Calling Ben Carter at work.",
    "There is nothing more today.",
)
REPEATS = 5


def main() -> None:
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        server = SoundServer(Path(folder))
        server.start()
        os.environ.update(server.environment)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        try:
            _ready_ms(Path(folder), server)  # compiles the modules, as an installer does
            rows["start to ready (target 3000 ms)"] = [
                _ready_ms(Path(folder), server) for _ in range(REPEATS)
            ]
            rows["microphone lost to first sound (target 1000 ms)"] = _losses_ms(
                Path(folder), server
            )
            first, silent = zip(*_spoken(Path(folder), server), strict=True)
            rows["text to first sound (target 150 ms)"] = list(first)
            rows["hush to silence (target 100 ms)"] = list(silent)
        finally:
            server.stop()
    rows["event to page (target 200 ms)"] = _page_ms()
    table = Table("", "median", "best", "worst", "times", title="In the car, milliseconds")
    for name, values in rows.items():
        figures = (f"{pick(values):.0f}" for pick in (statistics.median, min, max))
        table.add_row(name, *figures, str(len(values)))
    Console().print(table)


def _ready_ms(folder: Path, server: SoundServer) -> float:
    drive = LiveDrive(folder, server)
    drive.stop()
    return 1000 * drive.ready_s


def _losses_ms(folder: Path, server: SoundServer) -> list[float]:
    """From the unplugging to the first sound of what is said about it, in a running drive."""
    drive = LiveDrive(folder, server)
    try:
        return [_loss_ms(folder, server, drive) for _ in range(REPEATS)]
    finally:
        drive.stop()


def _loss_ms(folder: Path, server: SoundServer, drive: LiveDrive) -> float:
    wav = folder / "speaker.wav"
    wav.unlink(missing_ok=True)
    said = len(drive.replies())
    with server.recording(wav):
        threading.Event().wait(0.5)
        lost_ms = _recorded_ms(wav)
        server.unplug_microphone()
        eventually(lambda: len(drive.replies()) > said, "the loss is said", 30)
    server.plug_in_microphone()
    eventually(lambda: len(drive.replies()) > said + 1, "the return is said", 30)
    return _loud_ms(wav)[0] - lost_ms


def _loud_ms(wav: Path) -> list[float]:
    samples = np.abs(np.frombuffer(read_wav(wav).pcm, "<i2").astype(int))
    return list(np.flatnonzero(samples > 300) / 16)


def _spoken(folder: Path, server: SoundServer) -> list[tuple[float, float]]:
    """(first sound, silence after a hush) for new sentences, with the voice already running."""
    with Synthesizer("en-GB") as synthesizer:
        synthesizer.warm_up()
        with Voice(synthesizer, lambda _: None) as voice:
            return [_one_reply(folder, server, voice, text) for text in REPLIES]


def _one_reply(folder: Path, server: SoundServer, voice: Voice, text: str) -> tuple[float, float]:
    wav = folder / "speaker.wav"
    wav.unlink(missing_ok=True)
    pause = threading.Event()
    with server.recording(wav):
        pause.wait(0.5)
        asked = _recorded_ms(wav)
        voice.speak(text)
        pause.wait(1.0)
        hushed = _recorded_ms(wav)
        voice.hush()
        pause.wait(0.7)
    loud_ms = _loud_ms(wav)
    return loud_ms[0] - asked, max(0.0, loud_ms[-1] - hushed)


def _recorded_ms(wav: Path) -> float:
    return (wav.stat().st_size - 44) / 32


def _page_ms() -> list[float]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        Display("127.0.0.1", 0, lambda _: None) as display,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(display.url)
        display.show(build_view(SCENES["night"]))
        page.wait_for_function("() => document.body.dataset.activity === 'asleep'")

        def change(name: str, activity: str) -> Callable[[], None]:
            view = build_view(SCENES[name])
            shown = f"() => document.body.dataset.activity === '{activity}'"

            def show() -> None:
                display.show(view)
                page.wait_for_function(shown)

            return show

        steps = [change("listening", "listening"), change("answer", "speaking")] * REPEATS
        times = [_timed_ms(step) for step in steps]
        browser.close()
    return times


def _timed_ms(step: Callable[[], None]) -> float:
    began = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
