"""Reading what takes more than one page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from pyjobs import calls, options
from pyjobs.calls import Call
from pyjobs.plans.plan import SLICE_JOBS, Plan, sliced
from pyjobs.snapshot import Snapshot


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
