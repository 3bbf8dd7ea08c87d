"""Every command of the engine as a function that returns a Call.

A Call is a name, arguments, and how to read the answer. No I/O and no decision happens here;
`lua/README.md` has the contracts.

Times are milliseconds here, as on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgpack

from pyjobs.calendars import Wanted
from pyjobs.record import read_options, text
from pyjobs.snapshot import Failure, Popped, Snapshot, read_failure, read_found, read_popped

T = TypeVar("T")
Argument = bytes | str | int
Kind = Literal["puts", "drains", "reads"]

DICE = 1_000_000
"""The `dice` of a retry is a number below this."""


@dataclass(slots=True)
class Call(Generic[T]):
    """One command with its arguments, ready to be sent.

    `kind` says how the server treats it: refused when memory is full (`puts`), runs then too
    (`drains`), writes nothing (`reads`). `jids` are the jobs it is about. `repeat_at` is the
    position of the argument that tells a repeat from a first sending, if the command has one.
    `marked`: nothing else tells a repeat, so the engine keeps the answer for a while under a mark.
    `meanwhile` is called while the server works; it raises nothing, and does no harm when it is
    called again with a repeat.
    """

    name: str
    args: list[Argument]
    read: Callable[[Any], T]
    kind: Kind = "drains"
    jids: tuple[str, ...] = ()
    repeat_at: int | None = None
    marked: bool = False
    meanwhile: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder shows: the queue, the job and the token of its lease."""

    queue: str
    jid: str
    token: bytes


def _word(answer: bytes) -> str:
    return answer.decode()


def _same(answer: T) -> T:
    return answer


def _texts(answer: Sequence[bytes]) -> list[str]:
    return [text(item) for item in answer]


def _page(answer: Sequence[bytes]) -> tuple[str, list[str]]:
    return text(answer[0]), _texts(answer[1:])


def _snapshots(answer: Sequence[Any]) -> list[Snapshot | None]:
    return [read_found(item) for item in answer]


# A job's life


def put(
    queue: str, jid: str, klass: str, payload: bytes, options: bytes, marked: bool = False
) -> Call[str]:
    """Put a job; answers created, replaced, kept, or merged and the jid of another (see jids.Jid).

    `marked`: it has a unique key, so that it may leave nothing by which a repeat is known.
    """
    args: list[Argument] = [queue, jid, klass, payload, options]
    return Call("put", args, text, "puts", (jid,), marked=marked)


def pop(
    worker: str,
    request: str,
    queues: Sequence[str],
    count: int,
    lease: int | None = None,
    wait: bool = False,
    policy: str = "ordered",
    turn: int = 0,
    weights: Sequence[int] = (),
) -> Call[Popped]:
    """Pop jobs; `wait` says that the caller is going to block when there are none.

    `policy` is the order in which the queues are served: ordered, rotating or weighted. The last
    two go by `turn`, which the caller counts up from pop to pop; `weights` are the queues' weights.
    """
    args: list[Argument] = [worker, request, 0, count, "" if lease is None else lease, int(wait)]
    served: Sequence[Argument] = queues
    if policy == "weighted":
        served = [part for pair in zip(queues, weights, strict=True) for part in pair]
    return Call("pop", [*args, policy, turn, *served], read_popped, repeat_at=2)


def take(
    worker: str, request: str, queue: str, count: int, wait: bool = False, received: str = ""
) -> Call[Popped]:
    """Pop jobs of a queue for good: they are done with the answer, which is kept for repeats.

    `received` is an earlier request whose answer has arrived, so that it is kept no longer.
    """
    args: list[Argument] = [worker, request, received, count, int(wait), queue]
    return Call("take", args, read_popped)


def heartbeat(
    worker: str, leases: Sequence[Lease], lease: int | None = None
) -> Call[list[int | Exception]]:
    """Prolong leases; answers each one's end (0: none), or the error of one that is lost."""
    args: list[Argument] = [worker, "" if lease is None else lease]
    for held in leases:
        args += [held.queue, held.jid, held.token]
    return Call("heartbeat", args, list, jids=tuple(held.jid for held in leases))


def complete(
    lease: Lease,
    payload: bytes = b"",
    next_queue: str = "",
    options: bytes = b"",
    result: bytes | None = None,
) -> Call[str]:
    """Complete a job; answers its state. A result is kept if the job was put so (keep_result)."""
    args: list[Argument] = [lease.queue, lease.jid, lease.token, payload, next_queue, options]
    if result is not None:
        args.append(result)
    return Call("complete", args, _word, jids=(lease.jid,))


def fail(lease: Lease, group: str, message: str, payload: bytes = b"") -> Call[str]:
    """Fail a job; answers failed."""
    args: list[Argument] = [lease.queue, lease.jid, lease.token, group, message, payload]
    return Call("fail", args, _word, jids=(lease.jid,))


