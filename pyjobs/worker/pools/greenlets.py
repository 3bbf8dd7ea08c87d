"""Greenlets of gevent, for code that waits by functions that gevent has patched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any

import gevent
from gevent.event import Event

from pyjobs.worker.held import Held
from pyjobs.worker.pools.base import Pool


class Greenlets(Pool):
    """So many greenlets of the calling thread.

    A greenlet runs job after job until one waits; then the next greenlet goes on. Coroutines are
    run by threads, as a thread has room for one event loop only.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._hub = gevent.get_hub()
        self._closed = Event()
        self._roused = False
        self._busy = 0
        self._watcher = self._hub.loop.async_()
        self._orders: list[Callable[[], object]] = []
        self.execution.here = self._in_thread

    def run(self, start: Callable[[], None]) -> None:
        """See Pool."""
        self._watcher.start(self._obey)
        try:
            start()
            self.bounds.start(self._in_thread)
            self._closed.wait()
        except BaseException:
            # While the hub can still stop the jobs.
            self.abort()
            self._closed.wait()
            raise
        finally:
            self._watcher.stop()
            self._watcher.close()
            self.bounds.stop(self._in_thread)

    def spawn(self, keep: Callable[[], None]) -> Callable[[], object]:
        """See Pool. A thread of `threading` may be a greenlet here."""
        waits: Callable[[], object] = self._hub.threadpool.spawn(keep).get
        return waits

    def rouse(self) -> None:
        """See Pool."""
        if not self._roused:
            self._roused = True
            self._tell(self._begin)

    def close(self) -> None:
        """See Pool."""
        self._tell(self._closed.set)

    def interrupt(self, held: Held, error: BaseException) -> None:
        """See Pool."""
        self._tell(lambda: self._raise(held, error))

    def _tell(self, order: Callable[[], object]) -> None:
        self._orders.append(order)
        self._watcher.send()

    # In the hub

    def _obey(self) -> None:
        while self._orders:
            self._orders.pop(0)()

    def _raise(self, held: Held, error: BaseException) -> None:
        greenlet = held.seat
        if held.cancel is not None:
            self.seats.interrupt(held, error)
        elif greenlet is not None and not held.word:
            held.interrupted = True
            greenlet.kill(error, block=False)

    def _begin(self) -> None:
        self._roused = False
        if self.ready and self._busy < self.slots:
            self._busy += 1
            gevent.spawn(self._work)

    def _work(self) -> None:
        """Run jobs until there are none, or one was stopped and this greenlet with it."""
        me = gevent.getcurrent()
        try:
            while True:
                try:
                    held = self.ready.popleft()
                except IndexError:
                    return
                if self.ready and not self._roused:
                    self._roused = True
                    self._hub.loop.run_callback(self._begin)
                held.seat = me
                try:
                    self.execution.run(held)
                finally:
                    self.finish(held)
                if held.interrupted:
                    return
        finally:
            self._busy -= 1
            if self.ready:
                self._hub.loop.run_callback(self._begin)

    def _in_thread(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in a thread of the hub's, which goes on in the meantime."""
        result, error = self._hub.threadpool.apply(copy_context().run, (_outcome, work))
        if error is not None:
            raise error
        return result


def _outcome(work: Coroutine[Any, Any, Any]) -> tuple[Any, BaseException | None]:
    """Run a coroutine; an exception is returned: gevent ends the program for some of them."""
    try:
        return asyncio.run(work), None
    except BaseException as error:  # noqa: BLE001 - raised where it is waited for
        return None, error
