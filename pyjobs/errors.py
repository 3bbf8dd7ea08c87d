"""Every exception that pyjobs raises.

    PyjobsError
    ├── InvalidArgument            a value that was passed is out of its stated limits
    ├── EncodingError              data that msgpack cannot carry exactly
    ├── DecodingError              bytes that are no data of ours
    ├── ClassNotFound              a job class cannot be imported
    ├── NotAJobClass               what a name resolves to is not a job class
    ├── QueueFull                  has `.limit`
    ├── LockTaken              somebody else holds a lock; also a TimeoutError
    ├── LockLost               a lock is not held (any more)
    ├── RunTimeout                 raised in a job that has run longer than it may
    ├── Retry, Release, Cancel     raised by a job, to say what is to become of it
    ├── JobError                   about one job; has `.jid`
    │   ├── JobNotFound
    │   ├── JobExists
    │   ├── WrongState
    │   ├── LeaseLost              has `.reason`
    │   ├── HasDependents
    │   ├── DependencyCycle
    │   ├── JobFailed              has `.group`, `.message`, `.cause`
    │   ├── NotFinished            also a TimeoutError
    │   └── NoResult
    └── ServerError                about the server or the way to it
        ├── EmbeddedServerError
        ├── ConnectionError        nothing was applied
        ├── OutcomeUnknown         it may have been applied; has `.jids`
        ├── ServerTooOld
        ├── ReadOnlyServer
        ├── ServerLoading
        ├── OutOfMemory
        ├── FormatVersion          data of a format that this version does not know
        └── EngineBug              an error inside the Lua engine; names file and line

JobStopped is no error: a worker raises it in a job that must not go on, and it has `.reason`. It is
derived from BaseException, so that an `except Exception` in the job does not take it for one.

The engine answers `WORD text`; `WORDS` is the closed list of words.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from datetime import timedelta


class PyjobsError(Exception):
    """Base of all exceptions of pyjobs."""


class InvalidArgument(PyjobsError, ValueError):
    """A value is out of its limits; the text names both. Nothing was written."""


class EncodingError(PyjobsError, ValueError):
    """Data cannot be carried exactly by msgpack; the text names the path of the value."""


class DecodingError(PyjobsError, ValueError):
    """Stored bytes are not the msgpack data that was expected."""


class ClassNotFound(PyjobsError):
    """A job class cannot be imported; the import's own error is chained."""


class NotAJobClass(PyjobsError):
    """A name resolves to something that is not a job class, and is refused."""


