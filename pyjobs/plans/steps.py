"""Calls about many jobs: several in one step, or slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyjobs import calls, options
from pyjobs.calls import Call
from pyjobs.errors import InvalidArgument
from pyjobs.plans.plan import SLICE_BYTES, SLICE_JOBS, Plan, sliced


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
