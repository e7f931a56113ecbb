"""What a service manager, a second start and a browser want to know of `roadcall drive`.

One instance only; ready when it can be talked to; where the page is, told to the driver's terminal
or kept in a file that only the driver can read, and never in a log.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from assistant.errors import ConfigError
from assistant.services.textfile import write_private


def runtime_folder() -> Path:
    """Nobody else's, and gone after a restart of the machine."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/roadcall-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def only_one(stack: ExitStack) -> None:
    """Hold the lock of the running instance. Raises ConfigError when another one has it."""
    lock = stack.enter_context((runtime_folder() / "roadcall.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ConfigError("roadcall", "drive", "is already running; stop it first") from error


def tell_page(url: str) -> None:
    """The address holds the token of this run."""
    file = runtime_folder() / "roadcall.url"
    write_private(file, f"{url}\n")
    print(f"roadcall: head-up page at {url if sys.stdout.isatty() else f'the address in {file}'}")


def tell_ready() -> None:
    """To the driver, and to systemd where it asks. Source: sd_notify(3)."""
    print("roadcall: ready. Press the button and speak; Ctrl-C ends the drive.", flush=True)
    address = os.environ.get("NOTIFY_SOCKET", "")
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        if address:
            manager.sendto(b"READY=1", address.replace("@", "\0", 1))
