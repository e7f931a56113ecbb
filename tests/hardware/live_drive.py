"""`roadcall drive` as a child with a terminal of its own, in a car made of a sound server."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.hardware.sound_server import SoundServer
from tests.integration.parts import eventually

ROOT = Path(__file__).parents[2]
NOW = "2026-03-10T09:50"


class LiveDrive:
    """Starts at once; `ready_s` says how long that took."""

    def __init__(self, folder: Path, server: SoundServer, settings: str = "") -> None:
        self.kept = folder / "kept"
        self.config = folder / "car.toml"
        page = "" if "display_port" in settings else "display_port = 0\n"
        self.config.write_text(f'record = "{self.kept}"\n{page}{settings}')
        self._environment = os.environ | server.environment
        for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME"):
            self._environment[name] = str(folder)
        self.start()

    def start(self) -> None:
        self.lines: list[str] = []
        self._terminal, slave = pty.openpty()
        began = time.monotonic()
        self.process = self.spawn(stdin=slave)
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually(
            lambda: self.says("roadcall: ready") or self.process.poll(), "drive is ready", 60
        )
        self.ready_s = time.monotonic() - began

    def spawn(self, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """The command with the environment of this car."""
        command = [sys.executable, "-u", "-m", "assistant", "drive", "--now", NOW]
        return subprocess.Popen(
            [*command, "--config", str(self.config)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=self._environment,
        )

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def says(self, words: str) -> bool:
        return any(re.search(words, line) for line in self.lines)

    def press(self) -> None:
        os.write(self._terminal, b" ")

    def replies(self) -> list[Path]:
        """What has been said so far, to the end or hushed."""
        return sorted(self.kept.glob("reply-*.wav"))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """The exit status; -9 after SIGKILL."""
        self.process.send_signal(how)
        code = self.process.wait(timeout=15)
        self._reader.join(timeout=5)
        os.close(self._terminal)
        assert self.process.stdout
        self.process.stdout.close()
        return code
