"""100,000 scheduled jobs that become due in the same millisecond, and what others notice of it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import redis

from benchmarks import servers
from benchmarks.engine import PAYLOAD, QUEUE, Engine, new_jids, put
from benchmarks.servers import Server
from benchmarks.tables import number, progress, table
from pyjobs import calls

SLICE = 100
BATCH = 50
PAUSE = 0.0005
"""Seconds between two PINGs."""
AHEAD = 5.0
"""Seconds until the jobs become due, after the last one is put."""


@dataclass(frozen=True)
class Found:
    """Server time of calls (microseconds), and waits for PING (milliseconds), sorted."""

    calls: list[float]
    pings: list[float]


def _ping(url: str, pipe: Connection) -> None:
    """Ask for nothing, again and again, until told to stop; answers how long each took."""
    waits: list[float] = []
    with redis.Redis.from_url(url) as client:
        client.ping()
        pipe.send("ready")
        while not pipe.poll(PAUSE):
            started = time.perf_counter()
            client.ping()
            waits.append((time.perf_counter() - started) * 1000)
    pipe.send(sorted(waits))


class Pinger:
    """Another process, which asks for nothing while something else goes on."""

    def __init__(self, server: Server) -> None:
        self._pipe, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_ping, args=(server.url, other), daemon=True)
        self._process.start()
        self._pipe.recv()

    def stop(self) -> list[float]:
        """Return its waits."""
        self._pipe.send("stop")
        waits: list[float] = self._pipe.recv()
        self._process.join(10)
        return waits


def drain(server: Server, jobs: int, scheduled: bool) -> Found:
    """Put jobs, scheduled or not, then take them over in turns of 50."""
    engine = Engine(server)
    moment: dict[str, Any] = {}
    due = time.time() + AHEAD + jobs / 20_000
    if scheduled:
        moment = {"at": int(due * 1000)}
    for _ in range(0, jobs, SLICE):
        engine.call(calls.step([put(jid, PAYLOAD, **moment) for jid in new_jids(SLICE)]))
    if scheduled and due < time.time():
        raise RuntimeError("the machine is too slow: jobs became due before the last one was put")
    if scheduled:
        time.sleep(due - time.time() + 0.2)
    pinger = Pinger(server)
    server.watch(jobs // BATCH * 10)
    held = engine.turn([], BATCH)
    while held:
        held = engine.turn(held, BATCH)
    pings = pinger.stop()
    times = [time_used for _, time_used in server.watched()]
    (counts,) = engine.call(calls.queues(names=[QUEUE]))[1]
    if counts.scheduled or counts.waiting or counts.complete + counts.running < min(jobs, 50_000):
        raise RuntimeError(f"not all jobs were run: {counts}")
    return Found(sorted(times), pings)


def measure(kinds: Sequence[str], quick: bool) -> str:
    """Measure on these servers; returns a Markdown table."""
    jobs = 10_000 if quick else 100_000
    cases = ((f"{jobs:,} due at once", True), (f"{jobs:,} waiting", False))
    rows = []
    for kind in kinds:
        with servers.running(kind, tcp=True) as server:
            for name, scheduled in cases:
                progress(f"due: {server.title}, {name}")
                found = drain(server, jobs, scheduled)
                shares = [_at(found.calls, share) for share in (0.5, 0.999, 1)]
                pings = [_at(found.pings, share) for share in (0.5, 0.99, 1)]
                rows.append((server.title, name, *map(number, (*shares, *pings))))
    heads = ("p50, us", "p99.9, us", "slowest, us", "PING p50, ms", "p99, ms", "slowest, ms")
    return table(("server", f"turns of {BATCH}", *heads), rows)


def _at(values: Sequence[float], share: float) -> float:
    return values[min(int(share * len(values)), len(values) - 1)]
