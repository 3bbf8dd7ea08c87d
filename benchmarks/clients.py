"""Puts and pops a second of one client, sync and async, beside bare redis-py."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import redis

from benchmarks import servers
from benchmarks.engine import KLASS
from benchmarks.servers import Server
from benchmarks.tables import progress, spread, table
from pyjobs import AsyncClient, Client

TASKS = 100
SLICE = 500
DATA = "x" * 98
"""A payload of 100 bytes."""

QUEUE = "benchmark"

Rates = dict[str, float]
"""Jobs a second."""

PUT, POP = "put, one call a job", "pop, one call a job"
BULK, BATCH = f"put_many, {SLICE} a call", "pop, 100 a call"
COMPLETE = "complete and pop, 50 and 50 a call"
ASYNC_PUT, ASYNC_POP = f"put by {TASKS} tasks", f"pop by {TASKS} tasks"
ALONE = "put by one task"
BARE = "redis-py: LPUSH of 100 bytes"


def _rate(jobs: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return jobs / (time.perf_counter() - started)


def _each(calls: Iterable[object]) -> None:
    for _ in calls:
        pass


def _bare(server: Server, jobs: int) -> Rates:
    with redis.Redis.from_url(server.url) as client:
        client.ping()
        return {BARE: _rate(jobs, lambda: _each(client.lpush("list", DATA) for _ in range(jobs)))}


def _sync(server: Server, jobs: int) -> Rates:
    many = [{"klass": KLASS, "data": DATA}] * SLICE
    with Client(server.url) as client:
        queue = client.queue(QUEUE)
        queue.put(KLASS, DATA)
        queue.pop()
        rates = {PUT: _rate(jobs, lambda: _each(queue.put(KLASS, DATA) for _ in range(jobs)))}
        rates[POP] = _rate(jobs, lambda: _each(queue.pop() for _ in range(jobs)))
        rates[BULK] = _rate(
            4 * jobs, lambda: _each(queue.put_many(many) for _ in range(4 * jobs // SLICE))
        )
        rates[BATCH] = _rate(jobs, lambda: _each(queue.pop(100) for _ in range(jobs // 100)))

        def turns() -> Iterator[object]:
            held = queue.pop(50)
            for _ in range(jobs // 50):
                yield (done := queue.complete(held, pop=50))
                held = done.jobs

        rates[COMPLETE] = _rate(jobs, lambda: _each(turns()))
        return rates


async def _async(server: Server, jobs: int) -> Rates:
    async with AsyncClient(server.url) as client:
        queue = client.queue(QUEUE)

        async def repeat(call: Callable[[], Awaitable[object]], times: int) -> None:
            for _ in range(times):
                await call()

        async def rate(call: Callable[[], Awaitable[object]], tasks: int) -> float:
            await asyncio.gather(*[repeat(call, 1) for _ in range(tasks)])  # opens connections
            started = time.perf_counter()
            await asyncio.gather(*[repeat(call, jobs // tasks) for _ in range(tasks)])
            return jobs / (time.perf_counter() - started)

        def put() -> Awaitable[object]:
            return queue.put(KLASS, DATA)

        return {
            ALONE: await rate(put, 1),
            ASYNC_PUT: await rate(put, TASKS),
            ASYNC_POP: await rate(queue.pop, TASKS),
        }


def rates(server: Server, jobs: int) -> Rates:
    """Measure everything once."""
    found: Rates = {}
    for run in (_bare, _sync, lambda server, jobs: asyncio.run(_async(server, jobs))):
        server.fresh()
        found.update(run(server, jobs))
    return found


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    rounds, jobs = (3, 2_000) if quick else (9, 6_000)
    against = {ASYNC_PUT: PUT, ALONE: PUT, ASYNC_POP: POP}
    rows = []
    for kind in kinds:
        with servers.running(kind, tcp=True) as server:
            found: dict[str, list[float]] = defaultdict(list)
            for number in range(rounds):
                progress(f"clients: {server.title}", number, rounds)
                for name, rate in rates(server, jobs).items():
                    found[name].append(rate)
            for name, values in found.items():
                other = against.get(name, BARE)
                ratios = [a / b for a, b in zip(values, found[other], strict=True)]
                ratio = f"{statistics.median(ratios):.2f} x {other}"
                rows.append((server.title, name, spread(values), "" if name == BARE else ratio))
    return table(("server", "client", "jobs/s", "ratio"), rows)
