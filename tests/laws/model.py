"""The engine as plain Python: what each call means, without keys, scores or bytes.

Times are milliseconds. Nothing here is bounded: where the engine does due work in slices, a caller
lets it tick until nothing is due before it compares. Two things are the engine's to choose, and are
taken over from it once they have been checked: places (which must grow, see `Model.drew`) and the
tokens of leases (which must never come twice).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

BUCKET = 100
DAY = 86_400_000
POISON = 3
"""Lost leases that stop a job that does not say so itself."""
SEEN = 1000
TRACE = 60_000
POLICIES = ("wait", "run", "fail", "cancel")
ENDED = ("complete", "failed")
BACKOFF = {
    "backoff": "exponential",
    "backoff_base": 1000,
    "backoff_cap": 3_600_000,
    "backoff_jitter": 100,
}
KEPT = (*BACKOFF, "run_within", "kill_within", "context", "keep_result", "poison_after")
"""Options that only stay with a job, as far as the model is concerned."""


class Refusal(Exception):
    """A call that is refused, with the engine's word and, for LEASELOST, the reason."""

    def __init__(self, word: str, reason: str = "") -> None:
        super().__init__(f"{word} {reason}".strip())
        self.word = word
        self.reason = reason


@dataclass(eq=False)
class Handout:
    """One lease: who got it, and how it ended."""

    queue: str
    jid: str
    life: int
    attempt: int
    worker: str
    request: str
    token: bytes = b""
    ended: str = ""
    """Why it is not held any more, as LEASELOST says; empty while it is held."""
    answer: str = ""
    """What its holder was answered when it ended the lease itself."""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What the holder shows."""
        return self.queue, self.jid, self.token


@dataclass(eq=False)
class Job:
    """A job that is in some state."""

    jid: str
    life: int
    """Which of the jobs that have had this jid in turn."""
    queue: str = ""
    state: str = ""
    klass: str = ""
    payload: bytes = b""
    priority: int = 0
    place: int = 0
    since: int = 0
    retries: int = 5
    left: int = 5
    attempt: int = 0
    errors: int = 0
    lost: int = 0
    tags: list[str] = field(default_factory=list)
    tracked: bool = False
    awaited: bool = False
    """Somebody is to be told when it ends."""
    lease: int | None = None
    delay: int | None = None
    at: int | None = None
    policy: str | None = None
    nonce: str = ""
    put_answer: str = ""
    held: bool = False
    parents: set[str] = field(default_factory=set)
    dependents: dict[str, str] = field(default_factory=dict)
    """jid -> what it does when this job fails."""
    failure: dict[str, Any] | None = None
    handout: Handout | None = None
    ends: float = 0
    spared: bool = False
    kept_since: int = 0
    """The age by which retention goes; later than `since` once it has been passed over."""
    origin: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    result: tuple[int, bytes] | None = None
    """The attempt that returned it, and what."""
    history: list[str] = field(default_factory=list)

    @property
    def runnable_order(self) -> tuple[int, int]:
        """Waiting jobs run in this order."""
        return self.priority, self.place

    @property
    def due_order(self) -> tuple[int, int, int]:
        """Scheduled jobs become due in this order."""
        return bucket(self.since), self.priority, self.place


@dataclass(eq=False)
class Trace:
    """What is left of a job that has gone."""

    life: int
    state: str
    nonce: str
    put_answer: str
    sure: bool
    """Whether it is there for longer than any test runs."""


@dataclass(eq=False)
class Queue:
    """What a queue knows beside its jobs."""

    first: int
    paused: bool = False
    lease: int | None = None
    resumed: int = 0


@dataclass(eq=False)
class Template:
    """A recurring job."""

    jid: str
    queue: str
    interval: int
    due: int
    first: int
    backlog: int = 0
    priority: int = 0
    retries: int = 5
    tags: list[str] = field(default_factory=list)
    count: int = 0
    paused: bool = False
    payload: bytes = b""
    nonce: str = ""
    put_answer: str = ""
    kept: dict[str, Any] = field(default_factory=dict)


def kept(options: dict[str, Any]) -> dict[str, Any]:
    """Return what stays with the job of these options."""
    return {name: options[name] for name in KEPT if name in options}


def bucket(due: int) -> int:
    """Return the score of a due time."""
    return math.ceil(due / BUCKET) * BUCKET


class Model:
    """A namespace."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.jobs: dict[str, Job] = {}
        self.traces: dict[str, Trace] = {}
        self.lives: dict[str, int] = {}
        self.queues: dict[str, Queue] = {}
        self.templates: dict[str, Template] = {}
        self.workers: dict[str, int] = {}
        self.handouts: list[Handout] = []
        self.ended: dict[str, int] = {}
        """Ended jobs whose dependents are still to be told, and since when."""
        self.tracked: dict[str, int] = {}
        self.tagged: dict[str, dict[str, int]] = {}
        self.served: dict[str, list[str]] = {}
        self.reports: dict[str, bytes] = {}
        self.heartbeat = 60_000
        self.grace = 0
        self.keep = 50_000
        self.drew: dict[str, list[str]] = {}
        """Jobs that drew a new place in this call, in order, by what made them draw."""
        self.cause = "call"
        self.children: list[tuple[Template, int]] = []
        """Children that this call made: their template and their moment."""

    # looking

    def in_state(self, queue: str, state: str) -> list[Job]:
        """Return a queue's jobs in a state, in the order of the listings."""
        found = [job for job in self.jobs.values() if (job.queue, job.state) == (queue, state)]
        order: dict[str, Callable[[Job], Any]] = {
            "waiting": lambda job: job.runnable_order,
            "scheduled": lambda job: job.due_order,
            "running": lambda job: (job.ends, job.handout.token if job.handout else b""),
            "depends": lambda job: (job.since, job.jid.encode()),
        }
        by_age: Callable[[Job], Any] = lambda job: (job.kept_since, job.jid.encode())  # noqa: E731
        return sorted(found, key=order.get(state, by_age), reverse=state in ENDED)

    def group(self, name: str) -> list[Job]:
        """Return the failed jobs of a group, oldest first."""
        found = [job for job in self.jobs.values() if job.failure and job.failure["group"] == name]
        failed = [job for job in found if job.state == "failed"]
        return sorted(failed, key=lambda job: (job.since, job.jid.encode()))

    def first_due(self) -> float:
        """Return the earliest moment at which a job becomes runnable by itself."""
        moments = [job.ends for job in self.jobs.values() if job.state == "running"]
        moments += [bucket(job.since) for job in self.jobs.values() if job.state == "scheduled"]
        moments += [template.due for template in self.templates.values() if not template.paused]
        moments += [self.now] if self.ended else []
        return min(moments, default=math.inf)

    def units(self) -> int:
        """Return how much due work there is beside promotions, and never too little."""
        count = sum(
            1 for job in self.jobs.values() if job.state == "running" and job.ends <= self.now
        )
        count += sum(1 for job in self.jobs.values() if job.state in ENDED and self._aged(job))
        count += sum(len(self.jobs[jid].dependents) for jid in self.ended if jid in self.jobs)
        count += sum(1 for seen in self.workers.values() if self.now - seen >= DAY)
        for template in self.templates.values():
            if not template.paused and template.due <= self.now:
                missed = (self.now - template.due) // template.interval + 1
                count += min(missed, template.backlog or missed)
        return count

    def _aged(self, job: Job) -> bool:
        age = 7 * DAY if job.state == "complete" else 180 * DAY
        return job.kept_since + age <= self.now

    # the doors

    def register(self, name: str) -> Queue:
        """Return a queue, which is there from its first use on."""
        return self.queues.setdefault(name, Queue(self.now))

    def _draw(self, job: Job) -> None:
        for drawn in self.drew.values():
            if job.jid in drawn:
                drawn.remove(job.jid)
        self.drew.setdefault(self.cause, []).append(job.jid)

    def _enter(self, job: Job, queue: str, *, kept: bool = False) -> str:
        job.state, job.queue, job.since = "waiting", queue, self.now
        if not kept:
            self._draw(job)
        return "waiting"

    def _place(self, job: Job, queue: str, due: int | None) -> str:
        if due is None or due <= self.now:
            return self._enter(job, queue)
        job.state, job.queue, job.since = "scheduled", queue, due
        self._draw(job)
        return "scheduled"

    def _due(self, delay: int | None, at: int | None) -> int | None:
        moments = [at] if at is not None else []
        if delay is not None:
            moments.append(self.now + delay)
        return max(moments, default=None)

    def _withdraw(self, job: Job, how: str) -> bool:
        """Take a job out of its state; true when that ended a lease, which the history tells."""
        running = job.state == "running"
        if running:
            self._leave(job, how)
        if job.state == "failed":
            job.failure = None
        job.state = ""
        return running

    def _leave(self, job: Job, how: str, answer: str = "") -> None:
        if job.handout:
            job.handout.ended, job.handout.answer = how, answer
        job.handout, job.spared = None, False

    def _fail(self, job: Job, group: str, message: str = "") -> None:
        job.state, job.since, job.kept_since, job.awaited = "failed", self.now, self.now, False
        job.failure = {"group": group, "message": message}

    def _again(
        self, job: Job, cause: dict[str, Any] | None, text: str, *, lost: bool = False
    ) -> bool:
        """Count a retry down; false when there is to be none and the job has failed."""
        limit = job.kept.get("poison_after", POISON)
        poison = lost and 0 < limit <= job.lost
        if job.left > 0 and not poison:
            job.left -= 1
            job.failure = cause or job.failure
            return True
        known = cause or job.failure
        before = f"poison: {job.lost} leases were lost; " if poison else ""
        message = known["message"] if known else f"{before}attempt {job.attempt}: {text}"
        job.history.append("failed")
        self._fail(job, f"failed-{'poison' if poison else 'retries'}-{job.queue}", message)
        self._tell(job)
        return False

    def _tell(self, job: Job) -> None:
        """Let a job's dependents know that it has ended."""
        order = sorted(
            job.dependents.items(), key=lambda item: (POLICIES.index(item[1]), item[0].encode())
        )
        for jid, policy in order:
            if job.state == "failed" and policy == "wait":
                continue
            del job.dependents[jid]
            dependent = self.jobs[jid]
            if job.state == "complete" or policy == "run":
                dependent.parents.discard(job.jid)
                if not dependent.parents and not dependent.held:
                    self._free(dependent)
            else:
                self._orphan(dependent, policy, job.jid)

    def _free(self, job: Job) -> None:
        job.history.append("unblocked")
        due = self._due(job.delay, job.at)
        job.delay = job.at = None
        self._place(job, job.queue, due)

    def _orphan(self, job: Job, policy: str, parent: str) -> str:
        """Let a job fail or go with its parent; the word of its state."""
        self._detach(job)
        if self._fate(job, policy) == "cancelled":
            job.history.append("cancelled")
            self._erase(job, "cancelled")
            return "cancelled"
        job.history.append("failed")
        message = f"the job {parent} that it depends on has failed"
        self._fail(job, f"failed-parent-{job.queue}", message)
        if job.dependents:
            self.ended[job.jid] = self.now
        return "failed"

    @staticmethod
    def _fate(job: Job | None, policy: str) -> str:
        return "cancelled" if policy == "cancel" and not (job and job.dependents) else "failed"

    def _detach(self, job: Job) -> None:
        for parent in job.parents:
            self.jobs[parent].dependents.pop(job.jid, None)
        job.parents.clear()
        job.held = False

    def _erase(self, job: Job, state: str, rest: int = TRACE) -> None:
        self._detach(job)
        self._untag(job)
        self.tracked.pop(job.jid, None)
        del self.jobs[job.jid]
        if rest > 0:
            trace = Trace(job.life, state, job.nonce, job.put_answer, rest > TRACE // 3)
            self.traces[job.jid] = trace
        else:
            self.traces.pop(job.jid, None)

    def _untag(self, job: Job) -> None:
        for tag in job.tags:
            self.tagged[tag].pop(job.jid, None)
        job.tags = []

    def _tag(self, job: Job, tags: Iterable[str]) -> None:
        for tag in tags:
            if tag not in job.tags:
                job.tags.append(tag)
                self.tagged.setdefault(tag, {})[job.jid] = self.now

    def _park(self, job: Job, queue: str, parents: Iterable[str], policy: str) -> None:
        job.state, job.queue, job.since = "depends", queue, self.now
        self._link(job, parents, policy)

    def _link(self, job: Job, parents: Iterable[str], policy: str) -> None:
        for parent in parents:
            self.jobs[parent].dependents[job.jid] = policy
            job.parents.add(parent)

    def _open(
        self, jid: str, parents: Sequence[str], policy: str, missing: str
    ) -> tuple[list[str], str]:
        """Return the parents to wait for, or the parent that has failed already."""
        found: list[str] = []
        for parent in parents:
            if parent == jid:
                raise Refusal("CYCLE")
            trace = self.traces.get(parent)
            state = self.jobs[parent].state if parent in self.jobs else ""
            gone = not state and not (trace and trace.state == "complete")
            if gone and missing == "refuse":
                raise Refusal("NOJOB")
            if state == "failed" and policy in {"fail", "cancel"}:
                return [], parent
            if state and state != "complete" and (state, policy) != ("failed", "run"):
                found.append(parent)
        below, more = {jid}, [jid]
        while more:
            job = self.jobs.get(more.pop())
            fresh = set(job.dependents if job else ()) - below
            below |= fresh
            more.extend(fresh)
        if below & set(found):
            raise Refusal("CYCLE")
        return found, ""

    def _job(self, jid: str) -> Job:
        if jid not in self.jobs:
            raise Refusal("NOJOB")
        return self.jobs[jid]

    def _held(self, handout: Handout, word: str) -> Job | None:
        """Return the job of a lease; None when its holder has ended it with this very word."""
        here: Job | Trace | None = self.jobs.get(handout.jid) or self.traces.get(handout.jid)
        if here is None:
            raise Refusal("NOJOB")
        if here.life != handout.life:
            raise Refusal("LEASELOST", "replaced")
        if not handout.ended:
            return self._job(handout.jid)
        if handout.ended == word:
            return None
        raise Refusal("LEASELOST", handout.ended)

    def begin(self) -> None:
        """Start a call."""
        self.drew, self.children = {}, []

    # due work

    def tick(self) -> None:
        """Do all that is due."""
        before = sorted(self.ended, key=lambda jid: (self.ended[jid], jid.encode()))
        self._expire()
        self._promote()
        self._spawn()
        self._purge()
        self.cause = "told"
        for jid in before:
            del self.ended[jid]
            if jid in self.jobs and self.jobs[jid].state in ENDED:
                self._tell(self.jobs[jid])
        self.cause = "call"
        for name in [name for name, seen in self.workers.items() if self.now - seen >= DAY]:
            del self.workers[name]
            self.served.pop(name, None)
            self.reports.pop(name, None)

    def _expire(self) -> None:
        running = [job for job in self.jobs.values() if job.state == "running"]
        for job in sorted(running, key=lambda job: (job.ends, job.handout.token)):  # type: ignore[union-attr]
            if job.ends > self.now:
                continue
            self.cause = "expired in " + job.queue
            if self.grace and not job.spared:
                job.spared, job.ends = True, self.now + self.grace
                continue
            worker = job.handout.worker if job.handout else ""
            job.lost += 1
            job.history.append("timed-out")
            self._leave(job, "expired")
            text = f"its lease ran out, held by {worker}"
            if self._again(job, None, text, lost=True):
                self._enter(job, job.queue, kept=True)

    def _promote(self) -> None:
        due = [job for job in self.jobs.values() if job.state == "scheduled"]
        for job in sorted(due, key=lambda job: job.due_order):
            if bucket(job.since) <= self.now:
                self.cause = "due in " + job.queue
                since = job.since
                self._enter(job, job.queue)
                job.since = since

    def _spawn(self) -> None:
        for template in self.templates.values():
            if template.paused or template.due > self.now:
                continue
            queue, interval = self.queues[template.queue], template.interval
            moment = self.now + 1 if queue.paused else queue.resumed
            skipped = max(0, math.ceil((moment - template.due) / interval))
            template.due += skipped * interval
            missed = (self.now - template.due) // interval + 1
            if template.backlog and missed > template.backlog:
                template.due += (missed - template.backlog) * interval
            while template.due <= self.now:
                self.children.append((template, template.due))
                template.count += 1
                template.due += interval

    def born(self, template: Template, moment: int, jid: str) -> None:
        """Take over a child that the engine made."""
        self.lives[jid] = self.lives.get(jid, 0) + 1
        job = Job(jid, self.lives[jid], klass="K", payload=template.payload)
        job.priority, job.retries, job.left = template.priority, template.retries, template.retries
        job.origin, job.kept = template.jid, template.kept
        job.history = ["put"]
        self.jobs[jid] = job
        self._tag(job, template.tags)
        self.cause = "born in " + template.queue
        self._enter(job, template.queue)
        job.since = moment
        self.cause = "call"

    def _purge(self) -> None:
        for job in list(self.jobs.values()):
            if job.state not in ENDED or not self._aged(job):
                continue
            if job.dependents:
                job.kept_since = self.now
            else:
                self._erase(job, job.state, job.since + TRACE - self.now)

    # commands

    def put(
        self, jid: str, queue: str, payload: bytes, options: dict[str, Any], klass: str = "K"
    ) -> str:
        if_exists, nonce = options.get("if_exists", "replace"), options.get("nonce", "")
        known: Job | Trace | None = self.jobs.get(jid) or self.traces.get(jid)
        if known and if_exists == "repeated":
            return "created"
        if known and nonce and known.nonce == nonce:
            return known.put_answer
        old = self.jobs.get(jid)
        if old and if_exists == "keep":
            return "kept"
        if (old and if_exists == "error") or (jid in self.templates and if_exists != "repeated"):
            raise Refusal("EXISTS")
        policy = options.get("parent_failure", "wait")
        parents, broken = self._open(
            jid, options.get("depends", []), policy, options.get("missing", "done")
        )
        self.register(queue)
        if old:
            job = old
            self._withdraw(old, "replaced")
            self._detach(job)
            self._untag(job)
            job.failure = None
        else:
            self.traces.pop(jid, None)
            self.lives[jid] = self.lives.get(jid, 0) + 1
            job = Job(jid, self.lives[jid])
            self.jobs[jid] = job
        job.history.append("put")
        answer = "replaced" if old else "created"
        job.queue, job.klass, job.payload = queue, klass, payload
        job.priority, job.retries = options.get("priority", 0), options.get("retries", 5)
        job.left, job.errors, job.lost = job.retries, 0, 0
        job.lease, job.policy = options.get("lease"), options.get("parent_failure")
        job.delay = job.at = None
        job.nonce, job.put_answer, job.kept = nonce, answer, kept(options)
        self._tag(job, options.get("tags", []))
        if broken:
            self._orphan(job, policy, broken)
        elif parents or options.get("hold"):
            job.delay, job.at = options.get("delay"), options.get("at")
            job.held = bool(options.get("hold"))
            self._park(job, queue, parents, policy)
        else:
            self._place(job, queue, self._due(options.get("delay"), options.get("at")))
        return answer

    def pop(
        self,
        worker: str,
        request: str,
        again: bool,
        count: int,
        lease: int | None,
        names: list[str],
    ) -> list[Handout] | None:
        """Hand jobs out, their tokens to be filled in; None when a repeat was served before."""
        self._alive(worker)
        served = self.served.setdefault(worker, [])
        if request in served and not again:
            return None
        if again:
            served[:] = [request, *served][:8]
            held = [
                h
                for h in self.handouts
                if not h.ended and (h.worker, h.request) == (worker, request)
            ]
            if held:
                return sorted(held, key=lambda one: self._turn(names, self.jobs[one.jid]))
        self.tick()
        self.adopt()
        found: list[Job] = []
        for name in dict.fromkeys(names):
            if name in self.queues and not self.queues[name].paused:
                found += self.in_state(name, "waiting")[: count - len(found)]
        given = []
        for job in found:
            job.attempt += 1
            job.state = "running"
            job.history.append("popped")
            job.handout = Handout(job.queue, job.jid, job.life, job.attempt, worker, request)
            job.ends = self._ending(job, lease)
            given.append(job.handout)
        self.handouts += given
        return given

    def take(self, count: int, name: str) -> list[tuple[str, bytes, str]]:
        """Hand jobs out for good, each done at once; returns jids, payloads and klasses."""
        self.tick()
        self.adopt()
        found: list[Job] = []
        if name in self.queues and not self.queues[name].paused:
            found = self.in_state(name, "waiting")[:count]
        given = [(job.jid, job.payload, job.klass) for job in found]
        for job in found:
            job.attempt += 1
            job.history += ["popped", "done"]
            job.failure = None
            if job.dependents:
                self._finish(job)
            else:
                self._erase(job, "complete")
        return given

    def _turn(self, names: list[str], job: Job) -> tuple[int, int, int]:
        """Where a job comes among those of one pop: by its priority now."""
        return names.index(job.queue), job.priority, job.place

    def adopt(self) -> None:
        """Take over what the engine chose; replaced by who drives the model."""

    def _alive(self, worker: str) -> None:
        if worker not in self.workers or self.now - self.workers[worker] >= SEEN:
            self.workers[worker] = self.now

    def _ending(self, job: Job, asked: int | None) -> float:
        lengths = (asked, job.lease, self.queues[job.queue].lease, self.heartbeat)
        length = next(length for length in lengths if length is not None)
        return self.now + length if length else math.inf

    def heartbeat_of(
        self, worker: str, lease: int | None, handouts: list[Handout]
    ) -> list[float | Refusal]:
        answers: list[float | Refusal] = []
        self._alive(worker)
        for handout in handouts:
            try:
                job = self._held(handout, "")
            except Refusal as refusal:
                answers.append(refusal)
                continue
            assert job
            job.ends = self._ending(job, lease)
            job.spared = False
            answers.append(0 if job.ends == math.inf else job.ends)
        return answers

    def complete(
        self,
        handout: Handout,
        payload: bytes,
        following: str,
        options: dict[str, Any],
        result: bytes | None = None,
    ) -> str:
        job = self._held(handout, "complete")
        if not job:
            return handout.answer
        policy = options.get("parent_failure", "wait")
        parents, broken = self._open(
            job.jid, options.get("depends", []), policy, options.get("missing", "done")
        )
        job.history.append("done")
        job.payload = payload or job.payload
        self._leave(job, "complete")
        job.failure = None
        if not following:
            if result is not None and job.kept.get("keep_result"):
                job.result = job.attempt, result
            self._finish(job)
            answer = "complete"
        else:
            self.register(following)
            answer = self._advance(job, following, options, parents, broken)
        handout.answer = answer
        return answer

    def _finish(self, job: Job) -> None:
        job.state, job.since, job.kept_since, job.awaited = "complete", self.now, self.now, False
        self._tell(job)
        if self.keep == 0:
            self._erase(job, "complete")
        done = self.in_state(job.queue, "complete")
        for surplus in done[self.keep :]:
            if surplus.dependents:
                surplus.kept_since = self.now
            else:
                self._erase(surplus, "complete", surplus.since + TRACE - self.now)

    def _advance(
        self, job: Job, queue: str, options: dict[str, Any], parents: list[str], broken: str
    ) -> str:
        policy = options.get("parent_failure", "wait")
        job.queue, job.left, job.lost = queue, job.retries, 0
        job.priority = options.get("priority", job.priority)
        job.policy, job.delay, job.at = options.get("parent_failure"), None, None
        if broken:
            return self._orphan(job, policy, broken)
        if parents or options.get("hold"):
            job.delay, job.at = options.get("delay"), options.get("at")
            job.held = bool(options.get("hold"))
            self._park(job, queue, parents, policy)
            return "depends"
        return self._place(job, queue, self._due(options.get("delay"), options.get("at")))

    def fail(self, handout: Handout, group: str, message: str, payload: bytes) -> str:
        job = self._held(handout, "failed")
        if job:
            job.history.append("failed")
            job.errors += 1
            job.payload = payload or job.payload
            self._leave(job, "failed", "failed")
            self._fail(job, group, message)
            self._tell(job)
        return "failed"

    def retry(
        self, handout: Handout, delay: int | None, group: str, message: str, policy: dict[str, Any]
    ) -> str:
        job = self._held(handout, "retried")
        if not job:
            return handout.answer
        if delay is None:
            delay = self._backoff(job, {**policy, **job.kept})
        job.history.append("retried")
        job.errors += 1
        self._leave(job, "retried")
        cause = {"group": group, "message": message} if group or message else None
        handout.answer = "failed"
        if self._again(job, cause, "retried without a retry left"):
            handout.answer = self._place(job, job.queue, self.now + delay)
        return handout.answer

    @staticmethod
    def _backoff(job: Job, policy: dict[str, Any]) -> int:
        """Return how long the job waits for its next attempt, when the dice show nothing."""
        if not policy.keys() & BACKOFF.keys():
            return 0
        word, base, cap, _ = (policy.get(name, default) for name, default in BACKOFF.items())
        coming = job.retries - job.left + 1
        growth = {"fixed": 1, "linear": coming, "exponential": 2 ** (coming - 1)}
        return int(min(base * growth[word], cap))

    def release(self, handout: Handout, delay: int) -> str:
        job = self._held(handout, "released")
        if not job:
            return handout.answer
        job.history.append("released")
        self._leave(job, "released")
        if delay:
            handout.answer = self._place(job, job.queue, self.now + delay)
        else:
            handout.answer = self._enter(job, job.queue, kept=True)
        return handout.answer

    def timeout(self, jid: str) -> str:
        job = self._job(jid)
        if job.state != "running":
            raise Refusal("STATE")
        assert job.handout
        worker = job.handout.worker
        job.history.append("timed-out")
        self._leave(job, "timed-out")
        if self._again(job, None, f"timed out, held by {worker}"):
            return self._enter(job, job.queue, kept=True)
        return "failed"

    def move(self, jid: str, queue: str, delay: int) -> str:
        job = self._job(jid)
        if job.queue == queue and not delay and job.state in {"waiting", "depends"}:
            return job.state
        self.register(queue)
        parked = job.state == "depends"
        self._withdraw(job, "moved")
        job.history.append("moved")
        job.left, job.lost = job.retries, 0
        if parked:
            if delay:
                job.delay, job.at = delay, None
            self._park(job, queue, [], "wait")
            return "depends"
        return self._place(job, queue, self.now + delay)

    def cancel(self, jids: list[str]) -> int:
        going = []
        for jid in jids:
            trace = None if jid in self.jobs else self.traces.get(jid)
            if trace and trace.state == "cancelled":
                continue
            job = self._job(jid)
            if job.state == "complete":
                raise Refusal("STATE")
            if set(job.dependents) - set(jids):
                raise Refusal("DEPENDENTS")
            going.append(job)
        for job in going:
            self._withdraw(job, "cancelled")
            self._detach(job)
            job.history.append("cancelled")
        for job in going:
            self._erase(job, "cancelled")
        return len(jids)

    def priority(self, jid: str, priority: int) -> str:
        self._job(jid).priority = priority
        return str(priority)

    def depend(self, jid: str, hold: str, options: dict[str, Any]) -> str:
        job = self._job(jid)
        if job.state not in {"waiting", "scheduled", "depends"}:
            raise Refusal("STATE")
        policy = options.get("parent_failure", job.policy or "wait")
        parents, broken = self._open(
            jid, options.get("depends", []), policy, options.get("missing", "done")
        )
        if broken:
            return self._orphan(job, policy, broken)
        if hold:
            job.held = hold == "more"
        if parents or job.held:
            if job.state == "scheduled":
                job.at, job.delay = job.since, None
            if job.state != "depends":
                self._park(job, job.queue, [], policy)
            self._link(job, parents, policy)
        elif job.state == "depends" and not job.parents:
            self._free(job)
        return job.state

    def undepend(self, jid: str, parents: list[str] | None) -> str:
        job = self._job(jid)
        if job.state != "depends":
            return job.state
        if parents is None:
            self._detach(job)
        for parent in set(parents or ()) & job.parents:
            job.parents.discard(parent)
            del self.jobs[parent].dependents[jid]
        if not job.parents and not job.held:
            self._free(job)
        return job.state

    def unfail(self, jid: str, queue: str) -> str:
        job = self._job(jid)
        if job.state == "failed":
            self._revive(job, queue)
        return job.state

    def _revive(self, job: Job, queue: str) -> None:
        self.register(queue or job.queue)
        job.history.append("unfailed")
        job.failure = None
        job.left, job.lost = job.retries, 0
        self._enter(job, queue or job.queue)

    def unfail_group(self, group: str, queue: str, count: int) -> int:
        jobs = self.group(group)[:count]
        for job in jobs:
            self._revive(job, queue)
        return len(jobs)

    def tag(self, jid: str, tags: list[str]) -> list[str]:
        job = self._job(jid)
        self._tag(job, tags)
        return list(job.tags)

    def untag(self, jid: str, tags: list[str]) -> list[str]:
        job = self._job(jid)
        for tag in set(tags) & set(job.tags):
            job.tags.remove(tag)
            del self.tagged[tag][jid]
        return list(job.tags)

    def track(self, jid: str) -> int:
        self._job(jid)
        self.tracked.setdefault(jid, self.now)
        return 1

    def untrack(self, jid: str) -> int:
        if jid not in self.jobs:
            return 0
        self.tracked.pop(jid, None)
        return 1

    def wait(self, jid: str, root: str) -> list[Any]:
        job = self._job(jid)
        job.awaited = job.state not in ENDED
        return [job.state, job.attempt, f"{root}job-ring:{jid}" if job.awaited else ""]

    def log(self, jid: str) -> str:
        self._job(jid).history.append("log")
        return "logged"

    def pause(self, names: list[str], *, paused: bool) -> int:
        for name in names:
            queue = self.register(name)
            if queue.paused and not paused:
                queue.resumed = self.now
            queue.paused = paused
        return len(names)

    def forget(self, name: str) -> int:
        if any(job.queue == name for job in self.jobs.values()) or any(
            template.queue == name for template in self.templates.values()
        ):
            raise Refusal("STATE")
        return 1 if self.queues.pop(name, None) else 0

    def report(self, worker: str, about: bytes) -> str:
        self._alive(worker)
        self.reports[worker] = about
        return "reported"

    def deregister(self, names: list[str]) -> int:
        for name in names:
            self.served.pop(name, None)
            self.reports.pop(name, None)
        return sum(1 for name in names if self.workers.pop(name, None) is not None)

    def configure(self, name: str, seconds: float | None) -> None:
        milliseconds = None if seconds is None else round(seconds * 1000)
        if name == "heartbeat":
            self.heartbeat = 60_000 if milliseconds is None else milliseconds
        elif name == "grace-period":
            self.grace = milliseconds or 0
        else:
            queue = name.removeprefix("heartbeat-")
            if milliseconds is not None or queue in self.queues:
                self.register(queue).lease = milliseconds

    def recur(
        self,
        jid: str,
        queue: str,
        payload: bytes,
        interval: int,
        offset: int,
        options: dict[str, Any],
    ) -> str:
        if jid in self.jobs:
            raise Refusal("EXISTS")
        old = self.templates.get(jid)
        nonce = options.get("nonce", "")
        if old and nonce and old.nonce == nonce:
            return old.put_answer
        self.register(queue)
        answer = "replaced" if old else "created"
        self.templates[jid] = Template(
            jid,
            queue,
            interval,
            self.now + offset,
            self.now + offset,
            options.get("backlog", 0),
            options.get("priority", 0),
            options.get("retries", 5),
            options.get("tags", []),
            old.count if old else 0,
            bool(old and old.paused),
            payload,
            nonce,
            answer,
            kept(options),
        )
        return answer

    def pause_template(self, jid: str, *, paused: bool) -> str:
        if jid not in self.templates:
            raise Refusal("NOJOB")
        template = self.templates[jid]
        if template.paused and not paused and template.due < self.now:
            behind = math.ceil((self.now - template.due) / template.interval)
            template.due += behind * template.interval
        template.paused = paused
        return "updated"

    def unrecur(self, jid: str) -> int:
        return 1 if self.templates.pop(jid, None) else 0

    def step(self, members: Sequence[Callable[[], Any]]) -> list[Any]:
        """Carry out several calls, all or none."""
        before = copy.deepcopy(
            {name: value for name, value in vars(self).items() if name != "adopt"}
        )
        try:
            return [member() for member in members]
        except Refusal:
            vars(self).update(before)
            raise
