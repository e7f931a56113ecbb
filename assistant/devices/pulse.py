"""What PulseAudio or PipeWire tells through `pactl`: where the sound goes, and what else plays.

Works with nothing of it installed: then a headset is known by its name only. Neighbours: `app`
asks whether the sound is worn at the ear, `ducking` turns other streams down.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Callable
from typing import Any

_PATIENCE_S = 2.0
_RETRY_S = 5.0
_WORN = re.compile(r"head-?(set|phone)|ear-?(phone|bud|piece)|airpod|handset", re.IGNORECASE)
"""Form factors of PulseAudio (headset, headphone, handset), its ports, and what products are
called. Source: PulseAudio, proplist.h, PA_PROP_DEVICE_FORM_FACTOR."""


_DEVICES = re.compile(r" on (?:server|sink|source|card) ")
"""What `pactl subscribe` says of another default, a new device, and a jack or profile."""


class Watch:
    """Calls `notice`, from a thread of its own, whenever the sound may come from or go elsewhere;
    never on a machine without a sound server."""

    def __init__(self, notice: Callable[[], None]) -> None:
        self._notice = notice
        self._stopping = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._child:
            self._child.terminate()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        """Again after every end of the sound server."""
        while not self._stopping.is_set():
            try:
                self._follow()
            except OSError:
                return  # no pactl
            self._stopping.wait(_RETRY_S)

    def _follow(self) -> None:
        with subprocess.Popen(
            ["pactl", "subscribe"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"LC_ALL": "C"},
        ) as self._child:
            for line in self._child.stdout or ():
                if _DEVICES.search(line):
                    self._notice()


def is_ear_worn(speaker: str = "") -> bool:
    """Whether sound goes to a device at the ear; `speaker` is the configured name, "" for the
    default."""
    return bool(_WORN.search(speaker or " ".join(_default_output())))


def known_as(device: str, kind: str) -> str:
    """What the driver would call PortAudio's `device`; `kind` is sources or sinks. Where PortAudio
    knows the sound server only, the server's default is meant.

    Raises: ValueError where the server has no microphone left and records what is played.
    """
    if device not in ("default", "pulse", "pipewire"):
        return device
    name = pactl(f"get-default-{kind.removesuffix('s')}")
    one = next((one for one in listed(kind) if one["name"] == name), None)
    if one and one["properties"].get("device.class") == "monitor":
        raise ValueError("no microphone is plugged in")
    return one["description"] if one else device


def listed(kind: str) -> list[dict[str, Any]]:
    """`sinks`, `sources` or `sink-inputs` as pactl describes them; none without a sound server."""
    try:
        found: list[dict[str, Any]] = json.loads(pactl("--format=json", "list", kind))
    except ValueError:
        return []
    return found


def pactl(*words: str) -> str:
    """What pactl answers; "" when there is no sound server to ask."""
    try:
        done = subprocess.run(
            ["pactl", *words], capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip()


def _default_output() -> list[str]:
    """Everything that says what kind of thing the default output is."""
    name = pactl("get-default-sink")
    for sink in listed("sinks"):
        if sink["name"] == name:
            form = sink["properties"].get("device.form_factor", "")
            return [sink["description"], form, sink["active_port"] or ""]
    return []
