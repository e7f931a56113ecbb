"""An HTTP server for stand-ins: answers from a function, remembers, and misbehaves on request."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    """Percent-decoded, without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    target: str
    """Path and query as they came."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""


Handler = Callable[[Request], Answer]


class Loopback:
    """Serves `handler` on a free port of 127.0.0.1 for the length of a `with`."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self.exchanges: list[tuple[Request, Answer]] = []
        self.upsets: list[Handler] = []
        """Answer the next requests instead of the handler, one each."""
        self.clock_off_s = 0.0
        """How far the Date header is ahead of this machine's clock."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
        self.url = f"{scheme}://{host}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="loopback"
        )

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def requests(self) -> list[Request]:
        return [request for request, _ in self.exchanges]

    def upset(self, *answers: Answer | Handler) -> None:
        """Answer the next requests with these."""
        for answer in answers:
            self.upsets.append(answer if callable(answer) else lambda _, a=answer: a)

    def _answer(self, request: Request) -> Answer:
        handler = self.upsets.pop(0) if self.upsets else self._handler
        answer = handler(request)
        self.exchanges.append((request, answer))
        return answer

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handling(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def log_message(self, format: str, *args: object) -> None:
                """Silence: the exchanges are kept."""

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + loopback.clock_off_s)

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(
                    method=self.command,
                    path=unquote(parts.path),
                    query={
                        name: values[-1]
                        for name, values in parse_qs(parts.query, keep_blank_values=True).items()
                    },
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length),
                    target=self.path,
                )
                self.send(loopback._answer(request))

            def send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body[: answer.cut_after])
                if answer.cut_after is not None:
                    self.close_connection = True

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 (the library's names)

        return Handling