def retry(
    lease: Lease,
    delay: int | None = None,
    group: str = "",
    message: str = "",
    policy: bytes = b"",
    dice: int = 0,
    error: Sequence[str] = (),
    otherwise: Literal["retry", "fail"] = "retry",
) -> Call[str]:
    """Ask for another attempt; answers the job's state.

    Without a delay the job's own backoff counts, then the `policy` (see options.backoff_policy);
    `dice`, 0 to below DICE, is the chance in it. `error` names the classes of what went wrong, for
    the job's retry_on and give_up_on; `otherwise` is what counts when it has none that fits.
    """
    args: list[Argument] = [lease.queue, lease.jid, lease.token]
    args += ["" if delay is None else delay, group, message, policy, dice]
    if error:
        args += [msgpack.packb(error, use_bin_type=False, unicode_errors="replace"), otherwise]
    return Call("retry", args, _word, jids=(lease.jid,))


def release(lease: Lease, delay: int = 0) -> Call[str]:
    """Give a job back; answers its state."""
    args: list[Argument] = [lease.queue, lease.jid, lease.token, delay]
    return Call("release", args, _word, jids=(lease.jid,))


def timeout(jid: str) -> Call[str]:
    """Take a running job from its holder; answers its state."""
    return Call("timeout", [jid], _word, jids=(jid,), marked=True)


def cancel(jids: Sequence[str]) -> Call[int]:
    """Cancel jobs, all or none; answers how many."""
    return Call("cancel", list(jids), _same, jids=tuple(jids))


def move(jid: str, queue: str, delay: int = 0) -> Call[str]:
    """Move a job to a queue; answers its state."""
    return Call("move", [jid, queue, delay], _word, jids=(jid,), marked=True)


def priority(jid: str, value: int) -> Call[int]:
    """Change a job's priority; answers it."""
    return Call("priority", [jid, value], int, jids=(jid,))


def depend(jid: str, options: bytes, hold: str = "") -> Call[str]:
    """Make a job wait for others; answers its state."""
    return Call("depend", [jid, hold, options], _word, "puts", (jid,))


def undepend(jid: str, parents: Sequence[str]) -> Call[str]:
    """Make a job not wait for these others, or, when there are none, for no other at all."""
    return Call("undepend", [jid, int(not parents), *parents], _word, jids=(jid,))


def unfail(jid: str, queue: str = "") -> Call[str]:
    """Put a failed job back; answers its state."""
    return Call("unfail", [jid, queue], _word, jids=(jid,), marked=True)


def unfail_group(
    group: str, queue: str = "", count: int = 100, before: int | None = None
) -> Call[int]:
    """Put the oldest failed jobs of a group back; answers how many."""
    args: list[Argument] = [group, queue, count, "" if before is None else before]
    return Call("unfail_group", args, _same, marked=True)


