"""What a namespace holds that nothing accounts for: the check after each test.

Every key without a time to live must be explained by another: a job's side keys by its record, a
record by the set of its state, a member of a set by its record. The names are those of
lua/store/keys.lua; of a record only the first seven bytes are read, which never move.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import redis

# Kinds of keys that exist once a namespace (or partition) and stay.
SINGLE = {
    "alarm",
    "clock",
    "deadlines",
    "ended",
    "events",
    "flows",
    "groups",
    "laned",
    "limits",
    "parking",
    "pending",
    "queues",
    "openings",
    "sequence",
    "tags",
    "tracked",
    "weights",
    "workers",
}

# Sets of a queue that hold jobs, by state, and how many bytes precede the jid in a member.
STATE_SETS = {
    "waiting": 6,  # place
    "scheduled": 13,  # priority, put sequence
    "depends": 0,
    "running": 6,  # token: epoch, attempt
    "throttled": 6,  # place
    "complete": 0,
    "failed": 0,
}
STATES = {
    1: "waiting",
    2: "scheduled",
    3: "depends",
    4: "running",
    5: "throttled",
    6: "complete",
    7: "failed",
}

# A job's side keys, and the flag in its record that says there is one.
SIDE_KEYS = {"parents": 4, "dependents": 8, "payload": 32, "failure": 64}
TRACE = 512
FLOW = 16384
CANCELLED = 8

# Sets that list what has keys of its own.
LISTINGS = {
    "groups": "group",
    "tags": "tag",
    "workers": "worker",
    "flows": "flow",
    "pending": "flow",
}

CHUNK = 1000


class Record(NamedTuple):
    """The fixed beginning of a job's record."""

    state: int
    flags: int
    queue: int

    @classmethod
    def read(cls, packed: bytes) -> Record:
        return cls(
            packed[0] % 16, int.from_bytes(packed[1:3], "big"), int.from_bytes(packed[3:6], "big")
        )


