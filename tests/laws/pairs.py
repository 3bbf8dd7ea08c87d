"""Jobs that carry two features at once, run until nothing is left to be done.

A feature says what its jobs are put with, what is called meanwhile and how their attempts end, and
what it promises. The world knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgpack

from tests.engine.conftest import Engine, Lease, Refused, leases
from tests.laws.invariants import Job, Keys, broken

JIDS = ("j0", "j1", "j2", "j3", "j4", "j5")
QUEUES = ("q", "r")
BEGIN, TICK, LEAST, ROUNDS = 1000, 25, 16, 200
OPEN = {"waiting", "running", "stalled", "scheduled", "throttled", "depends"}

# What must not be left when every job has ended.
GONE = ("slots", "line", "parked", "parking", "queued", "lane", "deadlines", "openings", "parents")
UNSTARTED = {"waiting", "scheduled", "depends", "throttled"}


class Feature:
    """One feature of jobs; what it does not say is as for a plain job."""

    name = ""

    def options(self, number: int) -> dict[str, Any]:
        """Return what the job of this number is put with, as on the wire."""
        return {}

    def klass(self, number: int) -> str:
        """Return which klass the job of this number is put with; empty: any."""
        return ""

    def prepare(self, world: World) -> None:
        """Make calls before the jobs are put."""

    def put(self, world: World) -> bool:
        """Put the jobs in a way of its own, or return False."""
        return False

    def meddle(self, world: World) -> None:
        """Make calls when some jobs run and the others have been put."""

    def pop(self, world: World) -> list[Lease] | None:
        """Hand jobs out in a way of its own; None: as ever."""
        return None

    def end(self, world: World, lease: Lease) -> bool:
        """End an attempt in a way of its own, or return False."""
        return False

    def promise(self, world: World, keys: Keys) -> None:
        """Assert what holds after every call."""

    def outcome(self, world: World, keys: Keys) -> None:
        """Assert what holds in the end."""


class World:
    """A namespace, what has happened in it, and who is held."""

    def __init__(self, engine: Engine, features: Sequence[Feature]) -> None:
        self.engine = engine
        self.features = features
        self.now = BEGIN
        self.names = {feature.name for feature in features}
        self.held: list[Lease] = []
        self.put_at: dict[str, int] = {}
        self.made: list[str] = []
        self.starts: list[tuple[int, str]] = []
        self.popped: list[list[Lease]] = []
        self.completed: list[str] = []

    def call(self, command: str, *args: Any) -> Any:
        """Make a call, and see that all laws and promises hold."""
        answer = self.engine.call(command, *args, now=self.now)
        self.look()
        return answer

    def tried(self, *call: Any, words: Sequence[str] = ("LEASELOST", "NOJOB")) -> Any:
        """Make a call that may be refused with these words: then the answer is None."""
        try:
            return self.call(*call)
        except Refused as refusal:
            if refusal.word not in words:
                raise
        return None

    def look(self) -> Keys:
        keys = Keys(self.engine.server, self.engine.root)
        found = broken(keys, self.now)
        assert not found, (self.now, found)
        for feature in self.features:
            feature.promise(self, keys)
        return keys

    def options(self, number: int) -> dict[str, Any]:
        """Return what both features put a job with."""
        merged: dict[str, Any] = {"retries": 3}
        for feature in self.features:
            for name, value in feature.options(number).items():
                both = isinstance(value, list) and name in merged
                merged[name] = merged[name] + value if both else value
        return merged

    def member(self, jid: str, number: int) -> tuple[Any, ...]:
        """Return a put as a member of a step."""
        packed = msgpack.packb(self.options(number), use_bin_type=False)
        klass = next((k for f in self.features if (k := f.klass(number))), "jobs.Klass")
        return "put", "q", jid, klass, b"\xc0", packed

    def put(self, jid: str, number: int) -> None:
        """Put a job; a full queue may refuse it, and so may one whose key is held."""
        self.put_at.setdefault(jid, self.now)
        if self.tried(*self.member(jid, number), words=("FULL", "EXISTS")) == b"created":
            self.made.append(jid)

    def put_all(self) -> None:
        if not any(feature.put(self) for feature in self.features):
            for number, jid in enumerate(JIDS):
                self.put(jid, number)

    def state(self, jid: str) -> str | None:
        return self.engine.state(jid, now=self.now)

    def running(self, keys: Keys, option: str) -> list[Job]:
        """Return the running jobs that carry an option."""
        return [
            job for job in keys.live.values() if job.state == "running" and option in job.options
        ]

    def run(self) -> None:
        """Put the jobs and run them until they have all ended."""
        for feature in self.features:
            feature.prepare(self)
        self.put_all()
        self._round()
        for feature in self.features:
            feature.meddle(self)
        for done in range(ROUNDS):
            self._round()
            if done > LEAST and not self.held and not self.left():
                break
        assert not self.left(), (self.left(), self.explain())
        self.now += 100_000
        self.engine.ticks(now=self.now)
        keys = self.look()
        for kind in GONE:
            assert not keys.found[kind], (kind, keys.found[kind])
        held = {key: held for key, held in keys.found["unique"].items() if held[:1] != b"t"}
        assert not held
        for feature in self.features:
            feature.outcome(self, keys)

    def left(self) -> dict[str, int]:
        return {
            f"{queue} {state}": count
            for queue in QUEUES
            for state, count in self.engine.counts(queue, now=self.now).items()
            if state in OPEN
        }

    def explain(self) -> dict[str, Any]:
        return {
            jid: self.engine.call("explain", jid, now=self.now)
            for jid in self.made
            if self.state(jid) in OPEN
        }

    def _round(self) -> None:
        self.now += TICK
        self.call("tick")
        before, self.held = self.held, []
        for lease in self._pop():
            self.starts.append((self.now, lease.jid))
            self.held.append(lease)
        self.look()
        for lease in before:
            self._end(lease)

    def _pop(self) -> list[Lease]:
        for feature in self.features:
            taken = feature.pop(self)
            if taken is not None:
                return taken
        found = self.engine.pop(*QUEUES, count=3, lease=200, now=self.now)
        self.popped.append(found)
        return found

    def _end(self, lease: Lease) -> None:
        if any(feature.end(self, lease) for feature in self.features):
            return
        self.finish(lease)

    def finish(self, lease: Lease) -> None:
        """Complete an attempt, unless its lease has been ended by somebody else."""
        if self.tried("complete", *lease.key, b"", "", b"", b"result"):
            self.completed.append(lease.jid)

    def first(self, jid: str) -> int | None:
        """Return when a job was handed out for the first time."""
        return next((now for now, started in self.starts if started == jid), None)

    def take(self) -> list[Lease]:
        """Hand jobs out for good; none of them is held."""
        self.engine._requests += 1
        request = f"t{self.engine._requests}"
        answer = self.engine.call("take", "w", request, "", 3, 0, "q", now=self.now)
        found = leases(answer)
        self.completed += [lease.jid for lease in found]
        self.starts += [(self.now, lease.jid) for lease in found]
        return []
