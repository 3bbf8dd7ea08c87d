"""Whether the machine is quiet: each core's speed now, against the best that was seen."""

from __future__ import annotations

import os
import time

_LOOPS = 60_000
_ROOM = 1.3
_CORES = 4


def speeds() -> list[float]:
    """Time a loop on each core in turn, in milliseconds; the better one of two runs."""
    cores = sorted(os.sched_getaffinity(0))
    try:
        return [_speed(core) for core in cores[:_CORES]]
    finally:
        os.sched_setaffinity(0, cores)


def _speed(core: int) -> float:
    os.sched_setaffinity(0, {core})
    times = []
    for _ in range(2):
        started, total = time.perf_counter(), 0
        for number in range(_LOOPS):
            total += number & 7
        times.append(time.perf_counter() - started)
    return round(min(times) * 1000, 2)


class Gate:
    """Waits for a quiet machine: all cores within 1.3 times of the best speed that was seen."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._best = min(min(speeds()) for _ in range(10))

    def is_quiet(self, patience: float = 0) -> bool:
        """Tell whether it is quiet, at last after so many seconds."""
        until = time.monotonic() + patience
        while True:
            found = speeds()
            self._best = min(self._best, *found)
            quiet = max(found) < _ROOM * self._best
            if quiet or time.monotonic() >= until:
                return quiet
            time.sleep(0.25)

    def wait(self) -> bool:
        """Wait for it, but not for ever; tells whether it came."""
        return self.is_quiet(self._patience)
