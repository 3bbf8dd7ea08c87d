"""Popping jobs: waiting for some, and asking again for those whose answer never arrived."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from pyjobs import calls
from pyjobs.calls import Call
from pyjobs.engine import Broken, Pause, Refused, Send
from pyjobs.errors import ServerError
from pyjobs.plans.plan import SLICE_JOBS, Plan
from pyjobs.plans.steps import settle
from pyjobs.snapshot import Snapshot


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
