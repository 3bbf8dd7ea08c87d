"""Jobs a second of one sync client, by how many go into a call."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from benchmarks import servers
from benchmarks.engine import KLASS
from benchmarks.tables import number, progress, table
from pyjobs import Client, Queue

SIZES = (1, 2, 5, 10, 20, 50)
DATA = "x" * 98
"""A payload of 100 bytes."""

Curve = dict[str, dict[int, float]]
"""Jobs a second by call and by batch."""


def _put(queue: Queue, batch: int, jobs: int) -> None:
    many = [{"klass": KLASS, "data": DATA}] * batch
    for _ in range(jobs // batch):
        queue.put_many(many)


def _turn(queue: Queue, batch: int, jobs: int) -> None:
    held = queue.pop(batch)
    for _ in range(jobs // batch - 1):
        held = queue.complete(held, pop=batch).jobs
    queue.complete(held)


CALLS: dict[str, Callable[[Queue, int, int], None]] = {
    "put": _put,
    "complete and pop the next": _turn,
}


def curve(kind: str, quick: bool) -> Curve:
    """Measure on a server; medians of rounds that go over all sizes."""
    rounds, jobs = (3, 500) if quick else (7, 2_000)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    with servers.running(kind, tcp=True) as server, Client(server.url) as client:
        for at in range(rounds):
            progress(f"batches: {server.title}", at, rounds)
            for batch in SIZES:
                for name, call in CALLS.items():
                    started = time.perf_counter()
                    call(client.queue("benchmark"), batch, jobs)
                    found[name, batch].append(jobs / (time.perf_counter() - started))
    return {
        name: {batch: statistics.median(found[name, batch]) for batch in SIZES} for name in CALLS
    }


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    return render({kind: curve(kind, quick) for kind in kinds})


def render(curves: dict[str, Curve]) -> str:
    """Write a table of them."""
    rows = [
        (servers.NAMES[kind], name, *map(number, by_size.values()))
        for kind, calls in curves.items()
        for name, by_size in calls.items()
    ]
    return table(("server", "jobs/s", *(f"{size} a call" for size in SIZES)), rows)
