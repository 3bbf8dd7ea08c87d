"""Values that travel with jobs: from what puts a job to the code that runs it, and further on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from pyjobs import options
from pyjobs.options import ContextValue

_NONE: Mapping[str, ContextValue] = MappingProxyType({})
_current: ContextVar[Mapping[str, ContextValue]] = ContextVar("pyjobs_context", default=_NONE)

_job: ContextVar[Any] = ContextVar("pyjobs_current_job", default=None)


def current_job() -> Any:
    """Return the job that is being run here: a Job, in an `async def` an AsyncJob; else None."""
    return _job.get()


def run_here(job: Any) -> None:
    """Say which job is being run in the context that runs; None: none, or not yet."""
    _job.set(job)


@contextmanager
def context(**values: ContextValue | None) -> Iterator[None]:
    """Give the jobs that are put meanwhile these values, such as a trace id, a tenant, a locale.

        with pyjobs.context(trace_id="7f3a", locale="de"):
            queue.put(send, {"to": "ann"})

    Texts and numbers, all together up to 4,096 bytes packed. They are added to those that are in
    force; None takes one away. Each thread and each task has its own. Put with a job, unless the
    put has its own option `context`, they are the job's: `job.context` and, while a worker runs it,
    `current_context()`; so the jobs that it puts have them as well. Raises InvalidArgument.
    """
    merged = {**_current.get(), **values}
    inner = {name: value for name, value in merged.items() if value is not None}
    options.context(inner)
    mark = _current.set(inner)
    try:
        yield
    finally:
        _current.reset(mark)


def current_context() -> dict[str, ContextValue]:
    """Return the values in force here."""
    return dict(_current.get())


def enter(values: Mapping[str, ContextValue]) -> None:
    """Put these in force, and no others, in the context that runs."""
    _current.set(values)


def inherited() -> Mapping[str, ContextValue] | None:
    """Return what a job gets that is put without a context of its own; None: nothing."""
    return _current.get() or None
