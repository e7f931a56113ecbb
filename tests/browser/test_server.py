"""Who may see the page and press its buttons; asked over real HTTP."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from scenes import SCENES, scene

from assistant.core.events import ButtonDown, ButtonUp, Event, Tapped
from assistant.core.hud import build_view
from assistant.display.server import Display
from assistant.errors import ConfigError

SOON_S = 10.0
JOIN = build_view(SCENES["day"])
FREE = build_view(SCENES["free"])


class Visitor:
    """A browser in a few lines: one cookie, one origin."""

    def __init__(self, display: Display, *, cookie: bool = True) -> None:
        self.parts = urlsplit(display.url)
        self.host = self.parts.netloc
        self.origin = f"http://{self.host}"
        self.cookie = ""
        self._lines: list[http.client.HTTPConnection] = []
        if cookie:
            answer = self.get(f"/?{self.parts.query}")
            assert answer.status == 303
            self.cookie = answer.headers["set-cookie"].split(";")[0]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection(str(self.parts.hostname), self.parts.port, timeout=SOON_S)
        self._lines.append(line)
        usual = {"Host": self.host, "Cookie": self.cookie, "Origin": self.origin}
        line.request(method, path, body, {**usual, **headers})
        return line.getresponse()

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object, **headers: str) -> int:
        return self.ask("POST", path, json.dumps(body).encode(), **headers).status

    def stream(self) -> http.client.HTTPResponse:
        return self.get("/stream")

    def close(self) -> None:
        """Close every connection, as a closed browser does."""
        while self._lines:
            self._lines.pop().close()


@pytest.fixture
def stranger(display: Display) -> Iterator[Visitor]:
    """Somebody who does not know the token."""
    visitor = Visitor(display, cookie=False)
    yield visitor
    visitor.close()


@pytest.fixture
def visitor(display: Display) -> Iterator[Visitor]:
    """The driver's browser."""
    visitor = Visitor(display)
    yield visitor
    visitor.close()


def state(stream: http.client.HTTPResponse) -> dict[str, object]:
    """The next state of a stream."""
    while True:
        line = stream.readline().decode()
        assert line, "the stream ended"
        if line.startswith("data: "):
            found: dict[str, object] = json.loads(line[6:])
            return found


# --- who may come in --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/hud.js", "/stream", "/?token=wrong", "/?token="])
def test_nothing_is_shown_without_the_token(display: Display, path: str, stranger: Visitor) -> None:
    display.show(JOIN)
    answer = stranger.get(path)
    assert answer.status == 403
    assert b"Budget" not in answer.read()


@pytest.mark.parametrize("path", ["/tap", "/button"])
def test_nothing_is_done_without_the_token(
    display: Display, inbox: queue.SimpleQueue[Event], path: str, stranger: Visitor
) -> None:
    display.show(JOIN)
    assert stranger.post(path, {"is_down": True, "key": JOIN.buttons[0].key}) == 403
    assert inbox.empty()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost"])
def test_rebinding_name_is_refused(host: str, visitor: Visitor) -> None:
    answer = visitor.get("/", Host=host.format(port=visitor.parts.port))
    assert answer.status == 421


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1", "https://{host}", "http://{host}."],
)
def test_other_site_cannot_press(
    display: Display, inbox: queue.SimpleQueue[Event], origin: str, visitor: Visitor
) -> None:
    display.show(JOIN)
    body = {"key": JOIN.buttons[0].key}
    assert visitor.post("/tap", body, Origin=origin.format(host=visitor.host)) == 403
    assert inbox.empty()


def test_cookie_stays_with_this_browser_and_every_answer_is_hardened(
    display: Display, stranger: Visitor
) -> None:
    answer = stranger.get(f"/?{urlsplit(display.url).query}")
    cookie = answer.headers["set-cookie"].casefold()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_token_is_new_in_every_run() -> None:
    urls = set()
    for _ in range(2):
        with Display("127.0.0.1", 0, print) as display:
            urls.add(urlsplit(display.url).query)
    assert len(urls) == 2


# --- the stream -------------------------------------------------------------------------------


def test_new_page_gets_the_state_as_it_is(display: Display, visitor: Visitor) -> None:
    display.show(FREE)
    display.show(JOIN)
    first = state(visitor.stream())
    assert first["focus"]["lines"][0] == "Budget review"  # type: ignore[index]


def test_page_that_comes_back_gets_the_last_state(display: Display, visitor: Visitor) -> None:
    display.show(JOIN)
    state(visitor.stream())
    visitor.close()
    display.show(FREE)
    assert state(visitor.stream())["focus"]["kind"] == "free"  # type: ignore[index]


def test_equal_view_is_not_sent_again(display: Display, visitor: Visitor) -> None:
    stream = visitor.stream()
    display.show(JOIN)
    assert state(stream)["focus"]["kind"] == "meeting"  # type: ignore[index]
    display.show(build_view(SCENES["day"]))
    display.show(FREE)
    assert state(stream)["focus"]["kind"] == "free"  # type: ignore[index]


