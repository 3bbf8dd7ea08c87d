"""Raw calls of the engine, with the time as an argument: no client, no waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lupa.lua51
import msgpack
import pytest
import redis

from pyjobs import calls, record
from pyjobs.library import library, lua_folder


class Refused(Exception):
    """The engine's `WORD text`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.word, _, self.text = message.partition(" ")


@dataclass
class Lease:
    """A job as a pop hands it out."""

    queue: str
    jid: str
    klass: str
    ends: int
    record: record.Record
    payload: bytes

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What a holder shows: queue, jid, token."""
        return self.queue, self.jid, self.record.token


class Engine:
    """One namespace of the engine; `now` is always given, in milliseconds."""

    def __init__(self, server: redis.Redis, namespace: str, delivery: str) -> None:
        self.server = server
        self.root = f"{{{namespace}/0}}"
        self.library = library()
        self.delivery = delivery
        self._requests = 0

    def call(self, command: str, *args: Any, now: int | str = 0) -> Any:
        """Call a command; raises Refused with the engine's word."""
        try:
            answer = self._send(command, args, now)
        except redis.ResponseError as error:
            raise self._refusal(error) from None
        return answer

    def _send(self, command: str, args: tuple[Any, ...], now: int | str) -> Any:
        verb = "_RO" if command in main_flags()["reads"] else ""
        if self.delivery == "scripts":
            kind = next(k for k, names in main_flags().items() if command in names)
            sha = self.server.script_load(self.library.scripts[kind])
            return self.server.execute_command(
                "EVALSHA" + verb, sha, 1, self.root, command, now, *args
            )
        function = self.library.function(command)
        try:
            return self.server.execute_command("FCALL" + verb, function, 1, self.root, now, *args)
        except redis.ResponseError as error:
            if "Function not found" not in str(error):
                raise
            self.server.function_load(self.library.code)
            return self.server.execute_command("FCALL" + verb, function, 1, self.root, now, *args)

    def _refusal(self, error: redis.ResponseError) -> Exception:
        place = self.library.place(str(error))
        if place:
            return AssertionError(f"error in the engine at {place}: {error}")
        return Refused(str(error))

    def put(
        self,
        jid: str,
        queue: str = "q",
        klass: str = "jobs.Klass",
        payload: bytes = b"\xc0",
        now: int = 0,
        **options: Any,
    ) -> str:
        """Put a job; options as on the wire, times in milliseconds."""
        packed = msgpack.packb(options, use_bin_type=False) if options else b""
        answer: bytes = self.call("put", queue, jid, klass, payload, packed, now=now)
        return answer.decode()

    def pop(
        self,
        *queues: str | int,
        count: int = 1,
        worker: str = "w",
        lease: int | str = "",
        wait: int = 0,
        request: str = "",
        again: int = 0,
        policy: str = "ordered",
        turn: int = 0,
        now: int = 0,
    ) -> list[Lease]:
        """Pop up to `count` jobs of these queues (default: `q`)."""
        if not request:
            self._requests += 1
            request = f"r{self._requests}"
        answer = self.call(
            "pop",
            worker,
            request,
            again,
            count,
            lease,
            wait,
            policy,
            turn,
            *(queues or ("q",)),
            now=now,
        )
        return leases(answer)

    def complete(
        self,
        lease: Lease,
        next_queue: str = "",
        payload: bytes = b"",
        now: int = 0,
        **options: Any,
    ) -> str:
        """Complete a popped job, for good or into the next queue."""
        packed = msgpack.packb(options, use_bin_type=False) if options else b""
        answer: bytes = self.call("complete", *lease.key, payload, next_queue, packed, now=now)
        return answer.decode()

    def fail(self, lease: Lease, group: str = "group", message: str = "why", now: int = 0) -> str:
        """Fail a popped job."""
        answer: bytes = self.call("fail", *lease.key, group, message, b"", now=now)
        return answer.decode()

    def retry(
        self,
        lease: Lease,
        delay: int | str = 0,
        group: str = "",
        message: str = "",
        dice: int = 0,
        now: int = 0,
        **policy: Any,
    ) -> str:
        """Ask for another attempt of a popped job; `policy` are backoff options as on the wire."""
        packed = msgpack.packb(policy) if policy else b""
        args = (delay, group, message, packed, dice)
        answer: bytes = self.call("retry", *lease.key, *args, now=now)
        return answer.decode()

    def release(self, lease: Lease, delay: int | str = "", now: int = 0) -> str:
        """Give a popped job back."""
        answer: bytes = self.call("release", *lease.key, delay, now=now)
        return answer.decode()

    def heartbeat(
        self, *held: Lease, lease: int | str = "", worker: str = "w", now: int = 0
    ) -> Any:
        """Prolong leases; for each its end, or the engine's refusal as an exception."""
        keys = [part for one in held for part in one.key]
        return self.call("heartbeat", worker, lease, *keys, now=now)

    def cancel(self, *jids: str, now: int = 0) -> int:
        """Cancel jobs."""
        answer: int = self.call("cancel", *jids, now=now)
        return answer

    def move(self, jid: str, queue: str, delay: int | str = "", now: int = 0) -> str:
        """Move a job."""
        answer: bytes = self.call("move", jid, queue, delay, now=now)
        return answer.decode()

    def depend(self, jid: str, hold: str = "", now: int = 0, **options: Any) -> str:
        """Let a job wait for more."""
        packed = msgpack.packb(options, use_bin_type=False) if options else b""
        answer: bytes = self.call("depend", jid, hold, packed, now=now)
        return answer.decode()

    def undepend(self, jid: str, *parents: str, now: int = 0) -> str:
        """Let a job not wait for these, or, when there are none, for none at all."""
        answer: bytes = self.call("undepend", jid, int(not parents), *parents, now=now)
        return answer.decode()

    def tick(self, now: int = 0) -> int:
        """Do what is due; the milliseconds until there may be more."""
        answer: int = self.call("tick", now=now)
        return answer

    def ticks(self, now: int = 0) -> int:
        """Tick until nothing more is due; returns how many calls that took."""
        for number in range(1, 1000):
            if self.tick(now=now):
                return number
        raise AssertionError("1,000 ticks leave work that is due")

    def step(self, *members: Sequence[Any], mode: str = "all", now: int = 0) -> list[Any]:
        """Carry out several commands, each a name and its arguments, in one call."""
        args: list[Any] = [mode]
        for name, *own in members:
            args += [name, len(own), *own]
        answers: list[Any] = self.call("step", *args, now=now)
        return answers

    def configure(self, name: str, value: Any, now: int = 0) -> None:
        """Give a setting a value."""
        self.call("configure", name, value, now=now)

    def limit(self, name: str, at_once: int, now: int = 0) -> None:
        """Set how many jobs run at once under a name."""
        self.call("limit", name, at_once, "", "", "", now=now)

    def seal(self, flow: str = "f", now: int = 0) -> int:
        """Seal a flow; how many members are still held."""
        answer: int = self.call("seal", flow, now=now)
        return answer

    def flow(self, flow: str = "f", now: int = 0) -> dict[str, Any]:
        """Return what is told of a flow; counts of 0 and moments that are not are left out."""
        found = told(self.call("flow", flow, now=now))
        assert found.pop("now", 0) == now
        return found

    def order(self, queue: str = "q", count: int = 100, now: int = 0) -> list[str]:
        """Return the jids of all jobs that pops hand out now, in that order; they stay running."""
        jids: list[str] = []
        while popped := self.pop(queue, count=count, now=now):
            jids += [lease.jid for lease in popped]
        return jids

    def waiting(self, queue: str = "q", now: int = 0) -> list[str]:
        """Return the jids of the first 100 waiting jobs, in order; nothing is changed."""
        return [jid.decode() for jid in self.call("jobs", queue, "waiting", "", 100, now=now)[1:]]

    def number(self, queue: str = "q") -> int:
        """Return the number by which keys name a queue."""
        control: Any = self.server.hget(self.root, "queue:" + queue)
        return int.from_bytes(control[:3], "big")

    def ring(self, queue: str = "q") -> int:
        """Return how many tokens a queue's ring holds."""
        length: Any = self.server.llen(f"{self.root}ring:{self.number(queue)}")
        return int(length)

    def state(self, jid: str, now: int = 0) -> str | None:
        """Return the state of a job, or None when it is unknown."""
        found = self.get(jid, now=now)
        return found.record.state if found else None

    def get(self, jid: str, now: int = 0) -> Found | None:
        """Return all that is known of a job, or None."""
        (answer,) = self.call("get", jid, now=now)
        return Found.read(answer) if answer else None

    def history(self, jid: str, now: int = 0) -> list[str]:
        """Return the words of a job's history, oldest first."""
        found = self.get(jid, now=now)
        return [entry.what for entry in found.record.history(found.queue)] if found else []

    def counts(self, queue: str = "q", now: int = 0) -> dict[str, int]:
        """Return how many jobs a queue has in each state; those with none are left out."""
        answer = self.call("queues", "", 0, queue, now=now)
        names = (
            *("waiting", "running", "stalled", "scheduled", "depends"),
            *("recurring", "throttled", "complete", "failed"),
        )
        if len(answer) == 1:
            return {}
        return {name: n for name, n in zip(names, answer[1][3:], strict=True) if n}

    def check(self, count: int = 50, now: int | str = "") -> list[calls.Found]:
        """Return what is wrong with the data, by all slices of a check."""
        cursors, findings = [b""], []
        while cursors:
            answer = self.call("check", cursors.pop(), count, now=now)
            more, found = calls.check().read(answer)
            cursors += more
            findings += found
        return findings

    def repair(self, finding: calls.Found, now: int = 0) -> str:
        """Have a finding mended."""
        answer: bytes = self.call("repair", finding.name, finding.key, finding.member, now=now)
        return answer.decode()

    def events(self) -> list[tuple[str, str, str]]:
        """Return what was published: (what, jid, details), oldest first."""
        entries: Any = self.server.xrange(self.root + "events")
        seen: list[tuple[str, str, str]] = []
        for _, fields in entries:
            _, *groups = msgpack.unpackb(fields[b"e"])
            for what, _, _, details, jids in groups:
                seen.extend((what, jid, details) for jid in jids)
        return seen


