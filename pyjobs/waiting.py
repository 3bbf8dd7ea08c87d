"""Waiting until jobs have ended, without polling, and what became of them: plans.

The engine writes an entry to a job's ring when somebody waits for its end. Entries may be lost, so
a wait looks at all of its jobs again every few seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from pyjobs import calls, codec, options
from pyjobs.engine import Broken, Pause, Refused, Send
from pyjobs.errors import JobError, JobFailed, NoResult, NotFinished, ServerError, WrongState
from pyjobs.options import Reference, Seconds
from pyjobs.plans import Plan, sliced

SLEEP = 4.0
"""Seconds that one blocking wait lasts at most: `SLEEP` in `lua/rules/limits.lua`."""

RINGS = 1000
"""Jobs whose ends wake at once; those of further ones are seen when all are looked at."""

UNKNOWN = "unknown"
ENDED = {"complete", "failed", "cancelled"}


class Waited(NamedTuple):
    """Jobs that were waited for, each by its jid with its state.

    `started` have been handed out and have not ended: they run, or will again. `finished` are
    complete, failed, cancelled, or `unknown`: there is no such job, or none any more.
    """

    started: dict[str, str]
    finished: dict[str, str]


class Watch:
    """Jobs that are waited for, and what was seen of them last; `wait` is seconds, None: no end."""

    def __init__(self, jobs: Iterable[Reference], wait: Seconds | None) -> None:
        jids = [options.reference(job) for job in options.listed(jobs, "jobs")]
        self.open: dict[str, str] = dict.fromkeys(jids, "")
        """Those that have not ended, with their states."""
        self.started: dict[str, str] = {}
        self.finished: dict[str, str] = {}
        self._rings: dict[str, bytes] = {}
        self._ends = _end(wait)
        self._looked = -math.inf

    @property
    def left(self) -> float:
        """Seconds for which it may still be waited."""
        return self._ends - time.monotonic()

    def over(self) -> NotFinished:
        """Return what is to be raised when the time is over."""
        jid = next(iter(self.open))
        return NotFinished(f"wait: {len(self.open)} jobs have not ended, {jid} for one", jid)

    def wait(self) -> Plan[Waited]:
        """Wait until all have ended or the time is over."""
        while self.open:
            yield from self.next()
            if self.left <= 0:
                break
        return Waited(self.started, self.finished)

    def next(self) -> Plan[list[str]]:
        """Wait until some more have ended; returns their jids, none when the time is over."""
        found: list[str] = []
        if time.monotonic() >= self._looked + SLEEP:
            found = yield from self._look_at_all()
        while not found and self.open and self.left > 0:
            rung = yield from self._block()
            if rung and self.left > 0 and time.monotonic() < self._looked + SLEEP:
                found = yield from self._look(rung)
            else:
                found = yield from self._look_at_all()
        return found

    def _look_at_all(self) -> Plan[list[str]]:
        self._looked = time.monotonic()
        return self._look(list(self.open))

    def _look(self, jids: Sequence[str]) -> Plan[list[str]]:
        found: list[str] = []
        for part in sliced(jids):
            seen = yield calls.wait(part, self.left > 0)
            for jid, look in zip(part, seen, strict=True):
                if look.state in ENDED or not look.state:
                    self._finish(jid, look.state or UNKNOWN)
                    found.append(jid)
                else:
                    self.open[jid] = look.state
                    self._rings[jid] = look.ring
                    if look.attempt:
                        self.started[jid] = look.state
        return found

    def _finish(self, jid: str, state: str) -> None:
        self.finished[jid] = state
        for known in (self.open, self.started, self._rings):
            known.pop(jid, None)

    def _block(self) -> Plan[list[str]]:
        """Block in the server until one of the rings has an entry; returns whose have."""
        rings = {ring: jid for jid, ring in islice(self._rings.items(), RINGS)}
        block = max(min(self.left, self._looked + SLEEP - time.monotonic()), 0.001)
        milliseconds = max(int(block * 1000), 1)
        args = ("XREAD", "BLOCK", milliseconds, "STREAMS", *rings, *["0"] * len(rings))
        answer = yield from _blocked(Send(args, timeout=block + 1))
        return [rings[entry if isinstance(answer, dict) else entry[0]] for entry in answer or ()]


def _end(wait: Seconds | None) -> float:
    if wait is None:
        return math.inf
    return time.monotonic() + options.milliseconds(wait, "wait") / 1000


def result(job: Reference, wait: Seconds | None) -> Plan[Any]:
    """Return what the work on a job returned, waiting for its end if need be; else raise."""
    jid = options.reference(job)
    watch = Watch([jid], wait)
    found: calls.Result = yield calls.result(jid)
    if found.state and found.state not in ENDED and watch.left > 0:
        yield from watch.wait()
        found = yield calls.result(jid)
    return _RESULTS.get(found.state, _unfinished)(jid, found)


def _kept(jid: str, found: calls.Result) -> Any:
    if found.result is None:
        raise NoResult(
            f"job {jid} is complete, and its result is not kept; keep_result= at put keeps it", jid
        )
    return codec.decode(found.result)


def _failed(jid: str, found: calls.Result) -> Any:
    failure = found.failure
    if failure is None:
        raise JobFailed(jid, "", "")
    raise JobFailed(jid, failure.group, failure.message, failure.cause)


def _cancelled(jid: str, _: calls.Result) -> Any:
    raise WrongState(f"job {jid} is cancelled: it has no result", jid)


def _unfinished(jid: str, found: calls.Result) -> Any:
    raise NotFinished(f"job {jid} has not ended: it is {found.state}", jid)


def outcome(jid: str, found: calls.Result) -> Any:
    """Return what the work on a job returned, or the exception that says why there is nothing."""
    try:
        return _RESULTS.get(found.state, _unfinished)(jid, found)
    except JobError as error:
        return error


def flow(flow_id: str, wait: Seconds | None) -> Plan[calls.FlowState]:
    """Block until a flow has ended; returns what has become of it by then."""
    ends = _end(wait)
    while (left := ends - time.monotonic()) > 0:
        ring, state = yield calls.flow_wait(flow_id)
        if not ring:
            ended: calls.FlowState = state
            return ended
        block = max(min(left, SLEEP), 0.001)
        args = ("XREAD", "BLOCK", max(int(block * 1000), 1), "STREAMS", ring, "0")
        yield from _blocked(Send(args, timeout=block + 1))
    found: calls.FlowState = yield calls.flow(flow_id)
    return found


def _blocked(send: Send) -> Plan[Any]:
    """Carry a blocking read out; returns its answer, or None when it broke."""
    answer = yield send
    if isinstance(answer, Refused) and answer.message.startswith("NOPERM"):
        raise ServerError(f"wait: {answer.message}")
    if isinstance(answer, (Broken, Refused)):
        yield Pause(0.02)
        return None
    return answer


_RESULTS: dict[str, Callable[[str, calls.Result], Any]] = {
    "": _kept,
    "complete": _kept,
    "failed": _failed,
    "cancelled": _cancelled,
}
