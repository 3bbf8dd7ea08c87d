"""WakaQ: a list, popped by BLPOP."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlparse

from wakaq import WakaQ

from benchmarks.peers.adapter import CONFIGURATION, URL, PythonAdapter
from benchmarks.peers.trace import note

_place = urlparse(URL)
app = WakaQ(
    queues=[(0, "bench")],
    host=_place.hostname,
    port=_place.port,
    concurrency=1 if CONFIGURATION == "one" else 2,
)


@app.task(queue="bench")
def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(PythonAdapter):
    """Its worker forks `concurrency` processes."""

    distributions = ("wakaq", "redis", "hiredis")
    configurations = {
        "one": "wakaq-worker, concurrency=1",
        "best": "wakaq-worker, concurrency=2 (processes)",
    }
    jobs = {"one": 20_000, "best": 25_000}
    promise = "at most once (BLPOP, no ack); nothing kept"

    def put(self, payloads: Sequence[str]) -> None:
        """See Adapter."""
        for payload in payloads:
            noop.delay(payload)

    def workers(self, configuration: str) -> list[list[str]]:  # noqa: ARG002 - `app` knows it
        """See Adapter."""
        return [["{bin}/wakaq-worker", "--app", f"{__name__}.app"]]