@dataclass
class Found:
    """A job as get answers it."""

    queue: str
    jid: str
    klass: str
    ends: int
    record: record.Record
    dependencies: set[str]
    dependents: list[str]
    failure: dict[str, Any] | None

    @classmethod
    def read(cls, answer: list[Any]) -> Found:
        queue, jid, klass, ends, data, payload, parents, dependents, failure = answer
        return cls(
            queue.decode(),
            jid.decode(),
            klass.decode(),
            ends,
            record.read(data, payload),
            {parent.decode() for parent in parents},
            [dependent.decode() for dependent in dependents],
            msgpack.unpackb(failure) if failure else None,
        )


def told(answer: list[Any]) -> dict[str, Any]:
    """Read what is told of a flow, as `Engine.flow` returns it."""
    names = [name.decode() for name in answer[::2]]
    values = [value.decode() if isinstance(value, bytes) else value for value in answer[1::2]]
    return {name: value for name, value in zip(names, values, strict=True) if value}


def options(**given: Any) -> bytes:
    """Pack options as they go on the wire."""
    packed: bytes = msgpack.packb(given, use_bin_type=False)
    return packed


def dump(engine: Engine) -> dict[bytes, bytes]:
    """Return all keys of the engine's namespace and what they hold, to be compared."""
    found = sorted(engine.server.scan_iter(match=engine.root + "*", count=1000))
    return {key: value for key in found if (value := engine.server.dump(key)) is not None}


