"""The head-up page over HTTP: who may see it, the stream of states, and what a touch posts.

The address carries a token that is new in every run; it is exchanged for a cookie, and without
that cookie nothing is shown and nothing is done. Host and Origin are checked as well, so that a
page from elsewhere can neither read (DNS rebinding) nor act (request forgery). Neighbours:
`server` runs this application in a thread, `web/` is what the browser gets.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.core.debounce import Debouncer, Edge
from assistant.core.events import ButtonDown, ButtonUp, Event, Tapped
from assistant.core.model import Interpretation

WEB = Path(__file__).parent / "web"
BEAT_S = 10.0
"""A sign of life this often; the page calls itself disconnected after two and a half."""
MAX_READERS = 32
MAX_BODY = 1024
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'self'; img-src data:; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Feed:
    """The latest state for any number of readers; a slow one misses the steps in between."""

    def __init__(self) -> None:
        self.readers = 0
        self._text = ""
        self._is_open = True
        self._changed = asyncio.Event()

    def publish(self, text: str) -> None:
        self._text = text
        self._wake()

    def close(self) -> None:
        self._is_open = False
        self._wake()

    async def read(self) -> AsyncIterator[str]:
        """Server-Sent Events: the state as it is now, then every change, and a beat in between.

        Source: WHATWG HTML, section 9.2, "Server-sent events".
        """
        sent = ""
        while self._is_open:
            if self._text != sent:
                sent = self._text
                yield f"data: {sent}\n\n"
            elif not await self._is_changed():
                yield "event: beat\ndata:\n\n"

    async def _is_changed(self) -> bool:
        try:
            await asyncio.wait_for(self._changed.wait(), BEAT_S)
        except TimeoutError:
            return False
        return True

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class Guard:
    """Lets in only a browser that asks this host by its own name and holds this run's token."""

    def __init__(self, app: ASGIApp, origins: frozenset[str], token: str) -> None:
        self._app = app
        self._origins = origins
        self._hosts = {origin.removeprefix("http://") for origin in origins}
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refusal(Request(scope)) or self._app
        await answer(scope, receive, send_hardened)

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("host") not in self._hosts:
            return PlainTextResponse("This host is not served here.", 421)
        if request.method == "POST" and request.headers.get("origin") not in self._origins:
            return PlainTextResponse("Another site may not press buttons here.", 403)
        cookie = f"roadcall_{request.url.port}"
        if request.url.path == "/" and self._is_token(request.query_params.get("token", "")):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(cookie, self._token, httponly=True, samesite="strict")
            return answer
        if not self._is_token(request.cookies.get(cookie, "")):
            return PlainTextResponse("Open the address that roadcall printed at its start.", 403)
        return None

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


class Page:
    """The application; all methods run in the server's event loop."""

    def __init__(self, origins: frozenset[str], token: str, post: Callable[[Event], None]) -> None:
        self._post = post
        self._feed = Feed()
        self._press = Debouncer()
        self._buttons: Mapping[str, Interpretation] = {}
        routes = [
            Route("/stream", self._stream),
            Route("/tap", self._tap, methods=["POST"]),
            Route("/button", self._button, methods=["POST"]),
            Mount("/", StaticFiles(directory=WEB, html=True)),
        ]
        self.app: ASGIApp = Guard(Starlette(routes=routes), origins, token)

    def publish(self, text: str, buttons: Mapping[str, Interpretation]) -> None:
        """Send the state `text` (JSON); only what is in `buttons` can be touched from now on."""
        self._buttons = buttons
        self._feed.publish(text)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._feed.close()

    async def _stream(self, _: Request) -> Response:
        if self._feed.readers >= MAX_READERS:
            return PlainTextResponse(f"{MAX_READERS} pages are open already.", 503)
        return StreamingResponse(self._read(), media_type="text/event-stream")

    async def _read(self) -> AsyncIterator[str]:
        self._feed.readers += 1
        try:
            async for text in self._feed.read():
                yield text
        finally:
            self._feed.readers -= 1
            self._release()  # a page that goes away cannot let go of its button

    async def _tap(self, request: Request) -> Response:
        match await _body(request):
            case {"key": str(key)} if key in self._buttons:
                self._post(Tapped(interpretation=self._buttons[key]))
                return Response(status_code=204)
            case {"key": str()}:
                return PlainTextResponse("This is no longer on the page.", 409)
            case _:
                return PlainTextResponse('Expected {"key": "..."}.', 400)

    async def _button(self, request: Request) -> Response:
        match await _body(request):
            case {"is_down": True}:
                self._emit(self._press.feed(Edge(is_down=True, at_s=time.monotonic())))
            case {"is_down": False}:
                self._release()
            case _:
                return PlainTextResponse('Expected {"is_down": true or false}.', 400)
        return Response(status_code=204)

    def _release(self) -> None:
        self._emit(self._press.release(time.monotonic()))

    def _emit(self, events: list[ButtonDown | ButtonUp]) -> None:
        for event in events:
            self._post(event)


async def _body(request: Request) -> object:
    """The JSON of a short request; None for anything else."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_BODY:
        return None
    try:
        return json.loads(await request.body())
    except ValueError:
        return None
