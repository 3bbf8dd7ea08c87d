"""RQ: a hash a job, registries, a fork for each run by default."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from rq import Queue

from benchmarks.peers.adapter import URL, PythonAdapter
from benchmarks.peers.trace import note


def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its workers fork, or run the jobs themselves."""

    distributions = ("rq", "redis", "hiredis")
    bulk = "Queue.enqueue_many"
    configurations = {
        "one": "rq worker -q -w rq.SimpleWorker (no fork)",
        "single": "rq worker -q (default: fork per job)",
        "best": "rq worker-pool -q -n 2 -w rq.SimpleWorker",
    }
    jobs = {"one": 1_500, "single": 250, "best": 2_000}
    idle = ("one", "single")
    promise = "a dead worker's job is marked failed unless Retry is set; job hash kept 500 s"

    def setup(self) -> None:
        """See Adapter."""
        self.queue = Queue("bench", connection=Redis.from_url(URL))

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            self.queue.enqueue(noop, payload)

    def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        self.queue.enqueue_many([Queue.prepare_data(noop, (each,)) for each in payloads])

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        command = {
            "one": ["worker", "-w", "rq.SimpleWorker"],
            "single": ["worker"],
            "best": ["worker-pool", "-n", "2", "-w", "rq.SimpleWorker"],
        }[configuration]
        return [["{bin}/rq", *command, "-q", "-u", URL, "bench"]]
