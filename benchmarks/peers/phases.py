"""What is measured of one peer: bulk, one by one, draining, pick-up by an idle worker."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import environments, trace
from benchmarks.peers.counters import Counters
from benchmarks.peers.machine import Gate
from benchmarks.peers.workers import Workers, environment
from benchmarks.servers import Server

ROOT = Path(__file__).parents[2]
ADAPTERS = Path(__file__).parent / "adapters"

START = 40.0
"""Seconds in which a worker has to run its first job."""
DRAIN = 60.0
"""Seconds after which draining is broken off."""

Line = dict[str, Any]


@dataclass
class Sizes:
    """How many jobs: `puts`, in the first round `first`, to tell bytes; `chunk` in a bulk call.

    `scale` is for drains. `idle`: seconds in which an idle worker's commands are counted.
    """

    puts: int = 5_000
    first: int = 20_000
    latencies: int = 200
    chunk: int = 500
    scale: float = 1.0
    idle: float = 4.0

    def drained(self, jobs: int) -> int:
        """Return how many of an adapter's jobs are drained."""
        return max(int(jobs * self.scale), 100)


class Peer:
    """A peer beside a server, ready to be measured."""

    def __init__(self, name: str, server: Server, gate: Gate) -> None:
        self.name = name
        self._server = server
        self._gate = gate
        self._folder = tempfile.TemporaryDirectory(prefix=f"peers-{name}-")
        self._trace = Path(self._folder.name) / "trace"
        self._log = (Path(self._folder.name) / "log").open("w+b")
        self.idle_cpu = 0.0
        """CPU seconds a second of the server with nobody there."""
        self.about = self._host("describe")

    def close(self) -> None:
        """Remove its files."""
        self._log.close()
        self._folder.cleanup()

    # The phases

    def bulk(self, sizes: Sizes) -> Line:
        """Put jobs by the bulk call."""
        return self._put(sizes.puts, sizes.chunk)

    def put(self, sizes: Sizes) -> Line:
        """Put jobs one by one."""
        return self._put(sizes.puts, 0)

    def drain(self, configuration: str, sizes: Sizes) -> Line:
        """Put jobs, then start workers; the rate is that from the first job to the last one."""
        self._fresh()
        before = Counters.read(self._server.client)
        jobs = sizes.drained(self.about["jobs"][configuration])
        chunk = sizes.chunk if self.about["bulk"] else 0
        total = (
            jobs + self._host("put", jobs, chunk, trace.SIZE, configuration=configuration)["extra"]
        )
        self._gate.wait()
        start = Counters.read(self._server.client)
        with self._workers(configuration) as workers:
            if not self._until(lambda: trace.count(self._trace) > 0, START, workers):
                raise RuntimeError(f"no job has begun: {self._said()}")
            cpu = workers.cpu()
            done = self._until(lambda: trace.count(self._trace) >= total, DRAIN, workers)
            cpu = workers.cpu() - cpu
            time.sleep(0.4)
            end = Counters.read(self._server.client)
        runs = trace.read(self._trace)
        kept = (Counters.read(self._server.client).memory - before.memory) / total
        return {
            "configuration": configuration,
            **_rates(runs),
            **_proof(runs, jobs),
            "partial": not done,
            "worker_us": round(cpu * 1e6 / len(runs), 1),
            "kept_bytes": round(kept, 1) if done else None,
            **start.until(end, len(runs), self.idle_cpu),
        }

    def latency(self, configuration: str, sizes: Sizes, seed: int) -> Line:
        """Put a job from time to time, then none: time until it begins, commands when idle."""
        self._fresh()
        with self._workers(configuration) as workers:
            numbers = (sizes.latencies, seed)
            extra = self._host("idle", *numbers, configuration=configuration)["extra"]
            total = sizes.latencies + extra
            self._until(lambda: trace.count(self._trace) >= total, 5, workers)
            time.sleep(0.5)
            start = Counters.read(self._server.client)
            time.sleep(sizes.idle)
            end = Counters.read(self._server.client)
        waits = sorted((begun - put) / 1e6 for _, put, begun in trace.read(self._trace) if put)
        return {
            "configuration": configuration,
            "jobs": len(waits),
            "waits": [round(wait, 3) for wait in waits],
            "p50": _at(waits, 0.5),
            "p90": _at(waits, 0.9),
            "p99": _at(waits, 0.99),
            "idle_commands": start.until(end, 1)["commands"],
            "idle_round_trips": start.until(end, 1)["round_trips"] - 1,
            "idle_seconds": sizes.idle,
        }

    # What they are made of

    def _put(self, jobs: int, chunk: int) -> Line:
        self._fresh()
        self._host("put", trace.WARM, 0, trace.SIZE)
        self._fresh(flush_functions=False)
        start = Counters.read(self._server.client)
        found = self._host("put", jobs, chunk, trace.SIZE)
        end = Counters.read(self._server.client)
        total = jobs + found["extra"]
        return {
            "jobs": jobs,
            "rate": round(jobs / found["seconds"], 1),
            "client_us": round(found["cpu"] * 1e6 / jobs, 1),
            "queued_bytes": round((end.memory - start.memory) / total, 1),
            **start.until(end, total, self.idle_cpu),
        }

    def _fresh(self, flush_functions: bool = True) -> None:
        self._server.client.execute_command("FLUSHALL", "SYNC")
        if flush_functions:
            self._server.client.function_flush()
        self._trace.write_bytes(b"")
        self._gate.wait()

    def _environment(self, configuration: str) -> dict[str, str]:
        return environment(
            {
                "PYTHONPATH": str(ROOT),
                "NODE_PATH": str(environments.node_modules()),
                "PEERS_URL": self._server.url,
                "PEERS_CONFIGURATION": configuration,
                "PEERS_TRACE": str(self._trace),
            }
        )

    def _host(self, command: str, *numbers: int, configuration: str = "one") -> Line:
        argv = [str(environments.python(self.name)), "-m", "benchmarks.peers.host", self.name]
        if command != "describe" and self.about["host"]:
            argv = [each.replace("{here}", str(ADAPTERS)) for each in self.about["host"]]
        done = subprocess.run(
            [*argv, command, *map(str, numbers)],
            cwd=ROOT,
            env=self._environment(configuration),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} {command}: {done.stderr[-1500:]}")
        answer: Line = json.loads(done.stdout.splitlines()[-1])
        return answer

    @contextmanager
    def _workers(self, configuration: str) -> Iterator[Workers]:
        folder = str(environments.python(self.name).parent)
        commands = [
            [part.replace("{bin}", folder).replace("{here}", str(ADAPTERS)) for part in command]
            for command in self.about["workers"][configuration]
        ]
        self._log.truncate(0)
        where = {"cwd": ROOT, "env": self._environment(configuration)}
        workers = Workers(commands, self._log, **where)
        try:
            yield workers
        finally:
            workers.stop()

    def _said(self) -> str:
        """Return the end of what the workers have written."""
        self._log.seek(0)
        return self._log.read()[-1500:].decode(errors="replace")

    def _until(self, over: Callable[[], bool], seconds: float, workers: Workers) -> bool:
        """Wait for something; tells whether it came in time."""
        deadline = time.monotonic() + seconds
        while not over():
            if not workers.alive:
                raise RuntimeError(f"a worker died: {self._said()}")
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def _rates(runs: list[tuple[int, int, int]]) -> Line:
    begun = sorted(run[2] for run in runs)
    low, high = int(len(begun) * 0.1), int(len(begun) * 0.9) - 1
    return {
        "rate": round((len(begun) - 1) / (begun[-1] - begun[0]) * 1e9, 1),
        "rate_middle": round((high - low) / (begun[high] - begun[low]) * 1e9, 1),
        "seconds": round((begun[-1] - begun[0]) / 1e9, 3),
    }


def _proof(runs: list[tuple[int, int, int]], jobs: int) -> Line:
    """Count the jobs that have not run, and the runs of jobs that had run before."""
    numbers = [run[0] for run in runs if run[0]]
    distinct = set(numbers)
    return {
        "jobs": len(runs),
        "lost": jobs - len(distinct),
        "repeated": len(numbers) - len(distinct),
    }


def _at(values: list[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 3) if values else None
