"""The options of a job: a typed mirror of `lua/rules/options.lua`, and their way onto the wire.

Times are seconds in Python (or timedeltas, or aware datetimes for moments) and whole
milliseconds on the wire. Ranges are the engine's to check; only what cannot be put into a number
is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypedDict

import msgpack

from pyjobs.errors import InvalidArgument


class HasId(Protocol):
    """Anything that names a flow: a Flow, for example."""

    @property
    def id(self) -> str:
        """The flow's id."""


class HasJid(Protocol):
    """Anything that names a job: a Job, for example."""

    @property
    def jid(self) -> str:
        """The job's id."""


Seconds = float | timedelta
Moment = float | datetime
Delay = Seconds | datetime | Callable[[], Seconds | datetime]
Reference = str | HasJid
ContextValue = str | int | float
ErrorKind = type[BaseException] | str


class StayOptions(TypedDict, total=False):
    """Options of a job's stay in a queue: those that `complete` into a next queue takes."""

    priority: int
    """Lower runs sooner, like niceness; -2**53 + 1 to 2**53 - 1, default 0."""
    delay: Delay
    """Seconds before it may run; with dependencies, counted from the last one's end.

    A datetime is a moment, as in `at`; a function is called when the job is put.
    """
    at: Moment
    """Moment before which it does not run: seconds since the epoch or an aware datetime."""
    depends: Iterable[Reference]
    """Jobs that have to be complete before; any number."""
    missing: Literal["done", "refuse"]
    """What an unknown dependency counts as: `done` (the default), or a reason to refuse the put."""
    parent_failure: Literal["wait", "fail", "cancel", "run"]
    """What happens to the job when a dependency fails; default `wait`."""
    run_when: Literal["complete", "failed", "ended"]
    """At which end of its dependencies it runs, default `complete`; `ended`: at whatever end.

    When one ends so that this cannot come true any more, the job is cancelled.
    """


class BackoffOptions(TypedDict, total=False):
    """How long a job waits before it is tried again."""

    backoff: Literal["fixed", "linear", "exponential", "padded"]
    """How the delay grows from retry to retry; default: `exponential` if there is any of these.

    `padded` is exponential and the base once more: 4, 6, 10, 18 with a base of 2.
    """
    backoff_base: Seconds
    """Delay before the first retry, default 1."""
    backoff_cap: Seconds
    """The longest delay, default 3600."""
    backoff_jitter: float
    """Share of the delay by which chance shortens it, 0 to 1, default 0.1."""


class TrialOptions(BackoffOptions, total=False):
    """Whether and until when a job is tried (again)."""

    retry_on: ErrorKind | Iterable[ErrorKind]
    """Exceptions after which a worker has it tried again, subclasses included: up to 50 classes, or
    names of such: `Timeout`, or `requests.exceptions.Timeout`. A class counts by its bare name.
    They count before what the job's code says."""
    give_up_on: ErrorKind | Iterable[ErrorKind]
    """Exceptions after which it fails at once; they count before `retry_on`."""
    poison_after: int
    """Lost leases that stop it as poison, up to 255; 0: any number. Default: `poison-after`."""
    start_within: Seconds
    """Seconds after its put, or after its delay, in which it has to be started."""
    if_late: Literal["cancel", "fail"] | Any
    """What becomes of it when it was not: cancelled (the default), failed, or the job class (or its
    import path) that runs in its place."""
    finish_within: Seconds
    """Seconds after its put in which it has to be done; then it fails, also while it runs."""


class UniqueOptions(TypedDict, total=False):
    """What a put does when there is a job of the same key."""

    unique: str | bool
    """A key, up to 255 bytes, that one job of the namespace holds at a time; True: one that is made
    of queue, class and data."""
    unique_until: Literal["started", "done"]
    """Until when a job holds its key; default `done`, and `started` with if_duplicate=replace."""
    unique_for: Seconds
    """Seconds for which it does instead, also when it is done before."""
    if_duplicate: Literal["keep", "replace", "postpone", "refuse"]
    """What a put does when a job holds the key: nothing (the default), give that job its data and
    class, see `debounce`, or raise JobExists."""
    debounce: Seconds
    """A burst of puts ends when none has come for so many seconds, and makes one job."""
    debounce_mode: Literal["trailing", "leading", "both"]
    """When that job runs: after the burst, with the last data (the default), at its first put, or
    at the first and, if more came, after it."""
    debounce_at_most: Seconds
    """Seconds that a put waits for its burst to end at most, and the longest leading burst."""


class RunOptions(TrialOptions, total=False):
    """Options of the work on a job, which stay with it from queue to queue."""

    lease: Seconds
    """Length of the job's leases; 0 hands it out for good. Default: the queue's, `heartbeat`."""
    run_within: Seconds
    """Seconds after which a worker interrupts an attempt (RunTimeout); 0: never."""
    kill_within: Seconds
    """Seconds after which a worker replaces the process that runs an attempt; 0: never."""
    context: Mapping[str, ContextValue]
    """What the code that runs the job finds in `job.context`: up to 4,096 bytes packed.

    Default: what `pyjobs.context` says.
    """
    keep_result: Seconds
    """Seconds for which the result is kept; default 0: not at all."""
    limits: Iterable[str]
    """Names of up to 8 limits that it starts under, see `client.limits`."""
    order_key: str
    """Jobs of one key run one after another, in the order in which they became runnable."""
    tenant: str
    """Tenants of a queue take turns, see `client.tenants`."""


