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
FULL = 1000  # after which a full queue is asked again whether it takes children

# Sets of a queue, by state, and how many bytes precede the jid in a member.
SETS = {
    "waiting": 6,
    "scheduled": 13,
    "depends": 0,
    "running": 6,
    "throttled": 6,
    "complete": 0,
    "failed": 0,
}

KINDS = {
    "",
    "bucket",
    "clock",
    "deadlines",
    "ended",
    "events",
    "group",
    "groups",
    "job",
    "job-ring",
    "lane",
    "laned",
    "limit",
    "limits",
    "line",
    "parked",
    "parking",
    "queued",
    "openings",
    "slots",
    "tenants",
    "turns",
    "weights",
    "lock",
    "lock-ring",
    "rate",
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
    "unique",
    "template",
    "recurring",
    "refills",
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

HASHES = {
    *("", "flow", "laned", "limit", "queued", "template", "worker"),
    *("histogram", "stats", "weights"),
}
STRINGS = {
    *("bucket", "job", "payload", "failure", "request", "result", "sequence", "unique"),
    *("lock", "rate"),
}

# What goes by itself.
EXPIRING = {
    *("ring", "job-ring", "lock", "lock-ring", "rate", "request", "result", "bucket", "flow-ring"),
    *("stats", "histogram", "samples"),
}

_CONTROL = struct.Struct(">3sB6s6s6s6s")


class Job(record.Record):
    """A record, with the fields that only the engine needs."""

    queue: int
    klass: int
    place: int

    @classmethod
    def read(cls, data: bytes) -> Job:
        known = record.read(data)
        job = cls(**{name: getattr(known, name) for name in known.__slots__})
        job.queue = int.from_bytes(data[3:6], "big")
        job.klass = int.from_bytes(data[6:9], "big")
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
        if kind in STRINGS:
            pipe.get(name)
        elif kind == "parents":
            pipe.smembers(name)
        elif kind in HASHES:
            pipe.hgetall(name)
        elif kind in {"ring", "lock-ring", "samples"}:
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

    def klasses(self, setting: str) -> dict[int, bytes]:
        """Return the limits of the klasses whose numbers a setting lists, by these."""
        texts = msgpack.unpackb(self.fields.get(b"settings", b"\x80"))
        numbers = texts.get(setting, "").split()
        return {int(n): b"klass:" + self.fields[b"klass-name:" + n.encode()] for n in numbers}

    def members(self, state: str) -> Iterator[tuple[int, bytes, bytes, float]]:
        """Give queue, member, jid and score of all in a state."""
        for number, found in self.found[state].items():
            for member, score in found:
                yield int(number), member, member[SETS[state] :], score
        for name, found in self.found["lane"].items() if state == "waiting" else ():
            for member, score in found:
                yield int(name.partition(b":")[0]), member, member[SETS[state] :], score


def broken(keys: Keys, now: int) -> list[str]:
    """Return each law that does not hold, with an example."""
    return [f"{law.__name__[1:]}: {fault}" for law in LAWS for fault in law(keys, now)]


def _locks(keys: Keys, now: int) -> Iterator[str]:
    last = int(keys.found["sequence"].get(b"", 0))
    fences = set()
    for name, text in keys.found["lock"].items():
        ends, fence, waiters = (int.from_bytes(text[at : at + 6], "big") for at in (0, 6, 12))
        if not 0 < fence <= last or fence in fences:
            yield f"lock {name!r} has a number that was not drawn for it"
        fences.add(fence)
        if not text[18:] and (ends or waiters <= 0):
            yield f"lock {name!r} is nobody's, and nobody waits for it"
    yield from (
        f"the ring of lock {name!r} is full" for name, n in keys.found["lock-ring"].items() if n > 1
    )


def _known(keys: Keys, now: int) -> Iterator[str]:
    yield from (f"{name!r} is not in the legend" for name in keys.unknown)
    for name, left in keys.lifetimes.items():
        kind = name[len(keys.root) :].partition(b":")[0].decode()
        expires = kind in EXPIRING
        if kind == "flow":
            expires = name[len(keys.root) + 5 :] not in keys.found["members"]
        if kind == "job":
            jid = name[len(keys.root) + 4 :]
            expires = jid in keys.jobs and keys.jobs[jid].trace
        if kind == "unique":
            held = keys.found["unique"][name[len(keys.root) + 7 :]]
            expires = held is None or held[:1] == b"t"
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
    if state in {"waiting", "throttled"} and (score, member[:6]) != (job.priority, place):
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
    yield from _calendars(keys)


def _calendars(keys: Keys) -> Iterator[str]:
    refills = keys.single("refills")
    calendars = {
        jid: fields for jid, fields in keys.found["template"].items() if b"calendar" in fields
    }
    yield from (f"{jid!r} wants moments and has no calendar" for jid in refills.keys() - calendars)
    for jid, fields in calendars.items():
        packed = fields[b"moments"]
        moments = [int.from_bytes(packed[at : at + 6], "big") for at in range(0, len(packed), 6)]
        if moments != sorted(set(moments)) or (moments and moments[-1] > int(fields[b"known"])):
            yield f"{jid!r} has moments out of order: {moments}"
        due = int(fields[b"due"]) if fields[b"due"] != b"inf" else None
        if due != (moments[0] if moments else None):
            yield f"{jid!r} is due at {due} and has {moments}"
        if jid in refills and b"over" in fields:
            yield f"{jid!r} wants moments and is over"
        idle = b"over" in fields or fields[b"paused"] == b"1"
        if not moments and not idle and jid not in refills:
            yield f"{jid!r} has no moments and nobody is asked for some"


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
            last = max(first, now + FULL) if kind == "recurring" else first
            if first < float("inf") and clock.get(letter + number, float("inf")) > last:
                yield f"{kind} of {number!r}: {first} is not on the clock"
    if keys.single("ended") and clock.get(b"e0", float("inf")) > now:
        yield "the clock does not know of those that are to be told"
    workers = keys.single("workers")
    if workers and clock.get(b"w0", float("inf")) > min(workers.values()) + DAY:
        yield "the clock does not know of the workers"


UNSTARTED = {"waiting", "scheduled", "depends", "throttled"}


def _unique(keys: Keys, now: int) -> Iterator[str]:
    """A key that is not held for a time is held by a job that says so and has not gone too far."""
    for key, held in keys.found["unique"].items():
        if held is None or held[:1] == b"t":
            continue
        jid = held[13:]
        job = keys.live.get(jid)
        if job is None or job.options.get("unique", "").encode(errors="surrogateescape") != key:
            yield f"{key!r} is held by {jid!r}, which does not know"
        elif job.state not in (UNSTARTED | {"running"} if held[:1] == b"d" else UNSTARTED):
            yield f"{key!r} is held by {jid!r}, which is {job.state}"


def _deadlines(keys: Keys, now: int) -> Iterator[str]:
    """Jobs in nobody's hands, and only those, are listed with their next moment."""
    expected = {}
    for jid, job in keys.live.items():
        moments = []
        if job.attempt <= job.options.get("attempted", 0) and job.options.get(
            "if_late", "cancel"
        ) in {"cancel", "fail"}:
            moments.append(job.options.get("start_by"))
        moments.append(job.options.get("finish_by"))
        known = [moment for moment in moments if moment is not None]
        if known and job.state in UNSTARTED:
            expected[jid] = min(known)
    listed = {jid: int(moment) for jid, moment in keys.single("deadlines").items()}
    if listed != expected:
        yield f"deadlines are {expected}, listed {listed}"
    if listed and keys.single("clock").get(b"d0", float("inf")) > min(listed.values()):
        yield "the clock does not know of the deadlines"


def _seconds(keys: Keys, name: str, default: float) -> float:
    return float(keys.fields.get(name.encode(), default)) * 1000


OPEN = {"waiting", "scheduled", "depends", "running", "throttled"}


def _weights(keys: Keys, now: int) -> Iterator[str]:
    """A queue that counts bytes counts those of the jobs that say so, and in the end of all."""
    numbers = keys.numbers()
    counted = {
        int(field[6:]): int(found)
        for field, found in keys.fields.items()
        if field.startswith(b"bytes:")
    }
    for field in keys.fields:
        kind, _, number = field.partition(b":")
        if kind in {b"bytes", b"settings", b"weighing"} and number:
            if int(number) not in numbers:
                yield f"{field!r} is of no queue"
            elif keys.fields[b"queue:" + numbers[int(number)]][3] & 24 == 0:
                yield f"{field!r} is of a queue that does not say so"
    weights = dict.fromkeys(counted, 0)
    for jid, job in keys.jobs.items():
        weighed = bool(job.flags & record.WEIGHED)
        if weighed and (job.trace or job.state not in OPEN or job.queue not in counted):
            yield f"{jid!r} is weighed and should not be"
        elif weighed:
            weights[job.queue] += job.size
        elif (
            job.queue in counted
            and not job.trace
            and job.state in OPEN - {"running"}
            and b"weighing:%d" % job.queue not in keys.fields
        ):
            yield f"{jid!r} is not weighed"
    if weights != counted:
        yield f"bytes are counted {counted}, and are {weights}"


def _rings(keys: Keys, now: int) -> Iterator[str]:
    """A queue that somebody waits for and that has a runnable job has a token in its ring."""
    for number, name in keys.numbers().items():
        _, marks, _, waiters, _, _ = _CONTROL.unpack(keys.fields[b"queue:" + name])
        ring = keys.found["ring"].get(str(number).encode(), 0)
        waiting = keys.found["waiting"].get(str(number).encode())
        if ring > 1:
            yield f"the ring of {name!r} has {ring} tokens"
        if int.from_bytes(waiters, "big") > now and waiting and not marks & 1 and not ring:
            yield f"nobody is woken for the jobs of {name!r}"


COUNTED = 8192
_QUEUED = struct.Struct(">IId")


def _limits_of(job: Job) -> set[bytes]:
    return {name.encode() for name in job.options.get("limits", [])}


def _slots(keys: Keys, now: int) -> Iterator[str]:
    """A limit's slots are held by the jobs that run under it, of a klass' when all are counted."""
    limited, uncounted = keys.klasses("limited-klasses"), keys.klasses("uncounted-klasses")
    running = {
        (name, jid)
        for jid, job in keys.live.items()
        if job.state == "running"
        for name in _limits_of(job) | ({limited[job.klass]} if job.klass in limited else set())
    }
    slots = {(name, jid) for name, found in keys.found["slots"].items() for jid, _ in found}
    for name, jid in running - slots:
        if name not in uncounted.values():
            yield f"{jid!r} runs without its slot of {name!r}"
    yield from (f"{jid!r} does not run and has a slot of {name!r}" for name, jid in slots - running)
    for jid, job in keys.live.items():
        if job.flags & COUNTED and job.state not in {"waiting", "running"}:
            yield f"{jid!r} is {job.state} and counted"
    for _, jid in slots & running:
        if not keys.live[jid].flags & COUNTED:
            yield f"{jid!r} has a slot and does not say so"
    if uncounted and b"i0" not in keys.single("clock"):
        yield f"nobody counts those that run under {uncounted}"
    if not uncounted.keys() <= limited.keys() or (not uncounted and b"counting" in keys.fields):
        yield f"{uncounted} are counted, and limited are {limited}"


def _counted(keys: Keys) -> dict[tuple[bytes, int], int]:
    """Return how many jobs wait under each limit in each queue."""
    waiting: dict[tuple[bytes, int], int] = {}
    for job in keys.live.values():
        if job.state == "waiting" and job.flags & COUNTED:
            for name in _limits_of(job):
                waiting[name, job.queue] = waiting.get((name, job.queue), 0) + 1
    return waiting


def _parked(keys: Keys, now: int) -> Iterator[str]:
    """Who is parked is throttled, and listed."""
    names = set()
    for rest, found in keys.found["parked"].items():
        names.add(rest.partition(b":")[2])
        for member, _ in found:
            if keys.live.get(member[6:]) is None or keys.live[member[6:]].state != "throttled":
                yield f"{member[6:]!r} is parked under {rest!r} and not throttled"
    if set(keys.single("parking")) != names:
        yield f"parking is {keys.single('parking')}, and parked are {names}"


def _queued(keys: Keys, now: int) -> Iterator[str]:
    """What a limit counts is there, and nobody waits for a slot that nobody takes."""
    waiting = _counted(keys)
    parked = {}
    for rest, found in keys.found["parked"].items():
        number, _, name = rest.partition(b":")
        parked[name, int(number)] = len(found)
    counts = {
        (name, int(number)): _QUEUED.unpack(packed)[:2]
        for name, fields in keys.found["queued"].items()
        for number, packed in fields.items()
    }
    for place in counts.keys() | waiting.keys() | parked.keys():
        if place[0].startswith(b"klass:"):
            continue  # counted from when its limit was set
        true = waiting.get(place, 0), parked.get(place, 0)
        if counts.get(place, (0, 0)) != true:
            yield f"{place} has {true} waiting and parked, and counts {counts.get(place)}"
        if true[1] and place[0] not in keys.single("openings"):
            free = _free(keys, place[0])
            if free > true[0]:
                yield f"{place} has {true[1]} parked, {true[0]} waiting and {free} slots free"


def _free(keys: Keys, name: bytes) -> int:
    """Return how many slots of a limit are free; none under a rate, which only time tells."""
    limits = keys.found["limit"]
    limit = limits.get(name, limits.get(name.partition(b":")[0] + b":*", {}))
    if b"rate" in limit:
        return 0
    return int(limit.get(b"at_once", 10**9)) - len(keys.found["slots"].get(name, []))


def _lines(keys: Keys, now: int) -> Iterator[str]:
    """Of an order key, only the first runs or waits; a throttled job is held up by something."""
    heads = {found[0][0] for found in keys.found["line"].values()}
    lined = {jid for found in keys.found["line"].values() for jid, _ in found}
    held = {member[6:] for found in keys.found["parked"].values() for member, _ in found}
    for jid, job in keys.live.items():
        ordered = "order_key" in job.options
        if ordered and job.state in {"waiting", "running"} and jid not in heads:
            yield f"{jid!r} is {job.state} and not the first of its order key"
        if ordered and job.state in {"complete", "failed"} and jid in lined:
            yield f"{jid!r} is {job.state} and still in line"
        if job.state == "throttled" and jid not in held and (not ordered or jid in heads):
            yield f"{jid!r} is throttled by nothing"


def _lanes(keys: Keys, now: int) -> Iterator[str]:
    """A lane that holds jobs takes turns, and the counts of those with a tenant are right."""
    sizes: dict[bytes, int] = {}
    for number in keys.found["turns"]:
        if keys.found["waiting"].get(number) and b"" not in keys.set_of("turns", number):
            yield f"jobs without a tenant have no turns in {number!r}"
    for rest, found in keys.found["lane"].items():
        number, _, tenant = rest.partition(b":")
        sizes[number] = sizes.get(number, 0) + len(found)
        for kind in ("turns", "tenants"):
            if tenant not in keys.set_of(kind, number):
                yield f"the lane of {tenant!r} in {number!r} is not in {kind}"
    counted = {
        number: int(count)
        for number, count in keys.found["laned"].get(b"", {}).items()
        if int(count)
    }
    if counted != sizes:
        yield f"jobs with a tenant are counted {counted}, and are {sizes}"


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


LAWS = (
    *(_known, _states, _members, _sides, _edges, _held, _indexes, _failures, _clock, _rings),
    *(_slots, _parked, _queued, _lines, _lanes),
    *(_unique, _deadlines),
    *(_weights, _locks, _flows),
)
