"""SAQ: keys, lists and Lua, on asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from saq import Queue

from benchmarks.peers.adapter import CONFIGURATION, URL, PythonAdapter, batches
from benchmarks.peers.trace import note

queue = Queue.from_url(URL, name="bench")


async def noop(ctx: Any, *, payload: str) -> None:  # noqa: ARG001 - it is called with both
    """Do nothing, but note it."""
    note(payload)


settings = {
    "queue": queue,
    "functions": [noop],
    "concurrency": {"one": 10, "single": 1, "best": 40}[CONFIGURATION],
}


class Peer(PythonAdapter):
    """Its workers are processes with an event loop."""

    distributions = ("saq", "redis", "hiredis")
    bulk = "asyncio.gather of 100 enqueue"
    gathers = True
    configurations = {
        "one": "saq, concurrency=10 (default), 1 process",
        "single": "saq, concurrency=1",
        "best": "saq --workers 2, concurrency=40",
    }
    jobs = {"one": 6_000, "single": 5_000, "best": 10_000}
    idle = ("single",)
    promise = "at least once (active list, sweep); job kept 600 s"

    async def setup(self) -> None:
        """See Adapter."""
        await queue.connect()

    async def teardown(self) -> None:
        """See Adapter."""
        await queue.disconnect()

    async def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            await queue.enqueue("noop", payload=payload)

    async def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for batch in batches(payloads):
            await asyncio.gather(*[queue.enqueue("noop", payload=each) for each in batch])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        processes = ["--workers", "2"] if configuration == "best" else []
        return [["{bin}/saq", f"{__name__}.settings", *processes]]