@dataclass(frozen=True, slots=True)
class Which:
    """Which failed jobs are meant: of a queue or a failure group, perhaps only some of those.

    `error` is as `failures` tells it; `before` is in milliseconds.
    """

    queue: str = ""
    group: str = ""
    klass: str = ""
    error: str = ""
    before: int | None = None

    def args(self, cursor: str, count: int) -> list[Argument]:
        """Return the arguments that say so, for the slice of a cursor."""
        before = "" if self.before is None else self.before
        return [self.queue, self.group, self.klass, self.error, before, cursor, count]


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice of failed jobs came to. `before` is what the next slice is to be asked for."""

    cursor: str
    done: int
    skipped: int
    before: int


def _slice(answer: Sequence[Any]) -> Slice:
    cursor, done, skipped, before = answer
    return Slice(text(cursor), done, skipped, before)


def unfail_where(which: Which, to: str = "", cursor: str = "", count: int = 100) -> Call[Slice]:
    """Put a slice of failed jobs back, into the queue `to` or each its own."""
    return Call("unfail_where", [*which.args(cursor, count), to], _slice, marked=True)


def drop_where(which: Which, cursor: str = "", count: int = 100) -> Call[Slice]:
    """Cancel a slice of failed jobs; those that others wait for are skipped."""
    return Call("drop_where", which.args(cursor, count), _slice, marked=True)


# Flows


def seal(flow: str) -> Call[int]:
    """Seal a flow; answers how many members are still held."""
    return Call("seal", [flow], _same, marked=True)


def flow_cancel(flow: str) -> Call[int]:
    """Cancel a flow; answers how many members are still to be cancelled."""
    return Call("flow_cancel", [flow], _same, marked=True)


def flow_retry(flow: str, count: int = 100, before: int | None = None) -> Call[int]:
    """Put the failed members of a flow back; answers how many."""
    return Call("flow_retry", [flow, count, "" if before is None else before], _same, marked=True)


# Several of the above in one call


def _members(mode: str, calls: Sequence[Call[Any]]) -> list[Argument]:
    args: list[Argument] = [mode]
    for call in calls:
        args += [call.name, len(call.args), *call.args]
    return args


def _answers(calls: Sequence[Call[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
    def read(answer: Sequence[Any]) -> list[Any]:
        return [
            item if isinstance(item, Exception) else call.read(item)
            for call, item in zip(calls, answer, strict=True)
        ]

    return read


def _jids(calls: Sequence[Call[Any]]) -> tuple[str, ...]:
    return tuple(jid for call in calls for jid in call.jids)


def _repeat_at(calls: Sequence[Call[Any]]) -> int | None:
    last = calls[-1]
    if last.repeat_at is None:
        return None
    before = sum(2 + len(call.args) for call in calls[:-1])
    return 1 + before + 2 + last.repeat_at


def _marked(calls: Sequence[Call[Any]]) -> bool:
    return any(call.marked for call in calls)


def step(calls: Sequence[Call[Any]], atomic: bool = True) -> Call[list[Any]]:
    """Put several calls into one; answers each one's answer, or the error of one that was refused.

    `atomic`: one refusal refuses them all.
    """
    args = _members("all" if atomic else "each", calls)
    return Call(
        "step", args, _answers(calls), "puts", _jids(calls), _repeat_at(calls), _marked(calls)
    )


def drain(calls: Sequence[Call[Any]], atomic: bool = False) -> Call[list[Any]]:
    """As step, for calls that put nothing; runs when memory is full."""
    args = _members("all" if atomic else "each", calls)
    return Call(
        "drain", args, _answers(calls), "drains", _jids(calls), _repeat_at(calls), _marked(calls)
    )


# Queues


def pause(queues: Sequence[str]) -> Call[int]:
    """Pause queues; answers how many."""
    return Call("pause", list(queues), _same, marked=True)


def unpause(queues: Sequence[str]) -> Call[int]:
    """Resume queues; answers how many."""
    return Call("unpause", list(queues), _same, marked=True)


def tick() -> Call[int]:
    """Do what is due; answers milliseconds until something may be due, 0 when there is more."""
    return Call("tick", [], _same)


def due() -> Call[int]:
    """Look when something is due next, in milliseconds since the epoch; answers 0 for nothing."""
    return Call("due", [], _same, "reads")


# Looking


def get(jids: Sequence[str]) -> Call[list[Snapshot | None]]:
    """Look jobs up; answers None for those that are unknown."""
    return Call("get", list(jids), _snapshots, "reads", tuple(jids))


@dataclass(frozen=True, slots=True)
class LimitState:
    """What is allowed under a name, and how much of it is taken; None: any number."""

    name: str
    at_once: int | None
    """How many may run at a time."""
    rate: int | None
    """How many may start in `per` seconds."""
    per: float | None
    burst: int | None
    """How many of the rate may start at once."""
    running: int
    open: int | None
    """How many may start now."""
    parked: int
    """How many jobs are throttled because of it."""
    opens: float | None = None
    """When the next one may start by the rate, if none may now: seconds since the epoch."""
    ahead: int | None = None
    """Of a job that is explained, and throttled because of it: how many of those come first."""


def _limit(answer: Sequence[Any]) -> LimitState:
    name, *given = answer
    numbers = [None if value == b"" else int(value) for value in given]
    at_once, rate, period, burst, running, open_, parked, opens, *ahead = numbers
    return LimitState(
        text(name),
        at_once,
        rate,
        period / 1000 if period else None,
        burst,
        running or 0,
        open_,
        parked or 0,
        opens / 1000 if opens else None,
        *ahead,
    )


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job does not run. Times are seconds since the epoch, by the server's clock."""

    now: float
    state: str
    queue: str = ""
    paused: bool = False
    """Pops of the queue find nothing until it is resumed."""
    since: float | None = None
    """When it came into its state; None for a scheduled job."""
    due: float | None = None
    """When a scheduled job may run."""
    ahead: int = 0
    """How many jobs of the queue, or of its tenant there, are handed out before it, if it waits;

    how many of its order key come first, if it is throttled by that.
    """
    tenant: str = ""
    """Whose turn it needs, if it waits where tenants take turns."""
    lanes: tuple[int, int] | None = None
    """Then: how many tenants have their turn before, and how many there are."""
    limits: list[LimitState] = field(default_factory=list)
    """The limits that it is under, if it is waiting or throttled."""
    order_key: str = ""
    """Of which others come first."""
    behind: dict[str, str] = field(default_factory=dict)
    """The first of its order key, with its state."""
    held: bool = False
    """Further dependencies are being added."""
    flow: str = ""
    """The flow of which it is a member."""
    unsealed: bool = False
    """That flow is not sealed: its members do not run."""
    waits: int = 0
    """For how many jobs it waits."""
    parents: dict[str, str] = field(default_factory=dict)
    """Up to ten of those, each with its state."""
    worker: str = ""
    """Who runs it."""
    ends: float | None = None
    """When the lease ends; None: never, or there is none."""
    stalled: bool = False
    """The lease has run out: the next pop gives the job to somebody else."""
    group: str = ""
    """The failure group of a failed job."""
    unique: str = ""
    """Its unique key."""
    holder: str = ""
    """The jid of the job that holds that key; empty: none does."""
    start_by: float | None = None
    """Until when it has to be started."""
    late: str = ""
    """What becomes of it then: cancel, fail, or the class that runs in its place."""
    finish_by: float | None = None
    """Until when it has to be done."""
    revoked: str = ""
    """That it is not to run: `job`, it was revoked; `klass`, all of its class; `once`, the next."""
    until: float | None = None
    """When its class is to run again; None: when it is restored."""
    lost: int = 0
    """How many leases on it were lost."""
    poison: int = 0
    """How many lost leases stop it; 0: any number."""
    workers: int = 0
    """Live workers that serve its queue, of the hundred that were seen last."""
    silent: int = 0
    """Live workers that have not told which queues they serve."""


