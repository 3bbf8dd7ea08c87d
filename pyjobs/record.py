"""The record of a job as the engine stores it, mirrored from `lua/store/records.lua`.

The layout table in `lua/README.md` explains each field. Times are milliseconds of the server's
clock. Nothing here decides anything: it only reads bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import msgpack

STATES = (
    "waiting",
    "scheduled",
    "depends",
    "running",
    "throttled",
    "complete",
    "failed",
    "cancelled",
)

HAPPENINGS = (
    "put",
    "popped",
    "done",
    "failed",
    "retried",
    "timed-out",
    "moved",
    "released",
    "unfailed",
    "throttled",
    "unblocked",
    "cancelled",
    "log",
    "merged",
    "late",
)

FRESH, TRACKED, PARENTS, DEPENDENTS, HELD, PAYLOAD, FAILURE, TAGGED, GRACE, TRACE = (
    1 << bit for bit in range(10)
)
AWAITED = 1 << 11
FLOW = 1 << 14
WEIGHED = 1 << 15
REVOKED = 1 << 10

# struct has no integers of three, six or seven bytes: those are read as bytes.
_HEADER = struct.Struct(">BH3s3s4sH6s7s6sHHBBHBH3s")
_TOKEN = slice(9, 15)  # epoch and attempt
_ENTRY = struct.Struct(">HBH6s")
_PRIORITY_BIAS = 2**53


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a job's history: what happened, when (milliseconds), in which attempt."""

    what: str
    time: int
    attempt: int
    detail: bytes


@dataclass(slots=True)
class Record:
    """The fields of a stored job."""

    state: str
    flags: int
    token: bytes
    attempt: int
    priority: int
    since: int
    retries: int
    left: int
    errors: int
    lost: int
    popped: int
    worker: str
    options: dict[str, Any]
    payload: bytes
    size: int
    entries: int
    tail: bytes

    def history(self, queue: str) -> list[Entry]:
        """Return all that happened to the job, oldest first. `queue` is the queue that it is in."""
        if self.flags & FRESH:
            return [Entry("put", self.since, 0, queue.encode(errors="surrogateescape"))]
        entries = []
        position, tail = 0, self.tail
        while position < len(tail):
            length, kind, attempt, time = _ENTRY.unpack_from(tail, position)
            position += _ENTRY.size
            detail = tail[position : position + length]
            position += length
            entries.append(
                Entry(HAPPENINGS[kind - 1], int.from_bytes(time, "big"), attempt, detail)
            )
        return entries


def text(name: bytes) -> str:
    """Read a name. Others may have put what is no UTF-8: sent back, it is the same bytes again."""
    return name.decode(errors="surrogateescape")


def read_options(packed: bytes) -> dict[str, Any]:
    """Read options as the engine stores them: in its msgpack, texts and bytes are of one type."""
    found: dict[str, Any] = msgpack.unpackb(packed, unicode_errors="surrogateescape")
    if "context" in found:
        found["context"] = found["context"].encode(errors="surrogateescape")
    return found


def read_token(data: bytes) -> bytes:
    """Return the token of a lease, without reading the rest of its record."""
    return data[_TOKEN]


def read_popped_at(data: bytes) -> int:
    """Return when a running job was popped, without reading the rest of its record."""
    return int.from_bytes(data[_HEADER.size : _HEADER.size + 6], "big")


def read(data: bytes, payload: bytes = b"") -> Record:
    """Read a record; `payload` is the one that was stored outside of it, if so."""
    (
        kind,
        flags,
        _queue,
        _klass,
        epoch,
        attempt,
        _place,
        priority,
        since,
        retries,
        left,
        errors,
        lost,
        entries,
        lease_length,
        options_length,
        length,
    ) = _HEADER.unpack_from(data)
    size = int.from_bytes(length, "big")
    position = _HEADER.size
    popped, worker = 0, ""
    if lease_length:
        popped = int.from_bytes(data[position : position + 6], "big")
        worker = data[position + 6 : position + lease_length].decode("utf-8", "replace")
        position += lease_length
    options = {}
    if options_length:
        options = read_options(data[position : position + options_length])
        position += options_length
    if not flags & PAYLOAD:
        payload = data[position : position + size]
        position += size
    return Record(
        state=STATES[kind % 16 - 1],
        flags=flags,
        token=epoch + attempt.to_bytes(2, "big"),
        attempt=attempt,
        priority=int.from_bytes(priority, "big") - _PRIORITY_BIAS,
        since=int.from_bytes(since, "big"),
        retries=retries,
        left=left,
        errors=errors,
        lost=lost,
        popped=popped,
        worker=worker,
        options=options,
        payload=payload,
        size=size,
        entries=entries,
        tail=data[position:],
    )
