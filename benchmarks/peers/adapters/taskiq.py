"""taskiq on a stream with a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from taskiq_redis import RedisStreamBroker

from benchmarks.peers.adapter import URL, PythonAdapter, batches
from benchmarks.peers.trace import note

broker = RedisStreamBroker(url=URL, consumer_id="0")


@broker.task(task_name="noop")
async def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


OPTIONS = {
    "one": ("-w", "1"),
    "single": ("-w", "1", "--max-async-tasks", "1"),
    "best": ("-w", "2", "--no-parse", "--max-prefetch", "100"),
}


class Peer(PythonAdapter):
    """Its workers are processes with an event loop."""

    distributions = ("taskiq", "taskiq-redis", "redis", "hiredis")
    bulk = "asyncio.gather of 100 kiq"
    gathers = True
    configurations = {
        "one": "taskiq worker -w 1 (max-async-tasks 100, default)",
        "single": "taskiq worker -w 1 --max-async-tasks 1",
        "best": "taskiq worker -w 2 (default) --no-parse --max-prefetch 100",
    }
    jobs = {"one": 6_000, "single": 5_000, "best": 12_000}
    promise = "at least once (stream group, ack); stream not trimmed by default; no result kept"
    module = f"{__name__}:broker"
    broker, task = broker, noop

    async def setup(self) -> None:
        """See Adapter."""
        await self.broker.startup()

    async def teardown(self) -> None:
        """See Adapter."""
        await self.broker.shutdown()

    async def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            await self.task.kiq(payload)

    async def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for batch in batches(payloads):
            await asyncio.gather(*[self.task.kiq(payload) for payload in batch])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        options = OPTIONS[configuration]
        return [["{bin}/taskiq", "worker", self.module, "--log-level", "WARNING", *options]]
