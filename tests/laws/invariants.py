"""What must hold for the keys of a namespace after every call, whatever the calls were.

`Keys` reads a namespace once; `broken` names each law that does not hold. Nothing here knows which
calls were made: lua/README.md's legend of the keys is all it goes by.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgpack
import redis

from pyjobs import record

DAY = 86_400_000

# Sets of a queue, by state, and how many bytes precede the jid in a member.
SETS = {"waiting": 6, "scheduled": 13, "depends": 0, "running": 6, "complete": 0, "failed": 0}

KINDS = {
    "",
    "clock",
    "ended",
    "events",
    "group",
    "groups",
    "job",
    "job-ring",
    "payload",
    "failure",
    "flow",
    "flow-ring",
    "flows",
    "members",
    "lineage",
    "pending",
    "parents",
    "dependents",
    "template",
    "recurring",
    "ring",
    "stats",
    "histogram",
    "samples",
    "tag",
    "tags",
    "tracked",
    "worker",
    "workers",
    "queues",
    "request",
    "result",
    "sequence",
    *SETS,
}

_CONTROL = struct.Struct(">3sB6s6s6s6s")


class Job(record.Record):
    """A record, with the fields that only the engine needs."""

    queue: int
    place: int

    @classmethod
    def read(cls, data: bytes) -> Job:
        known = record.read(data)
        job = cls(**{name: getattr(known, name) for name in known.__slots__})
        job.queue = int.from_bytes(data[3:6], "big")
        job.place = int.from_bytes(data[15:21], "big")
        return job

    @property
    def trace(self) -> bool:
        return bool(self.flags & record.TRACE)


class Keys:
    """All keys of a namespace and what they hold."""

    def __init__(self, server: redis.Redis, root: str) -> None:
        names = sorted(server.scan_iter(match=root + "*", count=1000))
        self.root = root.encode()
        self.found: dict[str, dict[bytes, Any]] = {kind: {} for kind in KINDS}
        self.unknown: list[bytes] = []
        pipe = server.pipeline(transaction=False)
        for name in names:
            self._ask(pipe, name)
        self.lifetimes: dict[bytes, int] = {}
        answers = iter(pipe.execute())
        for name in names:
            kind, _, rest = name[len(self.root) :].partition(b":")
            if kind.decode() not in KINDS:
                self.unknown.append(name)
            value, self.lifetimes[name] = next(answers), next(answers)
            self.found.setdefault(kind.decode(), {})[rest] = value
        self.jobs = {jid: Job.read(data) for jid, data in self.found["job"].items() if data}
        self.live = {jid: job for jid, job in self.jobs.items() if not job.trace}
        self.fields: dict[bytes, bytes] = self.found[""].get(b"", {})

    def _ask(self, pipe: Any, name: bytes) -> None:
        kind = name[len(self.root) :].partition(b":")[0].decode()
        if kind in {"job", "payload", "failure", "request", "result", "sequence"}:
            pipe.get(name)
        elif kind == "parents":
            pipe.smembers(name)
        elif kind in {"", "flow", "template", "worker", "stats", "histogram"}:
            pipe.hgetall(name)
        elif kind in {"ring", "samples"}:
            pipe.llen(name)
        elif kind in {"events", "job-ring", "flow-ring"}:
            pipe.xlen(name)
        else:
            pipe.zrange(name, 0, -1, withscores=True)
        pipe.pttl(name)

    def single(self, kind: str) -> dict[bytes, float]:
        """Return the one sorted set of this kind."""
        return dict(self.found[kind].get(b"", []))

    def set_of(self, kind: str, rest: bytes) -> dict[bytes, float]:
        """Return a sorted set."""
        return dict(self.found[kind].get(rest, []))

    def numbers(self) -> dict[int, bytes]:
        """Return the queues' names by their numbers."""
        return {
            int(field[5:]): name
            for field, name in self.fields.items()
            if field.startswith(b"name:")
        }

    def members(self, state: str) -> Iterator[tuple[int, bytes, bytes, float]]:
        """Give queue, member, jid and score of all in a state."""
        for number, found in self.found[state].items():
            for member, score in found:
                yield int(number), member, member[SETS[state] :], score


