"""pyjobs itself, by its defaults: leases, history, statistics and events are on."""

from __future__ import annotations

from collections.abc import Sequence

import pyjobs
from benchmarks.peers.adapter import CONFIGURATION, URL, PythonAdapter
from benchmarks.peers.trace import note
from pyjobs import AsyncJob, Job


def noop(job: Job) -> None:
    """Do nothing, but note it."""
    note(job.data)


async def noop_async(job: AsyncJob) -> None:
    """Do nothing, but note it, in an event loop."""
    note(job.data)


PATH = f"{__name__}.{'noop_async' if CONFIGURATION == 'asyncio' else 'noop'}"

# Options of `pyjobs worker`.
OPTIONS = {
    "one": ("--workers", "1"),
    "sync": ("--workers", "1", "--pool", "sync"),
    "asyncio": ("--workers", "1", "--pool", "asyncio"),
    "greenlets": ("--workers", "1", "--pool", "greenlets"),
    "two": ("--workers", "2"),
}


class Peer(PythonAdapter):
    """Workers are those of the command line."""

    distributions = ("pyjobs", "redis", "hiredis")
    bulk = "Queue.put_many"
    configurations = {
        "one": "pyjobs worker --workers 1 (defaults: 8 threads)",
        "sync": "pyjobs worker --workers 1 --pool sync",
        "asyncio": "pyjobs worker --workers 1 --pool asyncio",
        "greenlets": "pyjobs worker --workers 1 --pool greenlets",
        "two": "pyjobs worker --workers 2",
    }
    jobs = dict.fromkeys(configurations, 40_000)
    promise = "at least once (leases); completed jobs kept with their history, 50,000 or 7 days"

    def setup(self) -> None:
        """See Adapter."""
        self.client = pyjobs.Client(URL)
        self.queue = self.client.queue("bench")

    def teardown(self) -> None:
        """See Adapter."""
        self.client.close()

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            self.queue.put(PATH, payload)

    def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        self.queue.put_many([{"klass": PATH, "data": payload} for payload in payloads])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        command = ["{bin}/python", "-m", "pyjobs", "worker", "--url", URL, "--queue", "bench"]
        return [[*command, *OPTIONS[configuration]]]
