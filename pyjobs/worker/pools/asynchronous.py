"""An event loop: each job a task of its own, as far as it waits for something."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from pyjobs.worker.held import Held
from pyjobs.worker.pools.base import Pool
from pyjobs.worker.stopping import Seat

FAIR = 0.002
"""Seconds after which a task that runs one short job after the other lets others have the loop."""


class Apart:
    """Awaits a coroutine in a context of its own, so that it leaves nothing to the next one."""

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, None]:
        run, coroutine = copy_context().run, self._coroutine
        step: tuple[Any, ...] = (coroutine.send, None)
        while True:
            try:
                future = run(*step)
            except StopIteration:
                return
            try:
                step = (coroutine.send, (yield future))
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - it is for the coroutine
                step = (coroutine.throw, error)


class Tasks(Pool):
    """Tasks of one event loop, and threads for jobs that are no coroutines.

    A task runs job after job until one waits; then the next task goes on.
    """

    _loop: asyncio.AbstractEventLoop
    _closed: asyncio.Event

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._roused = False
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(self.slots, "pyjobs")
        self._local = threading.local()

    def run(self, start: Callable[[], None]) -> None:
        """See Pool."""
        asyncio.run(self.main(start))

    async def main(self, start: Callable[[], None]) -> None:
        """As run, in an event loop that runs already."""
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        start()
        try:
            await self.bounds.start_async()
            await self._closed.wait()
        except asyncio.CancelledError:
            # Before the loop is taken from the jobs: they are given back, and do not fail.
            self.abort()
            await self._closed.wait()
            raise
        finally:
            self._threads.shutdown(wait=False)
            await self.bounds.stop_async()
            await self.execution.close()

    def close(self) -> None:
        """See Pool."""
        self._tell(self._closed.set)

    def rouse(self) -> None:
        """See Pool."""
        if not self._roused:
            self._roused = True
            self._tell(self._begin)

    def interrupt(self, held: Held, error: BaseException) -> None:
        """See Pool."""
        self._tell(self.seats.interrupt, held, error)

    def _tell(self, callback: Callable[..., Any], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop was closed under the worker
            return

    # In the loop

    def _begin(self) -> None:
        self._roused = False
        if self.ready and self._busy < self.slots:
            self._busy += 1
            task = self._loop.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._busy -= 1
        if self.ready:
            self._begin()

    async def _work(self) -> None:
        """Run jobs until there are none, or one was cancelled and this task with it."""
        task: Any = asyncio.current_task()
        until = time.monotonic() + FAIR
        while True:
            try:
                held = self.ready.popleft()
            except IndexError:
                return
            if self.ready and not self._roused:
                self._roused = True
                self._loop.call_soon(self._begin)
            if not self.execution.is_async(held):
                await self._loop.run_in_executor(self._threads, self._run_in_thread, held)
                continue
            try:
                held.cancel = task.cancel
                await Apart(self.execution.run_async(held))
                held.cancel = None
            finally:
                self.finish(held)
            if held.interrupted or _is_cancelled(task):
                return
            if held.ended > until:
                await asyncio.sleep(0)
                until = time.monotonic() + FAIR

    def _run_in_thread(self, held: Held) -> None:
        """Run a job that is no coroutine, and those that follow as far as they are none either."""
        seat = getattr(self._local, "seat", None) or Seat()
        self._local.seat = seat
        while True:
            if self.ready:
                self.rouse()
            self.seats.run(seat, held)
            self.finish(held)
            try:
                held = self.ready.popleft()
            except IndexError:
                return
            if self.execution.is_async(held):
                self.ready.appendleft(held)
                self.rouse()
                return


def _is_cancelled(task: Any) -> bool:
    """Whether a job has cancelled the task that runs it; before Python 3.11 that is not known."""
    return sys.version_info >= (3, 11) and task.cancelling() > 0
