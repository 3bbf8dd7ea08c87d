"""Locks and rates, for what is outside of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import same
from pyjobs.calls.call import Argument, Call
from pyjobs.record import text


def lock(name: str, holder: str, lease: int, wait: bool = False) -> Call[tuple[int, int, bytes]]:
    """Take a lock; answers its fencing number and the lease's end.

    When somebody else holds it: 0, milliseconds after which to ask again, and what to block on.
    """

    def read(answer: Sequence[Any]) -> tuple[int, int, bytes]:
        return answer[0], answer[1], answer[2] if len(answer) > 2 else b""  # noqa: PLR2004

    return Call("lock", [name, holder, lease, int(wait)], read)


def relock(name: str, holder: str, lease: int) -> Call[int]:
    """Prolong the lease of a lock; answers its end, or 0 when it is lost."""
    return Call("relock", [name, holder, lease], same)


def unlock(name: str, holder: str) -> Call[int]:
    """Give a lock back, or take it from whoever holds it (empty); answers 0 when nobody did."""
    return Call("unlock", [name, holder], same, marked=True)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds a lock: the mark of an acquisition, its number, and the lease's end."""

    holder: str
    fence: int
    ends: float
    """Seconds since the epoch."""


def locked(name: str) -> Call[LockHolder | None]:
    """Look who holds a lock; answers None when nobody does."""

    def read(answer: Sequence[Any]) -> LockHolder | None:
        return LockHolder(text(answer[0]), answer[1], answer[2] / 1000) if answer else None

    return Call("locked", [name], read, "reads")


def rate(
    name: str, count: int, period: int, burst: int | None, tokens: int, wait: int
) -> Call[tuple[bool, int]]:
    """Take tokens; answers whether that was so, and milliseconds until they are there."""
    args: list[Argument] = [name, count, period, "" if burst is None else burst, tokens, wait]
    return Call("rate", args, lambda answer: (bool(answer[0]), answer[1]), marked=True)
