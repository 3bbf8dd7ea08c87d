"""Server time of a job's whole life, as a ratio to the skeleton's."""

from __future__ import annotations

import functools
import statistics
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks import servers
from benchmarks.engine import PAYLOAD, Engine, new_jids
from benchmarks.servers import Server, Usage
from benchmarks.skeleton import Skeleton
from benchmarks.tables import progress, table

HELD = 10
BATCH = 50
WAITING = 100

# A queue that has been in use for long: every completion purges, every event trims.
FULL = {"jobs-history-count": 500, "events-history": 500}


class Subject(Protocol):
    """What is measured: the engine or the skeleton."""

    def put(self, jid: str, payload: bytes, /) -> None:
        """Put one job."""

    def pop(self) -> Any:
        """Pop one job; returns its lease."""

    def complete(self, lease: Any, /) -> None:
        """Complete one job."""

    def put_many(self, jids: Sequence[str], payload: bytes, /) -> None:
        """Put several jobs in one call."""

    def turn(self, leases: Sequence[Any], count: int, /) -> list[Any]:
        """Complete these and pop the next, in one call."""


Run = Callable[[Server, Subject, int], Usage]
Start = Callable[[Server], Subject]


def one_by_one(server: Server, subject: Subject, jobs: int) -> Usage:
    """Put, pop and complete in turns, one job a call, with HELD leases held all the time."""
    subject.put_many(new_jids(WAITING), PAYLOAD)
    held = deque(subject.pop() for _ in range(HELD))

    def live(count: int) -> None:
        for jid in new_jids(count):
            subject.put(jid, PAYLOAD)
            held.append(subject.pop())
            subject.complete(held.popleft())

    live(jobs // 4)  # warms up
    with server.measured() as usages:
        live(jobs)
    return usages[0]


def batches(server: Server, subject: Subject, jobs: int) -> Usage:
    """Put BATCH jobs in a call; then complete BATCH and pop the next BATCH in a call."""

    def live(held: list[Any], count: int) -> list[Any]:
        for _ in range(count // BATCH):
            subject.put_many(new_jids(BATCH), PAYLOAD)
            held = subject.turn(held, BATCH)
        return held

    held = live([], jobs // 4)
    with server.measured() as usages:
        live(held, jobs)
    return usages[0]


@dataclass
class Comparison:
    """Microseconds a job of the subject and of the skeleton beside it, and redis calls a job."""

    times: list[float] = field(default_factory=list)
    skeleton: list[float] = field(default_factory=list)
    calls: float = 0

    @property
    def ratios(self) -> list[float]:
        """One for each round."""
        return [one / other for one, other in zip(self.times, self.skeleton, strict=True)]


def compare(
    server: Server, run: Run, jobs: int, rounds: int, subject: Start, skeleton: Start = Skeleton
) -> Comparison:
    """Run the subject between two runs of the skeleton, `rounds` times."""
    comparison = Comparison()
    before = run(server, skeleton(server), jobs).time / jobs
    for _ in range(rounds):
        usage = run(server, subject(server), jobs)
        after = run(server, skeleton(server), jobs).time / jobs
        comparison.times.append(usage.time / jobs)
        comparison.skeleton.append((before + after) / 2)
        comparison.calls = usage.calls / jobs
        before = after
    return comparison


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    rounds, jobs = (3, 1000) if quick else (9, 4000)
    full = functools.partial(Engine, settings=FULL)
    grouped = functools.partial(Skeleton, grouped=True)
    many = f"batches of {BATCH}"
    cases: list[tuple[str, str, Run, Start, Start]] = [
        ("one by one", "defaults", one_by_one, Engine, Skeleton),
        ("one by one", "purging", one_by_one, full, Skeleton),
        (many, "defaults", batches, Engine, Skeleton),
        (many, "purging", batches, full, Skeleton),
        (f"{many}, grouped skeleton", "defaults", batches, Engine, grouped),
    ]
    rows = []
    for kind in kinds:
        with servers.running(kind) as server:
            for name, queue, run, subject, skeleton in cases:
                progress(f"cost: {server.title}, {name}, {queue}")
                found = compare(server, run, jobs, rounds, subject, skeleton)
                rows.append(
                    (
                        server.title,
                        name,
                        queue,
                        f"{statistics.median(found.skeleton):.1f}",
                        f"{statistics.median(found.times):.1f}",
                        f"**{statistics.median(found.ratios):.2f}**",
                        f"{min(found.ratios):.2f} to {max(found.ratios):.2f}",
                        f"{found.calls:.2f}",
                    )
                )
    heads = (
        "server",
        "calls",
        "queue",
        "skeleton, us",
        "engine, us",
        "ratio",
        "range",
        "redis calls",
    )
    return table(heads, rows)
