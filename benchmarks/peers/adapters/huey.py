"""Huey: a list, popped by BRPOP."""

from __future__ import annotations

from collections.abc import Sequence

from huey import RedisHuey

from benchmarks.peers.adapter import URL, PythonAdapter
from benchmarks.peers.trace import note

huey = RedisHuey("bench", url=URL)


@huey.task()
def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its consumer has threads or processes."""

    distributions = ("huey", "redis", "hiredis")
    configurations = {
        "one": "huey_consumer -q -w 1 -k thread (default)",
        "best": "huey_consumer -q -w 2 -k process",
    }
    jobs = {"one": 20_000, "best": 30_000}
    promise = "at most once (popped, no ack); None results not stored"

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            noop(payload)

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        kind = (
            ["-w", "1", "-k", "thread"] if configuration == "one" else ["-w", "2", "-k", "process"]
        )
        return [["{bin}/huey_consumer", f"{__name__}.huey", "-q", *kind]]
