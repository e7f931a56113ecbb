"""A baresip child process that is kept alive, and the control connection to it.

One thread, `baresip`, owns the child, reads its events and runs what is due (ring limits, the
next keypad tone). When the child dies it is started again and signed in again. Commands may come
from any thread. Neighbours: `sip` gives the events a meaning, `sip_settings` the texts.

Source: baresip 1.0 ctrl_tcp module: JSON in netstrings (`<length>:<json>,`), one client only.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import logging
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from assistant.errors import CallFailed, ConfigError, Unreachable
from assistant.services.calls.sip_settings import SipSettings

Message = Mapping[str, Any]
"""One event or response of baresip, as it came."""

_ANSWER_TIMEOUT_S = 2.0
_START_TIMEOUT_S = 15.0
_QUIT_TIMEOUT_S = 1.5
_RESTART_AFTER_S = (0.2, 1.0, 5.0, 30.0)
"""Waits before a restart, growing while the child dies without ever being ready."""
_ACCOUNT = "account"
"""Token of the order that makes the account; nobody can call in before its answer."""
_LONGEST_MESSAGE_BYTES = 1_000_000

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Called in the `baresip` thread."""

    def child_ready(self) -> None: ...
    def child_event(self, message: Message) -> None: ...
    def child_lost(self) -> None: ...


class Baresip:
    def __init__(self, settings: SipSettings, listener: Listener) -> None:
        """Start the child and its thread. Raises: ConfigError when baresip is not installed."""
        program = shutil.which(settings.values["program"])
        if program is None:
            raise ConfigError("[[lines]] sip", "program", "install baresip (package baresip-core)")
        self._program, self._settings, self._listener = program, settings, listener
        self._closing = threading.Event()
        self._link: socket.socket | None = None
        self._sending = threading.Lock()
        self._tokens = itertools.count(1)
        self._waiting: dict[str, SimpleQueue[Message]] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._wake_read, self._wake_write = socket.socketpair()
        self._thread = threading.Thread(target=self._supervise, name="baresip")
        self._thread.start()

    def ask(self, command: str, params: str = "") -> str:
        """Run a command and wait for its answer; not from the `baresip` thread.

        Raises: Unreachable (no child, no answer), CallFailed (baresip refused the command).
        """
        token = str(next(self._tokens))
        self._waiting[token] = SimpleQueue()
        try:
            self._send({"command": command, "params": params, "token": token})
            answer = self._waiting[token].get(timeout=_ANSWER_TIMEOUT_S)
        except Empty:
            raise Unreachable("sip", f"baresip does not answer {command}") from None
        finally:
            del self._waiting[token]
        if not answer.get("ok"):
            raise CallFailed(str(answer.get("data", "")).strip())
        return str(answer.get("data", ""))

    def tell(self, command: str, params: str = "") -> None:
        """Run a command without waiting; failures show up as events or not at all."""
        with contextlib.suppress(Unreachable):
            self._send({"command": command, "params": params})

    def after(self, delay_s: float, job: Callable[[], None]) -> None:
        """Run `job` in the `baresip` thread, `delay_s` from now, if the child still lives."""
        with self._sending:
            heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._tokens), job))
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")

    def close(self) -> None:
        """Sign out and end child and thread; harmless twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        with contextlib.suppress(OSError):
            self._wake_write.send(b"\0")
        self._thread.join(_START_TIMEOUT_S + 3 * _QUIT_TIMEOUT_S)
        self._wake_read.close()
        self._wake_write.close()

    def _send(self, message: Message) -> None:
        body = json.dumps(message).encode()
        with self._sending:
            if self._link is None:
                raise Unreachable("sip", "baresip is not running")
            try:
                self._link.sendall(b"%d:%s," % (len(body), body))
            except OSError as error:
                raise Unreachable("sip", "baresip went away") from error

    def _supervise(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                self._live_once()
                failures = 0
            except OSError as error:
                failures = min(failures + 1, len(_RESTART_AFTER_S) - 1)
                log.warning("baresip is not running: %s", error)
            if not self._closing.is_set():
                self._listener.child_lost()
                self._closing.wait(_RESTART_AFTER_S[failures])

    def _live_once(self) -> None:
        """From the start of one child to its end. Raises: OSError when it never gets ready."""
        with tempfile.TemporaryDirectory(prefix="roadcall-sip-") as name:  # mode 0700
            port = _free_port()
            self._write_files(Path(name), port)
            command = _mortal([self._program, "-f", name])
            with _child(command) as child, self._connect(child, port) as link:
                with self._sending:
                    self._link, self._due = link, []
                try:
                    account = self._settings.account()
                    self._send({"command": "uanew", "params": account, "token": _ACCOUNT})
                    self._read(link)
                finally:
                    with self._sending:
                        self._link = None

    def _write_files(self, folder: Path, port: int) -> None:
        for name, text in (("config", self._settings.config(port)), ("accounts", "# none\n")):
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)
        (folder / "contacts").touch(mode=0o600)

    def _connect(self, child: subprocess.Popen[bytes], port: int) -> socket.socket:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while child.poll() is None and time.monotonic() < deadline:
            try:
                return socket.create_connection(("127.0.0.1", port), 1.0)
            except ConnectionRefusedError:
                if self._closing.wait(0.02):
                    break
        raise OSError("no control connection")

    def _read(self, link: socket.socket) -> None:
        """Until the child goes or we do: hand on its messages, run what is due."""
        buffer = bytearray()
        while not self._closing.is_set():
            readable, _, _ = select.select([link, self._wake_read], [], [], self._run_due())
            if self._wake_read in readable:
                self._wake_read.recv(4096)
            if link not in readable:
                continue
            data = _received(link)
            if not data:
                return
            buffer += data
            for message in _messages(buffer):
                self._take(message)

    def _run_due(self) -> float | None:
        """Run the jobs whose time has come; seconds to the next one, None without any."""
        while True:
            with self._sending:
                if not self._due:
                    return None
                wait_s = self._due[0][0] - time.monotonic()
                if wait_s > 0:
                    return wait_s
                job = heapq.heappop(self._due)[2]
            job()

    def _take(self, message: Message) -> None:
        if message.get("event"):
            self._listener.child_event(message)
            return
        if message.get("token") == _ACCOUNT:
            self._listener.child_ready()
        waiting = self._waiting.get(str(message.get("token")))
        if waiting is not None:
            waiting.put(message)


def _mortal(command: list[str]) -> list[str]:
    """`command` as a child that hangs up and ends even when we are killed (prctl(2),
    PR_SET_PDEATHSIG); setpriv belongs to util-linux."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", *command] if setpriv else command