def test_ten_pages_see_the_same(display: Display, visitor: Visitor) -> None:
    streams = [visitor.stream() for _ in range(10)]
    display.show(JOIN)
    assert len({json.dumps(state(stream)) for stream in streams}) == 1


def test_page_that_reads_nothing_holds_up_nobody(display: Display, visitor: Visitor) -> None:
    """It misses the steps in between, and nothing is kept for it."""
    display.show(JOIN)
    asleep, awake = visitor.stream(), visitor.stream()
    for view in (FREE, JOIN) * 2000:
        display.show(view)
    display.show(build_view(SCENES["in-call"]))
    while state(awake)["focus"]["kind"] != "call":  # type: ignore[index]
        pass
    seen = 1
    while state(asleep)["focus"]["kind"] != "call":  # type: ignore[index]
        seen += 1
    assert seen < 4000


def test_too_many_pages_are_refused(display: Display, visitor: Visitor) -> None:
    display.show(JOIN)
    streams = [visitor.stream() for _ in range(32)]
    for stream in streams:
        state(stream)
    assert visitor.stream().status == 503


def test_block_ends_with_pages_open() -> None:
    with Display("127.0.0.1", 0, print) as display:
        display.show(JOIN)
        visitor = Visitor(display)
        stream = visitor.stream()
        state(stream)
    assert stream.read().strip() == b""
    visitor.close()
    assert "display" not in {thread.name for thread in threading.enumerate()}
    display.show(FREE)  # harmless after the end


# --- touch ------------------------------------------------------------------------------------


def test_touch_posts_what_the_button_means(
    display: Display, inbox: queue.SimpleQueue[Event], visitor: Visitor
) -> None:
    display.show(JOIN)
    state(visitor.stream())
    for button in JOIN.buttons:
        assert visitor.post("/tap", {"key": button.key}) == 204
        assert inbox.get(timeout=SOON_S) == Tapped(interpretation=button.interpretation)


def test_only_what_is_shown_can_be_touched(
    display: Display, inbox: queue.SimpleQueue[Event], visitor: Visitor
) -> None:
    display.show(JOIN)
    display.show(FREE)
    state(visitor.stream())
    assert visitor.post("/tap", {"key": JOIN.buttons[0].key}) == 409
    assert inbox.empty()


@pytest.mark.parametrize(
    "body",
    [{}, [], None, 1, {"key": 7}, {"is_down": "yes"}, {"is_down": 1}, {"key": "x" * 2000}],
    ids=lambda body: json.dumps(body)[:20],
)
@pytest.mark.parametrize("path", ["/tap", "/button"])
def test_nonsense_is_refused(
    inbox: queue.SimpleQueue[Event], path: str, body: object, visitor: Visitor
) -> None:
    assert visitor.post(path, body) == 400
    assert inbox.empty()


def test_broken_json_is_refused(visitor: Visitor) -> None:
    assert visitor.ask("POST", "/tap", b'{"key": ').status == 400
    assert visitor.ask("POST", "/tap", b"\xff\xfe").status == 400


def test_button_is_pressed_once_and_released_once(
    inbox: queue.SimpleQueue[Event], visitor: Visitor
) -> None:
    for is_down in (True, True, False, False):
        assert visitor.post("/button", {"is_down": is_down}) == 204
    assert inbox.get(timeout=SOON_S) == ButtonDown()
    assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)
    assert inbox.empty()


def test_page_that_goes_away_lets_go(
    display: Display, inbox: queue.SimpleQueue[Event], visitor: Visitor
) -> None:
    display.show(JOIN)
    state(visitor.stream())
    visitor.post("/button", {"is_down": True})
    assert inbox.get(timeout=SOON_S) == ButtonDown()
    visitor.close()
    assert isinstance(inbox.get(timeout=SOON_S), ButtonUp)


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "", "::"])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(ConfigError, match=r"display\.host"):
        Display(host, 0, print)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_every_name_of_loopback_is_served(host: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        host = "localhost"
    with Display(host, 0, print) as display:
        display.show(JOIN)
        with closing(Visitor(display)) as visitor:
            assert state(visitor.stream())["clock"] == "11:07"


def test_taken_port_names_the_way_out(display: Display) -> None:
    port = urlsplit(display.url).port
    assert port
    with pytest.raises(ConfigError, match="is taken by another program"):
        Display("127.0.0.1", port, print)


def test_impossible_port_names_the_way_out() -> None:
    with pytest.raises(ConfigError, match="from 1024 to 65535"):
        Display("127.0.0.1", 99_999, print)


def test_view_of_a_moving_car_offers_no_blocks(
    display: Display, inbox: queue.SimpleQueue[Event], visitor: Visitor
) -> None:
    display.show(build_view(scene(is_moving=True)))
    state(visitor.stream())
    block = next(b.button for b in JOIN.time_line.blocks if b.button and not b.is_focus)
    assert visitor.post("/tap", {"key": block.key}) == 409
    assert inbox.empty()