def broken(keys: Keys, now: int) -> list[str]:
    """Return each law that does not hold, with an example."""
    laws = (
        _known,
        _states,
        _members,
        _sides,
        _edges,
        _held,
        _indexes,
        _failures,
        _clock,
        _rings,
        _flows,
    )
    return [f"{law.__name__[1:]}: {fault}" for law in laws for fault in law(keys, now)]


def _known(keys: Keys, now: int) -> Iterator[str]:
    yield from (f"{name!r} is not in the legend" for name in keys.unknown)
    for name, left in keys.lifetimes.items():
        kind = name[len(keys.root) :].partition(b":")[0].decode()
        expires = kind in {"ring", "stats", "histogram", "samples", "request", "result", "job-ring"}
        expires |= kind == "flow-ring"
        if kind == "flow":
            expires = name[len(keys.root) + 5 :] not in keys.found["members"]
        if kind == "job":
            jid = name[len(keys.root) + 4 :]
            expires = jid in keys.jobs and keys.jobs[jid].trace
        if left != -2 and (left >= 0) != expires:
            yield f"{name!r} has {left} ms to live"
    numbers = keys.numbers()
    if len(set(numbers.values())) != len(numbers):
        yield "a queue has two numbers"
    if set(keys.single("queues")) != set(numbers.values()):
        yield "the registry of queues and their numbers differ"
    for number, name in numbers.items():
        control = keys.fields.get(b"queue:" + name, b"")
        if int.from_bytes(control[:3], "big") != number:
            yield f"queue {name!r} does not know its number"


def _states(keys: Keys, now: int) -> Iterator[str]:
    seen: dict[bytes, tuple[str, int]] = {}
    for state in SETS:
        for number, member, jid, score in keys.members(state):
            if jid in seen:
                yield f"{jid!r} is in {state} of {number} and in {seen[jid]}"
            seen[jid] = state, number
            job = keys.live.get(jid)
            if job is None:
                yield f"{jid!r} in {state} of {number} has no record"
            elif (job.state, job.queue) != (state, number):
                yield f"{jid!r} in {state} of {number} says {job.state} of {job.queue}"
            else:
                yield from _position(job, state, member, score, jid)
    ended = keys.single("ended")
    for jid in keys.live.keys() - seen.keys():
        if keys.live[jid].state != "cancelled" or jid not in ended:
            yield f"{jid!r} is in no state"
    unregistered = {number for _, number in seen.values()} - keys.numbers().keys()
    yield from (f"queue {number} has jobs and no name" for number in unregistered)


