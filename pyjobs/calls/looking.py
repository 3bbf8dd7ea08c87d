"""One job: as it is stored, why it does not run, what it returned, whether it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pyjobs.calls.answers import snapshots, texts
from pyjobs.calls.call import Call
from pyjobs.calls.limiting import LimitState, limit_of
from pyjobs.record import text
from pyjobs.snapshot import Failure, Snapshot, read_failure


def get(jids: Sequence[str]) -> Call[list[Snapshot | None]]:
    """Look jobs up; answers None for those that are unknown."""
    return Call("get", list(jids), snapshots, "reads", tuple(jids))


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
    known = dict(zip(texts(answer[::2]), answer[1::2], strict=True))
    names = ("state", "queue", "flow", "worker", "group", "tenant", "order_key", "unique")
    for name in (*names, "holder", "late", "revoked"):
        known[name] = text(known.get(name, b""))
    for name in ("paused", "held", "unsealed", "stalled"):
        known[name] = bool(known.get(name))
    for name in _MOMENTS:
        known[name] = known[name] / 1000 if known.get(name) else None
    for name in ("parents", "behind"):
        jobs = texts(known.get(name, []))
        known[name] = dict(zip(jobs[::2], jobs[1::2], strict=True))
    known["limits"] = [limit_of(item) for item in known.get("limits", [])]
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
