"""streaQ: streams and Lua, on asyncio."""

from __future__ import annotations

from collections.abc import Sequence

from streaq import Worker

from benchmarks.peers.adapter import CONFIGURATION, URL, PythonAdapter
from benchmarks.peers.trace import note

worker = Worker(redis_url=URL, concurrency=1 if CONFIGURATION == "single" else 16)


@worker.task(silent=True)
async def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its workers are processes with an event loop."""

    distributions = ("streaq", "coredis")
    bulk = "Worker.enqueue_many (pipeline)"
    configurations = {
        "one": "streaq run, defaults (concurrency=16)",
        "single": "streaq run, concurrency=1 (silent task)",
        "best": "streaq run -w 2, concurrency=16 (default)",
    }
    jobs = {"one": 4_000, "single": 2_200, "best": 6_000}
    promise = "at least once (stream + idle timeout); result kept 300 s"

    async def setup(self) -> None:
        """See Adapter."""
        await worker.__aenter__()

    async def teardown(self) -> None:
        """See Adapter."""
        await worker.__aexit__(None, None, None)

    async def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            await noop.enqueue(payload)

    async def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        await worker.enqueue_many([noop.enqueue(payload) for payload in payloads])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        processes = ["-w", "2"] if configuration == "best" else []
        return [["{bin}/streaq", "run", f"{__name__}:worker", *processes]]
