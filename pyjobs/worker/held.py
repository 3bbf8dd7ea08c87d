"""The jobs in this process: ready, running, finished but not told; and when something is due."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal

from pyjobs import record
from pyjobs.calls import Call, Lease
from pyjobs.errors import JobStopped
from pyjobs.snapshot import Snapshot

Word = Literal["", "done", "failed", "retried", "moved", "lost", "released", "cancelled"]
"""How an attempt ended; empty: it has not."""


class Held:
    """A job that was handed to this process, from the pop's answer until its end has been told."""

    __slots__ = (
        "arrived",
        "began",
        "call",
        "cancel",
        "ended",
        "expires",
        "interrupted",
        "interruption",
        "jid",
        "job",
        "klass",
        "overrun",
        "packed",
        "period",
        "queue",
        "read",
        "renew_at",
        "seat",
        "stop",
        "word",
    )

    def __init__(self, fields: Sequence[Any], arrived: float) -> None:
        queue, jid, klass, expires, *self.packed = fields
        self.expires: int = expires
        self.queue: str = record.text(queue)
        self.jid: str = record.text(jid)
        self.klass: str = klass.decode(errors="replace")
        self.arrived = arrived
        self.began = 0.0
        self.ended = 0.0
        self.period = 0.0
        self.renew_at = 0.0
        """When the lease is to be renewed, and after how many seconds again."""
        self.seat: Any = None
        """The thread, task or greenlet that runs it."""
        self.job: Any = None
        self.stop: JobStopped | None = None
        """Why it has to stop, or must not begin."""
        self.interrupted = False
        """Whether an exception was sent to what runs it."""
        self.interruption: BaseException | None = None
        """What a cancelled task was cancelled for."""
        self.cancel: Callable[[], object] | None = None
        """How it is interrupted, if not by an exception in its thread."""
        self.overrun = False
        """Its end has been told though it may still run."""
        self.word: Word = ""
        self.call: Call[Any] | None = None
        """What tells the server how it ended, if the job has not done so itself."""
        self.read: Snapshot | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the job, read when first asked for: where it runs."""
        if self.read is None:
            data, payload = self.packed
            self.read = Snapshot(
                self.queue, self.jid, self.klass, self.expires, record.read(data, payload)
            )
        return self.read

    @property
    def lease(self) -> Lease:
        """What is shown to the engine."""
        return Lease(self.queue, self.jid, record.read_token(self.packed[0]))

    @property
    def length(self) -> float | None:
        """Seconds that the lease lasts; None: it has no end."""
        if not self.expires:
            return None
        return (self.expires - record.read_popped_at(self.packed[0])) / 1000


class Deadlines:
    """Moments at which something is due for a job, in seconds of the monotonic clock."""

    FEW = 1000
    """So many entries may be of jobs that have ended."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Held, str]] = []
        self._full = self.FEW
        self._numbers = itertools.count()

    def add(self, held: Held, what: str, moment: float) -> None:
        """Note that something is due for a job; never, if the moment is infinite."""
        if moment < math.inf:
            heapq.heappush(self._heap, (moment, next(self._numbers), held, what))
            if len(self._heap) > self._full:
                self._forget_ended()

    def _forget_ended(self) -> None:
        self._heap = [each for each in self._heap if not each[2].word]
        heapq.heapify(self._heap)
        self._full = 2 * len(self._heap) + self.FEW

    def __len__(self) -> int:
        return len(self._heap)

    def due(self, now: float) -> Iterator[tuple[Held, str]]:
        """Give what is due, of jobs that have not ended."""
        while self._heap and self._heap[0][0] <= now:
            _, _, held, what = heapq.heappop(self._heap)
            if not held.word:
                yield held, what

    @property
    def next(self) -> float:
        """The next moment, or infinity."""
        while self._heap and self._heap[0][2].word:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf


class Holding:
    """All jobs in this process.

    The pool takes from the left of `ready` and adds to `ended`; the rest is the keeper's.
    """

    def __init__(self) -> None:
        self.ready: deque[Held] = deque()
        self.ended: deque[Held] = deque()
        self.all: set[Held] = set()

    @property
    def active(self) -> int:
        """Jobs that are ready or running."""
        return len(self.all) - len(self.ended)

    def take_ended(self, count: int) -> list[Held]:
        """Return jobs that have ended, which are no longer held here."""
        ended: list[Held] = []
        while self.ended and len(ended) < count:
            ended.append(self.ended.popleft())
        self.all.difference_update(ended)
        return ended

    def take_back(self, before: float = math.inf) -> list[Held]:
        """Return the jobs that arrived before that and have not begun, which will not begin."""
        back: list[Held] = []
        with suppress(IndexError):  # the pool was faster
            while self.ready[0].arrived <= before:
                back.append(self.ready.popleft())
        return back
