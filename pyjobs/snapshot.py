"""What is known of a job at one moment, as the engine answered it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgpack

from pyjobs import record
from pyjobs.record import text


@dataclass(slots=True)
class Failure:
    """Why a job failed: its group, a message, when (seconds since the epoch) and under whom."""

    group: str
    message: str
    when: float
    worker: str
    cause: str = ""
    """The group of the last error, when the failure is that no retries were left."""


class Durations(NamedTuple):
    """How long a job that is being run has taken until now, in seconds.

    `response`: from when it could run until it was handed out. `processing`: since its code began.
    `turnaround`: both.
    """

    response: float
    processing: float
    turnaround: float


@dataclass(slots=True)
class Event:
    """One line of a job's history; `when` is seconds since the epoch, to the millisecond."""

    what: str
    when: float
    attempt: int
    queue: str = ""
    worker: str = ""
    group: str = ""
    data: Any = None


@dataclass(slots=True)
class Snapshot:
    """A job's fields. Times are milliseconds; `expires` 0 is no lease or one without end."""

    queue: str
    jid: str
    klass: str
    expires: int
    record: record.Record
    dependencies: list[str] = field(default_factory=list)
    dependents: list[str] = field(default_factory=list)
    failure: Failure | None = None

    def history(self) -> list[Event]:
        """Return all that happened to the job, oldest first."""
        return [_event(entry) for entry in self.record.history(self.queue)]


def _event(entry: record.Entry) -> Event:
    event = Event(entry.what, entry.time / 1000, entry.attempt)
    detail = entry.detail
    if entry.what in {"put", "moved", "unfailed"}:
        event.queue = text(detail)
    elif entry.what == "popped":
        event.worker = text(detail)
    elif entry.what == "failed":
        event.group = text(detail)
    elif entry.what == "done":
        event.queue = text(detail.partition(b"\0")[2])
    elif entry.what == "log":
        length = detail[0]
        event.what = text(detail[1 : 1 + length])
        event.data = msgpack.unpackb(detail[1 + length :]) if len(detail) > 1 + length else None
    elif detail:
        event.data = text(detail)
    return event


@dataclass(slots=True)
class Popped:
    """A pop's answer: jobs, or milliseconds until something may be due, and the rings.

    Without jobs and milliseconds: jobs that may not start were in the way; pop again.
    """

    jobs: list[Snapshot]
    rest: int
    rings: list[bytes]


def read_popped(answer: list[Any]) -> Popped:
    """Read a pop's answer."""
    jobs: list[Snapshot] = []
    if answer[0]:
        return Popped(jobs, answer[0], answer[1:])
    for at in range(1, len(answer), 6):
        queue, jid, klass, expires, data, payload = answer[at : at + 6]
        jobs.append(
            Snapshot(
                text(queue),
                text(jid),
                text(klass),
                expires,
                record.read(data, payload),
            )
        )
    return Popped(jobs, 0, [])


def read_found(answer: list[Any] | None) -> Snapshot | None:
    """Read one job of a get's or a peek's answer."""
    if answer is None:
        return None
    queue, jid, klass, expires, data, payload, parents, dependents, failure = answer
    return Snapshot(
        text(queue),
        text(jid),
        text(klass),
        expires,
        record.read(data, payload),
        sorted(text(parent) for parent in parents),
        [text(dependent) for dependent in dependents],
        read_failure(failure),
    )


def read_failure(packed: bytes) -> Failure | None:
    """Read a failure as it is stored; None when there is none."""
    if not packed:
        return None
    fields = msgpack.unpackb(packed, unicode_errors="surrogateescape")
    return Failure(
        fields["group"],
        fields["message"],
        fields["when"] / 1000,
        fields["worker"],
        fields.get("cause", ""),
    )