class QueueFull(PyjobsError):
    """A put met a queue that holds as much as it may; nothing of the slice was put.

    `limit` is the setting that says so, `max-jobs` or `max-bytes`. Put again later: room comes as
    jobs end.
    """

    def __init__(self, message: str, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class RunTimeout(PyjobsError):
    """An attempt has run longer than `run_within`; raised by the worker in the midst of the job."""


class LockTaken(PyjobsError, TimeoutError):
    """Somebody else holds the lock, and did for as long as it was waited."""


class LockLost(PyjobsError):
    """The lock is not held any more: its lease ran out and somebody else took it, or broke it."""


def _checked(delay: object) -> float | timedelta:
    """Return a delay; refused where it is raised, since nobody hears of it afterwards."""
    if isinstance(delay, timedelta) and delay >= timedelta(0):
        return delay
    if isinstance(delay, bool) or not isinstance(delay, (int, float)) or not 0 <= delay < math.inf:
        raise InvalidArgument(f"delay: must be seconds from 0 on, not {delay!r}")
    return delay


class Retry(PyjobsError):
    """Raised by a job: try it again, `delay` seconds from now, or else by its backoff.

    It uses up one of the job's retries; when none is left, the job fails. Raised `from` an error,
    that is what is noted as the cause.
    """

    def __init__(self, reason: str = "", *, delay: float | timedelta | None = None) -> None:
        super().__init__(reason)
        self.delay = None if delay is None else _checked(delay)


class Release(PyjobsError):
    """Raised by a job: give it back as it was, for `delay` seconds; no retry is used up."""

    def __init__(self, reason: str = "", *, delay: float | timedelta = 0) -> None:
        super().__init__(reason)
        self.delay = _checked(delay)


class Cancel(PyjobsError):
    """Raised by a job: take it out of the system; if other jobs wait for it, it fails instead."""


class JobStopped(BaseException):
    """This attempt must end: let it pass, or clean up and raise it again.

    `reason` is that of LeaseLost (`expired`, `cancelled`, `moved`, `timed-out`, `replaced`),
    `unknown` when the job has left the system, `overrun` when it ran longer than `kill_within`, or
    `stopping`: the worker leaves, and the job is given back.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class JobError(PyjobsError):
    """Something about one job; `jid` names it (empty when the engine did not say)."""

    def __init__(self, message: str, jid: str = "") -> None:
        super().__init__(message)
        self.jid = jid


class JobNotFound(JobError):
    """No job has this jid: it never existed, was cancelled, or its retention has ended."""


class JobExists(JobError):
    """A put with `if_exists="error"` met a job of the same jid."""


class WrongState(JobError):
    """The job is not in a state in which this can be done; the text names the state."""


class LeaseLost(JobError):
    """The lease was ended, so nothing was changed; stop working on this job.

    `reason` is `expired`, `timed-out`, `cancelled`, `moved`, `replaced`, or, when the holder itself
    has ended the lease before, `complete`, `failed`, `retried` or `released`.
    """

    def __init__(self, message: str, jid: str = "", reason: str = "") -> None:
        super().__init__(message, jid)
        self.reason = reason


class HasDependents(JobError):
    """Other jobs wait for this one; cancel them in the same call or release them first."""


class DependencyCycle(JobError):
    """The dependency would make a job wait for itself."""


class JobFailed(JobError):
    """The job whose result was asked for has failed.

    `group` is its failure group, `message` why, as a rule the traceback in the worker. `cause` is
    the group of the last error, when it failed because no retries were left.
    """

    def __init__(self, jid: str, group: str, message: str, cause: str = "") -> None:
        super().__init__(f"job {jid} failed, group {group}:\n{message}", jid)
        self.group = group
        self.message = message
        self.cause = cause

    def __reduce__(self) -> tuple[type[JobFailed], tuple[str, ...]]:
        return type(self), (self.jid, self.group, self.message, self.cause)


class NotFinished(JobError, TimeoutError):
    """The job has not ended yet, or not within the time for which it was waited."""


class NoResult(JobError):
    """The job is complete, and what it returned is not kept, or not any more."""


class ServerError(PyjobsError):
    """Something about the server or the connection to it."""


class EmbeddedServerError(ServerError):
    """The embedded server cannot be started or joined."""


class ConnectionError(ServerError, builtins.ConnectionError):
    """The server cannot be reached; nothing was applied."""


class OutcomeUnknown(ServerError):
    """The connection broke and repeats did not help: the call may have been applied.

    `jids` are the jobs that the call was about (empty for a pop). Repeating the same call with the
    same jid is safe.
    """

    def __init__(self, message: str, jids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.jids = tuple(jids)


class ServerTooOld(ServerError):
    """The server is older than Redis 7.0 or Valkey 7.2."""


class ReadOnlyServer(ServerError):
    """The server is a read-only replica; nothing was applied."""


class ServerLoading(ServerError):
    """The server is still loading its data; nothing was applied."""


class OutOfMemory(ServerError):
    """The server's memory is full: what puts is refused, nothing was applied, the rest goes on."""


class FormatVersion(ServerError):
    """The stored data has a format that this version does not know; nothing was applied."""


class EngineBug(ServerError):
    """An error inside the Lua engine; `place` is `lua/<file>:<line>` when it could be mapped."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


WORDS: dict[str, type[PyjobsError]] = {
    "INVALID": InvalidArgument,
    "NOJOB": JobNotFound,
    "EXISTS": JobExists,
    "STATE": WrongState,
    "LEASELOST": LeaseLost,
    "DEPENDENTS": HasDependents,
    "CYCLE": DependencyCycle,
    "VERSION": FormatVersion,
    "FULL": QueueFull,
}
