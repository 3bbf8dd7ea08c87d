"""What operators ask of many jobs at once: their bytes, and what is to become of failed ones.

Plans, as in `pyjobs/plans/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pyjobs import calls, plans
from pyjobs.calls import FailureCount, QueueCounts, Which
from pyjobs.plans import SLICE_JOBS, Plan

_STATES = ("waiting", "throttled", "running", "scheduled", "depends", "complete", "failed")


@dataclass(frozen=True, slots=True)
class QueueBytes:
    """How many bytes the jobs of a queue take, ended ones that are still kept included.

    `payload` are their data alone; `stored` all that is kept of them: record, history, data and
    failure. The server needs some 200 bytes a job beside. Not `exact`: reckoned from a sample.
    """

    name: str
    jobs: int
    payload: int
    stored: int
    exact: bool


def weigh(names: Sequence[str], sample: int | None) -> Plan[list[QueueBytes]]:
    """Weigh these queues, or all; of each state up to `sample` jobs are looked at, None: all."""
    counts: list[QueueCounts] = []
    if names:
        for some in plans.sliced(names):
            counts += (yield calls.queues(names=some))[1]
    else:
        counts = yield from plans.pages(calls.queues)
    found: list[QueueBytes] = []
    for each in counts:
        weighed = yield from _weigh_queue(each, sample)
        found.append(weighed)
    return found


def _weigh_queue(counts: QueueCounts, sample: int | None) -> Plan[QueueBytes]:
    jobs = payload = stored = 0
    exact = True
    for state in _STATES:
        total = getattr(counts, state) + (counts.stalled if state == "running" else 0)
        some = calls.Weight(0, 0, 0)
        for offset, count in _pages(total, sample):
            page = yield calls.weigh(counts.name, state, offset, count)
            some = calls.Weight(
                some.jobs + page.jobs, some.payload + page.payload, some.stored + page.stored
            )
        exact = exact and some.jobs == total
        share = total / some.jobs if some.jobs else 0
        jobs += total
        payload += round(some.payload * share)
        stored += round(some.stored * share)
    return QueueBytes(counts.name, jobs, payload, stored, exact)


def _pages(total: int, sample: int | None) -> Iterator[tuple[int, int]]:
    """Yield offset and count of pages: of all, or, when those are too many, spread evenly."""
    if sample is None or total <= sample:
        for offset in range(0, total, SLICE_JOBS):
            yield offset, min(total - offset, SLICE_JOBS)
        return
    number = -(-sample // SLICE_JOBS)
    size = -(-sample // number)
    for page in range(number):
        yield page * (total - size) // max(number - 1, 1), size


def failures(queue: str | None, most: int | None) -> Plan[list[FailureCount]]:
    """Count failed jobs by queue, klass and error, the largest count first.

    Of each queue the newest `most` are looked at; None: all.
    """
    names = [queue]
    if queue is None:
        found: list[QueueCounts] = yield from plans.pages(calls.queues)
        names = [each.name for each in found if each.failed]
    counts: dict[tuple[str, str, str], FailureCount] = {}
    for name in names:
        cursor, left = "", most
        while left is None or left > 0:
            size = SLICE_JOBS if left is None else min(left, SLICE_JOBS)
            cursor, page = yield calls.failures(name or "", cursor, size)
            left = None if left is None else left - size
            for each in page:
                _add(counts, each)
            if not cursor:
                break
    return sorted(counts.values(), key=lambda each: (-each.jobs, each.queue, each.error))


def _add(counts: dict[tuple[str, str, str], FailureCount], each: FailureCount) -> None:
    key = each.queue, each.klass_name, each.error
    known = counts.get(key)
    counts[key] = replace(known, jobs=known.jobs + each.jobs) if known else each


@dataclass(frozen=True, slots=True)
class Sifted:
    """What became of failed jobs: how many it was `done` to.

    `skipped` could not be dropped, since others wait for them.
    """

    done: int
    skipped: int


def one_slice(which: Which, to: str | None, cursor: str, most: int) -> calls.Call[calls.Slice]:
    """Return the call of a slice: drop (`to` is None), or put back (empty: each into its own)."""
    if to is None:
        return calls.drop_where(which, cursor, most)
    return calls.unfail_where(which, to, cursor, most)


def sift(which: Which, to: str | None) -> Plan[Sifted]:
    """Drop failed jobs (`to` is None) or put them back, slice by slice, each done as a whole.

    Only those that have failed by the first slice; to begin again after a break does no harm.
    """
    done = skipped = 0
    cursor = ""
    while True:
        answer: calls.Slice = yield one_slice(which, to, cursor, SLICE_JOBS)
        which = replace(which, before=answer.before)
        done += answer.done
        skipped += answer.skipped
        cursor = answer.cursor
        if not cursor:
            return Sifted(done, skipped)
