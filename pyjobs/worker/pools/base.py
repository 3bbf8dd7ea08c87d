"""What the keeper asks of a pool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Thread

from pyjobs.worker.bounds import Bounds
from pyjobs.worker.execution import Execution
from pyjobs.worker.held import Held, Holding
from pyjobs.worker.stopping import Seats


class Pool(ABC):
    """Runs the jobs that lie ready, so many at a time, and gives each to `finish` afterwards.

    All but `run` is called in another thread than `run`: by the keeper.
    """

    def __init__(
        self,
        slots: int,
        holding: Holding,
        execution: Execution,
        finish: Callable[[Held], None],
        bounds: Bounds,
    ) -> None:
        self.slots = slots
        self.ready = holding.ready
        self.execution = execution
        self.finish = finish
        self.bounds = bounds
        self.seats = Seats(execution)
        self.abort: Callable[[], object] = str
        """Called when `run` is broken off from outside: the worker has to leave at once."""

    @abstractmethod
    def run(self, start: Callable[[], None]) -> None:
        """Occupy the calling thread until `close`; calls `start` when jobs can be taken.

        Calls the hooks at the bounds, the last ones also when it was broken off.
        """

    def spawn(self, keep: Callable[[], None]) -> Callable[[], object]:
        """Start the keeper's thread, which no job can hold up; returns how to wait for its end."""
        thread = Thread(target=keep, name="pyjobs-keeper", daemon=True)
        thread.start()
        return thread.join

    @abstractmethod
    def rouse(self) -> None:
        """Look at what lies ready; also called in `run`'s thread and those that it starts."""

    def interrupt(self, held: Held, error: BaseException) -> None:
        """Raise an exception in a running job, as soon as can be."""
        self.seats.interrupt(held, error)

    @abstractmethod
    def close(self) -> None:
        """Let `run` return; what still runs is left to itself."""