_MOMENTS = ("now", "since", "due", "ends", "start_by", "finish_by", "until")


def _explanation(answer: Sequence[Any]) -> Explanation:
    known = dict(zip(_texts(answer[::2]), answer[1::2], strict=True))
    names = ("state", "queue", "flow", "worker", "group", "tenant", "order_key", "unique")
    for name in (*names, "holder", "late", "revoked"):
        known[name] = text(known.get(name, b""))
    for name in ("paused", "held", "unsealed", "stalled"):
        known[name] = bool(known.get(name))
    for name in _MOMENTS:
        known[name] = known[name] / 1000 if known.get(name) else None
    for name in ("parents", "behind"):
        jobs = _texts(known.get(name, []))
        known[name] = dict(zip(jobs[::2], jobs[1::2], strict=True))
    known["limits"] = [_limit(item) for item in known.get("limits", [])]
    known["lanes"] = tuple(known["lanes"]) if "lanes" in known else None
    return Explanation(**known)


def explain(jid: str) -> Call[Explanation]:
    """Tell why a job does not run."""
    return Call("explain", [jid], _explanation, "reads", (jid,))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: its state (empty: it is not known any more), and its result."""

    state: str
    result: bytes | None = None
    """What the work returned; None: it is not done, or nothing is kept (any more)."""
    failure: Failure | None = None
    """Why it failed."""


def _result(answer: Sequence[bytes]) -> Result:
    state = text(answer[0])
    found = answer[1] if len(answer) > 1 else None
    if state == "failed":
        return Result(state, failure=read_failure(found or b""))
    return Result(state, found)


def result(jid: str) -> Call[Result]:
    """Read the result of a job, as long as it is kept."""
    return Call("result", [jid], _result, "reads", (jid,))


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of a job that somebody waits for: its state, empty when it is not known."""

    state: str
    attempt: int
    """How often it has been handed out."""
    ring: bytes
    """The stream that tells its end; empty: none does."""


def wait(jids: Sequence[str], block: bool) -> Call[list[Look]]:
    """Look at jobs, up to 100; `block`: the caller is going to wait for the ends of open ones."""

    def read(answer: Sequence[Any]) -> list[Look]:
        parts = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        return [Look(state.decode(), attempt, ring) for state, attempt, ring in parts]

    return Call("wait", [int(block), *jids], read, jids=tuple(jids))


@dataclass(frozen=True, slots=True)
class FlowState:
    """What has become of a flow, and how many members are in which state.

    Times are seconds since the epoch, by the server's clock.
    """

    state: str
    """unsealed, running, complete, failed (something has, and nothing runs or can) or cancelled."""
    now: float
    """When this was told."""
    created: float
    sealed: float | None
    """When it was sealed; None: it is not, and its members do not run."""
    stopped: float | None
    """When it was cancelled as a whole; None: it was not."""
    held: int
    """Members that wait for the flow to be sealed."""
    depends: int
    """Members that wait for other jobs."""
    open: int
    """Members that may run, or do."""
    failed: int
    complete: int
    cancelled: int
    """Members that were cancelled, or whose branch was not taken."""

    @property
    def total(self) -> int:
        """How many members the flow has had."""
        return self.held + self.depends + self.open + self.done

    @property
    def done(self) -> int:
        """How many members have ended."""
        return self.complete + self.failed + self.cancelled

    @property
    def progress(self) -> float:
        """Share of the members that have ended, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs or can, unless failed members are put back."""
        return self.state in {"complete", "failed", "cancelled"}


_FLOW_MOMENTS = ("now", "created", "sealed", "stopped")


def _flow_state(answer: Sequence[Any]) -> FlowState:
    known = dict(zip(_texts(answer[::2]), answer[1::2], strict=True))
    for name in _FLOW_MOMENTS:
        known[name] = known[name] / 1000 if known[name] else None
    return FlowState(**{**known, "state": text(known["state"])})


def flow(flow: str) -> Call[FlowState]:
    """Tell what has become of a flow."""
    return Call("flow", [flow], _flow_state, "reads")