def _position(job: Job, state: str, member: bytes, score: float, jid: bytes) -> Iterator[str]:
    place = job.place.to_bytes(6, "big")
    if state == "waiting" and (score, member[:6]) != (job.priority, place):
        yield f"{jid!r} waits at {score}, {member[:6]!r}, and should at {job.priority}, {place!r}"
    if state == "scheduled":
        priority = (job.priority + 2**53).to_bytes(7, "big")
        due = -(-job.since // 100) * 100
        if (score, member[:13]) != (due, priority + place):
            yield f"{jid!r} is scheduled at {score}, {member[:13]!r}"
    if state == "running" and member[:6] != job.token:
        yield f"{jid!r} runs under another token than its record's"
    if state in {"complete", "failed", "depends"} and score < job.since:
        yield f"{jid!r} is listed before it was {state}"


def _members(keys: Keys, now: int) -> Iterator[str]:
    for jid, job in keys.live.items():
        if job.state == "running" and not (job.worker and job.popped):
            yield f"{jid!r} runs and nobody holds it"
        if job.state != "running" and (job.worker or job.popped):
            yield f"{jid!r} is {job.state} and {job.worker} holds it"
        if job.left > job.retries:
            yield f"{jid!r} has more retries left than it was given"
        if job.flags & record.HELD and job.state != "depends":
            yield f"{jid!r} is {job.state} under a hold"
        if job.flags & record.GRACE and job.state != "running":
            yield f"{jid!r} is {job.state} and in its grace period"
        if job.flags & record.AWAITED and job.state in {"complete", "failed"}:
            yield f"{jid!r} is {job.state} and those who wait for that were not told"
        if len(list(job.history(""))) != job.entries and not job.flags & record.FRESH:
            yield f"{jid!r} miscounts its history"


def _sides(keys: Keys, now: int) -> Iterator[str]:
    sides = {
        "parents": record.PARENTS,
        "dependents": record.DEPENDENTS,
        "payload": record.PAYLOAD,
        "failure": record.FAILURE,
    }
    for kind, flag in sides.items():
        owners = set(keys.found[kind])
        flagged = {jid for jid, job in keys.jobs.items() if job.flags & flag}
        yield from (f"{jid!r} has a {kind} key that is not its" for jid in owners - flagged)
        yield from (f"{jid!r} misses its {kind} key" for jid in flagged - owners)
    for jid, payload in keys.found["payload"].items():
        if jid in keys.jobs and keys.jobs[jid].size != len(payload):
            yield f"{jid!r} has a payload of another size"


def _edges(keys: Keys, now: int) -> Iterator[str]:
    down = {(parent, jid) for parent, found in keys.found["dependents"].items() for jid, _ in found}
    up = {(parent, jid) for jid, found in keys.found["parents"].items() for parent in found}
    yield from (f"{jid!r} waits for {parent!r}, which does not know" for parent, jid in up - down)
    yield from (f"{parent!r} knows {jid!r}, which does not wait" for parent, jid in down - up)
    ended = keys.single("ended")
    for parent, jid in up:
        if jid not in keys.live or keys.live[jid].state != "depends":
            yield f"{jid!r} waits for {parent!r} without being in depends"
        if parent not in keys.live:
            yield f"{jid!r} waits for {parent!r}, which is not there"
        elif keys.live[parent].state in {"complete", "cancelled"} and parent not in ended:
            yield f"{jid!r} waits for {parent!r}, which is {keys.live[parent].state}"
        elif (
            keys.live[parent].state == "failed"
            and parent not in ended
            and keys.set_of("dependents", parent).get(jid) != 0
        ):
            yield f"{jid!r} should have acted on the failure of {parent!r}"
    for jid, job in keys.live.items():
        waits = job.flags & (record.PARENTS | record.HELD) or job.options.get("unsealed")
        if job.state == "depends" and not waits:
            yield f"{jid!r} waits for nothing"


def _held(keys: Keys, now: int) -> Iterator[str]:
    running = {member: number for number, member, _, _ in keys.members("running")}
    held = {}
    for worker, fields in keys.found["worker"].items():
        registered = worker in keys.single("workers")
        if registered != (b"seen" in fields):
            yield f"worker {worker!r} is registered by half"
        for field, value in fields.items():
            if field in {b"seen", b"served", b"about", b"queues"}:
                continue
            held[field] = int(value.rpartition(b":")[2])
            job = keys.live.get(field[6:])
            if job and job.worker.encode() != worker:
                yield f"{field[6:]!r} is held by {worker!r} and says {job.worker}"
    if held != running:
        yield f"held leases {held} are not the running ones {running}"


def _indexes(keys: Keys, now: int) -> Iterator[str]:
    tags = {
        (tag.encode(), jid) for jid, job in keys.live.items() for tag in job.options.get("tags", [])
    }
    index = {(tag, jid) for tag, found in keys.found["tag"].items() for jid, _ in found}
    yield from (f"{jid!r} is not indexed under {tag!r}" for tag, jid in tags - index)
    yield from (f"{jid!r} is indexed under {tag!r}" for tag, jid in index - tags)
    sizes = {tag: len(found) for tag, found in keys.found["tag"].items()}
    if keys.single("tags") != sizes:
        yield f"tags are counted {keys.single('tags')}, and are {sizes}"
    tracked = {jid for jid, job in keys.jobs.items() if job.flags & record.TRACKED}
    if tracked != set(keys.single("tracked")):
        yield f"tracked are {tracked}, listed {set(keys.single('tracked'))}"
    listed = {
        jid: int(number) for number, found in keys.found["recurring"].items() for jid, _ in found
    }
    templates = {jid: int(fields[b"queue"]) for jid, fields in keys.found["template"].items()}
    if listed != templates:
        yield f"templates are {templates}, listed {listed}"


def _failures(keys: Keys, now: int) -> Iterator[str]:
    grouped = {jid: group for group, found in keys.found["group"].items() for jid, _ in found}
    failed = {}
    for jid, packed in keys.found["failure"].items():
        if jid in keys.live and keys.live[jid].state == "failed":
            failed[jid] = msgpack.unpackb(packed)["group"].encode()
    if failed != grouped:
        yield f"failed are {failed}, grouped {grouped}"
    failed_records = {jid for jid, job in keys.live.items() if job.state == "failed"}
    yield from (f"{jid!r} failed and nobody says why" for jid in failed_records - failed.keys())
    if set(keys.single("groups")) != set(keys.found["group"]):
        yield "the listing of failure groups differs"


def _clock(keys: Keys, now: int) -> Iterator[str]:
    clock = keys.single("clock")
    due = float(keys.fields[b"due"]) if b"due" in keys.fields else None
    if clock and (due is None or due > min(clock.values())):
        yield f"due is {due}, and the clock begins at {min(clock.values())}"
    for letter, kind, later in (
        (b"l", "running", 0),
        (b"s", "scheduled", 0),
        (b"r", "recurring", 0),
        (b"k", "complete", _seconds(keys, "jobs-history", 7 * 86400)),
        (b"k", "failed", _seconds(keys, "failed-history", 180 * 86400)),
    ):
        for number, found in keys.found[kind].items():
            first = min(score for _, score in found) + later
            if first < float("inf") and clock.get(letter + number, float("inf")) > first:
                yield f"{kind} of {number!r}: {first} is not on the clock"
    if keys.single("ended") and clock.get(b"e0", float("inf")) > now:
        yield "the clock does not know of those that are to be told"
    workers = keys.single("workers")
    if workers and clock.get(b"w0", float("inf")) > min(workers.values()) + DAY:
        yield "the clock does not know of the workers"


def _seconds(keys: Keys, name: str, default: float) -> float:
    return float(keys.fields.get(name.encode(), default)) * 1000


def _rings(keys: Keys, now: int) -> Iterator[str]:
    """A queue that somebody waits for and that has a runnable job has a token in its ring."""
    for number, name in keys.numbers().items():
        _, paused, _, waiters, _, _ = _CONTROL.unpack(keys.fields[b"queue:" + name])
        ring = keys.found["ring"].get(str(number).encode(), 0)
        waiting = keys.found["waiting"].get(str(number).encode())
        if ring > 1:
            yield f"the ring of {name!r} has {ring} tokens"
        if int.from_bytes(waiters, "big") > now and waiting and not paused and not ring:
            yield f"nobody is woken for the jobs of {name!r}"


MOMENTS = 2**44
CLASSES = {"depends": 1, "failed": 3, "complete": 4}


def _flows(keys: Keys, now: int) -> Iterator[str]:
    found = {
        (flow, jid): score for flow, part in keys.found["members"].items() for jid, score in part
    }
    for jid, job in keys.live.items():
        flow = str(job.options.get("flow", "")).encode(errors="surrogateescape")
        if bool(flow) != bool(job.flags & record.FLOW):
            yield f"{jid!r} is a member of {flow!r} by half"
        if not flow:
            continue
        score = CLASSES.get(job.state, 2) * MOMENTS + min(job.since, MOMENTS - 1)
        if job.state == "depends" and job.options.get("unsealed"):
            score = int.from_bytes(job.token[:4], "big")
        if found.pop((flow, jid), None) != score:
            yield f"{jid!r} is not among the members of {flow!r} where it should be"
        sealed = b"sealed" in keys.found["flow"].get(flow, {})
        waits = b"stopped" in keys.found["flow"].get(flow, {}) or flow in keys.single("pending")
        if job.options.get("unsealed") and job.state == "depends" and sealed and not waits:
            yield f"{jid!r} is held by {flow!r}, which is sealed"
    yield from (f"{jid!r} is no member of {flow!r}" for flow, jid in found)


def _flow_listings(keys: Keys, now: int) -> Iterator[str]:
    for listing in ("flows", "pending"):
        for flow in keys.single(listing).keys() - keys.found["members"].keys():
            yield f"{flow!r} is listed in {listing}, and has no members"
    if set(keys.found["members"]) != set(keys.single("flows")):
        yield "the listing of flows differs"
    for jid in keys.found["lineage"]:
        if jid not in keys.live or not keys.live[jid].flags & record.FLOW:
            yield f"{jid!r} has a lineage and is no member of a flow"
    pending = keys.single("pending")
    if pending and keys.single("clock").get(b"f0", float("inf")) > min(pending.values()):
        yield "the clock does not know of the flows that are pending"
