"""The options of a task: those of its jobs, and those that stay with its code.

How an attempt is run (`run_within`, `kill_within`), what is tried again and after how long
(`retry_on`, `give_up_on`, `backoff` and what goes with it) is read by the worker from the code that
it has. Given for a single call, it travels with the job and goes before the code's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any, Literal

from pyjobs import options
from pyjobs.errors import InvalidArgument
from pyjobs.options import BackoffOptions, JobOptions, Moment
from pyjobs.tasks.codecs import Codec

OF_CODE = frozenset(
    (
        "run_within",
        "kill_within",
        "retry_on",
        "give_up_on",
        *BackoffOptions.__annotations__,
    )
)


class TaskOptions(JobOptions, total=False):
    """Options of a task: those of a job, and these."""

    queue: str
    """Name of the queue."""
    codec: Codec
    """How arguments and results travel; default: `Typed`."""


class PeriodicOptions(TaskOptions, total=False):
    """Options of a periodic function: those of a task, and these."""

    missed: Literal["skip", "one", "all"]
    """What becomes of moments that no worker came for in time: nothing, one job, a job for each."""
    backlog: int
    """How many missed ones are made up for at most; 0: all."""
    overlap: Literal["allow", "skip", "queue", "replace"]
    """What becomes of a moment while the job before has not ended: a job; none; one that waits for
    it; one that waits and takes the place of one that waits already."""
    until: Moment
    """No job after this moment."""
    count: int
    """So many jobs in all."""
    between: tuple[str | time, str | time]
    """Times of the day between which it runs, such as `("09:00", "17:30")`."""


OF_SCHEDULES = frozenset(PeriodicOptions.__annotations__) - frozenset(TaskOptions.__annotations__)
"""Options that only a schedule has."""

OF_JOBS = frozenset(("delay", "at", "depends", "missing", "parent_failure", "jid", "if_exists"))
"""Options that a schedule does not have."""


class Settings:
    """Options that belong together. None of them is ever changed: `merged` makes others."""

    def __init__(
        self, declared: Mapping[str, Any], called: Mapping[str, Any] | None = None
    ) -> None:
        self.declared = dict(declared)
        """What the decorator says, and the defaults of all tasks."""
        self.called = dict(called or {})
        """What is said for a call."""

    def merged(self, given: Mapping[str, Any]) -> Settings:
        """Return these options with those of a call; raises InvalidArgument."""
        return Settings(self.declared, {**self.called, **checked(given)})

    @classmethod
    def of(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
        """Return the options of a decorator beside defaults; raises InvalidArgument."""
        return cls({**defaults, **checked(given)})

    @property
    def code(self) -> dict[str, Any]:
        """What stays with the code."""
        return {name: value for name, value in self.declared.items() if name in OF_CODE}

    @property
    def put(self) -> dict[str, Any]:
        """What a job is put with."""
        declared = {name: value for name, value in self.declared.items() if name not in OF_CODE}
        both = {**declared, **self.called}
        if "at" in self.called and "delay" in declared and "delay" not in self.called:
            del both["delay"]
        return {name: value for name, value in both.items() if name not in {"queue", "codec"}}

    def get(self, name: str, default: Any = None) -> Any:
        """Return one option."""
        return self.called.get(name, self.declared.get(name, default))


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options if they make sense; raises InvalidArgument."""
    for name, value in given.items():
        if name == "queue":
            options.text(value, "queue")
        elif name in {"retry_on", "give_up_on"}:
            _refuse_no_kinds(name, value)
        elif name == "codec":
            if not (hasattr(value, "dump") and hasattr(value, "load")):
                raise InvalidArgument(f"codec: {value!r} has no dump and load")
        elif name == "jid":
            options.text(value, "jid")
        elif not (callable(value) or (name == "unique" and isinstance(value, bool))):
            options.carried({name: value})
    return dict(given)


def _refuse_no_kinds(name: str, value: Any) -> None:
    for kind in (value,) if isinstance(value, (str, type)) else tuple(value):
        if not isinstance(kind, str) and not (
            isinstance(kind, type) and issubclass(kind, BaseException)
        ):
            raise InvalidArgument(f"{name}: exception classes or names of such, not {kind!r}")
