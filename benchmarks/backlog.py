"""Server time of pop and complete at growing backlogs, as a ratio to that at the smallest."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence

from benchmarks import servers
from benchmarks.engine import PAYLOAD, Engine, new_jids
from benchmarks.servers import Server
from benchmarks.tables import progress, table

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SLICE = 100
BATCH = 50

Times = dict[str, float]
"""Microseconds a job."""


def filled(server: Server, size: int) -> Engine:
    """Return a namespace in which so many jobs wait."""
    engine = Engine(server, namespace=f"backlog-{size}", keep=True)
    for done in range(0, size, SLICE):
        if not done % 50_000:
            progress(f"backlog: {server.title}, filling", done, size)
        engine.put_many(new_jids(SLICE), PAYLOAD)
    return engine


def times(server: Server, engine: Engine, lives: int) -> Times:
    """Put, pop and complete one by one, then in batches; as many wait afterwards as before."""
    found = {}
    with server.measured() as usages:
        for jid in new_jids(lives):
            engine.put(jid, PAYLOAD)
    found["put"] = usages[0].time / lives
    with server.measured() as usages:
        leases = [engine.pop() for _ in range(lives)]
    found["pop"] = usages[0].time / lives
    with server.measured() as usages:
        for lease in leases:
            engine.complete(lease)
    found["complete"] = usages[0].time / lives
    engine.put_many(new_jids(BATCH), PAYLOAD)
    held = engine.turn([], BATCH)
    engine.put_many(new_jids(BATCH), PAYLOAD)
    with server.measured() as usages:
        held = engine.turn(held, BATCH)
    found[f"complete {BATCH} and pop {BATCH}"] = usages[0].time / BATCH
    engine.turn(held, 0)
    return found


def measure(kinds: Sequence[str], quick: bool, largest: int) -> str:
    """Measure on these servers; returns a Markdown table."""
    return render({kind: ratios(kind, quick, largest) for kind in kinds})


def ratios(kind: str, quick: bool, largest: int) -> dict[str, dict[int, float]]:
    """Measure on a server: for each call its time at each backlog, to that at the smallest.

    All backlogs are on one server, each in a namespace of its own, and are visited in turns.
    """
    rounds, lives = (8, 50) if quick else (40, 100)
    sizes = [size for size in SIZES if size <= largest]
    found: dict[int, list[Times]] = defaultdict(list)
    with servers.running(kind) as server:
        server.fresh()
        engines = {size: filled(server, size) for size in sizes}
        for number in range(rounds):
            progress(f"backlog: {server.title}", number, rounds)
            for size in sizes if number % 2 else reversed(sizes):
                found[size].append(times(server, engines[size], lives))
    smallest = found[sizes[0]]
    return {
        call: {
            size: statistics.median(
                one[call] / other[call] for one, other in zip(found[size], smallest, strict=True)
            )
            for size in sizes
        }
        for call in smallest[0]
    }


def render(found: dict[str, dict[str, dict[int, float]]]) -> str:
    """Write a table of them."""
    rows = []
    sizes: list[int] = []
    for kind, calls in found.items():
        for call, by_size in calls.items():
            sizes = list(by_size)
            rows.append((servers.NAMES[kind], call, *(f"{each:.2f}" for each in by_size.values())))
    return table(("server", "call", *(f"{size:,} waiting" for size in sizes)), rows)
