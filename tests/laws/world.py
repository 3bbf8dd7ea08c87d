"""A namespace with a job in each state, to be broken by raw commands."""

from __future__ import annotations

import struct
from typing import Any

from tests.engine.conftest import Engine

NOW = 1_700_000_000_000
DAY = 86_400_000

FLAGS, LEFT, LEASE, HEADER = 1, 36, 42, 48
"""Where those are in a record."""

LIMITED = {"limited", "parked", "slotted", "rated", "first", "second", "tenanted"}
"""Those in a queue of their own, `r`, which takes only so many bytes."""

JOBS = {"big", "plain", "later", "child", "held", *LIMITED}
"""Those that are still to be completed."""


class World:
    """The namespace; what breaks it returns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.server: Any = engine.server
        for jid in ("done", "bad", "held"):
            engine.put(jid, now=NOW)
        done, bad, self.held = engine.pop(count=3, worker="v", now=NOW)
        engine.complete(done, now=NOW)
        engine.fail(bad, "g", now=NOW)
        engine.put("big", payload=b"x" * 2000, tags=["t"], now=NOW)
        engine.call("track", "big", now=NOW)
        engine.put("plain", priority=5, now=NOW)
        engine.put("later", delay=60_000, now=NOW)
        engine.put("child", depends=["plain", "big"], now=NOW)
        engine.call("recur", "other", "x", "K", b"", DAY, DAY, b"", now=NOW)
        engine.put("member", flow="f", depends=["plain"], now=NOW)
        self.lease = self.held.record.token + b"held"
        self._limit()

    def _limit(self) -> None:
        """Limits, an order key, a tenant and a cap, each with jobs that they concern."""
        engine = self.engine
        engine.call("configure", "max-bytes-r", "1000000", now=NOW)
        engine.ticks(now=NOW)
        engine.call("limit", "a", 1, "", "", "", now=NOW)
        engine.call("limit", "b", 1, "", "", "", now=NOW)
        engine.call("limit", "rated", "", 1, 60_000, "", now=NOW)
        engine.put("spent", "r", limits=["rated"], now=NOW)
        engine.put("slotted", "r", limits=["b"], now=NOW)
        spent, _ = engine.pop("r", count=2, worker="v", now=NOW)
        engine.complete(spent, now=NOW)
        engine.put("rated", "r", limits=["rated"], now=NOW)
        engine.put("limited", "r", limits=["a"], now=NOW)
        engine.put("parked", "r", limits=["a"], now=NOW)
        engine.put("first", "r", order_key="k", now=NOW)
        engine.put("second", "r", order_key="k", now=NOW)
        engine.put("tenanted", "r", tenant="t", now=NOW)

    def key(self, name: str) -> str:
        return self.engine.root + name

    def members(self, name: str) -> dict[bytes, tuple[bytes, float]]:
        """Return the members of a sorted set with their scores, by the jid at their end."""
        found = self.server.zrange(self.key(name), 0, -1, withscores=True)
        jids = [jid.encode() for jid in (*JOBS, "done", "bad", "x", "member", "f")]
        return {jid: each for each in found for jid in jids if each[0].endswith(jid)}

    def take(self, name: str, jid: bytes) -> World:
        """Take a job out of a set."""
        assert self.server.zrem(self.key(name), self.members(name)[jid][0])
        return self

    def take_raw(self, name: str, member: bytes) -> World:
        """Take a member out of a sorted set."""
        assert self.server.zrem(self.key(name), member)
        return self

    def queued(self, name: str, waiting: int, parked: int) -> World:
        """Let a limit count so many jobs of the queue `r`."""
        packed = struct.pack(">IId", waiting, parked, 0)
        self.server.hset(self.key("queued:" + name), self.number("r"), packed)
        return self

    def shift(self, name: str, jid: bytes) -> World:
        """Give a job another score in a set."""
        member, score = self.members(name)[jid]
        self.server.zadd(self.key(name), {member: score + 7})
        return self

    def add(self, name: str, member: bytes, score: float = NOW) -> World:
        self.server.zadd(self.key(name), {member: score})
        return self

    def flag(self, jid: str, flag: int, *, raised: bool) -> World:
        """Change a flag in a record."""
        data = self.server.get(self.key("job:" + jid))
        (flags,) = struct.unpack_from(">H", data, FLAGS)
        assert bool(flags & flag) != raised
        return self.write(jid, FLAGS, struct.pack(">H", flags ^ flag))

    def unhold(self, jid: str) -> World:
        """Take the lease out of a record."""
        data = self.server.get(self.key("job:" + jid))
        rest = data[HEADER + data[LEASE] :]
        self.server.set(
            self.key("job:" + jid), data[:LEASE] + b"\0" + data[LEASE + 1 : HEADER] + rest
        )
        return self

    def write(self, jid: str, at: int, data: bytes) -> World:
        """Write into a record."""
        self.server.setrange(self.key("job:" + jid), at, data)
        return self

    def mark(self, queue: str, marks: int) -> World:
        """Write the marks of a queue's control."""
        control = self.server.hget(self.engine.root, "queue:" + queue)
        changed = control[:3] + bytes([marks]) + control[4:]
        self.server.hset(self.engine.root, "queue:" + queue, changed)
        return self

    def depend(self, jid: str, parent: str) -> World:
        """Let a job wait for another, which does not know."""
        self.server.sadd(self.key("parents:" + jid), parent)
        return self

    def drop(self, *names: str) -> World:
        assert self.server.delete(*map(self.key, names)) == len(names)
        return self

    def forget(self, name: str, *fields: Any) -> World:
        """Delete fields of a hash; the root has no name."""
        assert self.server.hdel(self.key(name), *fields) == len(fields)
        return self

    def number(self, queue: str) -> str:
        return str(self.engine.number(queue))

    def names(self) -> set[str]:
        return {found.name for found in self.engine.check(now=NOW)}

    def mend(self) -> set[str]:
        """Repair all that is found; returns what came of it."""
        return {self.engine.repair(found, now=NOW) for found in self.engine.check(now=NOW)}

    def run_all(self) -> set[str]:
        """Run every job there is; returns the jids of those that were completed."""
        engine, now, jids = self.engine, NOW + 120_000, set()
        engine.ticks(now=now)
        while leases := engine.pop("q", "r", count=10, now=now):
            for lease in leases:
                engine.complete(lease, now=now)
                jids.add(lease.jid)
            engine.ticks(now=now)
        return jids
