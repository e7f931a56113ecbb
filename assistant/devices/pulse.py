"""What PulseAudio or PipeWire tells through `pactl`: where the sound goes, and what else plays.

Works with nothing of it installed: then a headset is known by its name only. Neighbours: `app`
asks whether the sound is worn at the ear, `ducking` turns other streams down.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

_PATIENCE_S = 2.0
_WORN = re.compile(r"head-?(set|phone)|ear-?(phone|bud|piece)|airpod|handset", re.IGNORECASE)
"""Form factors of PulseAudio (headset, headphone, handset), its ports, and what products are
called. Source: PulseAudio, proplist.h, PA_PROP_DEVICE_FORM_FACTOR."""


def is_ear_worn(speaker: str = "") -> bool:
    """Whether sound goes to a device at the ear; `speaker` is the configured name, "" for the
    default."""
    return bool(_WORN.search(speaker or " ".join(_default_output())))


def known_as(device: str, kind: str) -> str:
    """What the driver would call PortAudio's `device`; `kind` is sources or sinks. Where PortAudio
    knows the sound server only, the server's default is meant."""
    if device not in ("default", "pulse", "pipewire"):
        return device
    name = pactl(f"get-default-{kind.removesuffix('s')}")
    return next((one["description"] for one in listed(kind) if one["name"] == name), device)


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
