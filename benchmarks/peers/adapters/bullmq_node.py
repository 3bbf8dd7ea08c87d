"""BullMQ on Node, the original of the Python package."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.peers.adapter import Adapter


class Peer(Adapter):
    """Its jobs are put and run by `bullmq_node.js`."""

    bulk = "Queue.addBulk"
    configurations = {
        "one": "1 process, concurrency 50",
        "single": "Worker concurrency 1 (default)",
        "best": "2 processes, concurrency 10",
    }
    jobs = {"one": 20_000, "single": 10_000, "best": 20_000}
    idle = ("single",)
    host = ("node", "{here}/bullmq_node.js")
    promise = "at least once (locks, stalled check); completed jobs kept for ever by default"

    def versions(self) -> dict[str, str]:
        """See Adapter."""
        modules = Path(os.environ["NODE_PATH"])
        found = {}
        for name in ("bullmq", "ioredis"):
            package = json.loads((modules / name / "package.json").read_text())
            found[f"{name} (npm)"] = package["version"]
        return found

    def workers(self, configuration: str) -> list[list[str]]:
        """See Adapter."""
        concurrency, count = {"one": ("50", 1), "single": ("1", 1), "best": ("10", 2)}[
            configuration
        ]
        return [["node", "{here}/bullmq_node.js", "worker", concurrency]] * count
