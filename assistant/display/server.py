"""Serves the head-up page on loopback, in a thread of its own.

Neighbours: `page` is the application, `core/hud.py` builds what is shown, `app` calls `show`.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from assistant.core.events import DeviceFailed, Event
from assistant.core.hud import to_json
from assistant.core.view import View
from assistant.errors import ConfigError, DeviceError

STOP_S = 3.0


class Display:
    """The page at `url` shows the latest view; touches are posted as events.

    with Display("127.0.0.1", 8080, inbox.put) as display:
        print(display.url)
        display.show(view)
    """

    def __init__(self, host: str, port: int, post: Callable[[Event], None]) -> None:
        """Bind at once, so that a taken port is known before anything else starts.

        `port` 0 takes any free one. Raises: ConfigError (not loopback, port taken or forbidden,
        the `display` extra is not installed).
        """
        try:
            import uvicorn

            from assistant.display.page import Page
        except ImportError as missing:
            raise ConfigError("config", "display", "pip install 'roadcall[display]'") from missing
        self._post = post
        self._view: View | None = None
        self._socket = _bind(_loopback(host), port)
        port = self._socket.getsockname()[1]
        token = secrets.token_urlsafe(24)
        origins = [f"http://{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        self._page = Page(frozenset(origins), token, post)
        self.url = f"{origins[2] if ':' in host else origins[0]}/?token={token}"
        """Holds this run's token: for the driver's browser only, not for the log."""
        self._loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._page.app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = Thread(target=self._run, name="display", daemon=True)

    def __enter__(self) -> Display:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # as in `show`
            self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(STOP_S)

    def show(self, view: View) -> None:
        """Send `view` to every page, and to pages opened later; nothing if it is shown already."""
        if view == self._view:
            return
        self._view = view
        buttons = {button.key: button.interpretation for button in view.buttons}
        with suppress(RuntimeError):  # the loop is closed: the page stopped, and that was posted
            self._loop.call_soon_threadsafe(self._page.publish, to_json(view), buttons)

    def _stop(self) -> None:
        self._page.close()
        self._server.should_exit = True

    def _run(self) -> None:
        try:
            with self._socket:
                self._loop.run_until_complete(self._server.serve(sockets=[self._socket]))
        except OSError as error:
            self._post(DeviceFailed(error=DeviceError(f"the head-up page stopped: {error}")))
        finally:
            self._loop.close()


def _loopback(host: str) -> str:
    """The calendar is nobody else's business: refuse what other machines can reach."""
    name = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(name).is_loopback:
            return name
    except ValueError:
        pass
    raise ConfigError("config", "display.host", f"127.0.0.1, ::1 or localhost, not {host!r}")


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError("config", "display.port", _way_out(port, error)) from error
    return listener


def _way_out(port: int, error: OSError | OverflowError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; stop it, choose another port, or 0"
    return f"a free port from 1024 to 65535, or 0 for any; {port}: {error}"
