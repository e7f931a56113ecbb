"""What a real PulseAudio tells of its devices, and `roadcall mics` on sources without hardware."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.devices import pulse
from assistant.devices.ducking import Ducking
from assistant.speech.audio import Pcm, write_wav
from tests.hardware.live_drive import ROOT
from tests.hardware.sound_server import SoundServer, started
from tests.integration.parts import eventually


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    for server in started(tmp_path):
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


# --- worn at the ear --------------------------------------------------------------------------


def test_headset_is_known_by_what_the_server_says(server: SoundServer) -> None:
    assert not pulse.is_ear_worn()
    server.plug_in_headset()
    assert pulse.is_ear_worn()


def test_another_output_is_noticed_at_once(server: SoundServer) -> None:
    """Also after the sound server was away."""
    noticed = threading.Event()

    def is_watched() -> bool:
        for volume in ("90%", "100%"):
            server.pactl("set-sink-volume", "speaker", volume)
        return noticed.wait(0.2)

    with pulse.Watch(noticed.set):
        eventually(is_watched, "anybody who watches")
        noticed.clear()
        server.plug_in_headset()
        assert noticed.wait(5)
        server.stop()
        server.start()
        noticed.clear()
        eventually(is_watched, "anybody who watches again", 20)
    assert "devices" not in {thread.name for thread in threading.enumerate()}


def test_nothing_to_watch_without_pactl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pulse.Watch(lambda: None):
        pass


@pytest.mark.parametrize(
    ("name", "is_worn"),
    [
        ("Jabra Evolve Headset", True),
        ("AirPods Pro", True),
        ("WH-1000XM4 Headphones", True),
        ("Galaxy Buds earbuds", True),
        ("BMW hands-free", False),
        ("USB Audio Device", False),
    ],
)
def test_headset_is_known_by_its_name(name: str, is_worn: bool) -> None:
    assert pulse.is_ear_worn(name) is is_worn


def test_without_a_server_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    assert not pulse.is_ear_worn()
    assert pulse.listed("sinks") == []
    assert pulse.known_as("default", "sources") == "default"


@pytest.mark.usefixtures("server")
def test_default_device_has_a_name_one_can_say() -> None:
    assert "Null Output" in pulse.known_as("default", "sources")
    assert pulse.known_as("USB PnP", "sources") == "USB PnP"


# --- other sound ------------------------------------------------------------------------------


def test_music_is_turned_down_by_so_much(server: SoundServer) -> None:
    with server.music() as volume:
        loud = volume()
        with Ducking(18) as ducking:
            ducking.set(True)
            eventually(lambda: volume() < loud, "the music is turned down")
            assert 60 * np.log10(volume() / loud) == pytest.approx(-18, abs=0.5)
            ducking.set(False)
            eventually(lambda: volume() == loud, "the music is back")
            ducking.set(True)
            eventually(lambda: volume() < loud, "the music is turned down")
        assert volume() == loud


def test_ducking_by_nothing_starts_nothing() -> None:
    with Ducking(0) as ducking:
        ducking.set(True)


# --- roadcall mics ----------------------------------------------------------------------------


def sound(path: Path, level: float, noise: float) -> Path:
    """Five seconds: half of each second loud, half of it noise only. Levels: 1 for full scale."""
    random = np.random.default_rng(2)
    time_s = np.arange(5 * 16000) / 16000
    samples = random.normal(0, noise, len(time_s)) if noise else np.zeros(len(time_s))
    samples += level * np.sin(2 * np.pi * 300 * time_s) * (time_s % 1 < 0.5)
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    write_wav(path, Pcm(data=pcm, rate_hz=16000))
    return path


def mics(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant", "mics", *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )


@pytest.mark.parametrize(
    ("level", "noise", "verdict", "loudest_dbfs", "floor_dbfs"),
    [
        (0.3, 0.001, "good", -13.5, -60),
        (5.0, 0.001, "clipping", 0, -60),
        (0.002, 0.0002, "quiet", -57, -74),
        (0.1, 0.08, "noisy", -19, -22),
        (0.0, 0.0, "silent", -96, -96),
    ],
)
def test_verdict_on_what_the_microphone_delivers(
    server: SoundServer,
    tmp_path: Path,
    level: float,
    noise: float,
    verdict: str,
    loudest_dbfs: float,
    floor_dbfs: float,
) -> None:
    wav = sound(tmp_path / "sound.wav", level, noise)
    over = threading.Event()

    def play() -> None:
        while not over.is_set():
            server.play_to_microphone(wav)

    playing = threading.Thread(target=play)
    playing.start()
    eventually(server.is_played_to_microphone, "the sound is played")
    done = mics("--json")
    over.set()
    playing.join()
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["verdict"] == verdict, facts
    assert facts["loudest_dbfs"] == pytest.approx(loudest_dbfs, abs=2.5)
    assert facts["noise_floor_dbfs"] == pytest.approx(floor_dbfs, abs=2.5)


def test_no_sound_server_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    (tmp_path / "asound.conf").write_text("</usr/share/alsa/alsa.conf>\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    done = mics()
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "microphone" in done.stdout + done.stderr
