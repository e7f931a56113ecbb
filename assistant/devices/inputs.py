"""Which microphones there are, which one is meant, at which rate it opens, and how loud it is.

Neighbours: `microphone` keeps one open, `parked` lists and tries them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.devices.level import Samples
from assistant.errors import ConfigError, MicrophoneLost

RATE_HZ = 16000
"""What the recogniser hears."""
BLOCK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A device one can hear with."""

    name: str
    rate_hz: int
    channels: int
    is_default: bool


def list_microphones() -> tuple[Input, ...]:
    """Raises ConfigError when PortAudio is missing."""
    sounddevice = portaudio()
    default = sounddevice.default.device[0]
    return tuple(
        Input(
            name=device["name"],
            rate_hz=int(device["default_samplerate"]),
            channels=device["max_input_channels"],
            is_default=index == default,
        )
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    )


def level_blocks(name: str = "", seconds: float = 3.0) -> Iterator[Samples]:
    """Blocks of 20 ms at the device's own rate, for a live level bar and `judge`.

    Raises:
        MicrophoneLost: the device cannot be opened or falls silent.
        ConfigError: PortAudio is missing.
    """
    sounddevice = portaudio()
    try:
        device = find_input(sounddevice, name)
        rate_hz = rate_for(sounddevice, device)
        options = {"device": device["index"], "channels": 1, "dtype": "int16"}
        with sounddevice.InputStream(samplerate=rate_hz, **options) as stream:
            for _ in range(round(seconds / BLOCK_S)):
                block, _overflowed = stream.read(round(rate_hz * BLOCK_S))
                yield block[:, 0]
    except (sounddevice.PortAudioError, ValueError) as cause:
        raise MicrophoneLost(name or "default") from cause


def find_input(sounddevice: Any, name: str) -> dict[str, Any]:
    """The default input, or the first whose name holds `name`. Raises ValueError for none."""
    if not name:
        device: dict[str, Any] = sounddevice.query_devices(kind="input")
        return device
    for device in sounddevice.query_devices():
        if name.lower() in device["name"].lower() and device["max_input_channels"] > 0:
            return device
    raise ValueError(f"no microphone named {name}")


def rate_for(sounddevice: Any, device: Mapping[str, Any]) -> int:
    """The device's own rate, or where it refuses that after all, one that it takes."""
    own = int(device["default_samplerate"])
    for rate_hz in (own, 48000, 44100, RATE_HZ):
        try:
            sounddevice.check_input_settings(device["index"], 1, "int16", samplerate=rate_hz)
        except sounddevice.PortAudioError:
            continue
        return rate_hz
    return own


def portaudio() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as cause:
        raise ConfigError(
            "microphone", "PortAudio", "pip install sounddevice; apt install libportaudio2"
        ) from cause
    return sounddevice
