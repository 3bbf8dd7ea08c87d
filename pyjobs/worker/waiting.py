"""Where the keeper sleeps: until the pool wakes it, the server has something, or it is time."""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from pyjobs.connections import Line
from pyjobs.engine import Refused

log = logging.getLogger("pyjobs.worker")

SLACK = 1.0
"""Seconds after which a wait that should be over is given up."""

DENIED = 0.5
"""Seconds that are waited instead when the server refuses to."""


class Waiting:
    """Sleeps in one thread; any other may `wake` it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._until = 0.0
        self.blocked = False
        """Whether the server was asked to say when there are jobs, and has not yet."""
        self.asleep = False
        self._ear, self._bell = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._bell, False)
        self._open = True
        self._closing = threading.Lock()
        self._poll = _poll()
        self._poll.register(self._ear, select.POLLIN)
        self._watched = -1

    def wake(self) -> None:
        """End the sleep, or the next one if there is none now."""
        self.asleep = False
        with self._closing:
            if self._open:
                with suppress(BlockingIOError):
                    os.write(self._bell, b".")

    def ring(self) -> None:
        """As wake, in a signal's handler, where nothing may be waited for."""
        self.asleep = False
        # Who has the lock is about to ring, or closes.
        if self._closing.acquire(blocking=False):
            try:
                if self._open:
                    with suppress(BlockingIOError):
                        os.write(self._bell, b".")
            finally:
                self._closing.release()

    def block(self, rings: list[bytes], seconds: float) -> None:
        """Let the server end the next sleeps when there are jobs, or after so many seconds."""
        seconds = max(seconds, 0.001)
        if self._line.send("BLPOP", *rings, f"{seconds:.3f}"):
            self._watched = self._line.fileno()
            self._poll.register(self._watched, select.POLLIN)
            self.blocked = True
            self._until = time.monotonic() + seconds + SLACK

    def unblock(self) -> None:
        """Do not wait for the server any more."""
        if self.blocked:
            self._unwatch()
            self._line.close()

    def sleep(self, seconds: float) -> None:
        """Sleep for so long at most."""
        for descriptor, _ in self._poll.poll(max(seconds, 0) * 1000):
            if descriptor == self._ear:
                os.read(self._ear, 4096)
            else:
                self._hear()
        if self.blocked and time.monotonic() > self._until:
            self.unblock()

    def _hear(self) -> None:
        self._unwatch()
        answer = self._line.answer()
        if isinstance(answer, Refused):
            log.warning("waiting for jobs in the server: %s", answer.message)
            self._poll.poll(DENIED * 1000)

    def _unwatch(self) -> None:
        self._poll.unregister(self._watched)
        self.blocked = False

    def close(self) -> None:
        """Let go of everything; to wake it has no effect from now on."""
        self._line.close()
        with self._closing:
            self._open = False
            os.close(self._ear)
            os.close(self._bell)


def _poll() -> Any:
    """Return the system's own poll: that of gevent is for greenlets, and this is for a thread."""
    if "gevent.monkey" in sys.modules:
        from gevent import monkey  # noqa: PLC0415 - of an optional extra

        return monkey.get_original("select", "poll")()
    return select.poll()
