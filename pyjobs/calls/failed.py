"""Failed jobs: their groups, and what is done to many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import counted_page, same, sizes
from pyjobs.calls.call import Argument, Call
from pyjobs.record import text


def unfail_group(
    group: str, queue: str = "", count: int = 100, before: int | None = None
) -> Call[int]:
    """Put the oldest failed jobs of a group back; answers how many."""
    args: list[Argument] = [group, queue, count, "" if before is None else before]
    return Call("unfail_group", args, same, marked=True)


@dataclass(frozen=True, slots=True)
class Which:
    """Which failed jobs are meant: of a queue or a failure group, perhaps only some of those.

    `error` is as `failures` tells it; `before` is in milliseconds.
    """

    queue: str = ""
    group: str = ""
    klass: str = ""
    error: str = ""
    before: int | None = None

    def args(self, cursor: str, count: int) -> list[Argument]:
        """Return the arguments that say so, for the slice of a cursor."""
        before = "" if self.before is None else self.before
        return [self.queue, self.group, self.klass, self.error, before, cursor, count]


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice of failed jobs came to. `before` is what the next slice is to be asked for."""

    cursor: str
    done: int
    skipped: int
    before: int


def _slice(answer: Sequence[Any]) -> Slice:
    cursor, done, skipped, before = answer
    return Slice(text(cursor), done, skipped, before)


def unfail_where(which: Which, to: str = "", cursor: str = "", count: int = 100) -> Call[Slice]:
    """Put a slice of failed jobs back, into the queue `to` or each its own."""
    return Call("unfail_where", [*which.args(cursor, count), to], _slice, marked=True)


def drop_where(which: Which, cursor: str = "", count: int = 100) -> Call[Slice]:
    """Cancel a slice of failed jobs; those that others wait for are skipped."""
    return Call("drop_where", which.args(cursor, count), _slice, marked=True)


def groups(cursor: str = "", count: int = 100) -> Call[tuple[str, dict[str, int]]]:
    """Read a page of the failure groups; answers the next cursor and each one's size."""
    return Call(
        "groups",
        [cursor, count],
        lambda answer: (text(answer[0]), sizes(answer[1:])),
        "reads",
    )


def group(name: str, cursor: str = "", count: int = 100) -> Call[tuple[str, int, list[str]]]:
    """Read a page of a failure group, newest first; answers the next cursor, its size, the jids."""
    return Call("group", [name, cursor, count], counted_page, "reads")


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many jobs of a queue and a klass failed of the same error.

    `error` is the failure group, or, of jobs that had no retries left, the group of their last
    error. `last` is when the newest failed, in seconds since the epoch, and `jid` is that job.
    """

    queue: str
    klass_name: str
    error: str
    jobs: int
    last: float
    jid: str


def failures(
    queue: str, cursor: str = "", count: int = 100
) -> Call[tuple[str, list[FailureCount]]]:
    """Count a page of a queue's failed jobs by klass and error, newest first."""

    def read(answer: Sequence[Any]) -> tuple[str, list[FailureCount]]:
        counts = [
            FailureCount(queue, text(klass), text(error), jobs, last / 1000, text(jid))
            for klass, error, jobs, last, jid in answer[1:]
        ]
        return text(answer[0]), counts

    return Call("failures", [queue, cursor, count], read, "reads")
