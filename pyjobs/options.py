"""The options of a job: a typed mirror of `lua/rules/options.lua`, and their way onto the wire.

Times are seconds in Python (or timedeltas, or aware datetimes for moments) and whole
milliseconds on the wire. Ranges are the engine's to check; only what cannot be put into a number
is refused here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypedDict

import msgpack

from pyjobs.errors import InvalidArgument


class HasJid(Protocol):
    """Anything that names a job: a Job, for example."""

    @property
    def jid(self) -> str:
        """The job's id."""


Seconds = float | timedelta
Moment = float | datetime
Reference = str | HasJid


class StayOptions(TypedDict, total=False):
    """Options of a job's stay in a queue: those that `complete` into a next queue takes."""

    priority: int
    """Lower runs sooner, like niceness; -2**53 + 1 to 2**53 - 1, default 0."""
    delay: Seconds
    """Seconds before it may run; with dependencies, counted from the last one's end."""
    at: Moment
    """Moment before which it does not run: seconds since the epoch or an aware datetime."""
    depends: Iterable[Reference]
    """Jobs that have to be complete before; any number."""
    missing: Literal["done", "refuse"]
    """What an unknown dependency counts as: `done` (the default), or a reason to refuse the put."""
    parent_failure: Literal["wait", "fail", "cancel", "run"]
    """What happens to the job when a dependency fails; default `wait`."""


class JobOptions(StayOptions, total=False):
    """All options that a put takes."""

    retries: int
    """Further attempts after the first, 0 to 65535, default 5."""
    tags: Iterable[str]
    """Up to 100 tags."""
    lease: Seconds
    """Length of the job's leases; 0 hands it out for good. Default: the queue's, `heartbeat`."""
    if_exists: Literal["replace", "keep", "error"]
    """What a put under the jid of a job that exists does; default `replace`."""
    jid: str
    """The job's id, up to 255 bytes; default: one made for it."""


def milliseconds(value: Seconds, name: str) -> int:
    """Return a time in whole milliseconds; refuses what is negative or no finite number."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    _refuse_non_number(value, name)
    if value < 0:
        raise InvalidArgument(f"{name}: {value!r} is negative; seconds from 0 on are taken")
    return round(value * 1000)


def moment(value: Moment, name: str) -> int:
    """Return a moment in whole milliseconds since the epoch."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgument(f"{name}: a datetime must say its time zone; {value!r} does not")
        value = value.timestamp()
    return milliseconds(value, name)


def integer(value: int, name: str) -> int:
    """Return an integer; refuses everything else, bool and whole floats included."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(f"{name}: must be an integer, not {value!r}")
    return value


def text(value: str, name: str) -> str:
    """Return a text; the engine checks its length in bytes."""
    if not isinstance(value, str):
        raise InvalidArgument(f"{name}: must be a text, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{name}: {value!r} cannot be encoded as UTF-8") from None
    return value


def reference(value: Reference) -> str:
    """Return the jid of a job or of a text that is one."""
    return text(value if isinstance(value, str) else value.jid, "jid")


def _refuse_non_number(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise InvalidArgument(f"{name}: must be a finite number of seconds, not {value!r}")


def texts(value: Iterable[str], name: str) -> list[str]:
    """Return a list of texts; refuses a single text, which would be taken apart into letters."""
    if isinstance(value, (str, bytes)):
        raise InvalidArgument(f"{name}: must be a list of texts, not one text")
    return [text(item, name) for item in value]


def _jids(value: Iterable[Reference], name: str) -> list[str]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise InvalidArgument(f"{name}: must be a list of jids or jobs, not {value!r}")
    return [reference(item) for item in value]


_WIRE = {
    "priority": integer,
    "delay": milliseconds,
    "at": moment,
    "retries": integer,
    "tags": texts,
    "depends": _jids,
    "missing": text,
    "parent_failure": text,
    "lease": milliseconds,
    "if_exists": text,
    "backlog": integer,
}

# What is the default on the wire need not travel.
_DEFAULTS = {"priority": 0, "delay": 0, "retries": 5, "tags": [], "depends": []}


def to_wire(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn options into what the engine takes; those that are None or the default are left out."""
    wire: dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        convert = _WIRE.get(name)
        if convert is None:
            known = ", ".join(sorted(_WIRE))
            raise InvalidArgument(f"{name}: no such option; there are {known}")
        carried = convert(value, name)  # type: ignore[operator]
        if carried != _DEFAULTS.get(name):
            wire[name] = carried
    return wire


def pack(wire: Mapping[str, Any]) -> bytes:
    """Pack options for the wire; empty when all are default."""
    if not wire:
        return b""
    packed: bytes = msgpack.packb(wire)
    return packed
