"""Celery: kombu's lists, and a hash of what is not acknowledged."""

from __future__ import annotations

from collections.abc import Sequence

from celery import Celery, group

from benchmarks.peers.adapter import URL, PythonAdapter
from benchmarks.peers.trace import note

app = Celery("bench", broker=URL)
app.conf.broker_connection_retry_on_startup = True
app.conf.task_ignore_result = True


@app.task(name="noop")
def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its workers are pools of processes, or one process."""

    distributions = ("celery", "kombu", "redis", "hiredis")
    bulk = "group(...).apply_async (one publish per task on one connection)"
    gathers = True
    configurations = {
        "one": "worker -P solo",
        "single": "worker -c 1 (prefork, defaults)",
        "best": "2 x worker -P solo --prefetch-multiplier 64, no gossip/mingle/heartbeat",
    }
    jobs = {"one": 4_500, "single": 3_500, "best": 5_000}
    idle = ("single",)
    promise = "acks early (default) with unacked hash; no result backend"

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            noop.delay(payload)

    def put_many(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        group(noop.s(payload) for payload in payloads).apply_async()

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        command = ["{bin}/celery", "-A", f"{__name__}:app", "worker", "--loglevel", "WARNING"]
        if configuration == "single":
            return [[*command, "-c", "1"]]
        command += ["-P", "solo"]
        if configuration == "one":
            return [command]
        command += ["--prefetch-multiplier", "64", "--without-gossip", "--without-mingle"]
        return [[*command, "--without-heartbeat", "-n", f"w{number}@%h"] for number in (1, 2)]
