"""Bytes that a job takes on the server."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import engine, servers
from benchmarks.engine import Engine
from benchmarks.servers import Server
from benchmarks.tables import progress, table

JOBS = 100_000
SLICE = 100
TURN = 50

# The stream of events is capped, whatever the number of jobs: kept small here.
SETTINGS = {"jobs-history-count": 1_000_000, "events-history": 1}


def _put(subject: Engine, jobs: int) -> None:
    for _ in range(jobs // SLICE):
        subject.put_many(engine.new_jids(SLICE), engine.PAYLOAD)


def _drain(subject: Engine, jobs: int) -> None:
    held = subject.turn([], TURN)
    for _ in range(jobs // TURN):
        held = subject.turn(held, TURN)


def _measure(server: Server, jobs: int) -> list[tuple[str, float]]:
    """Measure bytes a waiting job, and a completed one with its history."""
    subject = Engine(server, SETTINGS)
    _put(subject, 10 * SLICE)
    _drain(subject, 10 * SLICE)
    before = server.memory()
    _put(subject, jobs)
    waiting = server.memory()
    _drain(subject, jobs)
    complete = server.memory()
    return [
        ("waiting", (waiting - before) / jobs),
        ("complete, with its history", (complete - before) / jobs),
    ]


def measure(kinds: Sequence[str]) -> str:
    """Measure on these servers; returns a Markdown table."""
    rows = []
    for kind in kinds:
        with servers.running(kind) as server:
            progress(f"memory: {server.title}, {JOBS:,} jobs")
            for state, size in _measure(server, JOBS):
                rows.append((server.title, state, f"{JOBS:,}", f"**{size:.0f}**"))
    return table(("server", "a job that is", "jobs", "bytes a job"), rows)
