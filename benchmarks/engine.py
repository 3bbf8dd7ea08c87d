"""The engine as the benchmarks call it: the client's own calls, sent as they are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgpack

from benchmarks.servers import Server
from pyjobs import calls, jids
from pyjobs.calls import Call, Lease
from pyjobs.library import Library, library
from pyjobs.snapshot import Popped

T = TypeVar("T")

KLASS = "benchmarks.jobs.NoOp"
QUEUE = "benchmark"
WORKER = "worker-1.example.org-12345"
PAYLOAD = b"x" * 100


class Engine:
    """One namespace on a server that is emptied first, unless `keep` says otherwise."""

    def __init__(
        self,
        server: Server,
        settings: Mapping[str, int] | None = None,
        code: Library | None = None,
        namespace: str = "pyjobs",
        keep: bool = False,
    ) -> None:
        self._server = server
        self._key = f"{{{namespace}/0}}"
        self._library = code or library()
        self._requests = itertools.count(1)
        if keep:
            server.load(self._library.code)
        else:
            server.fresh(self._library.code)
        for name, value in (settings or {}).items():
            server.call(self.function("configure"), self._key, ["", name, value])

    def function(self, command: str) -> str:
        """Name of the function that runs a command."""
        return self._library.function(command)

    def call(self, call: Call[T]) -> T:
        """Send a call and read its answer."""
        answer = self._server.call(self.function(call.name), self._key, ["", *call.args])
        return call.read(answer)

    def put(self, jid: str, payload: bytes) -> None:
        """Put one job."""
        self.call(put(jid, payload))

    def pop(self) -> Lease:
        """Pop one job."""
        return leases(self.call(self.popping(1)))[0]

    def complete(self, lease: Lease) -> None:
        """Complete one job."""
        self.call(calls.complete(lease))

    def put_many(self, jids: Sequence[str], payload: bytes) -> None:
        """Put several jobs in one call."""
        self.call(calls.step([put(jid, payload) for jid in jids]))

    def turn(self, held: Sequence[Lease], count: int) -> list[Lease]:
        """Complete these and pop the next, in one call."""
        members: list[Call[Any]] = [calls.complete(lease) for lease in held]
        if not count:
            self.call(calls.drain(members))
            return []
        return leases(self.call(calls.drain([*members, self.popping(count)]))[-1])

    def popping(self, count: int) -> Call[Popped]:
        """Describe a pop of so many jobs."""
        return calls.pop(WORKER, f"{next(self._requests):08x}", [QUEUE], count)


def put(jid: str, payload: bytes = PAYLOAD, **options: Any) -> Call[str]:
    """Describe the put of a job under a jid made for it, as the client does."""
    packed = msgpack.packb({"if_exists": "repeated", **options})
    return calls.put(QUEUE, jid, KLASS, payload, packed)


def leases(answer: Popped) -> list[Lease]:
    """Give the leases in a pop's answer."""
    return [Lease(job.queue, job.jid, job.record.token) for job in answer.jobs]


def new_jids(count: int) -> list[str]:
    """Make jids as the client does."""
    return [jids.new() for _ in range(count)]
