"""The far end of a SIP call: a real baresip that the test drives, apart from our own code."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from parts import eventually, free_port, free_sip_port, need, running

_CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{port}
call_max_calls 4
audio_path /nonexistent
audio_player aufile,/dev/null
audio_source aufile,{source}
audio_alert aufile,/dev/null
audio_txmode poll
jitter_buffer_delay 1-5
net_interface 127.0.0.1
module_path /usr/lib/baresip/modules
module {codec}.so
module aufile.so
module sndfile.so
module srtp.so
module dtls_srtp.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path {folder}
ctrl_tcp_listen 127.0.0.1:{control}
"""


class Peer:
    """Orders and events of one baresip."""

    def __init__(self, uri: str, port: int, link: socket.socket) -> None:
        self.uri, self.port = uri, port
        self.events: list[Mapping[str, Any]] = []
        """With the moment of arrival added: `at_s` on the clock `time.perf_counter`."""
        self.answers: list[Mapping[str, Any]] = []
        """To orders."""
        self._link = link
        self._reader = threading.Thread(target=self._read, name="peer")
        self._reader.start()

    def order(self, command: str, params: str = "") -> None:
        body = json.dumps({"command": command, "params": params}).encode()
        self._link.sendall(b"%d:%s," % (len(body), body))

    def seen(self, kind: str) -> list[Mapping[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def expect(self, kind: str, count: int = 1) -> Mapping[str, Any]:
        """The event number `count` of this kind, waited for."""
        eventually(lambda: len(self.seen(kind)) >= count, f"{kind} number {count}")
        return self.seen(kind)[count - 1]

    def keys(self) -> str:
        return "".join(str(event["param"]) for event in self.seen("CALL_DTMF_START"))

    def close(self) -> None:
        with self._link, contextlib.suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._reader.join(3)

    def _read(self) -> None:
        with self._link.makefile("rb") as stream, contextlib.suppress(ConnectionResetError):
            while head := _until_colon(stream):
                message = json.loads(stream.read(int(head) + 1)[:-1])
                message["at_s"] = time.perf_counter()
                (self.events if message.get("event") else self.answers).append(message)


def _until_colon(stream: BinaryIO) -> bytes:
    head = b""
    while (byte := stream.read(1)) not in (b"", b":"):
        head += byte
    return head


@contextmanager
def peer(
    folder: Path,
    source: Path,
    *,
    account: str = "",
    name: str = "bob",
    extra: str = "",
    codec: str = "g711",
) -> Iterator[Peer]:
    """A baresip in `folder` that speaks the WAV file `source` and records what it hears.

    `account` (a baresip account line) lets it register; without, it is reached directly, with
    the account parameters `extra`. `codec`: g711 (8 kHz) or g722 (16 kHz), the rate of `source`.
    """
    program = need("baresip", "baresip-core")
    folder.mkdir()
    port, control = free_sip_port(), free_port()
    uri = f"sip:{name}@127.0.0.1:{port}"
    own = f"<{uri};transport=udp>;regint=0;answermode=manual{extra}"
    places = {"port": port, "control": control, "source": source, "folder": folder}
    config = _CONFIG.format(codec=codec, **places)
    for file, text in (("config", config), ("accounts", "# none\n"), ("contacts", "")):
        (folder / file).write_text(text)
    with running([program, "-f", str(folder)], folder / "log"):
        link = eventually(lambda: _connected(control), "control connection of the peer", 30)
        far = Peer(uri, port, link)
        try:
            far.order("uanew", account or own)
            eventually(lambda: far.answers, "account of the peer", 30)
            yield far
        finally:
            far.close()


def _connected(port: int) -> socket.socket | None:
    try:
        link = socket.create_connection(("127.0.0.1", port), 5)
        link.settimeout(None)
        return link
    except ConnectionRefusedError:
        return None
