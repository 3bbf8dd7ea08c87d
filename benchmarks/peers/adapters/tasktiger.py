"""TaskTiger: sorted sets and Lua, a fork for each run by default."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import redis
import structlog
from tasktiger import TaskTiger

from benchmarks.peers.adapter import URL, PythonAdapter, twice
from benchmarks.peers.trace import note

# Its own command logs each job.
logging.basicConfig(level=logging.WARNING)
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, structlog.processors.JSONRenderer()],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
tiger = TaskTiger(connection=redis.Redis.from_url(URL, decode_responses=True))


@tiger.task()
def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its workers fork, or run the jobs themselves."""

    distributions = ("tasktiger", "redis", "hiredis")
    configurations = {
        "one": "--executor sync",
        "single": "run_worker_with_args, default fork executor, logs at WARNING",
        "best": "2 processes --executor sync",
    }
    jobs = {"one": 2_500, "single": 400, "best": 4_000}
    idle = ("one", "single")
    promise = "at least once (active zset, timeouts); nothing kept"

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            noop.delay(payload)

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        command = ["{bin}/python", "-m", __name__, "-q", "default", "-m", __name__]
        if configuration != "single":
            command += ["--executor", "sync"]
        return twice(command, configuration)


if __name__ == "__main__":
    from benchmarks.peers.adapters.tasktiger import tiger as imported

    imported.run_worker_with_args(sys.argv[1:])
