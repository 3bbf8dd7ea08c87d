"""The slowest calls: server time of single calls at growing backlogs."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks import servers, skeleton
from benchmarks.engine import PAYLOAD, QUEUE, WORKER, Engine, leases, new_jids, put
from benchmarks.servers import Server
from benchmarks.tables import progress, table
from pyjobs import calls
from pyjobs.calls import Call, Lease

T = TypeVar("T")

BATCH = 50
SLICE = 100
ROUNDS = 3
COUNTED = 10  # lives in which redis calls are counted
WATCHED = 40  # calls in a life, at most

LIMIT = 2000
ROOM = 10

CONTROL = "(nothing)"
NAMES = {
    "skeleton_pop": CONTROL,
    "step": f"put {BATCH}",
    "drain": f"complete {BATCH} and pop {BATCH}",
}
COMMANDS = (
    *("put", "pop", "complete", "heartbeat", "retry", "release", "fail", "cancel", "priority"),
    *NAMES.values(),
)


def _name(function: str) -> str:
    command = function if function.startswith("skeleton") else function.split("_", 2)[2]
    return NAMES.get(command, command)


class Load:
    """A queue under all commands, which knows the jobs that wait."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.engine = Engine(server)
        self.redis_calls: dict[str, list[int]] = defaultdict(list)
        self.counting = False
        self._waiting: set[str] = set()
        self._seen: list[str] = []  # all that waited since they were last looked for
        self._held: list[Lease] = []
        server.client.function_load(skeleton.CODE)

    def fill(self, backlog: int) -> None:
        """Put jobs until so many wait."""
        while len(self._waiting) < backlog:
            jids = new_jids(min(SLICE, backlog - len(self._waiting)))
            self.engine.put_many(jids, PAYLOAD)
            self._wait(jids)

    def schedule(self, jobs: int, moment: int) -> None:
        """Put jobs that become due at that moment, in milliseconds."""
        for _ in range(jobs // SLICE):
            self.engine.call(calls.step([put(jid, at=moment) for jid in new_jids(SLICE)]))

    def scheduled(self) -> int:
        """Count the jobs that are not promoted yet."""
        _, (counts,) = self.engine.call(calls.queues(names=[QUEUE]))
        return counts.scheduled

    def live(self) -> None:
        """Send each command once or more; as many jobs wait afterwards as before."""
        self.server.call("skeleton_pop", "{skeleton}", [])
        jids = new_jids(3)
        for jid in jids:
            self._call(put(jid))
        self._wait(jids)
        retried, released, failed, done = [self._pop(1)[0] for _ in range(4)]
        self._call(calls.heartbeat(WORKER, [retried]))
        self._call(calls.retry(retried))
        self._call(calls.release(released))
        self._wait([retried.jid, released.jid])
        self._call(calls.fail(failed, "group", "message"))
        self._call(calls.complete(done))
        self._call(calls.priority(self._any(), random.randint(0, 9)))
        cancelled = self._any()
        self._call(calls.cancel([cancelled]))
        self._waiting.remove(cancelled)

    def live_in_batches(self) -> None:
        """Put BATCH jobs in a call, and turn as many over in another."""
        jids = new_jids(BATCH)
        self._call(calls.step([put(jid) for jid in jids]))
        self._wait(jids)
        members: list[Call[Any]] = [calls.complete(lease) for lease in self._held]
        turn = calls.drain([*members, self.engine.popping(BATCH)])
        self._held = self._leases(self._call(turn)[-1])

    def pop(self) -> None:
        """Pop a job and complete it."""
        self.server.call("skeleton_pop", "{skeleton}", [])
        self._call(calls.complete(self._pop(1)[0]))

    def _wait(self, jids: Sequence[str]) -> None:
        self._waiting.update(jids)
        self._seen += jids

    def _call(self, call: Call[T]) -> T:
        if not self.counting:
            return self.engine.call(call)
        with self.server.measured() as usages:
            answer = self.engine.call(call)
        self.redis_calls[_name(self.engine.function(call.name))].append(usages[0].calls)
        return answer

    def _pop(self, count: int) -> list[Lease]:
        return self._leases(self._call(self.engine.popping(count)))

    def _leases(self, popped: Any) -> list[Lease]:
        held = leases(popped)
        self._waiting.difference_update(lease.jid for lease in held)
        return held

    def _any(self) -> str:
        """Choose a job that waits."""
        while True:
            at = random.randrange(len(self._seen))
            if self._seen[at] in self._waiting:
                return self._seen[at]
            self._seen[at] = self._seen[-1]
            self._seen.pop()


@dataclass(frozen=True)
class Tail:
    """Microseconds of a command's calls, over the rounds; `calls` is redis calls of one."""

    median: float
    slow: float
    calls: str


def _slow(times: Sequence[int]) -> float:
    """Give the p99.9, or with fewer than a thousand the slowest."""
    return sorted(times)[len(times) - 1 - len(times) // 1000]


def _logged(load: Load, lives: int, pops_alone: bool) -> dict[str, list[int]]:
    """Run a number of lives with every call noted."""
    load.server.watch(WATCHED * lives)
    for number in range(lives):
        if pops_alone:
            load.pop()
            continue
        load.live()
        if number % 10 == 0:
            load.live_in_batches()
    times = defaultdict(list)
    for function, time_used in load.server.watched():
        times[_name(function)].append(time_used)
    return times


def _tails(load: Load, lives: int, pops_alone: bool = False) -> dict[str, Tail]:
    """Measure; of a machine's own hiccups, the best of the rounds has the fewest."""
    rounds = [_logged(load, lives, pops_alone) for _ in range(ROUNDS)]
    load.redis_calls.clear()
    load.counting = True
    for _ in range(COUNTED):
        if pops_alone:
            load.pop()
        else:
            load.live()
            load.live_in_batches()
    load.counting = False
    tails = {}
    for command in rounds[0]:
        counted = load.redis_calls.get(command, [1])
        span = f"{min(counted)}" + (f"-{max(counted)}" if max(counted) > min(counted) else "")
        tails[command] = Tail(
            statistics.median(time for times in rounds for time in times[command]),
            min(_slow(times[command]) for times in rounds),
            span,
        )
    return tails


def _cell(tail: Tail | None, empty: Tail | None) -> str:
    if tail is None:
        return ""
    over = tail.slow > LIMIT or (empty is not None and tail.slow > ROOM * empty.median)
    slow = f"**{tail.slow:.0f}**" if over else f"{tail.slow:.0f}"
    return f"{tail.median:.0f} / {slow} ({tail.calls})"


def _due(server: Server, jobs: int, lives: int) -> dict[str, Tail]:
    """Measure pops while many jobs have become due at once."""
    load = Load(server)
    load.fill(SLICE)
    moment = int(time.time() * 1000) + 10_000 + jobs // 2
    load.schedule(jobs, moment)
    time.sleep(max(0.0, moment / 1000 - time.time() + 0.2))
    # Each pop promotes a hundred: this ends while there is still enough to promote.
    pops = min(lives, jobs // (SLICE + 1) // (ROUNDS + 1))
    tails = _tails(load, pops, pops_alone=True)
    if not load.scheduled():
        raise RuntimeError("everything was promoted before the end of the measurement")
    return tails


def measure(kinds: Sequence[str], quick: bool, largest: int) -> str:
    """Measure on these servers; returns a Markdown table each."""
    lives = 300 if quick else 2000
    backlogs = [size for size in (10, 1_000, 100_000, 1_000_000) if size <= largest]
    due = min(largest, 100_000)
    tables = []
    for kind in kinds:
        with servers.running(kind) as server:
            found = {}
            for backlog in backlogs:
                progress(f"tails: {server.title}, {backlog:,} waiting")
                load = Load(server)
                load.fill(backlog)
                found[f"{backlog:,} waiting"] = _tails(load, lives)
            progress(f"tails: {server.title}, {due:,} due at once")
            found[f"{due:,} due"] = _due(server, due, lives)
            empty = found["10 waiting"]
            rows = [
                (
                    command,
                    *(_cell(tails.get(command), empty.get(command)) for tails in found.values()),
                )
                for command in COMMANDS
            ]
            tables.append(table((server.title, *found), rows))
    return "\n\n".join(tables)