@contextlib.contextmanager
def _child(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command`; on leaving, let it sign out, then insist.

    baresip takes the first SIGTERM as "hang up, sign out, end" and the second as "end now".
    """
    nowhere = subprocess.DEVNULL
    child = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)
    try:
        yield child
    finally:
        for insist in (child.terminate, child.terminate, child.kill):
            insist()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_QUIT_TIMEOUT_S)
                break


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _received(link: socket.socket) -> bytes:
    """Acknowledge at once: baresip holds its next message back until we have (Nagle), 40 ms."""
    try:
        data = link.recv(65536)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data
    except ConnectionError:
        return b""


def _messages(buffer: bytearray) -> Iterator[Message]:
    """Take whole netstrings off the front of `buffer`."""
    while (colon := buffer.find(b":")) > 0:
        length = int(buffer[:colon]) if buffer[:colon].isdigit() else _LONGEST_MESSAGE_BYTES + 1
        if length > _LONGEST_MESSAGE_BYTES:
            raise OSError("baresip's control connection is out of step")
        end = colon + 1 + length
        if len(buffer) <= end:
            return
        body = bytes(buffer[colon + 1 : end])
        del buffer[: end + 1]
        with contextlib.suppress(ValueError):  # a message that is no JSON tells nothing
            yield json.loads(body.decode(errors="replace"))
