"""What a call does is the same at a backlog of 10, 1,000 and 100,000 jobs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import pytest

from tests.engine.conftest import Engine, Lease, options

SIZES = (10, 1000, 100_000)
DUE = 10**9
QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')

# Those that answer or touch everything that a key holds.
UNBOUNDED = {"KEYS", "SCAN", "SMEMBERS", "HGETALL", "HKEYS", "HVALS", "LRANGE", "SORT", "DEL"}

Work = Counter[tuple[str, int]]


def work(engine: Engine, call: Callable[[], object]) -> Work:
    """Return what the engine asks of the server in a call: commands and their numbers of arguments.

    A range counts with its bounds, so that what it answers is bounded by what is compared.
    """
    connection: Any = engine.server.connection_pool.get_connection()
    try:
        connection.send_command("MONITOR")
        connection.read_response()
        call()
        engine.server.echo("the end of the call")
        return Counter(seen(connection))
    finally:
        connection.disconnect()
        engine.server.connection_pool.release(connection)


def seen(connection: Any) -> Iterator[tuple[str, int]]:
    """Give the commands of functions and scripts up to the mark."""
    while True:
        line: bytes = connection.read_response()
        words = QUOTED.findall(line)
        if words[-1] == b"the end of the call":
            return
        if b" lua]" in line[:40]:
            name = words[0].decode().upper()
            bound = 0
            if name in {"ZRANGE", "ZREVRANGE"}:
                numbers = [int(word) for word in words[2:] if re.fullmatch(rb"\d{1,3}", word)]
                bound = max(numbers, default=0)
            yield name, len(words) + 1000 * bound


def grow(engine: Engine, start: int, end: int, queue: str, **given: Any) -> None:
    """Put the jobs start to end - 1, fast: hundreds in a call, and many calls in a pipeline."""
    engine.put(f"{queue}-first-{start}", queue="first")
    packed = options(**given) if given else b""
    function = engine.library.function("step")
    script = engine.server.script_load(engine.library.scripts["puts"])
    pipeline = engine.server.pipeline(transaction=False)
    for first in range(start, end, 100):
        members: list[Any] = []
        for n in range(first, min(first + 100, end)):
            members += ["put", 5, queue, f"{queue}{n}", "", b"", packed]
        if engine.delivery == "scripts":
            pipeline.execute_command("EVALSHA", script, 1, engine.root, "step", 0, "all", *members)
        else:
            pipeline.execute_command("FCALL", function, 1, engine.root, 0, "all", *members)
    pipeline.execute()


class Calls:
    """Each command on a backlog, always at the same time and with as many jobs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.size = 0
        self.names = 0
        self.held: list[Lease] = []

    def middle(self) -> str:
        """Give another job from the middle of the backlog."""
        self.names += 1
        return f"q{self.size // 2 + self.names % 5}"

    def grow(self, size: int) -> None:
        """Make the backlog that large, and put before it what pops are going to take."""
        grow(self.engine, self.size, size, "q")
        self.size = size
        for n in range(11):
            self.engine.put(f"front{size}-{n}", priority=-10, now=DUE)
        for _ in range(3):
            self.pop()

    def put(self) -> None:
        self.names += 1
        self.engine.put(f"new{self.names}", now=DUE)

    def put_delayed(self) -> None:
        self.names += 1
        self.engine.put(f"new{self.names}", queue="later", delay=10**9, now=DUE)

    def pop(self) -> None:
        self.held += self.engine.pop(now=DUE)

    def take(self) -> None:
        self.names += 1
        received = f"t{self.names - 1}"
        self.engine.call("take", "w", f"t{self.names}", received, 1, 0, "q", now=DUE)

    def heartbeat(self) -> None:
        self.engine.heartbeat(self.held[-1], now=DUE)

    def complete(self) -> None:
        self.engine.complete(self.held.pop(), now=DUE)

    def priority(self) -> None:
        self.engine.call("priority", self.middle(), self.names, now=DUE)

    def peek(self) -> None:
        self.engine.call("peek", "q", 3, 2, now=DUE)

    def jobs(self) -> None:
        self.engine.call("jobs", "q", "waiting", "", 5, now=DUE)

    def queues(self) -> None:
        self.engine.call("queues", "", 100, now=DUE)

    def get(self) -> None:
        self.engine.call("get", self.middle(), now=DUE)


COMMANDS = (
    *("put", "put_delayed", "pop", "heartbeat", "complete", "take", "priority"),
    *("peek", "jobs", "queues", "get"),
)


def measure(engine: Engine, calls: Calls) -> dict[str, Work]:
    """Return the work of each command; each has run before, so that nothing is new to it."""
    found = {}
    for name in COMMANDS:
        command: Callable[[], None] = getattr(calls, name)
        for _ in range(2):
            command()
            if name == "complete":
                calls.pop()
        found[name] = work(engine, command)
    for _ in range(3):
        calls.names += 1
        jid = calls.middle()
        found["cancel"] = work(engine, lambda: engine.cancel(jid, now=DUE))  # noqa: B023
        engine.put(jid, now=DUE)
    return found


def test_the_work_of_a_call_does_not_grow_with_the_backlog(engine: Engine) -> None:
    calls = Calls(engine)
    found = {}
    for size in SIZES:
        calls.grow(size)
        found[size] = measure(engine, calls)

    for name, first in found[SIZES[0]].items():
        assert first, name
        assert [first] * 3 == [found[size][name] for size in SIZES], name
        assert not UNBOUNDED & {command for command, _ in first}, name
        assert first.total() <= 35, name


