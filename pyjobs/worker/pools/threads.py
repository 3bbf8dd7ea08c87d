"""Threads, each of which takes job after job; and the same with the calling thread alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pyjobs.worker.pools.base import Pool
from pyjobs.worker.stopping import Seat


class Threads(Pool):
    """So many threads.

    One thread is roused at a time, and rouses the next one when it leaves jobs behind: if jobs are
    short, one thread runs them all, and no thread waits for another.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # Free while somebody is being roused; `_roused` until that thread has come to Python.
        self._baton = threading.Lock()
        self._baton.acquire()
        self._roused = False
        self._closed = threading.Event()

    def run(self, start: Callable[[], None]) -> None:
        """See Pool."""
        for number in range(self.slots):
            name = f"pyjobs-{number + 1}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        self._occupy(start, self._closed.wait)

    def _occupy(self, start: Callable[[], None], stay: Callable[[], object]) -> None:
        start()
        try:
            self.bounds.start()
            stay()
        except BaseException:
            self.abort()
            self._closed.wait()
            raise
        finally:
            self.bounds.stop()

    def rouse(self) -> None:
        """See Pool."""
        if self._roused:
            return
        self._roused = True
        try:
            self._baton.release()
        except RuntimeError:  # somebody else has roused one in this moment
            return

    def close(self) -> None:
        """See Pool."""
        self._closed.set()
        self._roused = False
        self.rouse()

    def _work(self) -> None:
        seat = Seat()
        ready, baton, run, finish = self.ready, self._baton, self.seats.run, self.finish
        while True:
            baton.acquire()
            self._roused = False
            if self._closed.is_set():
                self.rouse()
                return
            while True:
                try:
                    held = ready.popleft()
                except IndexError:
                    break
                if ready and not self._roused:
                    self.rouse()
                run(seat, held)
                finish(held)


class CallingThread(Threads):
    """The thread that calls `run`, and no other: one job at a time."""

    def run(self, start: Callable[[], None]) -> None:
        """See Pool."""
        self._occupy(start, self._work)
