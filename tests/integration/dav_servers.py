"""Radicale and xandikos, real and on loopback, each with an empty calendar of anna's."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.errors import Unreachable
from assistant.services.web import Web

PASSWORD = "geheim"
START_S = 30.0
RADICALE = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
[storage]
filesystem_folder = {folder}/data
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DavServer:
    kind: str
    root: str
    calendar: str
    """Address of the calendar, which is empty."""
    user: str = "anna"

    @property
    def web(self) -> Web:
        return Web("test", self.user, PASSWORD)

    def put(self, name: str, text: str) -> None:
        headers = {"Content-Type": "text/calendar"}
        answer = self.web.request("PUT", f"{self.calendar}{name}.ics", headers, text.encode())
        assert answer.status in (200, 201, 204), answer.body

    def get(self, name: str) -> str:
        return self.web.request("GET", f"{self.calendar}{name}.ics", {}).body.decode()

    def delete(self, name: str) -> None:
        assert self.web.request("DELETE", f"{self.calendar}{name}.ics", {}).status in (200, 204)


@contextlib.contextmanager
def radicale(folder: Path) -> Iterator[DavServer]:
    pytest.importorskip("radicale")
    port = free_port()
    (folder / "users").write_text(f"anna:{PASSWORD}\n")
    config = folder / "config"
    config.write_text(RADICALE.format(port=port, folder=folder))
    root = f"http://127.0.0.1:{port}/"
    server = DavServer(kind="radicale", root=root, calendar=f"{root}anna/work/")
    with running([sys.executable, "-m", "radicale", "--config", str(config)], root):
        body = (
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            "<d:displayname>Work</d:displayname></d:prop></d:set></c:mkcalendar>"
        )
        answer = server.web.request("MKCALENDAR", server.calendar, {}, body.encode())
        assert answer.status == 201, answer.body
        yield server


@contextlib.contextmanager
def xandikos(folder: Path) -> Iterator[DavServer]:
    pytest.importorskip("xandikos")
    port = free_port()
    root = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "xandikos", "-d", str(folder / "data"), "--defaults"]
    command += ["-l", "127.0.0.1", "-p", str(port), "--current-user-principal", "/anna/"]
    with running(command, root):
        yield DavServer(
            kind="xandikos", root=root, calendar=f"{root}anna/calendars/calendar/", user=""
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return int(unused.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], root: str) -> Iterator[None]:
    """A child process that answers at `root` before the test goes on."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S
        while not answers(root):
            assert process.poll() is None, f"{command[2]} ended by itself"
            assert time.monotonic() < deadline, f"{command[2]} does not answer"
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(root: str) -> bool:
    try:
        Web("test").request("GET", root, {})
    except Unreachable:
        time.sleep(0.05)
        return False
    return True
