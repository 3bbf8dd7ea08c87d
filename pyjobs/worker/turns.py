"""What one call to the server carries, and what its answer means. No I/O, and no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from pyjobs import calls
from pyjobs.calls import Call
from pyjobs.errors import LeaseLost, PyjobsError
from pyjobs.worker.held import Held, Word

MOST = 50
"""Ends that are told in one call, and jobs that are asked for in one."""

LEASES = 100
"""Leases that are renewed in one call."""

FIELDS = 6
"""What a pop answers of each job."""

OWN_ENDINGS = frozenset({"complete", "failed", "retried", "released"})
"""Reasons of LeaseLost that say that the holder itself has ended the lease."""


@dataclass
class Turn:
    """One call: how jobs have ended, leases to be renewed, a report, and `asked` further jobs.

    Where there is no pop, a tick does what is due.
    """

    ends: list[tuple[Held, Call[Any]]] = field(default_factory=list)
    beats: list[Held] = field(default_factory=list)
    heartbeat: Call[Any] | None = None
    report: Call[Any] | None = None
    refills: list[Call[Any]] = field(default_factory=list)
    """What the engine wants to know of calendars, and the question what else it does."""
    tick: Call[Any] | None = None
    pop: Call[Any] | None = None
    asked: int = 0

    def call(self) -> Call[list[Any]] | None:
        """Return all of it as one call; None: there is nothing to say."""
        members = [call for _, call in self.ends]
        members += [call for call in (self.heartbeat, self.report) if call is not None]
        members += self.refills
        members += [call for call in (self.tick, self.pop) if call is not None]
        return calls.drain(members, atomic=False) if members else None

    def read(self, answers: Sequence[Any]) -> Told:
        """Say what the answers mean; raises the refusal of what cannot be refused to one job."""
        told = Told()
        rest = iter(answers)
        for held, call in self.ends:
            told.ends.append((held, call, next(rest)))
        if self.heartbeat is not None:
            told.renewed = list(zip(self.beats, _granted(next(rest)), strict=True))
        if self.report is not None:
            next(rest)
        told.refills = [(call, next(rest)) for call in self.refills]
        if self.tick is not None:
            next(rest)
        if self.pop is not None:
            told.popped = _granted(next(rest))
        return told

    def brings(self, answers: Sequence[Any]) -> int:
        """Return how many jobs are in the answers."""
        popped = answers[-1] if self.pop is not None else None
        return len(popped) // FIELDS if isinstance(popped, list) and not popped[0] else 0


def _granted(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass
class Told:
    """What came of a turn. `popped`: as the server wrote it, None if nothing was asked for."""

    jobs: list[Held] = field(default_factory=list)
    ends: list[tuple[Held, Call[Any], Any]] = field(default_factory=list)
    renewed: list[tuple[Held, Any]] = field(default_factory=list)
    refills: list[tuple[Call[Any], Any]] = field(default_factory=list)
    popped: list[Any] | None = None


def jobs_of(popped: Sequence[Any], now: float) -> list[Held]:
    """Return the jobs in a pop's answer; none if it says how long to wait."""
    if popped[0]:
        return []
    return [Held(popped[at : at + FIELDS], now) for at in range(1, len(popped), FIELDS)]


def loss(answer: object) -> str:
    """Return why a lease is lost, by the answer to its renewal; empty: it is not."""
    if isinstance(answer, LeaseLost):
        return "" if answer.reason in OWN_ENDINGS else answer.reason
    return "unknown" if isinstance(answer, PyjobsError) else ""


def came_to(said: Call[Any], answer: object) -> Word:
    """Return how an attempt has ended, by the answer to what was said of it."""
    if answer == "failed":
        return "failed"
    return _CAME_TO[said.name]


_CAME_TO: dict[str, Word] = {
    "cancel": "cancelled",
    "complete": "done",
    "fail": "failed",
    "retry": "retried",
    "release": "released",
}


class Pace:
    """How many jobs to hold ready: as many as are begun within HOARD, by their mean run time."""

    HOARD = 0.010
    """Seconds of work that may lie ready."""
    WEIGHT = 0.1
    """Of a run in the mean."""
    STALE = 0.1
    """Seconds after which a job that lies ready goes back when nothing is free to run it."""

    def __init__(self, slots: int, most: int) -> None:
        self._slots = slots
        self._most = most
        self._mean = inf

    def ran(self, seconds: float) -> None:
        """Note how long a job has run."""
        if self._mean == inf:
            self._mean = seconds
        self._mean += (seconds - self._mean) * self.WEIGHT

    def slow(self) -> None:
        """Note that jobs lie ready behind slow ones: hold none ready until that is forgotten."""
        self._mean = max(self._mean, 1.0)

    @property
    def ready(self) -> int:
        """Jobs to hold ready beyond those that run."""
        if self._mean <= 0:
            return self._most
        return min(int(self.HOARD * self._slots / self._mean), self._most)
