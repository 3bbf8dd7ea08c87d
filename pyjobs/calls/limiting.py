"""Limits by name, and tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyjobs.calls.answers import word
from pyjobs.calls.call import Argument, Call
from pyjobs.record import text


@dataclass(frozen=True, slots=True)
class LimitState:
    """What is allowed under a name, and how much of it is taken; None: any number."""

    name: str
    at_once: int | None
    """How many may run at a time."""
    rate: int | None
    """How many may start in `per` seconds."""
    per: float | None
    burst: int | None
    """How many of the rate may start at once."""
    running: int
    open: int | None
    """How many may start now."""
    parked: int
    """How many jobs are throttled because of it."""
    opens: float | None = None
    """When the next one may start by the rate, if none may now: seconds since the epoch."""
    ahead: int | None = None
    """Of a job that is explained, and throttled because of it: how many of those come first."""


def limit_of(answer: Sequence[Any]) -> LimitState:
    """Read what is allowed under a name, as `limits` and `explain` answer it."""
    name, *given = answer
    numbers = [None if value == b"" else int(value) for value in given]
    at_once, rate, period, burst, running, open_, parked, opens, *ahead = numbers
    return LimitState(
        text(name),
        at_once,
        rate,
        period / 1000 if period else None,
        burst,
        running or 0,
        open_,
        parked or 0,
        opens / 1000 if opens else None,
        *ahead,
    )


def limit(
    name: str,
    at_once: int | None = None,
    rate: int | None = None,
    period: int | None = None,
    burst: int | None = None,
) -> Call[str]:
    """Set a limit; answers set, or, when nothing is given, removed."""
    given: list[Argument] = ["" if value is None else value for value in (at_once, rate)]
    given += ["" if value is None else value for value in (period, burst)]
    return Call("limit", [name, *given], word)


def limits(
    cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[LimitState]]]:
    """Read these limits, or a page of those that were set."""

    def read(answer: Sequence[Any]) -> tuple[str, list[LimitState]]:
        return text(answer[0]), [limit_of(item) for item in answer[1:]]

    return Call("limits", [cursor, 0 if names else count, *names], read, "reads")


@dataclass(frozen=True, slots=True)
class TenantCounts:
    """A tenant (empty: jobs without one): its weight, and how many of its jobs wait in a queue."""

    tenant: str
    weight: int
    waiting: int


def tenant(name: str, weight: int | None = None) -> Call[int]:
    """Give a tenant a weight, None: the default; answers it."""
    return Call("tenant", [name, "" if weight is None else weight], int)


def tenants(
    queue: str = "", cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[TenantCounts]]]:
    """Read a page of the tenants whose jobs wait in a queue, or the weights of some."""

    def read(answer: Sequence[Any]) -> tuple[str, list[TenantCounts]]:
        found = [TenantCounts(text(name), int(weight), n) for name, weight, n in answer[1:]]
        return text(answer[0]), found

    return Call("tenants", [queue, cursor, 0 if names else count, *names], read, "reads")