class JobOptions(StayOptions, RunOptions, UniqueOptions, total=False):
    """All options that a put takes."""

    retries: int
    """Further attempts after the first, 0 to 65535, default 5."""
    tags: Iterable[str]
    """Up to 100 tags."""
    flow: str | HasId
    """The flow of which it becomes a member."""
    if_exists: Literal["replace", "keep", "error"]
    """What a put under the jid of a job that exists does; default `replace`."""
    jid: str
    """The job's id, up to 255 bytes; default: one made for it."""


class ScheduleOptions(RunOptions, total=False):
    """Options of a recurring job, beside those of the work on its jobs."""

    jid: str
    """The template's id: one that exists is replaced. Default: one made for it."""
    priority: int
    """Priority of the jobs, default 0."""
    retries: int
    """Further attempts of each job, 0 to 65535, default 5."""
    tags: Iterable[str]
    """Up to 100 tags of each job."""
    until: Moment
    """No job for a slot after this moment; 0: no end."""
    count: int
    """So many jobs in all, and then it is over; 0: no end."""
    missed: Literal["skip", "one", "all"]
    """What becomes of slots that no worker came for in time.

    `skip`: a slot that is a minute old is not made up for. `one`: one job for all of them. `all`:
    a job for each, or for the newest `backlog` of them.
    """
    backlog: int
    """With `missed="all"`: how many slots are made up for at most; default 0: all."""
    overlap: Literal["allow", "skip", "queue", "replace"]
    """What becomes of a slot while the job before has not ended; default `allow`: a job.

    `skip`: none. `queue`: a job that waits for the one before. `replace`: as `queue`, and a job
    before that does not run is cancelled.
    """


_TOO_MANY = 2**53
"""Seconds above every limit of the engine, which checks the others."""


def milliseconds(value: Seconds, name: str) -> int:
    """Return a time in whole milliseconds; refuses what is negative or no finite number."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    _refuse_non_number(value, name)
    if value < 0:
        raise InvalidArgument(f"{name}: {value!r} is negative; seconds from 0 on are taken")
    if value >= _TOO_MANY:
        raise InvalidArgument(f"{name}: {value!r} seconds are too many")
    return round(value * 1000)


def moment(value: Moment, name: str) -> int:
    """Return a moment in whole milliseconds since the epoch."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgument(f"{name}: a datetime must say its time zone; {value!r} does not")
        value = value.timestamp()
    return milliseconds(value, name)


def integer(value: int, name: str, least: int | None = None, most: int | None = None) -> int:
    """Return an integer in these limits; refuses all else, bool and whole floats included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(f"{name}: must be an integer, not {value!r}")
    if abs(value) >= 2**63:
        raise InvalidArgument(f"{name}: {value} does not fit into 64 bits")
    if (least is not None and value < least) or (most is not None and value > most):
        limits = f"{least} or more" if most is None else f"between {least} and {most}"
        raise InvalidArgument(f"{name}: must be {limits}, not {value}")
    return value


def cap(value: int | None, name: str) -> str:
    """Return a cap as the settings have it: empty for none."""
    return "" if value is None else str(integer(value, name, 1))


def text(value: str, name: str) -> str:
    """Return a text; the engine checks its length in bytes."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{name}: must be a text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{name}: {value!r} cannot be encoded as UTF-8") from None
    return value


def word(value: str, name: str) -> str:
    """Return a text that is not empty."""
    if not text(value, name):
        raise InvalidArgument(f"{name}: must be a text that is not empty")
    return value


def reference(value: Reference) -> str:
    """Return the jid of a job or of a text that is one."""
    jid = value if isinstance(value, str) else getattr(value, "jid", None)
    if jid is None:
        raise InvalidArgument(f"jid: must be a jid or a job, not {value!r}")
    return text(jid, "jid")


def flow_id(value: str | HasId, name: str = "flow") -> str:
    """Return the id of a flow or of a text that is one."""
    found = value if isinstance(value, str) else getattr(value, "id", None)
    if found is None:
        raise InvalidArgument(f"{name}: must be a flow or its id, not {value!r}")
    return text(found, name)


