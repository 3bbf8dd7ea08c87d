"""Which queues are asked for jobs, when, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from pyjobs import calls, plans
from pyjobs.calls import Call
from pyjobs.client import Client
from pyjobs.worker.options import WorkerOptions
from pyjobs.worker.patterns import expand, is_pattern

AGAIN = 100
"""So often a worker that leaves when there are no jobs asks again at once when it is told to: with
a clock that stands still that might be for ever."""

LINGER = 0.001
"""Seconds after which the next jobs are asked for when there were fewer than asked for; most often
one has ended by then, and both are one call."""

TURNS = 2**31


class Serving:
    """Makes pops, one after the other, and learns from their answers.

    `forever`: the server is asked to say when there are jobs.
    """

    def __init__(self, client: Client, settings: WorkerOptions, forever: bool) -> None:
        self._client = client
        self._settings = settings
        self._forever = forever
        self._has_patterns = any(map(is_pattern, settings.queues))
        self._lease = None if settings.lease is None else round(settings.lease * 1000)
        self._names: list[str] = []
        self._weights: dict[str, int] = {}
        self._looked = -inf
        self._turn = 0
        self._window = 0
        self._asked: tuple[tuple[str, ...], str] | None = None
        self._full = True
        self._empty = 0
        self._again = 0
        self._rings: list[bytes] = []
        self._rest = inf
        self.next = 0.0
        """When the next pop makes sense."""

    @property
    def lease(self) -> int | None:
        """Milliseconds of all leases; None: as the jobs and the queues say."""
        return self._lease

    def must_look(self, now: float) -> bool:
        """Whether queues have to be looked for."""
        if not self._has_patterns:
            return not self._names
        return now - self._looked >= self._settings.interval

    def look(self, now: float, send: Callable[[Call[Any]], Any]) -> None:
        """Find the queues that are meant; `send` returns a call's answer, or None for none."""
        known: list[str] = []
        cursor, more = "", self._has_patterns
        while more:
            cursor, page = send(calls.queues(cursor)) or ("", [])
            known += [each.name for each in page]
            more = bool(cursor)
        found = expand(self._settings.queues, known)
        weights = self._settings.weights
        self._weights = {name: weights.get(pattern, 1) for name, pattern in found.items()}
        self._names = list(found)
        self._looked = now
        if not self._names:
            self.next = now + self._settings.interval

    def _windows(self) -> int:
        return max(-(-len(self._names) // plans.SLICE_JOBS), 1)

    @property
    def names(self) -> list[str]:
        """The queues that are asked, as far as they are found."""
        return self._names

    @property
    def is_empty(self) -> bool:
        """Whether no queue had jobs when they were last asked."""
        looked = self._looked > -inf
        return looked and (not self._names or self._empty >= self._windows())

    def pop(self, count: int) -> Call[list[Any]]:
        """Return a call that asks for so many jobs, a hundred queues at a time."""
        client, settings = self._client, self._settings
        at = self._window % self._windows() * plans.SLICE_JOBS
        names = tuple(self._names[at : at + plans.SLICE_JOBS])
        request, again = client.requests.next(names)
        self._asked = (names, request)
        extra: dict[str, Any] = {}
        if settings.policy != "ordered":
            self._turn = (self._turn + 1) % TURNS
            extra = {"policy": settings.policy, "turn": self._turn}
        if settings.policy == "weighted":
            extra["weights"] = [self._weights[name] for name in names]
        wait = self._forever and not self._full
        call: Call[Any] = calls.pop(
            client.worker_name, request, names, count, self._lease, wait, **extra
        )
        call.read = _as_it_came
        if again and call.repeat_at is not None:
            call.args[call.repeat_at] = 1
        return call

    def lose(self) -> None:
        """Note that the last pop's answer is not waited for any more."""
        if self._asked is not None:
            self._client.requests.lose(*self._asked)

    def learn(self, asked: int, got: int, answer: Sequence[Any], now: float) -> None:
        """Note what came of the last pop."""
        waited, self._full = self._forever and not self._full, got == asked
        self.next = 0.0 if self._full or not got else now + LINGER
        if got:
            self._empty, self._rings, self._rest, self._again = 0, [], inf, 0
            self._window = 0 if self._settings.policy == "ordered" else self._window + 1
            return
        if answer[0] == 1 and not self._forever and self._again < AGAIN:
            self._again += 1  # behind jobs that may not be handed out there may be others
            return
        if waited or not self._forever:
            self._empty += 1
            self._window += 1
            self._rest = min(self._rest, answer[0] / 1000)
            self._rings += answer[1:]

    def rings(self) -> tuple[list[bytes], float]:
        """Return what is to be waited for, and for how long; nothing while there may be jobs."""
        if not self.is_empty or not self._rings:
            return [], 0.0
        rings, rest = self._rings, min(self._rest, self._settings.interval)
        self._empty, self._rings, self._rest = 0, [], inf
        return rings, rest


def _as_it_came(answer: Any) -> Any:
    """Read a pop's answer not at all: each job is read where it runs."""
    return answer
