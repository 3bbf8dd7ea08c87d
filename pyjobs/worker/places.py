"""The places that a supervisor keeps filled, and how soon after a death each is filled again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pyjobs.worker.process import Process

STEADY = 60.0
"""Seconds after which a process' death is not thought to be a consequence of the one before."""

LONGEST_BACKOFF = 30.0

_ENOUGH = 20  # deaths, to double a pause for


@dataclass(eq=False)
class Place:
    """One of the places. `due`: when the next process may start in it, by the monotonic clock."""

    number: int
    holder: Process | None = None
    successor: Process | None = None
    """Is to be up before the holder drains."""
    due: float = 0.0
    deaths: int = 0
    """In a row, each after a short life."""

    def vacate(self, process: Process) -> bool:
        """Let another have the place of a process; tells whether it had one."""
        if process is self.successor:
            self.successor = None
            return True
        if process is self.holder:
            self.holder, self.successor = self.successor, None
            return True
        return False

    def put_off(self, backoff: float) -> float:
        """Put the next start off, twice as long each time; returns the seconds."""
        wait = min(backoff * (1 << self.deaths), LONGEST_BACKOFF)
        self.deaths = min(self.deaths + 1, _ENOUGH)
        self.due = time.monotonic() + wait
        return wait
