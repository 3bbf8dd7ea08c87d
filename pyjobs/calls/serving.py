"""Queues: what they hold, whether they are served, what happened in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import page, same, snapshots
from pyjobs.calls.call import Call
from pyjobs.record import text
from pyjobs.snapshot import Snapshot


def pause(queues: Sequence[str]) -> Call[int]:
    """Pause queues; answers how many."""
    return Call("pause", list(queues), same, marked=True)


def unpause(queues: Sequence[str]) -> Call[int]:
    """Resume queues; answers how many."""
    return Call("unpause", list(queues), same, marked=True)


def tick() -> Call[int]:
    """Do what is due; answers milliseconds until something may be due, 0 when there is more."""
    return Call("tick", [], same)


def due() -> Call[int]:
    """Look when something is due next, in milliseconds since the epoch; answers 0 for nothing."""
    return Call("due", [], same, "reads")


def peek(queue: str, count: int, offset: int = 0) -> Call[list[Snapshot | None]]:
    """Look at the jobs that the next pops would hand out."""
    return Call("peek", [queue, offset, count], snapshots, "reads")


def jobs(queue: str, state: str, cursor: str, count: int) -> Call[tuple[str, list[str]]]:
    """Read a page of a queue's jids in one state; answers the next cursor and the page."""
    return Call("jobs", [queue, state, cursor, count], page, "reads")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many jobs a queue has in each state. `heartbeat` is its own lease in seconds, or None."""

    name: str
    paused: bool
    heartbeat: float | None
    waiting: int
    running: int
    stalled: int
    scheduled: int
    depends: int
    recurring: int
    throttled: int
    complete: int
    failed: int


def _counts(answer: Sequence[Any]) -> tuple[str, list[QueueCounts]]:
    counts = [
        QueueCounts(text(name), bool(paused), lease / 1000 or None, *numbers)
        for name, paused, lease, *numbers in answer[1:]
    ]
    return text(answer[0]), counts


def queues(
    cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[QueueCounts]]]:
    """Count the jobs of these queues, or of a page of all."""
    return Call("queues", [cursor, 0 if names else count, *names], _counts, "reads")


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of some jobs: of their payloads, and all that is stored of them."""

    jobs: int
    payload: int
    stored: int


def weigh(queue: str, state: str, offset: int = 0, count: int = 100) -> Call[Weight]:
    """Weigh a page of a queue's jobs in one state."""
    return Call("weigh", [queue, state, offset, count], lambda answer: Weight(*answer), "reads")


def forget(queues: Sequence[str]) -> Call[int]:
    """Forget empty queues; answers how many there were."""
    return Call("forget", list(queues), same, marked=True)


@dataclass(frozen=True, slots=True)
class Times:
    """How many times were observed, their sum in milliseconds, and how many in which bin."""

    count: int
    total: int
    bins: dict[int, int]


@dataclass(frozen=True, slots=True)
class DayStats:
    """What the engine counts of a queue on one UTC day."""

    retries: int
    failures: int
    failed: int
    wait: Times
    run: Times
    failed_run: Times


def _times(answer: Sequence[Any]) -> Times:
    count, total, bins = answer
    numbers = [int(number) for number in bins]
    return Times(int(count), int(total), dict(zip(numbers[::2], numbers[1::2], strict=True)))


def stats(queue: str, day: int | None = None) -> Call[DayStats]:
    """Read a queue's counts and times of a day, in days since 1970; None: today."""

    def read(answer: Sequence[Any]) -> DayStats:
        retries, failures, failed, wait, run, failed_run = answer
        return DayStats(
            int(retries), int(failures), int(failed), _times(wait), _times(run), _times(failed_run)
        )

    return Call("stats", [queue, "" if day is None else day], read, "reads")
