"""Intentions that take more than one call: large requests in slices, pages, waiting.

A plan is a generator: it yields Calls (or Sends and Pauses), is sent their answers, and returns its
result. `pyjobs/connections.py` carries it out, sync or async.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pyjobs import calls, options
from pyjobs.calls import Call
from pyjobs.engine import PAUSES, Broken, Pause, Refused, Send
from pyjobs.errors import (
    ConnectionError,
    InvalidArgument,
    PyjobsError,
    ServerError,
    ServerLoading,
)
from pyjobs.jids import Jid, Jids
from pyjobs.snapshot import Snapshot

T = TypeVar("T")
Plan = Generator[Any, Any, T]

SLICE_JOBS = 100
"""Jobs that one call takes: `JOBS` in `lua/rules/limits.lua`."""
SLICE_BYTES = 262144
"""Bytes of payload that one call takes: `BYTES` in `lua/rules/limits.lua`."""
SLICE_LIMITS = 50
"""Limits that the jobs of one call are put under: `THROTTLES` in `lua/rules/limits.lua`."""


def held_back(wire: dict[str, Any]) -> tuple[dict[str, Any], list[list[str]], dict[str, Any]]:
    """Leave in `wire` the dependencies that fit into one call.

    Returns the options, the further dependencies in slices, and what goes with each of those.
    """
    parents: list[str] = wire.get("depends", [])
    if len(parents) <= SLICE_JOBS:
        return wire, [], {}
    slices = [parents[at : at + SLICE_JOBS] for at in range(0, len(parents), SLICE_JOBS)]
    rest: dict[str, Any] = {
        name: wire[name] for name in ("missing", "parent_failure", "run_when") if name in wire
    }
    return {**wire, "depends": slices[0], "hold": True}, slices[1:], rest


def then_depend(
    call: Call[str], jid: str, slices: Sequence[Sequence[str]], rest: dict[str, Any]
) -> Plan[str]:
    """Make a call, then add dependencies under the hold that it set; returns the job's state."""
    answer: str = yield call
    if slices and answer != "kept" and not answer.startswith("merged "):
        state = yield from depend(jid, slices, rest)
        return state if call.name == "complete" else answer
    return answer


class Put:
    """A job that is to be put: its call, and what of it does not fit into one call."""

    def __init__(
        self, queue: str, jid: str, klass: str, payload: bytes, wire: dict[str, Any]
    ) -> None:
        self.jid = jid
        self.parents: list[str] = wire.get("depends", [])
        self.size = len(payload) + 64
        self.limits: Sequence[str] = wire.get("limits", ())
        wire, self._slices, self._rest = held_back(wire)
        packed = options.pack(wire)
        self.call = calls.put(queue, jid, klass, payload, packed, marked="unique" in wire)

    @property
    def whole(self) -> bool:
        """Whether one call is enough."""
        return not self._slices

    def only_call(self) -> Call[str]:
        """Return the call, for several in one; refuses what does not fit into it."""
        if not self.whole:
            raise InvalidArgument(f"depends: one call takes {SLICE_JOBS} jobs")
        return self.call

    def plan(self) -> Plan[str]:
        """Put the job, then its further dependencies under a hold that the last slice lifts."""
        return then_depend(self.call, self.jid, self._slices, self._rest)


def depend(
    jid: str, slices: Sequence[Sequence[str]], rest: dict[str, Any], hold: bool = True
) -> Plan[str]:
    """Add dependencies slice by slice; returns the job's state, empty when there was no slice."""
    state = ""
    for number, parents in enumerate(slices, 1):
        last = "last" if number == len(slices) else "more"
        packed = options.pack({**rest, "depends": parents})
        state = yield calls.depend(jid, packed, last if hold else "")
    return state


