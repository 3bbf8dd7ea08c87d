"""Jobs of 100 bytes, 10 kB and 1 MB, beside a bare SET, GET and DEL of the same bytes."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import servers
from benchmarks.engine import KLASS
from benchmarks.servers import Server
from benchmarks.tables import number, progress, table
from pyjobs import Client

SIZES = {100: "100 B", 10_000: "10 kB", 1_000_000: "1 MB"}
MOST_BYTES = 20_000_000
"""Payload that is on the server at a time."""


@dataclass(frozen=True)
class Cost:
    """Jobs a second over the whole life, and the server's CPU time for each, in microseconds."""

    rate: float
    server: float


def _measured(server: Server, jobs: int, work: Callable[[], None]) -> Cost:
    cpu, started = server.cpu(), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return Cost(jobs / seconds, (server.cpu() - cpu) * 1e6 / jobs)


def jobs_of(server: Server, size: int, count: int) -> Cost:
    """Put, pop and complete jobs whose data are so many bytes, one call each."""
    data = b"x" * size
    with Client(server.url) as client:
        queue = client.queue("benchmark")
        queue.put(KLASS)
        queue.pop(1)[0].complete()

        def work() -> None:
            for _ in range(count):
                queue.put(KLASS, data)
            for _ in range(count):
                (job,) = queue.pop(1)
                if len(job.data) != size:
                    raise RuntimeError("the data is not what was put")
                job.complete()

        return _measured(server, count, work)


def bare(server: Server, size: int, count: int) -> Cost:
    """Set, get and delete as many keys of so many bytes."""
    data = b"x" * size

    def work() -> None:
        for at in range(count):
            server.client.set(f"key-{at}", data)
        for at in range(count):
            server.client.get(f"key-{at}")
            server.client.delete(f"key-{at}")

    return _measured(server, count, work)


def curve(kind: str, quick: bool) -> dict[int, tuple[Cost, Cost]]:
    """Measure on a server: for each size what jobs cost and what bare keys do, as medians."""
    rounds, most = (3, 500) if quick else (7, 4_000)
    found: dict[int, list[tuple[Cost, Cost]]] = defaultdict(list)
    with servers.running(kind, tcp=True) as server:
        for at in range(rounds):
            progress(f"payloads: {server.title}", at, rounds)
            for size in SIZES:
                count = min(most, MOST_BYTES // size)
                server.fresh()
                found[size].append((jobs_of(server, size, count), bare(server, size, count)))
    return {
        size: (_median([a for a, _ in all_]), _median([b for _, b in all_]))
        for size, all_ in found.items()
    }


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(each.rate for each in costs),
        statistics.median(each.server for each in costs),
    )


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    return render({kind: curve(kind, quick) for kind in kinds})


def render(curves: dict[str, dict[int, tuple[Cost, Cost]]]) -> str:
    """Write a table of them."""
    rows = [
        (
            servers.NAMES[kind],
            SIZES[size],
            number(jobs.rate),
            number(jobs.rate * size / 1e6),
            number(jobs.server),
            number(keys.rate),
            number(keys.server),
            f"{jobs.server / keys.server:.2f}",
            f"{keys.rate / jobs.rate:.2f}",
        )
        for kind, sizes in curves.items()
        for size, (jobs, keys) in sizes.items()
    ]
    heads = (
        "jobs/s",
        "MB/s",
        "server us",
        "keys/s",
        "server us",
        "ratio of server time",
        "of time",
    )
    return table(("server", "payload", *heads), rows)
