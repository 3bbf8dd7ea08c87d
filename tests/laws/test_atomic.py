"""All or nothing: a call that fails before its first write has changed nothing, and a call that is
repeated has one effect and one answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.engine.conftest import Engine, Lease, Refused, dump, leases, main_flags, options
from tests.laws.invariants import Keys, broken
from tests.leaks import delete_keys

NOW = 1_000_000

READS = {
    *("TIME", "GET", "MGET", "EXISTS", "HGET", "HMGET", "HGETALL", "HLEN", "HSCAN"),
    *("SISMEMBER", "SMEMBERS", "SCARD", "SSCAN"),
    *("ZRANGE", "ZCARD", "ZCOUNT", "ZSCORE", "ZMSCORE", "ZRANK", "ZREVRANK", "ZREVRANGE"),
}

FAULT = (Path(__file__).parent / "fault.lua").read_text()


class World:
    """A namespace with a job in each state, and leases to go with it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        for jid in ("done", "failed", "held", "lent", "given"):
            engine.put(jid, tags=["t"], payload=b"l" * 2000, keep_result=NOW, now=0)
        held: dict[str, Lease] = {lease.jid: lease for lease in engine.pop(count=5, now=1)}
        engine.complete(held["done"], now=2)
        engine.fail(held["failed"], now=2)
        self.held, self.lent, self.given = held["held"], held["lent"], held["given"]
        for lease in held.values():
            engine.heartbeat(lease, lease=10 * NOW, now=2)
        engine.put("waiting", now=3)
        engine.put("parent", now=3)
        engine.put("child", depends=["parent", "held"], tags=["t"], now=3)
        engine.put("scheduled", delay=2 * NOW, now=3)
        engine.put("due", delay=500, now=3)
        engine.call("recur", "q", "template", "K", b"x", NOW, NOW // 2, b"", now=3)
        engine.call("recur", "q", "by-cron", "K", b"x", 0, 0, options(calendar="c"), now=NOW)
        engine.call("track", "waiting", now=3)
        engine.call("wait", 1, "held", "child", now=3)
        engine.put("idle", queue="empty", now=3)
        engine.cancel("idle", now=3)
        engine.call("pause", "paused", now=3)
        for holder in ("a", "b"):
            engine.call("lock", "door", holder, NOW, 1, now=NOW - 100)
        engine.call("rate", "sms", 10, 1000, "", 1, 0, now=NOW - 100)
        engine.put("open", flow="open flow", now=3)
        for jid in ("one", "two"):
            engine.put(jid, queue="flow", flow="sealed flow", depends=["scheduled"], now=3)
        engine.put("broken", queue="flow", flow="sealed flow", now=3)
        engine.call("seal", "sealed flow", now=3)
        engine.fail(engine.pop("flow", now=3)[0], now=3)
        engine.call("revoke", "klass", "gone", now=3)
        engine.call("revoke", "job", "scheduled", now=3)


def job(name: str) -> list[Any]:
    return ["q", name, "K", b"new", options(tags=["u"], depends=["parent"], nonce="n")]


def lost(world: World) -> list[Any]:
    """Lose a job; returns what mends that."""
    key, server = world.engine.root + "scheduled:1", world.engine.server
    members: Any = server.zrange(key, 0, -1)
    server.zrem(key, *(member for member in members if member.endswith(b"scheduled")))
    return ["lost-job", "job:scheduled", ""]


POP = ["w", "again", 0, 3, "", 0, "ordered", 0, "q", "r"]

CALLS: dict[str, Callable[[World], list[Any]]] = {
    "put": lambda world: job("new"),
    "put an old one": lambda world: job("waiting"),
    "put one that is held": lambda world: job("held"),
    "pop": lambda world: POP,
    "take": lambda world: ["w", "again", "", 3, 0, "q"],
    "heartbeat": lambda world: ["w", "", *world.held.key, *world.lent.key],
    "complete": lambda world: [*world.held.key, b"new", "", b""],
    "complete into the next": lambda world: [
        *world.held.key,
        b"",
        "next",
        options(depends=["parent"], delay=5),
    ],
    "complete with a result": lambda world: [*world.held.key, b"", "", b"", b"result"],
    "fail": lambda world: [*world.held.key, "group", "why", b"new"],
    "retry": lambda world: [*world.held.key, "", "group", "why", options(backoff="linear"), 9],
    "release": lambda world: [*world.held.key, ""],
    "timeout": lambda world: ["held"],
    "cancel": lambda world: ["child", "parent", "failed"],
    "move": lambda world: ["failed", "r", 100],
    "priority": lambda world: ["waiting", 5],
    "depend": lambda world: ["waiting", "", options(depends=["parent"])],
    "undepend": lambda world: ["child", 1],
    "unfail": lambda world: ["failed", ""],
    "unfail_group": lambda world: ["group", "", 10, ""],
    "unfail_where": lambda world: ["q", "", "", "", "", "", 10, "r"],
    "drop_where": lambda world: ["", "group", "", "", "", "", 10],
    "put into a flow": lambda world: [
        *("flow", "new", "K", b"new"),
        options(flow="open flow", depends=["parent"], nonce="n"),
    ],
    "seal": lambda world: ["open flow"],
    "flow_cancel": lambda world: ["sealed flow"],
    "flow_retry": lambda world: ["sealed flow", 10, ""],
    "flow_wait": lambda world: ["open flow"],
    "step": lambda world: ["all", "put", 5, *job("new"), "cancel", 1, "waiting", "pop", 10, *POP],
    "drain": lambda world: [
        *("each", "complete", 6, *world.held.key, b"", "", b""),
        *("complete", 6, *world.lent.key, b"", "next", b"", "pop", 10, *POP),
    ],
    "tag": lambda world: ["waiting", "u", "v"],
    "untag": lambda world: ["child", "t"],
    "track": lambda world: ["child"],
    "untrack": lambda world: ["waiting"],
    "log": lambda world: ["waiting", "what", b"data", ""],
    "revoke": lambda world: ["klass", "K", 2 * NOW, 1],
    "revoke a job": lambda world: ["job", "waiting"],
    "restore": lambda world: ["klass", "gone"],
    "restore a job": lambda world: ["job", "scheduled"],
    "wait": lambda world: [1, "waiting", "lent", "done"],
    "recur": lambda world: ["q", "second", "K", b"x", 100, 0, options(nonce="n")],
    "recur_update": lambda world: ["template", options(queue="r", interval=5), b"new"],
    "unrecur": lambda world: ["template"],
    "refills": lambda world: [1],
    "refill": lambda world: ["by-cron", "c", NOW - 1, 2 * NOW],
    "pause": lambda world: ["q", "r"],
    "unpause": lambda world: ["paused"],
    "forget": lambda world: ["empty"],
    "tick": lambda world: [],
    "lock": lambda world: ["gate", "a", 1000, 0],
    "lock what another holds": lambda world: ["door", "c", 1000, 1],
    "relock": lambda world: ["door", "a", 1000],
    "unlock": lambda world: ["door", "a"],
    "rate": lambda world: ["sms", 10, 1000, "", 3, 0],
    "configure": lambda world: ["jobs-history-count", 1],
    "limit": lambda world: ["smtp", 2, 10, 1000, ""],
    "tenant": lambda world: ["acme", 3],
    "configure a cap": lambda world: ["max-bytes-q", 10**6],
    "configure a queue that drops": lambda world: ["when-full-q", "drop-oldest"],
    "report": lambda world: ["w", b"about", "q"],
    "deregister": lambda world: ["w"],
    "repair": lost,
}


def command_of(name: str) -> str:
    return name.split(maxsplit=1)[0]


def test_every_command_that_writes_is_here() -> None:
    flags = main_flags()

    assert flags["puts"] | flags["drains"] == {command_of(name) for name in CALLS}


def call_with_fault(engine: Engine, command: str, args: list[Any], number: int) -> list[str]:
    """Make a call whose inner call `number` fails; returns the inner calls up to that one, or
    nothing when there are fewer.
    """
    kind = next(kind for kind, names in main_flags().items() if command in names)
    first, _, rest = engine.library.scripts[kind].partition("\n")
    script = f"{first}\n{FAULT}{rest}"
    try:
        engine.server.eval(script, 1, engine.root, number, command, NOW, *args)
    except redis.ResponseError as error:
        word, _, made = str(error).partition(" ")
        if word != "FAULT":
            raise
        return [name for name in made.split() if name.isupper()][:number]
    return []


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_before_its_first_write_changes_nothing(
    engine: Engine, namespace: str, name: str
) -> None:
    args = CALLS[name](World(engine))
    before = dump(engine)
    failed, seen = 0, READS
    for number in range(1, 200):
        made = call_with_fault(engine, command_of(name), args, number)
        seen = seen | set(made)
        if not made or not READS.issuperset(made[:-1]):
            break
        assert before == dump(engine), f"{made} wrote"
        failed = number
    delete_keys(engine.server, namespace)  # the last of the calls failed half way

    assert failed, "nothing failed"
    assert seen > READS, "the call writes nothing at all"


NAMED = {
    "job:held": ["complete", "fail", "retry", "release", "timeout"],
    "job:waiting": ["priority", "tag", "untrack", "log", "revoke a job"],
    "job:failed": ["move", "unfail"],
    "template:template": ["recur_update", "unrecur"],
    "": list(CALLS),
}


@pytest.mark.parametrize(
    ("planted", "name"), [(key, name) for key, names in NAMED.items() for name in names]
)
def test_a_key_of_the_wrong_type_is_met_before_the_first_write(
    engine: Engine, namespace: str, planted: str, name: str
) -> None:
    """Of the root, and of the job that a call names; a deregistration has no need of either."""
    args = CALLS[name](World(engine))
    engine.server.delete(engine.root + planted)
    engine.server.lpush(engine.root + planted, "of the wrong type")
    before = dump(engine)
    with pytest.raises((AssertionError, redis.ResponseError, Refused), match="WRONGTYPE"):
        engine.call(command_of(name), *args, now=NOW)

    assert before == dump(engine)
    delete_keys(engine.server, namespace)


@pytest.mark.parametrize("name", CALLS)
def test_a_repeated_call_has_one_effect_and_one_answer(engine: Engine, name: str) -> None:
    """By its mark, whatever else it is known by."""
    world = World(engine)
    args = CALLS[name](world)
    first = engine.call(command_of(name), *args, now=f"{NOW}/mark")
    after = dump(engine)
    for late in (1, 5):
        assert first == engine.call(command_of(name), *args, now=f"{NOW + late}/mark")
        assert after == dump(engine)
    assert [] == broken(Keys(engine.server, engine.root), NOW)


REPEATABLE = [
    *("put", "put an old one", "put one that is held", "complete", "complete into the next"),
    *("fail", "retry", "release", "cancel", "priority", "tag", "untag", "track", "recur"),
    *("undepend", "depend", "unpause", "pause", "configure", "take", "revoke", "revoke a job"),
]


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_has_a_token_or_a_nonce_needs_no_mark(engine: Engine, name: str) -> None:
    """Nor does what says how things are to be."""
    args = CALLS[name](World(engine))
    first = engine.call(command_of(name), *args, now=NOW)
    after = dump(engine)
    for late in (1, 5):
        assert first == engine.call(command_of(name), *args, now=NOW + late)
    events = {engine.root.encode() + b"events"}
    settings = (
        {engine.root.encode(), engine.root.encode() + b"clock"} if name == "configure" else set()
    )
    now = dump(engine)
    different = {key for key in after.keys() | now.keys() if after.get(key) != now.get(key)}
    assert different <= (events | settings if settings else set())


def test_a_repeated_pop_hands_out_the_same_leases(engine: Engine) -> None:
    World(engine)
    first = leases(engine.call("pop", *POP, now=NOW))
    assert ["waiting", "parent", "due"] == [lease.jid for lease in first]
    again = [*POP[:2], 1, *POP[3:]]
    assert first == leases(engine.call("pop", *again, now=NOW + 1))
    after = dump(engine)
    for late in (2, 5):
        assert first == leases(engine.call("pop", *again, now=NOW + late))
        assert after == dump(engine)

    assert [] == leases(engine.call("pop", *POP, now=NOW + 6)), "the first sending came too late"
    assert after == dump(engine)
