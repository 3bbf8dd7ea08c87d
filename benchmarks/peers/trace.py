"""What a job leaves behind when it runs: which one, when it was put, and when it began.

A run appends one line of 24 bytes to a file. That takes some 2 us, works from forks, threads and
event loops alike, needs no command of the server, and shows lost and repeated jobs.
"""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

SIZE = 100
"""Characters of a payload, which is one text."""

WARM = 20
"""Jobs that are put first and not counted; their number is 0."""

LINE = struct.Struct("<qqq")

_FILE = "PEERS_TRACE"

_descriptor: int | None = None


def payload(number: int, put_at: int = 0, size: int = SIZE) -> str:
    """Make the argument of a job; `put_at` is nanoseconds of the monotonic clock, 0: not told."""
    return f"{number:012d}:{put_at:020d}:".ljust(size, "x")


def note(text: str) -> None:
    """Do what every job of every peer does: note that it has begun."""
    global _descriptor  # noqa: PLW0603 - one a process, opened by its first job
    now = time.monotonic_ns()
    if _descriptor is None:
        _descriptor = os.open(os.environ[_FILE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(_descriptor, LINE.pack(int(text[:12]), int(text[13:33]), now))


def read(path: Path) -> list[tuple[int, int, int]]:
    """Return (number, put at, begun at) of each run."""
    data = path.read_bytes()
    return list(LINE.iter_unpack(data[: len(data) // LINE.size * LINE.size]))


def count(path: Path) -> int:
    """Return how many jobs have begun."""
    return path.stat().st_size // LINE.size
