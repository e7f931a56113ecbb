"""A display on a free port, and Debian's Chromium looking at it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from assistant.core.events import Event
from assistant.display.server import Display
from tests.browser.launch import chromium_running


@pytest.fixture
def inbox() -> queue.SimpleQueue[Event]:
    return queue.SimpleQueue()


@pytest.fixture
def display(inbox: queue.SimpleQueue[Event]) -> Iterator[Display]:
    with Display("127.0.0.1", 0, inbox.put) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


Visit = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, display: Display) -> Iterator[Visit]:
    """Opens the display's page; fails on any request to elsewhere and on any script error."""
    contexts = []
    asked: set[str] = set()
    errors: list[str] = []

    def open_page(width: int = 1280, height: int = 480, **options: object) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(display.url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
    assert asked <= {urlsplit(display.url).netloc}
