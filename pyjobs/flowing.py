"""What a flow takes more than one call for: plans."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pyjobs import calls, plans, waiting
from pyjobs.errors import DependencyCycle, InvalidArgument, PyjobsError
from pyjobs.plans import Plan


def in_order(puts: Sequence[plans.Put]) -> list[plans.Put]:
    """Return jobs behind those that they depend on, and else as they are; refuses a cycle."""
    members = {put.jid: put for put in puts}
    if len(members) < len(puts):
        jids = [put.jid for put in puts]
        twice = next(jid for jid in jids if jids.count(jid) > 1)
        raise InvalidArgument(f"jid: {twice} is named twice in one flow")
    seen: set[str] = set()
    for put in puts:
        if not members.keys().isdisjoint(put.parents) and not seen.issuperset(
            jid for jid in put.parents if jid in members
        ):
            return _sorted(members)
        seen.add(put.jid)
    return list(puts)


def _sorted(members: dict[str, plans.Put]) -> list[plans.Put]:
    graph = {
        jid: [parent for parent in put.parents if parent in members] for jid, put in members.items()
    }
    try:
        return [members[jid] for jid in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise DependencyCycle(f"depends: a flow has a cycle: {circle}") from None


def put(flow: str, puts: Sequence[plans.Put]) -> Plan[None]:
    """Put all jobs of a flow and seal it: in one call, or in slices that are held until then."""
    puts = in_order(puts)
    members: list[calls.Call[Any]] = [*(each.call for each in puts), calls.seal(flow)]
    if all(each.whole for each in puts) and plans.fit(members):
        yield from plans.together(members)
        return
    try:
        yield from plans.put_many(puts, atomic=False)
    except PyjobsError:
        with contextlib.suppress(PyjobsError):  # else the engine cancels it in its time
            yield from cancel(flow)
        raise
    yield from seal(flow)


def seal(flow: str) -> Plan[None]:
    """Seal a flow, and free its members slice by slice; who pops would do so too."""
    while (yield calls.seal(flow)):
        pass


def cancel(flow: str) -> Plan[None]:
    """Cancel a flow, slice by slice."""
    while (yield calls.flow_cancel(flow)):
        pass


def retry(flow: str) -> Plan[int]:
    """Put the members back that have failed by now; returns how many."""
    state = yield calls.flow(flow)
    before = int(state.now * 1000)
    done = 0
    while True:
        moved: int = yield calls.flow_retry(flow, plans.SLICE_JOBS, before)
        done += moved
        if moved < plans.SLICE_JOBS:
            return done


def parents(jid: str) -> Plan[dict[str, calls.Result]]:
    """Read on which jobs a member of a flow depends, and what became of each."""
    found: dict[str, calls.Result] = {}
    while True:
        total, page = yield calls.parents(jid, len(found))
        found |= page
        if not page or len(found) >= total:
            return found


def parent_results(jid: str) -> Plan[dict[str, object]]:
    """Read what each parent returned, or the exception that says why there is nothing."""
    found = yield from parents(jid)
    return {parent: waiting.outcome(parent, result) for parent, result in found.items()}