def _refuse_non_number(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidArgument(f"{name}: must be a finite number of seconds, not {value!r}")


def texts(value: Iterable[str], name: str) -> list[str]:
    """Return a list of texts; refuses a single text, which would be taken apart into letters."""
    if isinstance(value, (str, bytes)):
        raise InvalidArgument(f"{name}: must be a list of texts, not one text")
    if not isinstance(value, Iterable):
        raise InvalidArgument(f"{name}: must be a list of texts, not {value!r}")
    return [text(item, name) for item in value]


def listed(value: Iterable[Reference], name: str) -> list[Reference]:
    """Return a list of jids or jobs; refuses a single text, which would be taken apart."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise InvalidArgument(f"{name}: must be a list of jids or jobs, not {value!r}")
    return list(value)


def _jids(value: Iterable[Reference], name: str) -> list[str]:
    return [reference(item) for item in listed(value, name)]


def error_names(value: ErrorKind | Iterable[ErrorKind], name: str) -> list[str]:
    """Return the names of exception classes."""
    if isinstance(value, (str, type)) or not isinstance(value, Iterable):
        value = [value]
    kinds = list(value)
    for kind in kinds:
        if not isinstance(kind, (str, type)):
            raise InvalidArgument(f"{name}: exception classes or names of such, not {kind!r}")
    return [text(kind if isinstance(kind, str) else kind.__name__, name) for kind in kinds]


def thousandths(value: object, name: str) -> int:
    """Return a share from 0 to 1 in thousandths."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidArgument(f"{name}: must be a number from 0 to 1, not {value!r}")
    return round(value * 1000)


def context(values: Mapping[str, ContextValue], name: str = "context") -> bytes:
    """Pack what travels with a job beside its data: texts and numbers by name."""
    if not isinstance(values, Mapping):
        raise InvalidArgument(f"{name}: must be a dictionary, not {type(values).__name__}")
    for key, value in values.items():
        text(key, f"{name}: a name")
        if type(value) not in _CONTEXT_TYPES:
            raise InvalidArgument(f"{name}: {key} must be a text or a number, not {value!r}")
    try:
        packed: bytes = msgpack.packb(dict(values))
    except (OverflowError, UnicodeEncodeError) as error:
        raise InvalidArgument(f"{name}: {error}") from None
    return packed if values else b""


def read_context(packed: bytes) -> dict[str, ContextValue]:
    """Return what `context` packed."""
    values: dict[str, ContextValue] = msgpack.unpackb(packed) if packed else {}
    return values


_CONTEXT_TYPES = (str, int, float)

_WIRE = {
    "priority": integer,
    "delay": milliseconds,
    "at": moment,
    "retries": integer,
    "tags": texts,
    "depends": _jids,
    "missing": text,
    "parent_failure": text,
    "run_when": text,
    "flow": flow_id,
    "lease": milliseconds,
    "run_within": milliseconds,
    "kill_within": milliseconds,
    "backoff": text,
    "backoff_base": milliseconds,
    "backoff_cap": milliseconds,
    "backoff_jitter": thousandths,
    "context": context,
    "keep_result": milliseconds,
    "limits": texts,
    "order_key": text,
    "tenant": text,
    "retry_on": error_names,
    "give_up_on": error_names,
    "poison_after": integer,
    "start_within": milliseconds,
    "if_late": text,
    "finish_within": milliseconds,
    "unique": text,
    "unique_until": text,
    "unique_for": milliseconds,
    "if_duplicate": text,
    "debounce": milliseconds,
    "debounce_mode": text,
    "debounce_at_most": milliseconds,
    "if_exists": text,
    "backlog": integer,
    "missed": text,
    "overlap": text,
    "until": moment,
    "count": integer,
    "calendar": text,
}

_DEFAULTS: dict[str, Any] = {
    "priority": 0,
    "delay": 0,
    "retries": 5,
    "tags": [],
    "depends": [],
    "context": b"",
    "keep_result": 0,
    "limits": [],
    "retry_on": [],
    "give_up_on": [],
    "backlog": 0,
    "until": 0,
    "count": 0,
}


def _delay(value: Delay) -> tuple[str, Any]:
    """Return a delay as the option that it comes to: seconds, or the moment of a datetime."""
    found = value() if callable(value) else value
    return ("at" if isinstance(found, datetime) else "delay"), found


def carried(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn options into what the engine takes; those that are None are left out."""
    wire: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if name == "delay":
            name, value = _delay(value)  # noqa: PLW2901 - what it comes to
        convert = _WIRE.get(name)
        if convert is None:
            known = ", ".join(sorted(_WIRE))
            raise InvalidArgument(f"{name}: no such option; there are {known}")
        wire[name] = convert(value, name)  # type: ignore[operator]
    return wire


def to_wire(options: Mapping[str, Any]) -> dict[str, Any]:
    """As `carried`, and what is the default need not travel."""
    wire = carried(options)
    # The result of a flow's member is kept unless it says that it is not.
    said = {"keep_result"} if "flow" in wire else set()
    return {
        name: value for name, value in wire.items() if value != _DEFAULTS.get(name) or name in said
    }


def pack(wire: Mapping[str, Any]) -> bytes:
    """Pack options for the wire; empty when all are default."""
    if not wire:
        return b""
    # The engine's msgpack has one type for texts and bytes.
    packed: bytes = msgpack.packb(wire, use_bin_type=False)
    return packed
