"""An asyncio loop in a thread of its own, for libraries that know no other way to work.

Nobody outside sees the loop: orders go in from any thread and come back as a value or an error.
Neighbours: `ofono` and `ucwa` each own one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from assistant.errors import AssistantError, Unreachable

_JOIN_LIMIT_S = 5.0

T = TypeVar("T")
log = logging.getLogger(__name__)


class Background:
    def __init__(self, service: str) -> None:
        """`service` names the thread, and the errors of an order that gets no answer."""
        self._service = service
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.closing = asyncio.Event()

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start the thread; it ends when `main` returns, which it does once `closing` is set."""
        self._thread = threading.Thread(target=self._run, args=(main,), name=self._service)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run `work` in the loop and wait for its outcome; not from the loop's own thread.

        Raises: Unreachable after `limit_s` or when closed, and whatever `work` raises.
        """
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise Unreachable(self._service, "closed") from None
        try:
            return future.result(limit_s)
        except TimeoutError:
            future.cancel()
            raise Unreachable(self._service, "no answer in time") from None

    def start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Run `work` beside everything else; only from the loop's own thread."""
        task = self._loop.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def soon(self, job: Callable[..., object], *arguments: object) -> None:
        """Call `job` in the loop's thread; nothing happens once closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(job, *arguments)

    async def pause(self, seconds: float) -> None:
        """Sleep, but not longer than until `closing`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), seconds)

    def close(self) -> None:
        """End the thread; harmless twice."""
        self.soon(self.closing.set)
        self._thread.join(_JOIN_LIMIT_S)

    def _run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._live(main))

    async def _live(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await main()
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)


async def _logged(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except AssistantError as error:
        log.info("%s", error)
