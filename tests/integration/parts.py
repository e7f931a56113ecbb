"""What tests with real parts share: programs, ports, children, and waiting without sleeping."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def need(program: str, package: str) -> str:
    """Path of `program`; skips, or fails where ROADCALL_TESTS=all, when it is not installed."""
    found = shutil.which(program, path=_PATH)
    if found is None:
        leave_out(f"{program} is not installed (package {package})")
    return str(found)


def leave_out(reason: str) -> None:
    """Skip with `reason`; a failure where ROADCALL_TESTS=all."""
    if os.environ.get("ROADCALL_TESTS") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


def eventually(probe: Callable[[], T], what: str, within_s: float = 10.0) -> T:
    """The first true answer of `probe`; fails naming `what` when there is none in time."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        pause.wait(0.01)
    raise AssertionError(f"no {what} within {within_s} s")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_sip_port() -> int:
    """A port for baresip: free for UDP and TCP, and the next one, where it listens for TLS."""
    while True:
        port = free_port()
        try:
            with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tls:
                udp.bind(("127.0.0.1", port))
                tls.bind(("127.0.0.1", port + 1))
                return port
        except OSError:
            continue


@contextmanager
def running(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A child whose output goes to `log`; ended on leaving."""
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # whatever it has left behind
