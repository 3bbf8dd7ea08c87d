"""The namespace: its settings, its workers, and whether its data are sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import same, texts, word
from pyjobs.calls.call import Call
from pyjobs.record import text


def configure(name: str, value: str) -> Call[str]:
    """Give a setting a value, or with an empty one its default; answers what is now in force."""
    return Call("configure", [name, value], word, marked=True)


def report(worker: str, about: bytes, queues: Sequence[str] = ()) -> Call[str]:
    """Tell about a worker: up to 4,096 bytes of its own, and the queues that its pops name."""
    return Call("report", [worker, about, *queues], word)


def deregister(workers: Sequence[str]) -> Call[int]:
    """Take workers off the registry; answers how many of them were in it."""
    return Call("deregister", list(workers), same, marked=True)


def _pairs(answer: Sequence[bytes]) -> dict[str, str]:
    flat = texts(answer)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def settings(names: Sequence[str] = ()) -> Call[dict[str, str]]:
    """Read the settings in force: these, or all."""
    return Call("settings", list(names), _pairs, "reads")


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """A worker: when it was last seen (seconds since the epoch), and how many leases it holds."""

    name: str
    last_seen: float
    held: int
    stalled: int
    about: bytes
    """What it reported about itself; empty: nothing."""


def workers(cursor: str = "", count: int = 100) -> Call[tuple[str, list[WorkerCounts]]]:
    """Read a page of the workers, last seen first."""

    def read(answer: Sequence[Any]) -> tuple[str, list[WorkerCounts]]:
        counts = [
            WorkerCounts(text(name), int(seen) / 1000, held, stalled, about)
            for name, seen, held, stalled, about in answer[1:]
        ]
        return text(answer[0]), counts

    return Call("workers", [cursor, count], read, "reads")


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job in a worker's hands; `expires` is seconds since the epoch, None: never."""

    jid: str
    queue: str
    expires: float | None


@dataclass(frozen=True, slots=True)
class WorkerPage:
    """A page of what one worker holds; `last_seen` None: it is not registered."""

    cursor: str
    last_seen: float | None
    jobs: list[HeldJob]
    about: bytes
    """What it reported about itself; empty: nothing."""


def worker(name: str, cursor: str = "", count: int = 100) -> Call[WorkerPage]:
    """Read what a worker told about itself, and a page of what it holds."""

    def read(answer: Sequence[Any]) -> WorkerPage:
        held = [
            HeldJob(text(jid), text(queue), int(ends) / 1000 or None)
            for jid, queue, ends in answer[3:]
        ]
        return WorkerPage(text(answer[0]), int(answer[1]) / 1000 or None, held, answer[2])

    return Call("worker", [name, cursor, count], read, "reads")


@dataclass(frozen=True, slots=True)
class Found:
    """An invariant of the engine that does not hold: which, of what, and why.

    `key` is the key's name after the root, `member` what of it is concerned (empty: the key).
    """

    name: str
    key: bytes
    member: bytes
    jid: str
    text: str
    mendable: bool


def check(cursor: bytes = b"", count: int = 50) -> Call[tuple[list[bytes], list[Found]]]:
    """Check a slice of the data; answers the cursors of what is to be checked yet, and findings."""

    def read(answer: Sequence[Any]) -> tuple[list[bytes], list[Found]]:
        cursors, *findings = answer
        found = [
            Found(text(name), key, member, text(jid), text(why), mendable == 1)
            for name, key, member, jid, why, mendable in findings
        ]
        return cursors, found

    return Call("check", [cursor, count], read, "reads")


def repair(name: str, key: bytes, member: bytes = b"") -> Call[str]:
    """Mend what a check has found; answers mended, gone (it is not so any more) or left."""
    return Call("repair", [name, key, member], word, marked=True)
