"""What the server has done for a job: its own counters, before and after."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import redis

_OURS = {"info", "flushall", "dbsize", "function|flush"}
_TOLD = 14


@dataclass(frozen=True)
class Counters:
    """The server's counters at one moment; times are seconds, `memory` is bytes."""

    at: float
    cpu: float
    memory: int
    reads: int
    commands: dict[str, tuple[int, float]]
    """Calls and microseconds by name, those of scripts and functions too."""

    @classmethod
    def read(cls, server: redis.Redis) -> Counters:
        """Ask the server."""
        info: Any = server.info("everything")
        return cls(
            time.monotonic(),
            info["used_cpu_sys"] + info["used_cpu_user"],
            info["used_memory"],
            info["total_reads_processed"],
            {
                name.removeprefix("cmdstat_"): (fields["calls"], fields["usec"])
                for name, fields in info.items()
                if name.startswith("cmdstat_")
            },
        )

    def until(self, later: Counters, jobs: int, idle: float = 0.0) -> dict[str, Any]:
        """Return what was done until then, a job; `idle` is the CPU time that no job causes."""
        calls, function = {}, 0.0
        for name, (count, time_used) in later.commands.items():
            count_before, time_before = self.commands.get(name, (0, 0.0))
            if name in {"fcall", "fcall_ro"}:
                function += time_used - time_before
            if name not in _OURS and count > count_before:
                calls[name] = round((count - count_before) / jobs, 3)
        seconds = later.at - self.at
        cpu = max(later.cpu - self.cpu - idle * seconds, 0)
        most = sorted(calls.items(), key=lambda item: -item[1])
        return {
            "commands": round(sum(calls.values()), 3),
            "round_trips": round((later.reads - self.reads) / jobs, 3),
            "server_us": round(cpu * 1e6 / jobs, 2),
            "function_us": round(function / jobs, 2),
            "most": dict(most[:_TOLD]),
        }
