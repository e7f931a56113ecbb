"""Signing in from the parked car: a code that somebody enters on another device.

Neighbours: `actions.everyday` tells the code, `services.signin` waits for it to be entered, `news`
notices that the account is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from assistant.actions.ports import DeviceCode
from assistant.calendars import Calendars
from assistant.core.events import DeviceFailed
from assistant.errors import AssistantError, SignInNeeded
from assistant.services.signin import SignIn


class CarSignIn:
    """One account at a time. Waits in a thread of its own between `begin` and `__exit__`."""

    def __init__(self, calendars: Calendars, post: Callable[[DeviceFailed], None]) -> None:
        self._calendars = calendars
        self._post = post
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._code: Future[DeviceCode] = Future()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> CarSignIn:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=2)

    @property
    def is_needed(self) -> bool:
        return self._calendars.microsoft.refused is not None

    def begin(self) -> DeviceCode | None:
        """See `ports.SignIns`; the same code as long as it counts."""
        with self._lock:
            if not (self._thread and self._thread.is_alive()):
                refused = self._calendars.microsoft.refused
                if refused is None:
                    return None
                self._code = Future()
                self._thread = threading.Thread(
                    target=self._run, args=(*refused, self._code), name="sign-in", daemon=True
                )
                self._thread.start()
        return self._code.result()

    def _run(self, account: str, sign_in: SignIn, code: Future[DeviceCode]) -> None:
        def show(user_code: str, address: str) -> None:
            code.set_result(DeviceCode(code=user_code, address=address, account=account))

        def is_over() -> bool:
            """Also when somebody has signed in at a terminal meanwhile."""
            return self._stopping.is_set() or not sign_in.is_refused

        try:
            sign_in.device_code(show, is_over)
        except AssistantError as error:
            if not code.done():
                code.set_exception(error)
            elif not is_over():
                self._post(DeviceFailed(error=error))
        else:
            self._read_again()

    def _read_again(self) -> None:
        mirror = self._calendars.mirror
        for status in mirror.status() if mirror else ():
            if mirror and isinstance(status.error, SignInNeeded):
                mirror.hurry(status.name)
