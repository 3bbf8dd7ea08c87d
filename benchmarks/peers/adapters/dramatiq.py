"""Dramatiq: one Lua script for everything, with a hash of messages and one of acks."""

from __future__ import annotations

from collections.abc import Sequence

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers.adapter import URL, PythonAdapter
from benchmarks.peers.trace import note

dramatiq.set_broker(RedisBroker(url=URL))


@dramatiq.actor
def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its workers are processes with threads."""

    distributions = ("dramatiq", "redis", "hiredis")
    configurations = {
        "one": "dramatiq -p 1 -t 8 (8 is the default)",
        "single": "dramatiq -p 1 -t 1",
        "best": "dramatiq -p 2 -t 8 (2 processes; 8 threads is the default)",
    }
    jobs = {"one": 8_000, "single": 1_500, "best": 14_000}
    idle = ("one", "single")
    promise = "at least once (ack hash, heartbeats, Lua dispatch); nothing kept"

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            noop.send(payload)

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        processes, threads = {"one": (1, 8), "single": (1, 1), "best": (2, 8)}[configuration]
        return [["{bin}/dramatiq", "-p", str(processes), "-t", str(threads), __name__]]