def flow_wait(flow: str) -> Call[tuple[bytes, FlowState]]:
    """Look at a flow that somebody is going to wait for; answers its ring, empty at its end."""

    def read(answer: Sequence[Any]) -> tuple[bytes, FlowState]:
        return answer[0], _flow_state(answer[1:])

    return Call("flow_wait", [flow], read)


def flow_members(flow: str, kind: str, cursor: str, count: int) -> Call[tuple[str, list[str]]]:
    """Read a page of a flow's members: held, depends, open, failed, complete, or empty for all."""
    return Call("flow_members", [flow, kind, cursor, count], _page, "reads")


def flows(cursor: str = "", count: int = 100) -> Call[tuple[str, list[str]]]:
    """Read a page of the flows, newest first."""
    return Call("flows", [cursor, count], _page, "reads")


def parents(jid: str, offset: int = 0, count: int = 100) -> Call[tuple[int, dict[str, Result]]]:
    """Read on which jobs a member of a flow depends, and what became of them.

    Answers how many there are, and as many as fit into one answer.
    """

    def read(answer: Sequence[Any]) -> tuple[int, dict[str, Result]]:
        triples = zip(answer[1::3], answer[2::3], answer[3::3], strict=True)
        return answer[0], {text(jid): _outcome(text(state), found) for jid, state, found in triples}

    return Call("parents", [jid, offset, count], read, "reads", (jid,))


def _outcome(state: str, found: bytes) -> Result:
    if found[:1] == b"f":
        return Result(state, failure=read_failure(found[1:]))
    return Result(state, found[1:] if found else None)


def peek(queue: str, count: int, offset: int = 0) -> Call[list[Snapshot | None]]:
    """Look at the jobs that the next pops would hand out."""
    return Call("peek", [queue, offset, count], _snapshots, "reads")


def jobs(queue: str, state: str, cursor: str, count: int) -> Call[tuple[str, list[str]]]:
    """Read a page of a queue's jids in one state; answers the next cursor and the page."""
    return Call("jobs", [queue, state, cursor, count], _page, "reads")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many jobs a queue has in each state. `heartbeat` is its own lease in seconds, or None."""

    name: str
    paused: bool
    heartbeat: float | None
    waiting: int
    running: int
    stalled: int
    scheduled: int
    depends: int
    recurring: int
    throttled: int
    complete: int
    failed: int


def _counts(answer: Sequence[Any]) -> tuple[str, list[QueueCounts]]:
    counts = [
        QueueCounts(text(name), bool(paused), lease / 1000 or None, *numbers)
        for name, paused, lease, *numbers in answer[1:]
    ]
    return text(answer[0]), counts


def queues(
    cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[QueueCounts]]]:
    """Count the jobs of these queues, or of a page of all."""
    return Call("queues", [cursor, 0 if names else count, *names], _counts, "reads")


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of some jobs: of their payloads, and all that is stored of them."""

    jobs: int
    payload: int
    stored: int


def weigh(queue: str, state: str, offset: int = 0, count: int = 100) -> Call[Weight]:
    """Weigh a page of a queue's jobs in one state."""
    return Call("weigh", [queue, state, offset, count], lambda answer: Weight(*answer), "reads")


# What people note about jobs


def tag(jid: str, tags: Sequence[str]) -> Call[list[str]]:
    """Put tags on a job; answers all that it carries."""
    return Call("tag", [jid, *tags], _texts, jids=(jid,))


def untag(jid: str, tags: Sequence[str]) -> Call[list[str]]:
    """Take tags off a job; answers those that it keeps."""
    return Call("untag", [jid, *tags], _texts, jids=(jid,))


def track(jid: str) -> Call[int]:
    """Mark a job for people to follow."""
    return Call("track", [jid], _same, jids=(jid,))


def untrack(jid: str) -> Call[int]:
    """Take the mark off; answers 0 when there is no such job any more."""
    return Call("untrack", [jid], _same, jids=(jid,), marked=True)


def revoke(kind: str, name: str, until: int | None = None, once: bool = False) -> Call[str]:
    """Let a job, or those of a klass until then, not run; `once`: the first that a pop comes to."""
    further = ["" if until is None else until, int(once)] if kind == "klass" else []
    return Call("revoke", [kind, name, *further], _word, "puts", marked=True)


def restore(kind: str, name: str) -> Call[int]:
    """Let what was revoked run again; answers 0 when there was nothing to restore."""
    return Call("restore", [kind, name], int, marked=True)


def log(jid: str, what: str, data: bytes, request: str) -> Call[str]:
    """Write an entry of the user's own into a job's history; answers logged."""
    return Call("log", [jid, what, data, request], _word, jids=(jid,))


# Recurring jobs


