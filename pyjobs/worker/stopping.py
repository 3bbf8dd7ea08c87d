"""Jobs in threads, in which an exception can be raised from outside while one of them runs."""

from __future__ import annotations

import ctypes
import threading

from pyjobs.errors import JobStopped, RunTimeout
from pyjobs.worker.execution import Execution
from pyjobs.worker.held import Held

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = [ctypes.c_ulong, ctypes.py_object]
_raise_in.restype = ctypes.c_int

# A function of its own, since a py_object cannot be NULL.
_clear_in = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)


class Seat:
    """A thread, and the job that it runs now."""

    __slots__ = ("held", "thread")

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.held: Held | None = None


class Seats:
    """Runs each job in the thread that asks for it."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._interrupting = threading.Lock()

    def run(self, seat: Seat, held: Held) -> None:
        """Run a job; raises nothing, and no exception from outside outlasts it."""
        # Who stops a job first says so in `stop`, then looks at what the seat holds, and here it is
        # the other way round: one of the two notices.
        held.seat, seat.held = seat, held
        try:
            self._run(seat, held)
        except (JobStopped, RunTimeout) as error:  # the second of two, in the worst moment
            self._run(seat, held, error)

    def _run(self, seat: Seat, held: Held, error: BaseException | None = None) -> None:
        while True:
            try:
                if error is not None and not held.word:
                    self._execution.ended_badly(held, None, error)
                elif not held.word:
                    self._execution.run(held)
                seat.held = None
                if held.interrupted:
                    self._calm(seat)
            except (JobStopped, RunTimeout) as stop:  # noqa: PERF203 - it goes on with that
                error = stop
            else:
                return

    def _calm(self, seat: Seat) -> None:
        """Take back what has not been raised yet; waits for who is about to."""
        with self._interrupting:
            _clear_in(seat.thread, None)

    def interrupt(self, held: Held, error: BaseException) -> None:
        """Raise an exception in a job, at its next step in Python code; from any thread."""
        with self._interrupting:
            held.interrupted = True
            cancel, seat = held.cancel, held.seat
            if cancel is not None:
                held.interruption = error
                cancel()
            elif seat is not None and seat.held is held:
                _raise_in(seat.thread, _kind_of(error))


def _kind_of(error: BaseException) -> type:
    """Return a class whose instances are like this exception: a class is what can be raised."""
    kind, args = type(error), error.args

    def begin(self: BaseException) -> None:
        kind.__init__(self, *args)

    names = {"__init__": begin, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), names)
