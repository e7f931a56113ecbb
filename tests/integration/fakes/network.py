"""A network with names of its own: an HTTP proxy that knows where each host is (a fake).

Stands for DNS and routing, so that a client which looks for `lyncdiscover.contoso.test` finds a
server on loopback. The bytes pass untouched: TLS is between the client and the server.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping
from types import TracebackType


class Network:
    """`hosts`: name -> port of 127.0.0.1; every other host is out of reach."""

    def __init__(self, hosts: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        """Hosts in the order of the connections to them."""
        self._hosts = hosts
        self._links: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def __enter__(self) -> Network:
        self._start(self._serve)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """Every connection breaks; new ones are possible."""
        while self._links:
            with contextlib.suppress(OSError):
                self._links.pop().shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                self._start(self._connect, client)

    def _connect(self, client: socket.socket) -> None:
        """Source: RFC 9110 §9.3.6 (CONNECT)."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        host = head.split()[1].decode().partition(":")[0]
        self.asked.append(host)
        if host not in self._hosts:
            with client:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        server = socket.create_connection(("127.0.0.1", self._hosts[host]))
        self._links += [client, server]
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self._start(_pump, server, client)
        _pump(client, server)
        client.close()
        server.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