@dataclass(frozen=True, slots=True)
class Template:
    """A recurring job as it is stored; times are milliseconds, 0: none."""

    queue: str
    jid: str
    klass: str
    payload: bytes
    interval: int
    next: int
    count: int
    backlog: int
    priority: int
    retries: int
    tags: list[str]
    lease: int | None
    paused: bool
    options: dict[str, Any]
    """Further options of its jobs, as on the wire."""
    missed: str
    overlap: str
    until: int
    most: int
    """How many jobs it makes in all; 0: without end."""
    calendar: str
    moments: list[int]
    """The next slots of a calendar, as far as they are known; some."""
    dark: bool
    """Whether slots of the calendar may have come that nobody has told of."""
    over: int
    last: str
    """Jid of the newest job, with an overlap policy."""
    last_state: str
    resting: bool
    """Whether the queue is paused."""


def _template(answer: Sequence[Any] | None) -> Template | None:
    if answer is None:
        return None
    queue, jid, klass, payload, interval, due, count, backlog, priority, retries = answer[:10]
    labels, lease, paused, others, details = answer[10:]
    more = {text(name): value for name, value in zip(details[::2], details[1::2], strict=True)}
    return Template(
        text(queue),
        text(jid),
        text(klass),
        payload,
        int(interval),
        int(due),
        int(count),
        int(backlog),
        int(priority),
        int(retries),
        _texts(labels),
        None if lease == b"" else int(lease),
        bool(int(paused)),
        read_options(others) if others else {},
        missed=text(more.get("missed", b"all")),
        overlap=text(more.get("overlap", b"allow")),
        until=int(more.get("until", 0)),
        most=int(more.get("count", 0)),
        calendar=text(more.get("calendar", b"")),
        moments=[int(moment) for moment in more.get("moments", [])],
        dark="dark" in more,
        over=int(more.get("over", 0)),
        last=text(more.get("last", b"")),
        last_state=text(more.get("state", b"")),
        resting="resting" in more,
    )


def recur(
    queue: str, jid: str, klass: str, payload: bytes, interval: int, offset: int, options: bytes
) -> Call[str]:
    """Create or replace a recurring job."""
    args: list[Argument] = [queue, jid, klass, payload, interval, offset, options]
    return Call("recur", args, _word, "puts", (jid,))


def recur_update(jid: str, options: bytes, payload: bytes = b"") -> Call[str]:
    """Change a recurring job, all of the changes or none."""
    return Call("recur_update", [jid, options, payload], _word, jids=(jid,), marked=True)


def unrecur(jid: str) -> Call[int]:
    """End a recurring job; answers 0 when there is none of this jid (any more)."""
    return Call("unrecur", [jid], _same, jids=(jid,), marked=True)


def refills(count: int, jids: Sequence[str] = ()) -> Call[list[Wanted]]:
    """Ask for recurring jobs whose calendars are to be read on: of these jobs, or any."""

    def read(answer: Sequence[Any]) -> list[Wanted]:
        return [Wanted(text(jid), text(calendar), *rest) for jid, calendar, *rest in answer]

    return Call("refills", [count, *jids], read, jids=tuple(jids))


def refill(wanted: Wanted, moments: Sequence[int]) -> Call[str]:
    """Answer `refills` with moments; answers refilled, or kept when another was faster."""
    args: list[Argument] = [wanted.jid, wanted.calendar, wanted.known, *moments]
    return Call("refill", args, _word, jids=(wanted.jid,))


def recurring(jids: Sequence[str]) -> Call[list[Template | None]]:
    """Look recurring jobs up; answers None for those that are unknown."""
    return Call(
        "recurring", list(jids), lambda answer: [_template(item) for item in answer], "reads"
    )


# Locks and rates


def lock(name: str, holder: str, lease: int, wait: bool = False) -> Call[tuple[int, int, bytes]]:
    """Take a lock; answers its fencing number and the lease's end.

    When somebody else holds it: 0, milliseconds after which to ask again, and what to block on.
    """

    def read(answer: Sequence[Any]) -> tuple[int, int, bytes]:
        return answer[0], answer[1], answer[2] if len(answer) > 2 else b""  # noqa: PLR2004

    return Call("lock", [name, holder, lease, int(wait)], read)


def relock(name: str, holder: str, lease: int) -> Call[int]:
    """Prolong the lease of a lock; answers its end, or 0 when it is lost."""
    return Call("relock", [name, holder, lease], _same)


def unlock(name: str, holder: str) -> Call[int]:
    """Give a lock back, or take it from whoever holds it (empty); answers 0 when nobody did."""
    return Call("unlock", [name, holder], _same, marked=True)


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Who holds a lock: the mark of an acquisition, its number, and the lease's end."""

    holder: str
    fence: int
    ends: float
    """Seconds since the epoch."""


def locked(name: str) -> Call[LockHolder | None]:
    """Look who holds a lock; answers None when nobody does."""

    def read(answer: Sequence[Any]) -> LockHolder | None:
        return LockHolder(text(answer[0]), answer[1], answer[2] / 1000) if answer else None

    return Call("locked", [name], read, "reads")


