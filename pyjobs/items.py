"""Data queues: items without code, for consumers that get many, refresh them, and are done.

An item is a Job without a class. The functions are plans, see `pyjobs/plans/`.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pyjobs import calls, options, plans
from pyjobs.errors import InvalidArgument, JobNotFound, LeaseLost, ServerError
from pyjobs.job import Job
from pyjobs.options import Reference
from pyjobs.plans import SLICE_BYTES, SLICE_JOBS, Plan
from pyjobs.putting import prepare
from pyjobs.snapshot import Snapshot

if TYPE_CHECKING:
    from pyjobs.client import Client

T = TypeVar("T")

MOST = 1000
"""Items that one request returns at most."""

TAKEN = 50
"""Items that one call takes for good: `TAKEN` in `lua/rules/limits.lua`."""

LOST = (JobNotFound, LeaseLost)
"""How a job is answered that is not there any more for who asks."""

CLEARED = ("waiting", "throttled", "scheduled")
"""States of items that nobody has begun with."""


def puts(queue: str, items: Iterable[Any], given: Mapping[str, Any]) -> Iterator[plans.Put]:
    """Make items ready to be put, all with the same options."""
    if isinstance(items, (str, bytes, Mapping)):
        raise InvalidArgument(f"items: must be a list of items, not one {type(items).__name__}")
    if given.get("jid") is not None:
        raise InvalidArgument("jid: names one item, and there may be many; use put")
    shared = {
        name: list(value) if isinstance(value, Iterator) else value for name, value in given.items()
    }
    return (prepare(queue, None, item, shared) for item in items)


def number(count: int) -> int:
    """Return how many items are asked for; refuses what is not 1 to 1,000."""
    return options.integer(count, "count", 1, MOST)


def gathered(
    count: int, ask: Callable[[int, bool], Plan[list[Snapshot]]], most: int = SLICE_JOBS
) -> Plan[list[Snapshot]]:
    """Ask for slices of up to `most` until there are enough or there is no more.

    `ask` is told how many, and whether nothing has come yet. What has come is not given up when the
    server goes away: the next request will meet that.
    """
    found: list[Snapshot] = []
    while len(found) < count:
        asked = min(count - len(found), most)
        try:
            part = yield from ask(asked, not found)
        except ServerError:
            if not found:
                raise
            break
        found += part
        size = sum(len(each.record.payload) for each in part)
        # A slice may also have ended at its bytes.
        if not part or (len(part) < asked and size <= SLICE_BYTES // 2):
            break
    return found


class Receipts:
    """Requests of takes whose answers have arrived, so that the server keeps them no longer."""

    def __init__(self) -> None:
        self._requests: deque[str] = deque(maxlen=SLICE_JOBS)

    def next(self) -> str:
        """Return a request that the server has not been told about, or nothing."""
        with contextlib.suppress(IndexError):
            return self._requests.popleft()
        return ""

    def add(self, request: str) -> None:
        """Note that an answer has arrived."""
        self._requests.append(request)


def take(
    worker: str,
    requests: plans.Requests,
    receipts: Receipts,
    queue: str,
    count: int,
    wait: float,
) -> Plan[list[Snapshot]]:
    """Take up to fifty items for good; blocks up to `wait` seconds in the server."""
    ends = time.monotonic() + wait
    place = (queue, "")  # of no pop: a queue has a name
    while True:
        left = ends - time.monotonic()
        request, _ = requests.next(place)
        try:
            found = yield calls.take(worker, request, queue, count, left > 0, receipts.next())
        except BaseException:
            requests.lose(place, request)
            raise
        if found.jobs:
            receipts.add(request)
        left = ends - time.monotonic()
        if found.jobs or left <= 0:
            taken: list[Snapshot] = found.jobs
            return taken
        yield from plans.block(found.rings, min(left, found.rest / 1000), "take")


def kept(held: Iterable[T], answers: Iterable[Any]) -> list[tuple[T, Any]]:
    """Return what is still there, each with its answer; raises what is no loss of a job."""
    found = []
    for each, answer in zip(held, answers, strict=True):
        if not isinstance(answer, Exception):
            found.append((each, answer))
        elif not isinstance(answer, LOST):
            raise answer
    return found


def peek(queue: str, count: int, offset: int) -> Plan[list[Snapshot]]:
    """Look at what the next pops would hand out, a slice at a time."""
    found: list[Snapshot] = []
    options.integer(offset, "offset", 0)
    for at in range(0, count, SLICE_JOBS):
        most = min(count - at, SLICE_JOBS)
        part = yield calls.peek(queue, most, offset + at)
        found += [each for each in part if each is not None]
        if len(part) < most:
            break
    return found


def clear(queue: str) -> Plan[int]:
    """Cancel what nobody has begun with, in slices; returns how many."""
    done = 0
    for state in CLEARED:
        while True:
            _, jids = yield calls.jobs(queue, state, "", SLICE_JOBS)
            if not jids:
                break
            done += yield calls.cancel(jids)
    return done


class DeadItems:
    """A queue's items, or jobs, that have failed: most of them have no retries left."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._queue!r}>"

    def list(self, offset: int = 0, count: int = 25) -> list[Job]:
        """Return those that failed last, each with its `failure`, `attempt` and `history`."""

        def page(cursor: str, most: int) -> calls.Call[tuple[str, list[str]]]:
            return calls.jobs(self._queue, "failed", cursor, most)

        found = self._client.run(plans.looked_up(page, offset, count))
        return [Job(self._client, snapshot) for snapshot in found]

    def put_back(self, items: Iterable[Reference]) -> int:
        """Let these run again, with all their retries; returns how many were dead until now."""
        jids = [options.reference(item) for item in options.listed(items, "items")]
        plan = plans.settle([calls.unfail(jid) for jid in jids], False)
        return len(kept(jids, self._client.run(plan)))

    def drop(self, items: Iterable[Reference]) -> int:
        """Take these out of the system; returns how many."""
        jids = [options.reference(item) for item in options.listed(items, "items")]
        return self._client.run(plans.cancel(jids))