class Partition:
    """All keys without a time to live below one root `{namespace/p}`, by kind and the rest."""

    def __init__(self, client: redis.Redis, root: bytes) -> None:
        self.client = client
        self.root = root
        self.kinds: dict[str, dict[bytes, bytes]] = {}
        self.records: dict[bytes, Record] = {}
        self.expiring: set[bytes] = set()

    def add(self, key: bytes, *, expiring: bool) -> None:
        kind, _, rest = key[len(self.root) :].partition(b":")
        if kind == b"job":
            self.expiring |= {rest} if expiring else set()
            self.records[rest] = Record(0, 0, 0)
        if not expiring:
            self.kinds.setdefault(kind.decode(), {})[rest] = key

    def read_records(self) -> None:
        jids = list(self.records)
        for start in range(0, len(jids), CHUNK):
            slice_ = jids[start : start + CHUNK]
            texts: Any = self.client.mget([self.root + b"job:" + jid for jid in slice_])
            self.records |= {
                jid: Record.read(text) for jid, text in zip(slice_, texts, strict=True) if text
            }

    def members(self, key: bytes) -> list[bytes]:
        """Return the members of a set of either sort, the fields of a hash, or nothing."""
        kind: Any = self.client.type(key)
        found: Any = {
            b"set": self.client.smembers,
            b"zset": lambda name: self.client.zrange(name, 0, -1),
            b"hash": self.client.hkeys,
        }.get(kind, lambda _: [])(key)
        return list(found)

    def unexplained(self) -> Iterator[tuple[bytes, str]]:
        """Give each key that is not accounted for, and why."""
        self.read_records()
        of_kind = {
            "lane": self._lanes,
            "worker": self._workers,
            "unique": self._unique_keys,
            "template": self._templates,
            "refills": self._refills,
        }
        for kind, keys in self.kinds.items():
            if kind in STATE_SETS:
                yield from self._state_sets(kind, keys)
            elif kind in SIDE_KEYS:
                yield from self._side_keys(kind, keys)
            elif kind in of_kind:
                yield from of_kind[kind](keys)
            elif kind in {"slots", "line", "parked", "queued", "limit"}:
                yield from self._limits(kind, keys)
            elif kind in {"tag", "group"}:
                yield from self._indexes(kind, keys)
            elif kind in {"flow", "members", "lineage"}:
                yield from self._flows(kind, keys)
            elif kind in {"recurring", "ring", "turns", "tenants"}:
                yield from self._of_unknown_queues(keys)
            elif kind not in SINGLE | {"", "job"}:
                yield from ((key, "has no time to live") for key in keys.values())
        yield from self._records()
        yield from self._listings()
        yield from self._own_fields()

    def _state_sets(self, state: str, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        yield from self._of_unknown_queues(keys)
        for number, key in keys.items():
            for member in self.members(key):
                jid = member[STATE_SETS[state] :]
                record = self.records.get(jid)
                if record is None:
                    yield key, f"its member {shown(jid)} has no record"
                elif (STATES.get(record.state), record.queue) != (state, int(number)):
                    yield key, f"its member {shown(jid)} is in another state or queue"

    def _lanes(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        # A lane is a part of its queue's waiting set.
        for name, key in keys.items():
            number = name.partition(b":")[0]
            for member in self.members(key):
                jid = member[STATE_SETS["waiting"] :]
                record = self.records.get(jid)
                if record is None or (record.state, record.queue) != (1, int(number)):
                    yield key, f"its member {shown(jid)} does not wait in this queue"

    def _limits(self, kind: str, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        if kind == "limit":
            yield from self._not_in(b"limits", keys, "the limit is not listed")
        elif kind == "queued":
            yield from (
                (key, f"counts jobs of queue {shown(number)}, which is not registered")
                for key in keys.values()
                for number in self.members(key)
                if not self.client.hexists(self.root, b"name:" + number)
            )
        else:
            prefix = STATE_SETS["throttled"] if kind == "parked" else 0
            for key in keys.values():
                for member in self.members(key):
                    record = self.records.get(member[prefix:])
                    if record is None or record.flags & TRACE or record.state in {6, 7}:
                        yield key, f"its member {shown(member[prefix:])} is not to run any more"

    def _records(self) -> Iterator[tuple[bytes, str]]:
        ended = set(self.members(self.root + b"ended"))
        in_flows = {
            jid for key in self.kinds.get("members", {}).values() for jid in self.members(key)
        }
        present = {
            (state, int(number), member[prefix:])
            for state, prefix in STATE_SETS.items()
            for number, key in self.kinds.get(state, {}).items()
            for member in self.members(key)
        } | {
            ("waiting", int(name.partition(b":")[0]), member[STATE_SETS["waiting"] :])
            for name, key in self.kinds.get("lane", {}).items()
            for member in self.members(key)
        }
        for jid, record in self.records.items():
            key = self.root + b"job:" + jid
            if record.flags & TRACE:
                if jid not in self.expiring:
                    yield key, "is a trace without a time to live"
                continue
            if bool(record.flags & FLOW) != (jid in in_flows):
                yield key, "is a member of a flow by half"
            if record.state == CANCELLED:
                if jid not in ended:
                    yield key, "is cancelled, and nobody is to be told"
                continue
            state = STATES.get(record.state, "")
            if (state, record.queue, jid) not in present:
                yield key, f"is in no set of its state ({state or record.state})"
            for kind, flag in SIDE_KEYS.items():
                if record.flags & flag and jid not in self.kinds.get(kind, {}):
                    yield key, f"says that it has a {kind} key, which is not there"

    def _side_keys(self, kind: str, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        for jid, key in keys.items():
            record = self.records.get(jid)
            if record is None:
                yield key, "its job has no record"
            elif not record.flags & SIDE_KEYS[kind]:
                yield key, "its job's record does not know of it"
            if kind == "parents":
                yield from self._without_record(key)

    def _indexes(self, kind: str, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        yield from self._not_in(kind.encode() + b"s", keys, f"the {kind} is not listed")
        for key in keys.values():
            yield from self._without_record(key)

    def _listings(self) -> Iterator[tuple[bytes, str]]:
        yield from self._without_record(self.root + b"tracked")
        yield from self._without_record(self.root + b"deadlines", traces=False)
        for listing, kind in LISTINGS.items():
            key = self.root + listing.encode()
            for name in self.members(key):
                if name not in self.kinds.get(kind, {}):
                    yield key, f"its member {shown(name)} has no {kind} key"

    def _own_fields(self) -> Iterator[tuple[bytes, str]]:
        # What a queue has of its own in the root, and goes with it.
        for field in self.members(self.root):
            kind, _, number = field.partition(b":")
            own = kind in {b"settings", b"bytes", b"weighing"} and number
            if own and not self.client.hexists(self.root, b"name:" + number):
                yield self.root, f"its field {shown(field)} is of a queue that is not registered"

    def _workers(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        # A worker that has left the registry is explained by what it still holds.
        idle = {name: key for name, key in keys.items() if not self._held(key)}
        yield from self._not_in(b"workers", idle, "the worker is not registered")
        running = {
            member for key in self.kinds.get("running", {}).values() for member in self.members(key)
        }
        for key in keys.values():
            for field in self._held(key):
                if field not in running:
                    yield (
                        key,
                        f"holds {shown(field[STATE_SETS['running'] :])}, which is not running",
                    )

    def _held(self, key: bytes) -> set[bytes]:
        # Fields that are no words of the engine are members of a running set: token, jid.
        return set(self.members(key)) - {b"seen", b"served", b"about", b"queues"}

    def _flows(self, kind: str, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        for name, key in keys.items():
            if kind == "flow" and name not in self.kinds.get("members", {}):
                yield key, "has no members"
            elif kind == "members":
                if name not in self.kinds.get("flow", {}):
                    yield key, "has no flow"
                yield from self._without_record(key)
            elif kind == "lineage":
                record = self.records.get(name)
                if record is None or not record.flags & FLOW:
                    yield key, "its job is no member of a flow"

    def _templates(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        listed = {
            jid for key in self.kinds.get("recurring", {}).values() for jid in self.members(key)
        }
        yield from ((key, "is in no queue") for jid, key in keys.items() if jid not in listed)

    def _unique_keys(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        # How it is held, two moments, and the jid of the job that holds it.
        for key in keys.values():
            held: Any = self.client.get(key)
            record = self.records.get(held[13:])
            if record is None or record.flags & TRACE:
                yield key, f"its job {shown(held[13:])} has gone"

    def _refills(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        templates = self.kinds.get("template", {})
        for key in keys.values():
            for jid in self.members(key):
                if jid not in templates:
                    yield key, f"its member {shown(jid)} is no template"
                elif not self.client.hexists(templates[jid], "calendar"):
                    yield key, f"its member {shown(jid)} has no calendar"

    def _without_record(self, key: bytes, *, traces: bool = True) -> Iterator[tuple[bytes, str]]:
        for jid in self.members(key):
            record = self.records.get(jid)
            if record is None or (record.flags & TRACE and not traces):
                yield key, f"its member {shown(jid)} has no record"

    def _of_unknown_queues(self, keys: dict[bytes, bytes]) -> Iterator[tuple[bytes, str]]:
        for number, key in keys.items():
            if not self.client.hexists(self.root, b"name:" + number):
                yield key, "its queue is not registered"

    def _not_in(
        self, listing: bytes, keys: dict[bytes, bytes], why: str
    ) -> Iterator[tuple[bytes, str]]:
        listed = set(self.members(self.root + listing))
        yield from ((key, why) for name, key in keys.items() if name not in listed)


def shown(name: bytes) -> str:
    """Return a key or jid as text, whatever bytes it is made of."""
    return name.decode(errors="backslashreplace")


def all_keys(client: redis.Redis, namespace: str) -> list[bytes]:
    """Return the namespace's keys, of all partitions; `client` does not decode answers."""
    return list(set(client.scan_iter(match=f"{{{namespace}/*", count=CHUNK)))


def partitions(client: redis.Redis, keys: Iterable[bytes]) -> dict[bytes, Partition]:
    """Sort keys into partitions."""
    ordered = sorted(keys)
    pipeline = client.pipeline(transaction=False)
    for key in ordered:
        pipeline.pttl(key)
    found: dict[bytes, Partition] = {}
    for key, left in zip(ordered, pipeline.execute(), strict=True):
        root = key[: key.index(b"}") + 1]
        if left != -2:  # -2: expired since it was listed
            found.setdefault(root, Partition(client, root)).add(key, expiring=left >= 0)
    return found


def leaked_keys(client: redis.Redis, namespace: str, keeps: Iterable[str] = ()) -> list[str]:
    """Return "key: why" for each key that nothing accounts for, sorted; empty when all is well.

    `keeps` are patterns (as of a shell) of key names after `{namespace/p}` that are not looked at.
    `client` does not decode answers.
    """
    patterns = tuple(keeps)
    found = []
    for root, partition in partitions(client, all_keys(client, namespace)).items():
        for key, why in partition.unexplained():
            name = shown(key[len(root) :])
            if not any(fnmatchcase(name, pattern) for pattern in patterns):
                found.append(f"{shown(key)}: {why}")
    return sorted(set(found))


def delete_keys(client: redis.Redis, namespace: str) -> None:
    """Delete the namespace's keys, of all partitions."""
    keys = all_keys(client, namespace)
    for start in range(0, len(keys), CHUNK):
        client.unlink(*keys[start : start + CHUNK])
