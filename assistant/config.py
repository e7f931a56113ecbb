"""The settings: one field each, with default, unit and range. Unknown keys are refused.

A configuration is a TOML file; without one the defaults serve the demo. Passwords are not
settings: they live in the system keyring.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One calendar, or one way to call."""

    kind: str
    """Name of the back end: ics, caldav, graph, exchange; dryrun, uri, sip, phone, skype."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the back end wants to know; see its page in docs/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a car is set up with."""

    locale: str = "en-GB"
    """BCP 47 tag, or the path of a locale file."""
    zone: str = ""
    """IANA zone of the car; "" takes the system's."""
    me: tuple[str, ...] = ()
    """The driver's e-mail addresses, to know who "others" are."""
    contacts: tuple[str, ...] = ()
    """vCard and CSV files."""
    calendars: tuple[Account, ...] = ()
    """`[[calendars]]` tables."""
    lines: tuple[Account, ...] = (Account(kind="dryrun"),)
    """`[[lines]]` tables, best first: the ways to call."""
    model: str = ""
    """Folder of a Vosk model; "" takes the installed one of the language, else the embedded one."""
    microphone: str = ""
    """Part of the device's name; "" takes the system's default."""
    speaker: str = ""
    """Part of the device's name; "" takes the system's default."""
    button: str = "keyboard"
    """keyboard, gpio, evdev, serial or web; `kind:detail` names a pin, device or port."""
    volume: float = 1.0
    """0 to 1."""
    rate_wpm: int = 175
    """Words per minute, 80 to 400."""
    duck_db: float = 18.0
    """How far other sound is turned down while the assistant listens or speaks, 0 to 60; 0 leaves
    it alone."""
    display_port: int = 8080
    """TCP port of the head-up page on loopback, 1 to 65535; 0 switches it off."""
    theme: str = "auto"
    """Colours of the page: auto (as the browser says), day or night."""
    surface: str = "dashboard"
    """Where the page is seen: dashboard, or head-up (projected into the windscreen)."""
    panel_px: int = 1280
    """Width of the panel in CSS pixels, 240 to 7680."""
    panel_mm: float = 209.0
    """Width of the panel in millimetres, 40 to 1500."""
    eye_mm: float = 700.0
    """From the driver's eye to the panel in millimetres, 300 to 3000."""
    vehicle: str = "moving"
    """moving, parked, or the path of a file that tells, also when the ignition is off; see
    docs/display.md."""
    travel_minutes: int = 0
    """Usual travel time to a meeting, 0 to 600; 0 means unknown."""
    stale_minutes: int = 30
    """Age from which an answer says how old the calendar copy is, 1 to 10080."""
    record: str = ""
    """Folder that keeps every reply as WAV; "" keeps nothing."""


_RANGES: Mapping[str, tuple[float, float]] = {
    "volume": (0, 1),
    "rate_wpm": (80, 400),
    "duck_db": (0, 60),
    "display_port": (0, 65535),
    "panel_px": (240, 7680),
    "panel_mm": (40, 1500),
    "eye_mm": (300, 3000),
    "travel_minutes": (0, 600),
    "stale_minutes": (1, 10080),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": ("auto", "day", "night"),
    "surface": ("dashboard", "head-up"),
}
_ACCOUNTS = ("calendars", "lines")


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises: ConfigError naming the file, the key and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(str(path), "file", f"cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), "file", f"is not TOML: {error}") from error
    return parse(raw, str(path))


def parse(raw: Mapping[str, Any], source: str) -> Config:
    """Check every key. Raises ConfigError."""
    config = Config()
    known = {f.name for f in fields(Config)}
    for key, value in raw.items():
        if key not in known:
            raise ConfigError(source, key, f"is not a setting; known: {', '.join(sorted(known))}")
        changed: dict[str, Any] = {key: _setting(source, key, value, getattr(config, key))}
        config = replace(config, **changed)
    check_zone(config.zone, source)
    return config


def _setting(source: str, key: str, value: Any, default: Any) -> Any:
    if key in _ACCOUNTS:
        return _accounts(source, key, value)
    return _checked(source, key, value, default)


def _checked(source: str, key: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise ConfigError(source, key, "must be a list of texts")
        return tuple(value)
    wanted = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise ConfigError(source, key, f"must be {_WORDS[type(default)]}")
    if value not in _CHOICES.get(key, (value,)):
        raise ConfigError(source, key, f"must be {' or '.join(_CHOICES[key])}")
    low, high = _RANGES.get(key, (float("-inf"), float("inf")))
    if isinstance(value, (int, float)) and not low <= value <= high:
        raise ConfigError(source, key, f"must lie between {low:g} and {high:g}")
    return value


_WORDS = {str: "a text", int: "a whole number", float: "a number"}


def _accounts(source: str, key: str, value: Any) -> tuple[Account, ...]:
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ConfigError(source, key, f"must be [[{key}]] tables")
    return tuple(_account(source, key, table) for table in value)


def _account(source: str, key: str, table: Mapping[str, Any]) -> Account:
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise ConfigError(source, f"{key}.kind", "must name a back end")
    settings = {k: str(v) for k, v in table.items() if k != "kind"}
    return Account(kind=kind, settings=settings)


def check_zone(zone: str, source: str) -> None:
    """Raises ConfigError for a zone nobody knows."""
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            source, "zone", f"{zone!r} is not an IANA zone like Europe/London"
        ) from error
