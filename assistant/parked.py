"""What is done while parked: sign in and out, and try the microphones."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from assistant.commands import build_config
from assistant.devices.inputs import level_blocks, list_microphones
from assistant.devices.level import Verdict, judge, level_dbfs
from assistant.errors import ConfigError
from assistant.microsoft import MICROSOFT, build_sign_in, microsoft_accounts
from assistant.services.recents import FILE as RECENT_FILE
from assistant.services.signin import SignIn
from assistant.services.textfile import data_folder

BAR_DBFS = 60
"""The level bar reaches from -60 dBFS to full scale."""

ADVICE = {
    Verdict.GOOD: "good",
    Verdict.SILENT: "digital silence: muted, or not the right device",
    Verdict.QUIET: "quiet: turn the input up or come closer",
    Verdict.CLIPPING: "clipping: turn the input down",
    Verdict.NOISY: "noisy: speech hardly stands out of the noise",
}


def _sign_ins(options: argparse.Namespace) -> Iterator[tuple[str, SignIn]]:
    """Every Microsoft account by its name. Raises: ConfigError where there is none."""
    accounts = microsoft_accounts(build_config(options).calendars)
    if not accounts:
        raise ConfigError(
            options.config or "roadcall", "calendars", 'has no kind = "graph" to sign in to'
        )
    for name, settings in accounts.items():
        with closing(build_sign_in(settings)) as sign_in:
            yield name or MICROSOFT, sign_in


def login(options: argparse.Namespace) -> int:
    """`roadcall login`: with a code entered on another device, or by browser."""
    for account, sign_in in _sign_ins(options):
        print(f"{account}:")
        if options.browser:
            name = sign_in.browser(lambda link: print(f"Open {link}", flush=True))
        else:
            name = sign_in.device_code(
                lambda code, address: print(f"Open {address} and enter {code}", flush=True)
            )
        print(f"signed in as {name}")
        for warning in sign_in.status().warnings:
            print(f"note: {warning}")
    return 0


def logout(options: argparse.Namespace) -> int:
    """`roadcall logout`: forgets every token, earlier calls, the copies of calendar and people."""
    for pattern in ("mirror.sqlite*", "people-*", "microsoft*", f"{Path(RECENT_FILE).stem}.*"):
        for left in data_folder().glob(pattern):
            left.unlink()
    if microsoft_accounts(build_config(options).calendars):
        for _, sign_in in _sign_ins(options):
            sign_in.logout()
    print("signed out; tokens, the numbers used last, the copies of calendar and people are gone")
    return 0


def mics(options: argparse.Namespace) -> int:
    """`roadcall mics`: lists the microphones and tries one for three seconds."""
    devices = list_microphones()
    for device in devices:
        mark = "*" if device.is_default else " "
        print(f"{mark} {device.name} ({device.rate_hz} Hz, {device.channels} channels)")
    if not devices:
        print("no microphone; plug one in, or use `roadcall hear FILE.wav`")
        return 1
    blocks = []
    with Live(console=Console(stderr=True), transient=True) as live:
        for block in level_blocks(build_config(options).microphone):
            blocks.append(block)
            live.update(_bar(level_dbfs(block)))
    level = judge(blocks)
    facts = {
        "noise_floor_dbfs": round(level.noise_floor_dbfs, 1),
        "loudest_dbfs": round(level.loudest_dbfs, 1),
        "clipped": round(level.clipped, 4),
        "verdict": level.verdict.value,
    }
    if options.json:
        print(json.dumps(facts))
    else:
        print(f"floor {facts['noise_floor_dbfs']} dBFS, loudest {facts['loudest_dbfs']} dBFS")
        print(ADVICE[level.verdict])
    return 0


def _bar(dbfs: float) -> Text:
    length = max(0, round(dbfs + BAR_DBFS))
    return Text(f"{'█' * length:<{BAR_DBFS}} {dbfs:5.1f} dBFS")
