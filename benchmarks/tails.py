"""The slowest calls: server time of single calls at growing backlogs."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import servers, skeleton
from benchmarks.engine import PAYLOAD, WORKER, Engine, new_jids, put
from benchmarks.report import progress, table
from benchmarks.servers import Server
from pyjobs import calls
from pyjobs.calls import Call, Lease

BATCH = 50
SLICE = 100
COUNTED = 20
LIMIT = 2000.0
"""Microseconds that no call should take at any backlog."""

ROOM = 10.0
"""How many times its median on an empty queue a call may take."""

CONTROL = "control"

Sample = tuple[str, Call[Any] | None]


class Load:
    """A queue under all commands; it keeps the number of its waiting jobs."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = Engine(server)
        server.client.function_load(skeleton.CODE)
        self.waiting: list[str] = []
        self._popped: set[str] = set()
        self._held: list[Lease] = []

    def fill(self, backlog: int) -> None:
        """Put jobs until so many wait."""
        while len(self.waiting) < backlog:
            jids = new_jids(min(SLICE, backlog - len(self.waiting)))
            self.engine.put_many(jids, PAYLOAD)
            self.waiting += jids

    def schedule(self, jobs: int, moment: int) -> None:
        """Put jobs that become due at that moment, in milliseconds."""
        for _ in range(jobs // SLICE):
            batch = [put(jid, at=moment) for jid in new_jids(SLICE)]
            self.engine.call(calls.step(batch))

    def control(self) -> None:
        """Call what does almost nothing: it shows how quiet the machine is."""
        self.server.call("skeleton_pop", "{skeleton}", [])

    def lives(self) -> Iterator[tuple[str, Call[Any]]]:
        """Give the calls of one round, each named; the answer to each is to be sent back."""
        for jid in new_jids(3):
            yield "put", put(jid)
            self.waiting.append(jid)
        leases: list[Lease] = []
        for _ in range(4):
            popped = yield "pop", self.engine.popping(1)
            leases += self._lease(popped)
        one, two, three, four = leases
        yield "heartbeat", calls.heartbeat(WORKER, [one])
        yield "retry", calls.retry(one)
        yield "release", calls.release(two)
        self._back(one.jid, two.jid)
        yield "fail", calls.fail(three, "group", "message")
        yield "complete", calls.complete(four)
        yield "priority", calls.priority(self._any(), random.randint(0, 9))
        jid = self._any()
        yield "cancel", calls.cancel([jid])
        self._popped.add(jid)

    def batches(self) -> Iterator[tuple[str, Call[Any]]]:
        """Give a put of BATCH jobs, and a turn that completes and pops as many."""
        jids = new_jids(BATCH)
        yield f"put {BATCH}", calls.step([put(jid) for jid in jids])
        self.waiting += jids
        members: list[Call[Any]] = [calls.complete(lease) for lease in self._held]
        turn = calls.drain([*members, self.engine.popping(BATCH)])
        answers = yield f"complete {BATCH} and pop {BATCH}", turn
        self._held = self._lease(answers[-1])
