"""arq: a sorted set that is polled, on asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from arq import create_pool
from arq.connections import RedisSettings

from benchmarks.peers.adapter import CONFIGURATION, URL, PythonAdapter, batches, twice
from benchmarks.peers.trace import note


async def noop(ctx: Any, payload: str) -> None:  # noqa: ARG001 - it is called with both
    """Do nothing, but note it."""
    note(payload)


class WorkerSettings:
    """Read by arq's command."""

    functions: ClassVar[list[Any]] = [noop]
    redis_settings = RedisSettings.from_dsn(URL)
    if CONFIGURATION == "single":
        max_jobs = 1
        poll_delay = 0.001
    elif CONFIGURATION == "best":
        max_jobs = 100
        poll_delay = 0.01
        queue_read_limit = 500


LOGGING = {"version": 1, "disable_existing_loggers": False}


class Peer(PythonAdapter):
    """Its workers are processes with an event loop."""

    distributions = ("arq", "redis", "hiredis")
    bulk = "asyncio.gather of 100 enqueue_job"
    gathers = True
    configurations = {
        "one": "all defaults (max_jobs=10, poll_delay 0.5 s)",
        "single": "max_jobs=1, poll_delay=0.001 (at the default of 0.5 s: 2 jobs/s)",
        "best": "2 processes, max_jobs=100, poll_delay=0.01, queue_read_limit=500",
    }
    jobs = {"one": 1_200, "single": 2_000, "best": 6_000}
    idle = ("one", "best")
    promise = "at least once (in-progress key); results kept 1 h"

    async def setup(self) -> None:
        """See Adapter."""
        self.server = await create_pool(RedisSettings.from_dsn(URL))

    async def teardown(self) -> None:
        """See Adapter."""
        await self.server.aclose()

    async def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            await self.server.enqueue_job("noop", payload)

    async def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for batch in batches(payloads):
            await asyncio.gather(*[self.server.enqueue_job("noop", each) for each in batch])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        command = ["{bin}/arq", f"{__name__}.WorkerSettings"]
        return twice([*command, "--custom-log-dict", f"{__name__}.LOGGING"], configuration)