def sliced(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a list into what one call takes."""
    for at in range(0, len(items), SLICE_JOBS):
        yield items[at : at + SLICE_JOBS]


class Slices:
    """What is to be put, in what one call takes; the next slice can be made ready ahead."""

    def __init__(self, puts: Iterable[Put]) -> None:
        self._puts = iter(puts)
        self._left: list[Put] = []
        self._ready: list[Put] | None = None
        self._error: Exception | None = None

    def prepare(self) -> None:
        """Make the next slice ready; what goes wrong is kept for `next`."""
        if self._ready is None and self._error is None:
            try:
                self._ready = self._gather()
            except Exception as error:  # noqa: BLE001 - it is raised by `next`
                self._error = error

    def next(self) -> list[Put]:
        """Return the next slice: jobs, or one alone that takes several calls; empty at the end."""
        self.prepare()
        if self._error is not None:
            raise self._error
        ready, self._ready = self._ready, None
        return ready or []

    def _gather(self) -> list[Put]:
        gathered, self._left = self._left, []
        size = sum(put.size for put in gathered)
        limits = {name for put in gathered for name in put.limits}
        if gathered and not gathered[0].whole:
            return gathered
        for put in self._puts:
            full = len(gathered) == SLICE_JOBS or size + put.size > SLICE_BYTES
            if put.limits:
                limits.update(put.limits)
                full = full or len(limits) > SLICE_LIMITS
            if gathered and (full or not put.whole):
                self._left.append(put)
                break
            gathered.append(put)
            size += put.size
            if not put.whole:
                break
        return gathered


def put_many(puts: Iterable[Put], atomic: bool) -> Plan[Jids]:
    """Put jobs in order, in slices that are each put as a whole; returns the jids.

    While the server puts one slice, the next one is encoded.
    """
    if atomic:
        puts = list(puts)
        _refuse_large(puts)
    jids = Jids()
    slices = Slices(puts)
    while gathered := slices.next():
        try:
            if gathered[0].whole:
                call = calls.step([put.call for put in gathered])
                call.meanwhile = slices.prepare
                answers = yield call
            else:
                answers = [(yield from gathered[0].plan())]
        except PyjobsError as error:
            if jids:
                error.args = (f"{error}. The {len(jids)} jobs before this slice were put",)
            raise
        jids.extend(
            Jid.answered(put.jid, answer) for put, answer in zip(gathered, answers, strict=True)
        )
    return jids


def _refuse_large(puts: Sequence[Put]) -> None:
    size = sum(put.size for put in puts)
    if len(puts) > SLICE_JOBS or (size > SLICE_BYTES and len(puts) > 1):
        raise InvalidArgument(
            f"atomic: {len(puts)} jobs of {size} bytes do not fit into one slice of "
            f"{SLICE_JOBS} jobs and {SLICE_BYTES} bytes"
        )
    for put in puts:
        if not put.whole:
            raise InvalidArgument(
                f"atomic: job {put.jid} has more than {SLICE_JOBS} dependencies, "
                "which do not fit into one slice"
            )


class Requests:
    """Numbers for pops, and those whose answers never arrived: the next such pop asks for them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._numbers = itertools.count(1)
        self._lost: dict[tuple[str, ...], deque[str]] = {}

    def next(self, queues: tuple[str, ...]) -> tuple[str, bool]:
        """Return a request number, and whether it may have been served before."""
        lost = self._lost.get(queues)
        if lost:
            with contextlib.suppress(IndexError):  # another thread was faster
                return lost.popleft(), True
        return f"{self._name}-{next(self._numbers)}", False

    def lose(self, queues: tuple[str, ...], request: str) -> None:
        """Note that the answer to a request did not arrive."""
        self._lost.setdefault(queues, deque()).append(request)


def pop(
    worker: str,
    requests: Requests,
    queues: Sequence[str],
    count: int,
    lease: int | None,
    wait: float,
) -> Plan[list[Snapshot]]:
    """Pop jobs; blocks up to `wait` seconds in the server, without polling."""
    ends = time.monotonic() + wait
    names = tuple(queues)
    while True:
        left = ends - time.monotonic()
        request, again = requests.next(names)
        call = calls.pop(worker, request, names, count, lease, wait=left > 0)
        if again:
            call.args[2] = 1
        try:
            popped = yield call
        except BaseException:
            requests.lose(names, request)
            raise
        if not popped.jobs and not popped.rest:
            continue  # jobs were in the way that may not start
        left = ends - time.monotonic()
        if popped.jobs or left <= 0:
            jobs: list[Snapshot] = popped.jobs
            return jobs
        yield from block(popped.rings, min(left, popped.rest / 1000), "pop")


def block(rings: Sequence[bytes], seconds: float, name: str) -> Plan[None]:
    """Block in the server until one of the lists has a token, for so long at most."""
    seconds = max(seconds, 0.001)
    answer = yield Send(("BLPOP", *rings, f"{seconds:.3f}"), timeout=seconds + 1)
    if isinstance(answer, Refused) and answer.message.startswith("NOPERM"):
        raise ServerError(f"{name}: {answer.message}")
    if isinstance(answer, (Broken, Refused)):
        yield Pause(0.02)


def heartbeat(
    worker: str, leases: Sequence[calls.Lease], lease: int | None
) -> Plan[list[int | Exception]]:
    """Prolong any number of leases; returns each one's end, or why it is lost."""
    answers: list[int | Exception] = []
    for part in sliced(leases):
        answers += yield calls.heartbeat(worker, part, lease)
    return answers


def settle(members: Sequence[Call[Any]], atomic: bool) -> Plan[list[Any]]:
    """Carry any number of calls out, in slices; returns each one's answer or error."""
    if atomic and len(members) > SLICE_JOBS:
        raise InvalidArgument(f"atomic: {len(members)} jobs are more than {SLICE_JOBS}, one slice")
    answers: list[Any] = []
    for part in sliced(members):
        answers += yield calls.drain(part, atomic)
    return answers


def _extent(members: Sequence[Call[Any]]) -> tuple[int, int]:
    """Return how many jobs and bytes calls have in one step."""
    jobs = sum(len(call.jids) if call.jids else call.name != "seal" for call in members)
    size = sum(len(arg) for call in members for arg in call.args if isinstance(arg, bytes))
    return jobs, size


def fit(members: Sequence[Call[Any]]) -> bool:
    """Whether one step takes these calls."""
    jobs, size = _extent(members)
    return jobs <= SLICE_JOBS and (size <= SLICE_BYTES or len(members) == 1)


def together(members: Sequence[Call[Any]]) -> Plan[list[Any]]:
    """Carry calls out in one step, all or none; returns their answers."""
    if not fit(members):
        jobs, size = _extent(members)
        raise InvalidArgument(
            f"one step takes {SLICE_JOBS} jobs and {SLICE_BYTES} bytes, not {jobs} and {size}"
        )
    puts = any(call.kind == "puts" for call in members)
    step: Call[list[Any]] = (calls.step if puts else calls.drain)(members, atomic=True)
    step.marked = True  # a repeat is answered as the whole was, whatever has happened since
    answers: list[Any] = yield step
    return answers


def settle_and_pop(
    members: Sequence[Call[Any]],
    atomic: bool,
    worker: str,
    requests: Requests,
    queues: Sequence[str],
    count: int,
    lease: int | None,
) -> Plan[tuple[list[Any], list[Snapshot]]]:
    """As settle, and pop the next jobs in the last of the calls."""
    names = tuple(queues)
    last = len(members) % SLICE_JOBS
    answers: list[Any] = yield from settle(members[: len(members) - last], atomic)
    request, again = requests.next(names)
    call = calls.pop(worker, request, names, count, lease)
    if again:
        call.args[2] = 1
    try:
        *rest, popped = yield calls.drain([*members[len(members) - last :], call], atomic)
    except BaseException:
        requests.lose(names, request)
        raise
    if isinstance(popped, Exception):
        raise popped
    return answers + rest, popped.jobs


def pages(page: Callable[[str], Call[Any]], most: float = math.inf) -> Plan[list[Any]]:
    """Read pages until `most` items are there or there are no more.

    Each answer starts with the next cursor and ends with a list or a mapping of items.
    """
    items: list[Any] = []
    cursor = ""
    while len(items) < most:
        answer = yield page(cursor)
        found = answer[-1]
        items += found.items() if isinstance(found, dict) else found
        cursor = answer[0]
        if not cursor:
            break
    return items if math.isinf(most) else items[: int(most)]


def get(jids: Sequence[str]) -> Plan[list[Snapshot]]:
    """Look up any number of jobs; those that are unknown are left out."""
    found: list[Snapshot] = []
    for part in sliced(jids):
        found += [item for item in (yield calls.get(part)) if item is not None]
    return found


def listing(page: Callable[[str, int], Call[Any]], offset: int, count: int) -> Plan[list[str]]:
    """Read jids from an offset on."""
    jids = yield from _first(page, _upto(offset, count))
    return jids[offset:]


def _upto(offset: int, count: int) -> int:
    """Return how many are read for `count` from an offset on; refuses what makes no sense."""
    return options.integer(offset, "offset", 0) + options.integer(count, "count", 0)


def _first(page: Callable[[str, int], Call[Any]], most: int) -> Plan[list[str]]:
    return pages(lambda cursor: page(cursor, min(most, SLICE_JOBS)), most)


def unfail_group(group: str, queue: str, count: int | None) -> Plan[int]:
    """Put failed jobs of a group back, all or the oldest ones, in slices; returns how many."""
    options.word(group, "group")
    options.text(queue, "queue")
    if count is not None:
        options.integer(count, "count", 0)
    moved = 0
    while count is None or moved < count:
        most = SLICE_JOBS if count is None else min(count - moved, SLICE_JOBS)
        done: int = yield calls.unfail_group(group, queue, most)
        moved += done
        if done < most:
            break
    return moved


def cancel(jids: Sequence[str]) -> Plan[int]:
    """Cancel jobs in slices, each all or none; returns how many."""
    done = 0
    for part in sliced(jids):
        done += yield calls.cancel(part)
    return done


def looked_up(
    page: Callable[[str, int], Call[Any]], offset: int, count: int
) -> Plan[list[Snapshot]]:
    """Read jids from an offset on, and look their jobs up."""
    jids = yield from listing(page, offset, count)
    return (yield from get(jids))


def complete_jobs(queue: str | None, offset: int, count: int) -> Plan[list[str]]:
    """Read jids of complete jobs, newest first, of one queue or of the first hundred."""
    upto = _upto(offset, count)

    def of(name: str) -> Plan[list[str]]:
        return _first(lambda cursor, most: calls.jobs(name, "complete", cursor, most), upto)

    if queue is not None:
        jids = yield from of(options.text(queue, "queue"))
        return jids[offset:]
    _, counts = yield calls.queues()
    jids = []
    for each in counts:
        if each.complete:
            jids += yield from of(each.name)
    found = yield from get(jids)
    found.sort(key=lambda snapshot: snapshot.record.since, reverse=True)
    return [snapshot.jid for snapshot in found[offset : offset + count]]


def held(worker: str) -> Plan[calls.WorkerPage]:
    """Read what a worker holds, up to a thousand jobs or so."""
    page: calls.WorkerPage = yield calls.worker(worker)
    jobs = list(page.jobs)
    while page.cursor and len(jobs) < 10 * SLICE_JOBS:
        page = yield calls.worker(worker, page.cursor)
        jobs += page.jobs
    return calls.WorkerPage(page.cursor, page.last_seen, jobs, page.about)


def read_events(key: str, since: str, count: int, wait: float | None = 0) -> Plan[list[Any]]:
    """Read the events after a cursor; blocks up to `wait` seconds (None: for ever).

    Returns (id, fields) pairs, none when nothing came.
    """
    options.text(since, "since")
    options.integer(count, "count", 1)
    ends = None if wait is None else time.monotonic() + wait
    pauses = iter(PAUSES)
    while True:
        left = 4.0 if ends is None else min(ends - time.monotonic(), 4.0)
        args: tuple[Any, ...] = ("XREAD", "COUNT", count)
        if left > 0:
            args += ("BLOCK", max(int(left * 1000), 1))
        answer = yield Send((*args, "STREAMS", key, since), timeout=max(left, 0) + 1)
        if isinstance(answer, Refused):
            raise _unreadable(answer)
        if isinstance(answer, Broken):
            pause = next(pauses, None)
            if pause is None:
                raise ConnectionError(f"events: the server cannot be reached ({answer.message})")
            yield Pause(pause)
            continue
        pauses = iter(PAUSES)
        if answer:
            streams = answer.items() if isinstance(answer, dict) else answer
            return [entry for _, entries in streams for entry in entries]
        if left <= 0 or (ends is not None and time.monotonic() >= ends):
            return []


def _unreadable(answer: Refused) -> ServerError:
    kind = ServerLoading if answer.message.startswith("LOADING") else ServerError
    return kind(f"events: {answer.message}")


def last_event(key: str) -> Plan[str]:
    """Return the cursor after the newest event."""
    answer = yield Send(("XREVRANGE", key, "+", "-", "COUNT", 1))
    if isinstance(answer, Broken):
        raise ConnectionError(f"events: the server cannot be reached ({answer.message})")
    if isinstance(answer, Refused):
        raise _unreadable(answer)
    return answer[0][0].decode() if answer else "0"
