"""Hooks: what is called around each job, as a middleware would be, and around all of a worker's.

Each is a plain function or an `async def`. Those of a job are called where it runs: in its thread,
its task, its greenlet, with `current_job()` set. `job.durations` says how long it waited and ran.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Functions around a job; of several Hooks, the first one's `before` comes first, `after` last.

    So do `on_start` and `on_stop`.

    A worker's hooks are called for all its jobs, those of Tasks for their jobs, inside the
    worker's. An exception in `before` is the job's, as if its own code had raised it; Retry,
    Release and Cancel say there what they say in a job. One in another hook is logged, and changes
    nothing for the job.
    """

    before: Callable[[Any], Any] | None = None
    """Called with the job when it was leased, before it runs."""
    after: Callable[[Any], Any] | None = None
    """Called with the job when its attempt is over, however it went."""
    on_complete: Callable[[Any], Any] | None = None
    """Called with the job when its code has run well, and it is about to be completed."""
    on_failure: Callable[[Any, BaseException], Any] | None = None
    """Called with the job and the exception when it is about to fail."""
    on_retry: Callable[[Any, BaseException], Any] | None = None
    """Called with the job and the exception when it is about to be tried again."""
    on_start: Callable[[], Any] | None = None
    """Called once when a worker starts, in the process that runs its jobs, before it asks for any.

    In the thread that runs the worker; an `async def` of the asyncio pool in the event loop of the
    jobs, of other pools in one of its own. Those of Tasks are called too that are imported then.
    """
    on_stop: Callable[[], Any] | None = None
    """Called once when a worker has ended, after its last job, where `on_start` was.

    Not in a process that is killed, or that has a job in its place which does not end.
    """
    on_idle: Callable[[], Any] | None = None
    """Called when a worker has nothing to run, once until it has had something; in a thread."""
    on_enqueue: Callable[[Any], Any] | None = None
    """Called by Tasks with the handle of a job that was put. Must be no `async def`."""
    on_merge: Callable[[Any], Any] | None = None
    """Called by Tasks in its place when a put made no job, as one holds its unique key: debounced.

    With the handle of that one. Must be no `async def`.
    """
    on_expire: Callable[[Any], Any] | None = None
    """Called with the JobEvent of a job that was too late to be started, or to be done: expired.

    Its `what` is `cancelled`, `failed`, or `late`: another class runs in its place. In a thread of
    each worker that has such hooks, for all jobs of the namespace, from when the worker starts.
    """


class Called(NamedTuple):
    """The functions of several Hooks in the order in which they are called."""

    before: list[Callable[..., Any]]
    after: list[Callable[..., Any]]
    on_complete: list[Callable[..., Any]]
    on_failure: list[Callable[..., Any]]
    on_retry: list[Callable[..., Any]]
    on_start: list[Callable[..., Any]]
    on_stop: list[Callable[..., Any]]
    on_idle: list[Callable[..., Any]]
    on_enqueue: list[Callable[..., Any]]
    on_merge: list[Callable[..., Any]]
    on_expire: list[Callable[..., Any]]

    @classmethod
    def of(cls, hooks: Iterable[Hooks]) -> Called:
        """Return the functions of these hooks."""
        listed = list(hooks)
        found = {
            name: [function for each in listed if (function := getattr(each, name)) is not None]
            for name in cls._fields
        }
        found["after"].reverse()
        found["on_stop"].reverse()
        return cls(**found)
