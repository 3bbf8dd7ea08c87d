"""Server time of a job's whole life, as a ratio to the skeleton's."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from benchmarks import engine, servers, skeleton
from benchmarks.report import progress, table
from benchmarks.servers import Server, Usage

HELD = 10
BATCH = 50
WAITING = 100
PAYLOAD = engine.PAYLOAD

# What keeps a queue that has been in use for long: every completion purges, every event trims.
FULL = {"jobs-history-count": 500, "events-history": 500}


class Subject(Protocol):
    """What is measured: the engine or the skeleton."""

    def put(self, jid: str, payload: bytes, /) -> None: ...
    def pop(self) -> Any: ...
    def complete(self, lease: Any, /) -> None: ...
    def put_many(self, jids: Sequence[str], payload: bytes, /) -> None: ...
    def turn(self, leases: Sequence[Any], count: int, /) -> list[Any]: ...


Run = Callable[[Server, Subject, int], Usage]


def one_by_one(server: Server, subject: Subject, jobs: int) -> Usage:
    """Put, pop and complete in turns, one job a call, with HELD leases held all the time."""
    subject.put_many(engine.new_jids(WAITING), PAYLOAD)
    held = deque(subject.pop() for _ in range(HELD))

    def live(count: int) -> None:
        for jid in engine.new_jids(count):
            subject.put(jid, PAYLOAD)
            held.append(subject.pop())
            subject.complete(held.popleft())

    live(jobs // 4)  # warms up
    with server.measured() as usages:
        live(jobs)
    return usages[0]


def batches(server: Server, subject: Subject, jobs: int) -> Usage:
    """Put BATCH jobs a call; then complete BATCH and pop the next BATCH in each call."""
    subject.put_many(engine.new_jids(BATCH), PAYLOAD)
    held = subject.turn([], BATCH)

    def live(held: list[Any], count: int) -> list[Any]:
        for _ in range(count // BATCH):
            subject.put_many(engine.new_jids(BATCH), PAYLOAD)
            held = subject.turn(held, BATCH)
        return held

    held = live(held, jobs // 4)
    with server.measured() as usages:
        live(held, jobs)
    return usages[0]


def compare(
    server: Server, run: Run, jobs: int, rounds: int, subject: Callable[[Server], Subject]
) -> tuple[list[float], list[float], list[float], float]:
    """Run the subject between two runs of the skeleton, `rounds` times.

    Returns the ratios, microseconds a job of the subject and of the skeleton, and redis calls a job.
    """
    ratios, times, bare = [], [], []
    calls = 0.0
    before = run(server, skeleton.Skeleton(server), jobs).time / jobs
    for _ in range(rounds):
        usage = run(server, subject(server), jobs)
        after = run(server, skeleton.Skeleton(server), jobs).time / jobs
        times.append(usage.time / jobs)
        bare.append((before + after) / 2)
        ratios.append(times[-1] / bare[-1])
        calls = usage.calls / jobs
        before = after
    return ratios, times, bare, calls


def _engine(settings: Mapping[str, int]) -> Callable[[Server], Subject]:
    return lambda server: engine.Engine(server, settings)


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    rounds, jobs = (3, 1000) if quick else (9, 4000)
    rows = []
    for kind in kinds:
        with servers.running(kind) as server:
            for name, run in (("one by one", one_by_one), (f"batches of {BATCH}", batches)):
                for state, settings in (("defaults", {}), ("purging", FULL)):
                    progress(f"cost: {server.title}, {name}, {state}")
                    ratios, times, bare, calls = compare(
                        server, run, jobs, rounds, _engine(settings)
                    )
                    rows.append(
                        (
                            server.title,
                            name,
                            state,
                            f"{statistics.median(bare):.1f}",
                            f"{statistics.median(times):.1f}",
                            f"**{statistics.median(ratios):.2f}**",
                            f"{min(ratios):.2f} to {max(ratios):.2f}",
                            f"{calls:.2f}",
                        )
                    )
    heads = ("server", "calls", "queue", "skeleton us", "engine us", "ratio", "range", "redis calls")
    return table(heads, rows)
