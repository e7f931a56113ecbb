"""A calendar behind an address, served by a real server on loopback that may be up to anything."""

from __future__ import annotations

import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
import trustme

from assistant.core.model import Span
from assistant.errors import (
    BrokenAnswer,
    ConfigError,
    NotFound,
    RateLimited,
    Refused,
    ServiceError,
    SignInNeeded,
    TooSlow,
    Unreachable,
)
from assistant.services.calendars.feed import IcsFeed
from assistant.services.calendars.vevent import Reader
from assistant.services.web import Limits, Web

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 23, tzinfo=BERLIN)
WINDOW = Span(start=START, end=START + timedelta(days=16))
READER = Reader(name="Work", zone=BERLIN)
ONE = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:A\nDTSTART:20261123T090000\nEND:VEVENT\n"
CALENDAR = ONE + b"END:VCALENDAR\n"

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server that answers every GET with `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up in the middle are what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/work.ics"
        server.shutdown()


def reply(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def test_read_once_then_only_when_changed() -> None:
    changed_body = CALENDAR.replace(b"SUMMARY:A", b"SUMMARY:B")
    answers = [
        reply(200, CALENDAR, ETag='"1"'),
        reply(304),
        reply(200, CALENDAR, ETag='"2"'),
        reply(200, changed_body, ETag='"3"'),
        reply(200, changed_body, ETag='"3"'),
    ]
    asked: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["If-None-Match"])
        answers.pop(0)(request)

    with serving(answer) as url:
        source = IcsFeed(url, READER, Web("Work"))
        first = source.sync(WINDOW)
        unchanged = source.sync(WINDOW, first.state)
        same_body = source.sync(WINDOW, unchanged.state)
        changed = source.sync(WINDOW, same_body.state)
        tomorrow = Span(start=WINDOW.start + timedelta(days=1), end=WINDOW.end)
        source.sync(tomorrow, changed.state)
    assert [a.title for a in first.appointments] == ["A"]
    for nothing in (unchanged, same_body):
        assert (nothing.appointments, nothing.removed, nothing.is_full) == ((), (), False)
    assert ([a.title for a in changed.appointments], changed.is_full) == (["B"], True)
    assert asked == [None, '"1"', '"1"', '"2"', None]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, b"<!DOCTYPE html><title>Hotel Wi-Fi</title>"), BrokenAnswer),
        (reply(200, b""), BrokenAnswer),
        (reply(200, ONE), BrokenAnswer),
        (reply(200, b"BEGIN:VCALENDAR\nCALSCALE:HEBREW\nEND:VCALENDAR\n"), BrokenAnswer),
        (reply(304), BrokenAnswer),
        (reply(401), SignInNeeded),
        (reply(403), Refused),
        (reply(404), NotFound),
        (reply(410), NotFound),
        (reply(429), RateLimited),
        (reply(429, Retry_After="17"), RateLimited),
        (reply(500), BrokenAnswer),
        (reply(302, Location="file:///etc/passwd"), BrokenAnswer),
        (reply(302, Location="ftp://127.0.0.1/x"), BrokenAnswer),
        (reply(302, Location="/work.ics"), BrokenAnswer),
        (reply(302), BrokenAnswer),
        (lambda request: request.wfile.write(b"nonsense\r\n\r\n"), Unreachable),
        (lambda request: request.connection.close(), Unreachable),
    ],
)
def test_every_failure_is_one_of_ours(answer: Answer, error: type[ServiceError]) -> None:
    with serving(answer) as url, pytest.raises(error) as caught:
        IcsFeed(url, READER, Web("Work")).sync(WINDOW)
    assert "\n" not in str(caught.value)


def test_a_name_nobody_knows() -> None:
    with pytest.raises(Unreachable, match="is not known here"):
        IcsFeed("https://calendar.invalid/work.ics", READER, Web("Work")).sync(WINDOW)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(Unreachable):
        IcsFeed(f"http://127.0.0.1:{port}/", READER, Web("Work")).sync(WINDOW)


@pytest.mark.parametrize("url", ["", "work.ics", "file:///etc/passwd", "javascript:1", "https://"])
def test_only_the_web_is_subscribed_to(url: str) -> None:
    with pytest.raises(ConfigError, match="is no https:// address"):
        IcsFeed(url, READER, Web("Work"))


def test_certificates_are_checked() -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    with serving(reply(200, CALENDAR), server_side) as url:
        assert len(IcsFeed(url, READER, Web("Work", tls=ours)).sync(WINDOW).appointments) == 1
        with pytest.raises(Unreachable, match="not who it says it is"):
            IcsFeed(url, READER, Web("Work")).sync(WINDOW)


def test_a_password_goes_to_its_own_host_only() -> None:
    seen: list[str | None] = []

    def other(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers["Authorization"])
        reply(200, CALENDAR)(request)

    with serving(other) as there:

        def here(request: BaseHTTPRequestHandler) -> None:
            seen.append(request.headers["Authorization"])
            reply(307, Location=there)(request)

        with serving(here) as url:
            IcsFeed(url, READER, Web("Work", user="anna", password="geheim")).sync(WINDOW)
    assert seen == ["Basic YW5uYTpnZWhlaW0=", None]


def endless(piece: bytes, stop: threading.Event) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not stop.is_set():
            request.wfile.write(piece)

    return answer


def test_an_endless_body_takes_bounded_memory() -> None:
    limits = Limits(largest_bytes=4 * 2**20)
    with serving(endless(b"X" * 65_536, threading.Event())) as url:
        tracemalloc.start()
        with pytest.raises(BrokenAnswer, match="larger than 4 MiB"):
            IcsFeed(url, READER, Web("Work", limits=limits)).sync(WINDOW)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 * 2**20


def test_a_silent_server_and_a_trickling_one_take_bounded_time() -> None:
    limits = Limits(connect_s=0.2, total_s=0.5)
    done = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        done.wait(30)

    def trickle(request: BaseHTTPRequestHandler) -> None:
        while not done.wait(0.05):
            request.wfile.write(b"x")

    for answer, error in ((silent, TooSlow), (trickle, ServiceError)):
        with serving(answer) as url, pytest.raises(error):
            IcsFeed(url, READER, Web("Work", limits=limits)).sync(WINDOW)
    done.set()
