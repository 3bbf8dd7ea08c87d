"""What a worker is told: its options with their defaults, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Literal, TypedDict, get_args

from pyjobs import options
from pyjobs.errors import InvalidArgument
from pyjobs.hooks import Hooks
from pyjobs.options import Seconds

PoolName = Literal["threads", "sync", "asyncio", "greenlets"]
Policy = Literal["ordered", "rotating", "weighted"]

CONCURRENCY: dict[PoolName, int] = {"threads": 8, "sync": 1, "asyncio": 100, "greenlets": 100}
"""Jobs that run at the same time in one process, by pool."""

MOST_AT_ONCE = 1000
LARGEST_WEIGHT = 1000


class Given(TypedDict, total=False):
    """The options of a worker as keyword arguments; WorkerOptions explains them."""

    pool: PoolName
    concurrency: int | None
    policy: Policy
    weights: Mapping[str, int]
    lease: Seconds | None
    interval: float
    grace: float
    patience: float
    run_within: Seconds | None
    kill_within: Seconds | None
    max_jobs: int | None
    prefetch: int
    hooks: Iterable[Hooks]
    allow: Iterable[str]


@dataclass(frozen=True, kw_only=True)
class WorkerOptions:
    """What a worker does, and how. Times are seconds."""

    queues: tuple[str, ...]
    """Names; patterns with `* ? [...]`; with `!` before it, what is left out. In their order."""
    pool: PoolName = "threads"
    """What runs the jobs: threads, the calling thread alone, an event loop, or greenlets."""
    concurrency: int | None = None
    """Jobs that run at the same time, 1 to 1,000; None: CONCURRENCY of the pool."""
    policy: Policy = "ordered"
    """Which queue is served first: the first one, each in turn, or by chance with weights."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """For `weighted`: 1 (the default) to 1,000 for a name or pattern among `queues`."""
    lease: float | None = None
    """Length of the leases, renewed for as long as a job runs; None: the job's or the queue's."""
    interval: float = 4.0
    """The longest sleep, up to 4: queues that match a pattern are looked for that often."""
    grace: float = 30.0
    """How long jobs may go on running when the worker stops."""
    patience: float = 10.0
    """How long a job that is stopped may take to end before its process is given up."""
    run_within: float | None = None
    """Limit on an attempt, for jobs and classes without their own: RunTimeout; 0 or None: none."""
    kill_within: float | None = None
    """Limit on an attempt after which its process is replaced; 0 or None: none."""
    max_jobs: int | None = None
    """Jobs after which the worker leaves; None: no limit."""
    prefetch: int = 100
    """Jobs that may lie ready beyond those that run, 0 to 100; slow jobs are never hoarded."""
    hooks: tuple[Hooks, ...] = ()
    """What is called around each job."""
    allow: tuple[str, ...] = ()
    """Beginnings of import paths that may be run, as `shop.jobs`; none: all."""

    def __post_init__(self) -> None:
        for name, convert in _CHECKS.items():
            object.__setattr__(self, name, convert(getattr(self, name), name))
        if not any(not pattern.startswith("!") for pattern in self.queues):
            raise InvalidArgument("queues: names none that is to be served")
        for pattern in self.weights:
            if pattern not in self.queues:
                raise InvalidArgument(f"weights: {pattern!r} is not among the queues")
        if self.weights and self.policy != "weighted":
            raise InvalidArgument(f"weights: belong to policy='weighted', not to {self.policy!r}")

    @property
    def slots(self) -> int:
        """Jobs that run at the same time."""
        if self.pool == "sync":
            return 1
        return self.concurrency or CONCURRENCY[self.pool]

    @classmethod
    def make(cls, queues: str | Iterable[str], given: Mapping[str, Any]) -> WorkerOptions:
        """Return options of keyword arguments; a single text is one queue."""
        for name in given:
            if name not in _NAMES:
                raise InvalidArgument(f"{name}: no such option; there are {', '.join(_NAMES)}")
        named = (queues,) if isinstance(queues, str) else queues
        return cls(queues=named, **given)  # type: ignore[arg-type] # checked, and made a tuple


def _one_of(choices: Any) -> Callable[[object, str], Any]:
    def check(value: object, name: str) -> object:
        if value not in get_args(choices):
            raise InvalidArgument(f"{name}: {value!r} is none of {', '.join(get_args(choices))}")
        return value

    return check


def _between(least: int, most: float, none: bool = False) -> Callable[[Any, str], int | None]:
    def check(value: Any, name: str) -> int | None:
        if value is None and none:
            return None
        if not least <= options.integer(value, name) <= most:
            limit = f" to {most:,}" if most < math.inf else " or more"
            raise InvalidArgument(f"{name}: {value} is not {least}{limit}")
        return int(value)

    return check


def _seconds(least: float, most: float) -> Callable[[Any, str], float]:
    def check(value: Any, name: str) -> float:
        if not least <= options.milliseconds(value, name) / 1000 <= most:
            raise InvalidArgument(f"{name}: {value!r} is not {least:g} to {most:g} seconds")
        return value.total_seconds() if isinstance(value, timedelta) else float(value)

    return check


def _limit(value: Any, name: str) -> float | None:
    """Seconds, or None for no limit."""
    return None if value is None else options.milliseconds(value, name) / 1000 or None


def _length(value: Any, name: str) -> float | None:
    return None if value is None else options.milliseconds(value, name) / 1000


def _texts(value: Any, name: str) -> tuple[str, ...]:
    found = tuple(options.texts(value, name))
    if "" in found:
        raise InvalidArgument(f"{name}: one of them is empty")
    return found


def _hooks(value: Any, name: str) -> tuple[Hooks, ...]:
    found = tuple(value)
    for each in found:
        if not isinstance(each, Hooks):
            raise InvalidArgument(f"{name}: must be Hooks, not {type(each).__name__}")
    return found


def _weights(value: Mapping[str, int], name: str) -> dict[str, int]:
    check = _between(1, LARGEST_WEIGHT)
    return {pattern: check(weight, f"{name}: {pattern}") or 1 for pattern, weight in value.items()}


_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "queues": _texts,
    "pool": _one_of(PoolName),
    "concurrency": _between(1, MOST_AT_ONCE, none=True),
    "policy": _one_of(Policy),
    "weights": _weights,
    "lease": _length,
    "interval": _seconds(0.01, 4.0),
    "grace": _seconds(0, 86_400),
    "patience": _seconds(0, 3600),
    "run_within": _limit,
    "kill_within": _limit,
    "max_jobs": _between(1, math.inf, none=True),
    "prefetch": _between(0, 100),
    "hooks": _hooks,
    "allow": _texts,
}
_NAMES = [each.name for each in fields(WorkerOptions) if each.name != "queues"]
