"""Random graphs with random outcomes against a plain model: what runs and when, how each job ends,
and what is told of the flows.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import Server
from tests.engine.conftest import Engine, Lease, Refused, options
from tests.laws.invariants import Keys, broken
from tests.leaks import delete_keys, leaked_keys

START = 1_700_000_000_000
HOUR = 3_600_000

QUEUES = ["q", "r"]
FLOWS = ["", "f", "f", "g", "g"]
"""Where a job goes; half of the time into one of two flows, else into none."""

WAYS: list[dict[str, str]] = [
    {},
    {},
    {"parent_failure": "fail"},
    {"parent_failure": "cancel"},
    {"parent_failure": "run"},
    {"run_when": "complete"},
    {"run_when": "failed"},
    {"run_when": "ended"},
]
ORDER = ["wait", "run", "fail", "cancel", "failed"]
picks = st.integers(0, 7)
some = st.lists(picks, max_size=3, unique=True)
HOWS = ["complete", "complete", "failed", "release"]
ENDED = {"complete", "failed", "cancelled"}


def way_of(given: dict[str, str]) -> str:
    """Return what a job does when a parent ends, in one word."""
    when = {"failed": "failed", "ended": "run"}.get(given.get("run_when", ""))
    return when or given.get("parent_failure", "wait")


def verdict(ended: str, way: str) -> str:
    """Say what the end of a parent means."""
    if ended == "complete":
        return "skip" if way == "failed" else "met"
    if ended == "failed":
        return {"run": "met", "failed": "met"}.get(way, way)
    return "met" if way == "run" else "skip"


@dataclass
class Job:
    """A job as the model knows it."""

    jid: str
    flow: str
    way: str
    state: str = "depends"
    held: bool = False
    parents: dict[str, str] = field(default_factory=dict)
    """What it waits for, each with what it does when that ends."""


@dataclass
class FlowModel:
    """A flow as the model knows it."""

    sealed: bool = False
    stopped: bool = False


class Model:
    """Jobs, the edges between them, and flows; no keys, no slices."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.flows: dict[str, FlowModel] = {}
        self.ended: set[str] = set()
        self.before: dict[str, str] = {}
        """States as the checks of a step see them, before any of its members has done anything."""

    def members(self, flow: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.flow == flow]

    def dependents(self, jid: str) -> list[Job]:
        found = [job for job in self.jobs.values() if jid in job.parents]
        return sorted(found, key=lambda job: (ORDER.index(job.parents[jid]), job.jid.encode()))

    def put(self, jid: str, flow: str, parents: list[str], way: str) -> None:
        job = self.jobs[jid] = Job(jid, flow, way)
        if flow:
            job.held = not self.flows.setdefault(flow, FlowModel()).sealed
        self.depend(job, parents, way)

    def depend(self, job: Job, parents: list[str], way: str) -> None:
        opened: dict[str, str] = {}
        for parent in parents:
            state = self.jobs[parent].state
            if state in ENDED and self.before.get(parent, state) not in ENDED:
                opened[parent] = way
                self.ended.add(parent)
                continue
            # Of a job that was cancelled nothing is known: it counts as complete.
            known = "complete" if state == "cancelled" else state
            said = verdict(known, way) if state in ENDED else "wait"
            if said == "wait":
                opened[parent] = way
            elif said != "met":
                self.orphan(job, said)
                return
        job.parents.update(opened)
        if job.parents:
            job.state = "depends"
        self.free(job)

    def free(self, job: Job) -> None:
        if job.state == "depends" and not job.parents and not job.held:
            job.state = "waiting"

    def orphan(self, job: Job, said: str) -> None:
        needed = bool(self.dependents(job.jid))
        job.parents.clear()
        job.state = "cancelled" if said == "skip" or (said == "cancel" and not needed) else "failed"
        if needed:
            self.ended.add(job.jid)

    def end(self, jid: str, how: str) -> None:
        self.jobs[jid].state = how
        self.tell(jid)

    def tell(self, jid: str) -> None:
        ended = self.jobs[jid].state
        for job in self.dependents(jid):
            said = verdict(ended, job.parents[jid])
            stopped = job.flow and self.flows[job.flow].stopped
            if said == "met" and ended == "cancelled" and stopped:
                said = "skip"
            if said == "met":
                del job.parents[jid]
                self.free(job)
            elif said != "wait":
                self.orphan(job, said)

    def settle(self) -> None:
        while self.ended:
            for jid in sorted(self.ended, key=str.encode):
                self.ended.discard(jid)
                if self.jobs[jid].state in ENDED:
                    self.tell(jid)

    def seal(self, flow: str) -> None:
        self.flows[flow].sealed = True
        for job in self.members(flow):
            job.held = False
            self.free(job)

    def cancel(self, flow: str) -> None:
        self.flows[flow].stopped = True
        order = ["held", "depends", "open", "failed"]
        going = [job for job in self.members(flow) if self.kind(job) in order]
        for job in sorted(going, key=lambda job: order.index(self.kind(job))):
            self.orphan(job, "skip")

    def retry(self, flow: str) -> int:
        failed = [job for job in self.members(flow) if job.state == "failed"]
        for job in failed:
            job.state = "depends"
            self.free(job)
        return len(failed)

    @staticmethod
    def kind(job: Job) -> str:
        """Return how a member is counted."""
        if job.state == "depends":
            return "held" if job.held else "depends"
        return "open" if job.state in {"waiting", "running"} else job.state

    def told(self, flow: str) -> dict[str, Any]:
        """Return what is told of a flow, but for its moments."""
        known = self.flows[flow]
        counts = Counter(self.kind(job) for job in self.members(flow))
        left = sum(counts[kind] for kind in ("held", "depends", "open"))
        if known.stopped and left + counts["failed"] == 0:
            state = "cancelled"
        elif not known.sealed:
            state = "unsealed"
        elif counts["open"] or (left and not counts["failed"]):
            state = "running"
        elif counts["failed"]:
            state = "failed"
        else:
            state = "complete" if counts["complete"] or not counts["cancelled"] else "cancelled"
        return {"state": state, **{kind: count for kind, count in counts.items() if count}}

    def takes(self, flow: str, known: Job | None = None) -> bool:
        """Whether a flow takes a further member, or this one again."""
        if known and known.flow == flow and not self.flows[flow].stopped:
            return True
        return self._takes(flow)

    def _takes(self, flow: str) -> bool:
        known = self.flows.get(flow, FlowModel())
        kinds = {self.kind(job) for job in self.members(flow)}
        return not known.stopped and (not known.sealed or bool(kinds & {"held", "depends", "open"}))


