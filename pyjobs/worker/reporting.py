"""What a worker process tells about itself, in at most `LIMIT` bytes of msgpack."""

from __future__ import annotations

import functools
import importlib.metadata
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgpack

LIMIT = 4096
"""Bytes of a report: `REPORT` in `lua/rules/limits.lua`."""

_PAGE = resource.getpagesize()
_STATUS = Path("/proc/self/statm")


def memory() -> int:
    """Return the bytes of memory that this process occupies; on macOS, the most it ever did."""
    try:
        return int(_STATUS.read_text().split()[1]) * _PAGE
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


@functools.cache
def version() -> str:
    """Return the version of pyjobs; empty for a checkout that is not installed."""
    try:
        return importlib.metadata.version("pyjobs")
    except importlib.metadata.PackageNotFoundError:
        return ""


def packed(
    facts: Mapping[str, Any],
    *,
    running: Sequence[str],
    queues: Sequence[str],
    klasses: Mapping[str, Sequence[str]],
) -> bytes:
    """Return a report of `facts`, jids that run, queues that are served, tasks that are loaded.

    Of very many jids and queues those are left out that do not fit; `busy` and `serves` count all.
    `klasses`, names by module, are told all, or, if they take more than half of it, not at all.
    """
    report = {**facts, "busy": len(running), "serves": len(queues)}
    if klasses and len(_packed(klasses)) <= LIMIT // 2:
        report["klasses"] = klasses
    room = LIMIT - len(_packed(report)) - 64
    report["queues"] = _fitting(queues, room // 2)
    report["running"] = _fitting(running, room - len(_packed(report["queues"])))
    return _packed(report)


def _packed(value: Any) -> bytes:
    """Pack a value, with names of any bytes in it."""
    return bytes(msgpack.packb(value, unicode_errors="surrogateescape"))


def _fitting(names: Sequence[str], room: int) -> list[str]:
    taken = []
    for name in names:
        room -= len(_packed(name))
        if room < 0:
            break
        taken.append(name)
    return taken