def rate(
    name: str, count: int, period: int, burst: int | None, tokens: int, wait: int
) -> Call[tuple[bool, int]]:
    """Take tokens; answers whether that was so, and milliseconds until they are there."""
    args: list[Argument] = [name, count, period, "" if burst is None else burst, tokens, wait]
    return Call("rate", args, lambda answer: (bool(answer[0]), answer[1]), marked=True)


# The namespace


def forget(queues: Sequence[str]) -> Call[int]:
    """Forget empty queues; answers how many there were."""
    return Call("forget", list(queues), _same, marked=True)


def configure(name: str, value: str) -> Call[str]:
    """Give a setting a value, or with an empty one its default; answers what is now in force."""
    return Call("configure", [name, value], _word, marked=True)


def limit(
    name: str,
    at_once: int | None = None,
    rate: int | None = None,
    period: int | None = None,
    burst: int | None = None,
) -> Call[str]:
    """Set a limit; answers set, or, when nothing is given, removed."""
    given: list[Argument] = ["" if value is None else value for value in (at_once, rate)]
    given += ["" if value is None else value for value in (period, burst)]
    return Call("limit", [name, *given], _word)


def limits(
    cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[LimitState]]]:
    """Read these limits, or a page of those that were set."""

    def read(answer: Sequence[Any]) -> tuple[str, list[LimitState]]:
        return text(answer[0]), [_limit(item) for item in answer[1:]]

    return Call("limits", [cursor, 0 if names else count, *names], read, "reads")


@dataclass(frozen=True, slots=True)
class TenantCounts:
    """A tenant (empty: jobs without one): its weight, and how many of its jobs wait in a queue."""

    tenant: str
    weight: int
    waiting: int


def tenant(name: str, weight: int | None = None) -> Call[int]:
    """Give a tenant a weight, None: the default; answers it."""
    return Call("tenant", [name, "" if weight is None else weight], int)


def tenants(
    queue: str = "", cursor: str = "", count: int = 100, names: Sequence[str] = ()
) -> Call[tuple[str, list[TenantCounts]]]:
    """Read a page of the tenants whose jobs wait in a queue, or the weights of some."""

    def read(answer: Sequence[Any]) -> tuple[str, list[TenantCounts]]:
        found = [TenantCounts(text(name), int(weight), n) for name, weight, n in answer[1:]]
        return text(answer[0]), found

    return Call("tenants", [queue, cursor, 0 if names else count, *names], read, "reads")


def report(worker: str, about: bytes, queues: Sequence[str] = ()) -> Call[str]:
    """Tell about a worker: up to 4,096 bytes of its own, and the queues that its pops name."""
    return Call("report", [worker, about, *queues], _word)


def deregister(workers: Sequence[str]) -> Call[int]:
    """Take workers off the registry; answers how many of them were in it."""
    return Call("deregister", list(workers), _same, marked=True)


