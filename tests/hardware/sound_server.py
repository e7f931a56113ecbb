"""A real sound server without hardware: PulseAudio with a null sink on each side.

What is played into the sink `mic_in` comes out of the microphone; what the assistant plays can be
recorded from the sink `speaker`. `norewinds` keeps an idle null sink from buffering two seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration.parts import leave_out

_SCRIPT = """
load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/native
load-module module-null-sink sink_name=mic_in norewinds=1 rate=16000 channels=1
load-module module-null-sink sink_name=speaker norewinds=1 rate=48000 channels=2
load-module module-remap-source source_name=carmic master=mic_in.monitor
set-default-sink speaker
set-default-source carmic
"""
_ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""
PROGRAMS = ("pulseaudio", "paplay", "parec", "pactl")


class SoundServer:
    """Starts in a folder; use `environment` for everything that shall hear and play there."""

    def __init__(self, folder: Path) -> None:
        (folder / "pulse.pa").write_text(_SCRIPT.format(folder=folder))
        (folder / "asound.conf").write_text(_ALSA)
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        self._everything = os.environ | self.environment | {"XDG_RUNTIME_DIR": str(folder)}

    def start(self) -> None:
        options = ["-n", "-F", str(self._folder / "pulse.pa"), "--daemonize=no"]
        options += ["--exit-idle-time=-1", "--disallow-exit=yes", "--use-pid-file=no"]
        self._server = subprocess.Popen(
            ["pulseaudio", *options], env=self._everything, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while b"carmic" not in self._run("pactl", "list", "short", "sources"):
            assert time.monotonic() < deadline, "the sound server does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait(timeout=10)
        self._server = None

    def play_to_microphone(self, wav: Path) -> None:
        """Blocks while it is heard."""
        self._run("paplay", "--device=mic_in", "--latency-msec=100", str(wav))

    @contextmanager
    def echo(self) -> Iterator[None]:
        """A cabin: the microphone hears the speaker, as loud as it is."""
        options = ("source=speaker.monitor", "sink=mic_in", "latency_msec=30")
        module = self.pactl("load-module", "module-loopback", *options)
        try:
            yield
        finally:
            self.pactl("unload-module", module)

    def unplug_microphone(self) -> None:
        self.pactl("unload-module", "module-remap-source")

    def plug_in_microphone(self) -> None:
        self.pactl(
            "load-module", "module-remap-source", "source_name=carmic", "master=mic_in.monitor"
        )
        self.pactl("set-default-source", "carmic")

    @contextmanager
    def second_microphone(self, name: str) -> Iterator[None]:
        """The default as long as it is there."""
        options = ("source_name=second", "master=mic_in.monitor")
        described = f"source_properties=device.description={name}"
        module = self.pactl("load-module", "module-remap-source", *options, described)
        self.pactl("set-default-source", "second")
        try:
            yield
        finally:
            self.pactl("unload-module", module)
            self.pactl("set-default-source", "carmic")

    def plug_in_headset(self) -> None:
        """The speaker from now on is one that says it is worn."""
        kind = "sink_properties=device.form_factor=headset"
        self.pactl("load-module", "module-null-sink", "sink_name=worn", "norewinds=1", kind)
        self.pactl("set-default-sink", "worn")

    def is_played_to_microphone(self) -> bool:
        return "paplay" in self.pactl("list", "sink-inputs")

    @contextmanager
    def music(self) -> Iterator[Callable[[], int]]:
        """Another program plays; gives its volume, 65536 for full."""
        command = ["paplay", "--raw", "--device=speaker", "/dev/zero"]
        player = subprocess.Popen(command, env=self._everything)
        deadline = time.monotonic() + 10
        while "paplay" not in self.pactl("list", "sink-inputs"):
            assert time.monotonic() < deadline, "the music does not start"
            time.sleep(0.05)
        try:
            yield lambda: self._volume_of(player.pid)
        finally:
            player.kill()
            player.wait()

    def _volume_of(self, pid: int) -> int:
        streams: list[dict[str, Any]] = json.loads(
            self.pactl("--format=json", "list", "sink-inputs")
        )
        (own,) = [s for s in streams if s["properties"].get("application.process.id") == str(pid)]
        return min(int(channel["value"]) for channel in own["volume"].values())

    def pactl(self, *words: str) -> str:
        return self._run("pactl", *words).decode().strip()

    @contextmanager
    def recording(self, wav: Path) -> Iterator[None]:
        """Keeps what comes out of the speaker meanwhile."""
        command = ["parec", "--device=speaker.monitor", "--latency-msec=20", "--rate=16000"]
        command += ["--channels=1", "--format=s16le", "--file-format=wav", str(wav)]
        recorder = subprocess.Popen(command, env=self._everything)
        deadline = time.monotonic() + 5
        while not wav.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield
        finally:
            recorder.terminate()
            recorder.wait(timeout=5)

    def _run(self, *command: str) -> bytes:
        done = subprocess.run(command, env=self._everything, capture_output=True, timeout=60)
        return done.stdout


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not shutil.which(name)]


def started(folder: Path) -> Iterator[SoundServer]:
    """One for a test, which is left out where there can be none."""
    if missing := missing_programs():
        leave_out(f"no sound server: {', '.join(missing)} (packages pulseaudio, pulseaudio-utils)")
    server = SoundServer(folder)
    server.start()
    yield server
    server.stop()