def test_a_pop_of_fifty_does_as_much_at_any_backlog(engine: Engine) -> None:
    def pop_50() -> None:
        assert 50 == len(engine.pop("many", count=50, now=DUE))

    found = []
    for start, end in ((0, 200), (200, 10_000)):
        grow(engine, start, end, "many")
        pop_50()
        found.append(work(engine, pop_50))

    assert found[0] == found[1]
    assert found[0].total() <= 20


@pytest.mark.parametrize("command", ["tick", "pop"])
def test_due_work_is_bounded_whatever_is_due(engine: Engine, command: str) -> None:
    def call() -> None:
        if command == "tick":
            engine.tick(now=DUE)
        else:
            engine.pop("first", now=DUE)

    found = []
    for start, end in ((0, 1000), (1000, 10_000)):
        grow(engine, start, end, "due", delay=1000)
        call()
        found.append(work(engine, call))

    assert found[0] == found[1]
    assert {"scheduled": 10_000 - 4 * 60 - 4 * (command == "pop")} == {
        "scheduled": engine.counts("due")["scheduled"]
    }


def test_a_thousand_leases_that_ended_are_taken_a_few_a_call(engine: Engine) -> None:
    grow(engine, 0, 2000, "held")
    for _ in range(20):
        engine.pop("held", count=100, lease=1000, now=0)
    engine.tick(now=DUE)
    first = work(engine, lambda: engine.tick(now=DUE))
    for _ in range(20):
        engine.tick(now=DUE)

    assert first == work(engine, lambda: engine.tick(now=DUE))
    assert {"waiting": 23 * 20, "stalled": 2000 - 23 * 20} == engine.counts("held", now=DUE)


def test_the_events_of_one_call_are_one_entry(engine: Engine) -> None:
    grow(engine, 0, 200, "q")
    engine.pop(count=100)
    entries: Any = engine.server.xrevrange(engine.root + "events", count=1)
    _, (what, _, _, _, jids) = msgpack.unpackb(entries[0][1][b"e"])

    assert ("popped", 100) == (what, len(jids))


def graph(engine: Engine, size: int, flow: str) -> None:
    """Put a fan-out of so many with a join, each slice in a call of its own, and seal it."""
    leaves = [f"{flow}{n}" for n in range(size)]
    engine.put(f"{flow}-root", queue="fan", flow=flow)
    for start in range(0, size, 100):
        given = options(flow=flow, depends=[f"{flow}-root"])
        part = leaves[start : start + 100]
        engine.step(*(("put", "fan", leaf, "", b"", given) for leaf in part))
    engine.put(f"{flow}-join", queue="fan", flow=flow, depends=leaves[:100], hold=True)
    for start in range(100, size, 100):
        hold = "last" if start + 100 >= size else "more"
        engine.depend(f"{flow}-join", hold, depends=leaves[start : start + 100])
    while engine.seal(flow):
        pass


def flow_work(engine: Engine, size: int) -> dict[str, Work]:
    """Return the work of each call in the life of such a flow."""
    flow = f"f{size}-"
    graph(engine, size, flow)
    (root,) = engine.pop("fan", now=DUE)
    found = {"tell": work(engine, lambda: engine.complete(root, now=DUE))}
    found["tick"] = work(engine, lambda: engine.tick(now=DUE))
    one, two, _ = engine.pop("fan", count=3, now=DUE)
    calls: dict[str, Callable[[], object]] = {
        "complete": lambda: engine.complete(one, now=DUE),
        "fail": lambda: engine.fail(two, now=DUE),
        "retry": lambda: engine.call("flow_retry", flow, 100, "", now=DUE),
        "put": lambda: engine.put(f"{flow}new", flow=flow, now=DUE),
        "state": lambda: engine.flow(flow, now=DUE),
        "wait": lambda: engine.call("flow_wait", flow, now=DUE),
        "members": lambda: engine.call("flow_members", flow, "depends", "", 10, now=DUE),
        "cancel": lambda: engine.call("flow_cancel", flow, now=DUE),
    }
    found |= {name: work(engine, call) for name, call in calls.items()}
    engine.ticks(now=DUE)
    return found


def test_a_call_does_as_much_for_a_large_flow_as_for_a_small_one(engine: Engine) -> None:
    flow_work(engine, 200)  # what is new to a namespace
    small, large = flow_work(engine, 300), flow_work(engine, 2000)
    for name, first in small.items():
        assert first, name
        assert first == large[name], name


def test_a_dense_graph_is_cancelled_in_smaller_slices(engine: Engine) -> None:
    parents = [f"p{n}" for n in range(100)]
    engine.step(*(("put", "q", jid, "", b"", options(flow="f")) for jid in parents))
    given = options(flow="f", depends=parents)
    for start in range(0, 100, 10):
        jids = [f"c{n}" for n in range(start, start + 10)]
        engine.step(*(("put", "q", jid, "", b"", given) for jid in jids))
    engine.seal("f", now=DUE)
    found = work(engine, lambda: engine.call("flow_cancel", "f", now=DUE))

    assert found.total() < 5000
    assert 150 < engine.call("flow_cancel", "f", now=DUE)
    while engine.call("flow_cancel", "f", now=DUE):
        pass
    assert 200 == engine.flow("f", now=DUE)["cancelled"]