def _pairs(answer: Sequence[bytes]) -> dict[str, str]:
    texts = _texts(answer)
    return dict(zip(texts[::2], texts[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Revocation:
    """Of which class no jobs run, until when (milliseconds, 0: restore), and whether only once."""

    klass: str
    until: int
    once: bool


def revoked() -> Call[list[Revocation]]:
    """Read which classes are revoked."""

    def read(answer: Sequence[Any]) -> list[Revocation]:
        rows = zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        return [Revocation(text(name), until, bool(once)) for name, until, once in rows]

    return Call("revoked", [], read, "reads")


def settings(names: Sequence[str] = ()) -> Call[dict[str, str]]:
    """Read the settings in force: these, or all."""
    return Call("settings", list(names), _pairs, "reads")


def _sizes(answer: Sequence[Any]) -> dict[str, int]:
    return {text(answer[at]): int(answer[at + 1]) for at in range(0, len(answer), 2)}


def groups(cursor: str = "", count: int = 100) -> Call[tuple[str, dict[str, int]]]:
    """Read a page of the failure groups; answers the next cursor and each one's size."""
    return Call(
        "groups",
        [cursor, count],
        lambda answer: (text(answer[0]), _sizes(answer[1:])),
        "reads",
    )


def _counted_page(answer: Sequence[Any]) -> tuple[str, int, list[str]]:
    return text(answer[0]), answer[1], _texts(answer[2:])


def group(name: str, cursor: str = "", count: int = 100) -> Call[tuple[str, int, list[str]]]:
    """Read a page of a failure group, newest first; answers the next cursor, its size, the jids."""
    return Call("group", [name, cursor, count], _counted_page, "reads")


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many jobs of a queue and a klass failed of the same error.

    `error` is the failure group, or, of jobs that had no retries left, the group of their last
    error. `last` is when the newest failed, in seconds since the epoch, and `jid` is that job.
    """

    queue: str
    klass_name: str
    error: str
    jobs: int
    last: float
    jid: str


def failures(
    queue: str, cursor: str = "", count: int = 100
) -> Call[tuple[str, list[FailureCount]]]:
    """Count a page of a queue's failed jobs by klass and error, newest first."""

    def read(answer: Sequence[Any]) -> tuple[str, list[FailureCount]]:
        counts = [
            FailureCount(queue, text(klass), text(error), jobs, last / 1000, text(jid))
            for klass, error, jobs, last, jid in answer[1:]
        ]
        return text(answer[0]), counts

    return Call("failures", [queue, cursor, count], read, "reads")


def tags(offset: int = 0, count: int = 100) -> Call[dict[str, int]]:
    """Read the tags that are on most jobs, with their numbers."""
    return Call("tags", [offset, count], _sizes, "reads")


def tagged(name: str, cursor: str = "", count: int = 100) -> Call[tuple[str, int, list[str]]]:
    """Read a page of the jobs with a tag; answers the next cursor, how many there are, the jids."""
    return Call("tagged", [name, cursor, count], _counted_page, "reads")


def tracked(cursor: str = "", count: int = 100) -> Call[tuple[str, list[str]]]:
    """Read a page of the tracked jobs; answers the next cursor and the jids."""
    return Call("tracked", [cursor, count], _page, "reads")


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """A worker: when it was last seen (seconds since the epoch), and how many leases it holds."""

    name: str
    last_seen: float
    held: int
    stalled: int
    about: bytes
    """What it reported about itself; empty: nothing."""


def workers(cursor: str = "", count: int = 100) -> Call[tuple[str, list[WorkerCounts]]]:
    """Read a page of the workers, last seen first."""

    def read(answer: Sequence[Any]) -> tuple[str, list[WorkerCounts]]:
        counts = [
            WorkerCounts(text(name), int(seen) / 1000, held, stalled, about)
            for name, seen, held, stalled, about in answer[1:]
        ]
        return text(answer[0]), counts

    return Call("workers", [cursor, count], read, "reads")


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job in a worker's hands; `expires` is seconds since the epoch, None: never."""

    jid: str
    queue: str
    expires: float | None


@dataclass(frozen=True, slots=True)
class WorkerPage:
    """A page of what one worker holds; `last_seen` None: it is not registered."""

    cursor: str
    last_seen: float | None
    jobs: list[HeldJob]
    about: bytes
    """What it reported about itself; empty: nothing."""


def worker(name: str, cursor: str = "", count: int = 100) -> Call[WorkerPage]:
    """Read what a worker told about itself, and a page of what it holds."""

    def read(answer: Sequence[Any]) -> WorkerPage:
        held = [
            HeldJob(text(jid), text(queue), int(ends) / 1000 or None)
            for jid, queue, ends in answer[3:]
        ]
        return WorkerPage(text(answer[0]), int(answer[1]) / 1000 or None, held, answer[2])

    return Call("worker", [name, cursor, count], read, "reads")


@dataclass(frozen=True, slots=True)
class Times:
    """How many times were observed, their sum in milliseconds, and how many in which bin."""

    count: int
    total: int
    bins: dict[int, int]


@dataclass(frozen=True, slots=True)
class DayStats:
    """What the engine counts of a queue on one UTC day."""

    retries: int
    failures: int
    failed: int
    wait: Times
    run: Times
    failed_run: Times


def _times(answer: Sequence[Any]) -> Times:
    count, total, bins = answer
    numbers = [int(number) for number in bins]
    return Times(int(count), int(total), dict(zip(numbers[::2], numbers[1::2], strict=True)))


def stats(queue: str, day: int | None = None) -> Call[DayStats]:
    """Read a queue's counts and times of a day, in days since 1970; None: today."""

    def read(answer: Sequence[Any]) -> DayStats:
        retries, failures, failed, wait, run, failed_run = answer
        return DayStats(
            int(retries), int(failures), int(failed), _times(wait), _times(run), _times(failed_run)
        )

    return Call("stats", [queue, "" if day is None else day], read, "reads")


@dataclass(frozen=True, slots=True)
class Found:
    """An invariant of the engine that does not hold: which, of what, and why.

    `key` is the key's name after the root, `member` what of it is concerned (empty: the key).
    """

    name: str
    key: bytes
    member: bytes
    jid: str
    text: str
    mendable: bool


def check(cursor: bytes = b"", count: int = 50) -> Call[tuple[list[bytes], list[Found]]]:
    """Check a slice of the data; answers the cursors of what is to be checked yet, and findings."""

    def read(answer: Sequence[Any]) -> tuple[list[bytes], list[Found]]:
        cursors, *findings = answer
        found = [
            Found(text(name), key, member, text(jid), text(why), mendable == 1)
            for name, key, member, jid, why, mendable in findings
        ]
        return cursors, found

    return Call("check", [cursor, count], read, "reads")


def repair(name: str, key: bytes, member: bytes = b"") -> Call[str]:
    """Mend what a check has found; answers mended, gone (it is not so any more) or left."""
    return Call("repair", [name, key, member], _word, marked=True)
