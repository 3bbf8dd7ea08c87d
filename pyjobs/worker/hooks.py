"""Hooks: what is called around each job, as a middleware would be.

Each is a plain function or an `async def`, and is called where the job runs: in its thread, its
task, its greenlet, with `current_job()` set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Functions around a job; of several Hooks, the first one's `before` comes first, `after` last.

    An exception in `before` is the job's, as if its own code had raised it. One in another hook is
    logged, and changes nothing for the job.
    """

    before: Callable[[Any], Any] | None = None
    """Called with the job before it runs."""
    after: Callable[[Any], Any] | None = None
    """Called with the job when its attempt is over, however it went."""
    on_failure: Callable[[Any, BaseException], Any] | None = None
    """Called with the job and the exception when it is about to fail."""
    on_retry: Callable[[Any, BaseException], Any] | None = None
    """Called with the job and the exception when it is about to be tried again."""