def refused(engine: Engine, command: str, *args: Any, now: int = 0) -> str:
    """Return the engine's refusal of a call, having seen that it wrote nothing."""
    before = dump(engine)
    with pytest.raises(Refused) as caught:
        engine.call(command, *args, now=now)
    assert before == dump(engine)
    return str(caught.value)


def leases(answer: list[Any]) -> list[Lease]:
    """Read the answer of a pop."""
    found: list[Lease] = []
    if answer[0]:
        return found
    for position in range(1, len(answer), 6):
        queue, jid, klass, ends, data, payload = answer[position : position + 6]
        job = record.read(data, payload)
        found.append(Lease(queue.decode(), jid.decode(), klass.decode(), ends, job, job.payload))
    return found


def main_flags() -> dict[str, set[str]]:
    """Return the commands of lua/main.lua by their kind."""
    if not _FLAGS:
        contents = lupa.lua51.LuaRuntime().execute((lua_folder() / "main.lua").read_text())
        for kind in ("reads", "puts", "drains"):
            _FLAGS[kind] = set()
        for entry in contents.values():
            kind = "reads" if entry.reads else "puts" if entry.puts else "drains"
            _FLAGS[kind].add(entry.name)
    return _FLAGS


_FLAGS: dict[str, set[str]] = {}


@pytest.fixture
def engine(server: Any, namespace: str, delivery: str) -> Engine:
    """Give the engine on a namespace of the test's own."""
    return Engine(server.admin, namespace, delivery)
