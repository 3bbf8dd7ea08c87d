"""BullMQ's Python package: the Lua scripts of the original."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

from bullmq import Queue, Worker

from benchmarks.peers.adapter import URL, PythonAdapter
from benchmarks.peers.trace import note


async def process(job: Any, token: str) -> None:  # noqa: ARG001 - it is called with both
    """Do nothing, but note it."""
    note(job.data["p"])


async def run(concurrency: int) -> None:
    """Be a worker until a signal."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = Worker("bench", process, {"connection": URL, "concurrency": concurrency})
    await stop.wait()
    await worker.close()


class Peer(PythonAdapter):
    """Its workers are objects in a program of one's own: `run`."""

    distributions = ("bullmq", "redis", "hiredis")
    bulk = "Queue.addBulk"
    configurations = {
        "one": "1 process, concurrency=8",
        "single": "Worker concurrency=1 (default)",
        "best": "2 processes, concurrency=8",
    }
    jobs = {"one": 5_000, "single": 4_500, "best": 8_000}
    idle = ("single",)
    promise = "at least once (locks, stalled check); completed jobs kept for ever by default"

    async def setup(self) -> None:
        """See Adapter."""
        self.queue = Queue("bench", {"connection": URL})

    async def teardown(self) -> None:
        """See Adapter."""
        await self.queue.close()

    async def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            await self.queue.add("noop", {"p": payload})

    async def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        await self.queue.addBulk([{"name": "noop", "data": {"p": each}} for each in payloads])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        concurrency, count = {"one": ("8", 1), "single": ("1", 1), "best": ("8", 2)}[configuration]
        return [["{bin}/python", "-m", __name__, concurrency]] * count


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