class RandomFlows(RuleBasedStateMachine):
    """Calls on two flows and on jobs of none; everything due is done after each."""

    engine: Engine
    names = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"flows-{next(self.names)}"
        self.engine = Engine(self.engine.server, self.namespace, self.engine.delivery)
        self.model = Model()
        self.held: dict[str, Lease] = {}
        self.now = START

    def settle(self) -> None:
        self.engine.ticks(now=self.now)
        self.model.settle()
        self.compare()

    def compare(self) -> None:
        self.now += 1
        keys = Keys(self.engine.server, self.engine.root)
        assert [] == broken(keys, self.now)
        assert [] == self.engine.check(now=self.now)
        states = {jid.decode(): job.state for jid, job in keys.jobs.items()}
        assert {jid: job.state for jid, job in self.model.jobs.items()} == states
        for flow in self.model.flows:
            told = self.engine.flow(flow, now=self.now)
            moments = {"created", "sealed", "stopped"}
            found = {name: value for name, value in told.items() if name not in moments}
            assert self.model.told(flow) == found
            assert ("sealed" in told) == self.model.flows[flow].sealed

    @rule(
        members=st.lists(
            st.tuples(
                st.sampled_from(FLOWS),
                st.sampled_from(QUEUES),
                some,
                st.sampled_from(WAYS),
            ),
            min_size=1,
            max_size=5,
        ),
        seal=st.booleans(),
        then=st.booleans(),
    )
    def put(self, members: list[Any], seal: bool, then: bool) -> None:
        """Put a piece of a graph in one step, perhaps with its seal, perhaps as a job ends."""
        if seal:  # a whole flow at once
            members = [("f", *rest) for _, *rest in members]
        if not all(self.model.takes(flow) for flow, *_ in members if flow):
            return
        calls: list[tuple[Any, ...]] = []
        if then and self.held:
            jid, lease = self.held.popitem()
            calls.append(("complete", *lease.key, b"", "", b""))
            self.model.before = {jid: job.state for jid, job in self.model.jobs.items()}
            self.model.before[jid] = "complete"
            self.model.end(jid, "complete")
        if seal and "f" in self.model.flows:
            self.model.flows["f"].sealed = True
        for flow, queue, picks, given in members:
            known = list(self.model.jobs)
            parents = [known[-1 - pick] for pick in picks if pick < len(known)]
            jid = f"{len(known):03}"
            wire = {**given, **({"flow": flow} if flow else {}), "depends": parents}
            calls.append(("put", queue, jid, "", b"", options(**wire)))
            if seal:
                self.model.flows.setdefault("f", FlowModel(sealed=True))
            self.model.put(jid, flow, parents, way_of(given))
        if seal:
            calls.append(("seal", "f"))
        self.model.before = {}
        self.engine.step(*calls, now=self.now)
        if seal:
            self.model.seal("f")
        self.settle()

    @rule(flow=st.sampled_from(["f", "g"]))
    def seal(self, flow: str) -> None:
        if flow in self.model.flows and not self.model.flows[flow].stopped:
            assert 0 == self.engine.seal(flow, now=self.now)
            self.model.seal(flow)
            self.settle()

    @rule(queue=st.sampled_from(QUEUES))
    def pop(self, queue: str) -> None:
        for lease in self.engine.pop(queue, now=self.now):
            job = self.model.jobs[lease.jid]
            assert "waiting" == job.state, f"{lease.jid} runs too early, or twice"
            job.state = "running"
            self.held[lease.jid] = lease
        self.compare()

    @precondition(lambda self: self.held)
    @rule(pick=picks, how=st.sampled_from(HOWS))
    def end(self, pick: int, how: str) -> None:
        jid = sorted(self.held)[pick % len(self.held)]
        lease = self.held.pop(jid)
        if how == "complete":
            self.engine.complete(lease, now=self.now)
        elif how == "failed":
            self.engine.fail(lease, now=self.now)
        else:
            self.engine.release(lease, now=self.now)
            self.model.jobs[jid].state = "waiting"
        if how != "release":
            self.model.end(jid, how)
        self.settle()

    @rule(flow=st.sampled_from(["f", "g"]))
    def retry(self, flow: str) -> None:
        if flow in self.model.flows and not self.model.flows[flow].stopped:
            assert self.model.retry(flow) == self.engine.call(
                "flow_retry", flow, 100, "", now=self.now
            )
            self.settle()

    @precondition(lambda self: len(self.model.jobs) > 12)
    @rule(flow=st.sampled_from(["f", "g"]), late=st.booleans())
    def cancel(self, flow: str, late: bool) -> None:
        """By a call, or, when it is not sealed, because nobody has sealed it in time."""
        known = self.model.flows.get(flow)
        if known is None:
            return
        if late and not known.sealed and not known.stopped and not self.held:
            self.now += HOUR + 1000
            for name, each in self.model.flows.items():
                if not each.sealed and not each.stopped:
                    self.model.cancel(name)
        else:
            assert 0 == self.engine.call("flow_cancel", flow, now=self.now)
            self.model.cancel(flow)
            for jid in [jid for jid in self.held if self.model.jobs[jid].state == "cancelled"]:
                with pytest.raises(Refused, match="LEASELOST cancelled"):
                    self.engine.complete(self.held.pop(jid), now=self.now)
        self.settle()

    def pick(self, pick: int, states: set[str]) -> Job | None:
        """Choose a job in one of these states, counted from the latest."""
        found = [job for job in self.model.jobs.values() if job.state in states]
        return found[-1 - pick % len(found)] if found else None

    def older(self, job: Job, picks: list[int]) -> list[str]:
        """Choose jobs that were put before this one, so that there is no cycle."""
        known = [jid for jid in self.model.jobs if jid < job.jid]
        return [known[-1 - pick] for pick in picks if pick < len(known)]

    @rule(pick=picks)
    def unfail(self, pick: int) -> None:
        if job := self.pick(pick, {"failed"}):
            self.engine.call("unfail", job.jid, "", now=self.now)
            job.state = "depends"
            self.model.free(job)
            self.settle()

    @rule(pick=picks, parents=some, given=st.sampled_from(WAYS))
    def depend(self, pick: int, parents: list[int], given: dict[str, str]) -> None:
        if job := self.pick(pick, {"waiting", "depends"}):
            older = self.older(job, parents)
            self.engine.depend(job.jid, depends=older, now=self.now, **given)
            self.model.depend(job, older, way_of(given) if given else job.way)
            self.settle()

    @rule(pick=picks)
    def undepend(self, pick: int) -> None:
        if job := self.pick(pick, {"depends"}):
            self.engine.call("undepend", job.jid, 1, now=self.now)
            job.parents.clear()
            self.model.free(job)
            self.settle()

    @rule(pick=picks)
    def cancel_one(self, pick: int) -> None:
        job = self.pick(pick, {"waiting", "depends", "running", "failed"})
        if job and not self.model.dependents(job.jid):
            self.engine.cancel(job.jid, now=self.now)
            self.held.pop(job.jid, None)
            self.model.orphan(job, "skip")
            self.settle()

    @rule(pick=picks)
    def move(self, pick: int) -> None:
        job = self.pick(pick, {"failed", "complete", "running"})
        if job:
            self.engine.move(job.jid, "r", now=self.now)
            self.held.pop(job.jid, None)
            job.state = "depends"
            self.model.free(job)
            self.settle()

    @rule(
        pick=picks,
        flow=st.sampled_from(FLOWS),
        parents=some,
        given=st.sampled_from(WAYS),
    )
    def put_again(self, pick: int, flow: str, parents: list[int], given: dict[str, str]) -> None:
        """What waits for the job waits for the new one."""
        job = self.pick(pick, {"waiting", "depends", "running", "failed", "complete"})
        if job is None or (flow and not self.model.takes(flow, job)):
            return
        older = self.older(job, parents)
        wire: dict[str, Any] = {**given, "depends": older}
        wire |= {"flow": flow} if flow else {}
        self.engine.put(job.jid, now=self.now, **wire)
        self.held.pop(job.jid, None)
        self.model.put(job.jid, flow, older, way_of(given))
        self.settle()

    def teardown(self) -> None:
        """Run to the end: what is left waits for a failed job or for a seal."""
        try:
            self.drain()
            assert [] == self.engine.check(now=self.now)
            assert [] == leaked_keys(self.engine.server, self.namespace)
        finally:
            delete_keys(self.engine.server, self.namespace)

    def drain(self) -> None:
        for _ in range(1000):
            for queue in QUEUES:
                self.pop(queue)
            if not self.held:
                break
            for jid in list(self.held):
                self.engine.complete(self.held.pop(jid), now=self.now)
                self.model.end(jid, "complete")
            self.settle()
        for job in self.model.jobs.values():
            assert job.state in ENDED or job.held or job.parents, f"{job} was forgotten"


@pytest.mark.timeout(0)
def test_random_flows_agree_with_the_model(server: Server, delivery: str) -> None:
    machine = type("Flows", (RandomFlows,), {"engine": Engine(server.admin, "flows", delivery)})
    run_state_machine_as_test(machine)
