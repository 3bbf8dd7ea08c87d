"""Each feature of jobs works together with each other one: of every pair, jobs that carry both run
until all have ended, and each of the two keeps its promise.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.engine.conftest import Engine, Lease, Refused, dump
from tests.engine.templates import recur
from tests.laws.invariants import _QUEUED as QUEUED
from tests.laws.invariants import Keys
from tests.laws.pairs import JIDS, OPEN, UNSTARTED, Feature, World


class Delay(Feature):
    name = "delay"

    def options(self, number: int) -> dict[str, Any]:
        return {"delay": 60 * (number % 3)}

    def outcome(self, world: World, keys: Keys) -> None:
        for number, jid in enumerate(JIDS) if "move" not in world.names else ():
            first = world.first(jid)
            assert first is None or first >= world.put_at[jid] + 60 * (number % 3)


class Priority(Feature):
    name = "priority"

    def options(self, number: int) -> dict[str, Any]:
        return {"priority": (3, -2, 1)[number % 3]}

    def outcome(self, world: World, keys: Keys) -> None:
        for popped in world.popped if "tenant" not in world.names else ():
            order = [(lease.queue, lease.record.priority) for lease in popped]
            assert order == sorted(order)


class Retries(Feature):
    name = "retries with backoff"

    def options(self, number: int) -> dict[str, Any]:
        return {"retries": 1, "backoff": "fixed", "backoff_base": 80}

    def end(self, world: World, lease: Lease) -> bool:
        if lease.record.attempt > 1:
            return False
        world.tried("retry", *lease.key, "", "error", "why", b"", 0)
        return True

    def outcome(self, world: World, keys: Keys) -> None:
        extra = {"unfail", "move", "complete into a next queue"} & world.names
        for jid in world.made:
            moments = [now for now, started in world.starts if started == jid]
            assert len(moments) <= (4 if extra else 2), jid
            if len(moments) == 2 and not extra and "lost lease" not in world.names:
                assert moments[1] - moments[0] >= 80


class Dependencies(Feature):
    name = "dependencies"

    def options(self, number: int) -> dict[str, Any]:
        return {"depends": ["parent"]}

    def prepare(self, world: World) -> None:
        world.engine.put("parent", "r", now=world.now)

    def outcome(self, world: World, keys: Keys) -> None:
        done = world.completed.index("parent")
        assert not set(world.completed[:done]) & set(JIDS)
        parent = world.first("parent")
        assert parent is not None
        assert all(now > parent for now, jid in world.starts if jid in JIDS)


class Tags(Feature):
    name = "tags and tracking"

    def options(self, number: int) -> dict[str, Any]:
        return {"tags": ["one", f"t{number % 2}"]}

    def meddle(self, world: World) -> None:
        for jid in world.made[::2]:
            if world.state(jid) in OPEN:
                world.engine.call("track", jid, now=world.now)

    def promise(self, world: World, keys: Keys) -> None:
        for jid, job in keys.live.items():
            if "tags" in job.options:
                assert jid in keys.set_of("tag", b"one")


class KeepResult(Feature):
    name = "keep_result"

    def options(self, number: int) -> dict[str, Any]:
        return {"keep_result": 1_000_000}

    def outcome(self, world: World, keys: Keys) -> None:
        if "take" in world.names:
            return
        for jid in set(world.completed) & set(world.made):
            if world.state(jid) == "complete":
                told = world.engine.call("result", jid, now=world.now)
                assert [b"complete", b"result"] == told


class AtOnce(Feature):
    name = "a limit at once"

    def options(self, number: int) -> dict[str, Any]:
        return {"limits": ["a"]}

    def prepare(self, world: World) -> None:
        world.engine.call("limit", "a", 2, "", "", "", now=world.now)

    def promise(self, world: World, keys: Keys) -> None:
        running = [job for job in world.running(keys, "limits") if "a" in job.options["limits"]]
        assert len(running) <= 2
        assert len(keys.found["slots"].get(b"a", [])) == len(running)


class KlassLimit(Feature):
    name = "a limit of the klass"

    def prepare(self, world: World) -> None:
        for klass in ("Klass", "Other", "Late"):
            world.engine.call("limit", f"klass:jobs.{klass}", 1, "", "", "", now=world.now)

    def promise(self, world: World, keys: Keys) -> None:
        for name in (b"klass:jobs.Klass", b"klass:jobs.Other", b"klass:jobs.Late"):
            running = len(keys.found["slots"].get(name, []))
            assert running <= 1
            lines = [QUEUED.unpack(line) for line in keys.found["queued"].get(name, {}).values()]
            waiting, parked = sum(line[0] for line in lines), sum(line[1] for line in lines)
            assert parked == 0 or running + waiting, f"nobody would take a job back of {name!r}"


class QueueLimit(Feature):
    name = "a limit of the queue"

    def prepare(self, world: World) -> None:
        world.engine.call("limit", "queue:q", 2, "", "", "", now=world.now)

    def promise(self, world: World, keys: Keys) -> None:
        running = [number for number, *_ in keys.members("running")]
        if running:
            assert running.count(world.engine.number("q")) <= 2


class Rate(Feature):
    name = "a limit's rate"

    def options(self, number: int) -> dict[str, Any]:
        return {"limits": ["b"]}

    def prepare(self, world: World) -> None:
        world.engine.call("limit", "b", "", 2, 100, "", now=world.now)

    def outcome(self, world: World, keys: Keys) -> None:
        moments = [now for now, jid in world.starts if jid != "parent"]
        for first, last in itertools.combinations(range(len(moments)), 2):
            assert last - first + 1 <= 2 + (moments[last] - moments[first]) * 2 / 100


class OrderKey(Feature):
    name = "order_key"

    # What lets a job become runnable later than it was put, or ends it before it is its turn.
    REORDERS = ("delay", "debounce", "unfail", "recurring", "revoke", "cancel", "move", "caps")

    def options(self, number: int) -> dict[str, Any]:
        return {"order_key": "k"}

    def promise(self, world: World, keys: Keys) -> None:
        assert len(world.running(keys, "order_key")) <= 1

    def outcome(self, world: World, keys: Keys) -> None:
        begun = list(dict.fromkeys(jid for _, jid in world.starts if jid in JIDS))
        runs = [jid for jid, _ in itertools.groupby(j for _, j in world.starts if j in JIDS)]
        if not world.names & {"unfail"}:
            assert runs == begun, "another one ran while a job was still to run again"
        if not any(name.startswith(self.REORDERS) for name in world.names):
            assert begun == sorted(begun)


class Tenant(Feature):
    name = "tenant"

    def options(self, number: int) -> dict[str, Any]:
        return {"tenant": ("one", "two")[number // 3]}

    def outcome(self, world: World, keys: Keys) -> None:
        """The first pop of a queue in which both wait hands out jobs of both."""
        plain = {"tags and tracking", "keep_result", "poison_after", "finish_within", "priority"}
        if world.names <= plain | {self.name}:
            tenants = [lease.record.options["tenant"] for lease in world.popped[0]]
            assert ["one", "two", "one"] == tenants


class Unique(Feature):
    """Two jobs at a time come under one key."""

    def __init__(self, name: str, *running: str, **given: Any) -> None:
        self.name = name
        self.given = given
        self.states = UNSTARTED | set(running)

    def options(self, number: int) -> dict[str, Any]:
        return {"unique": f"u{number // 2}", **self.given}

    def klass(self, number: int) -> str:
        return (
            "jobs.Other" if self.given.keys() & {"if_duplicate", "debounce"} and number % 2 else ""
        )

    def promise(self, world: World, keys: Keys) -> None:
        if world.names & {"unfail", "complete into a next queue"}:
            return  # what runs again takes its key back only if that is free
        held = [
            job.options["unique"]
            for job in keys.live.values()
            if "unique" in job.options
            and job.state in self.states
            and (job.state == "running" or not job.attempt)
        ]
        assert len(held) == len(set(held)), held

    def outcome(self, world: World, keys: Keys) -> None:
        assert len(world.made) <= 6


class StartWithin(Feature):
    name = "start_within"
    fate = "cancel"

    def options(self, number: int) -> dict[str, Any]:
        return {"start_within": 90, "if_late": self.fate}

    def outcome(self, world: World, keys: Keys) -> None:
        if world.names & {"recurring", "debounce"} or self.fate == "jobs.Late":
            return
        for number, jid in enumerate(JIDS):
            first, delay = world.first(jid), world.options(number).get("delay", 0)
            assert first is None or first < world.put_at[jid] + delay + 90 or self.renewed(world)

    def renewed(self, world: World) -> bool:
        return "unfail" in world.names


class StartOrFail(StartWithin):
    name = "start_within, else fail"
    fate = "fail"


class StartOrOther(StartWithin):
    name = "start_within, else another klass"
    fate = "jobs.Late"

    def outcome(self, world: World, keys: Keys) -> None:
        for jid in world.made:
            assert world.engine.history(jid, now=world.now).count("late") <= 1


class FinishWithin(Feature):
    name = "finish_within"

    def options(self, number: int) -> dict[str, Any]:
        return {"finish_within": 300}

    def promise(self, world: World, keys: Keys) -> None:
        ends = {jid: end for _, _, jid, end in keys.members("running")}
        for jid, end in ends.items():
            last = keys.live[jid].options.get("finish_by")
            assert last is None or end <= last

    def outcome(self, world: World, keys: Keys) -> None:
        if world.names & {"recurring", "unfail"}:
            return
        assert all(now < world.put_at[jid] + 300 for now, jid in world.starts if jid in JIDS)


class LostLease(Feature):
    name = "lost lease"

    def end(self, world: World, lease: Lease) -> bool:
        return lease.record.attempt == 1 and int(lease.jid[-1:].encode().hex(), 16) % 2 == 0


class Poison(LostLease):
    name = "poison_after"

    def options(self, number: int) -> dict[str, Any]:
        return {"poison_after": 1}

    def outcome(self, world: World, keys: Keys) -> None:
        for job in keys.live.values():
            assert job.lost <= 1 or "poison_after" not in job.options


class Flow(Feature):
    name = "flow"

    def options(self, number: int) -> dict[str, Any]:
        return {"flow": "f"}

    def meddle(self, world: World) -> None:
        begun = {jid for _, jid in world.starts}
        assert not begun & set(JIDS), "a member of a flow that is not sealed ran"
        world.call("seal", "f")

    def outcome(self, world: World, keys: Keys) -> None:
        if world.tried("flow", "f") is None:
            return  # all members are gone, and so is what they came to
        told = world.engine.flow(now=world.now)
        assert told["state"] in {"complete", "failed", "cancelled"}, told
        assert not {"held", "depends", "open"} & set(told)


class Recurring(Feature):
    name = "recurring"

    def __init__(self, overlap: str) -> None:
        self.name = f"recurring, {overlap}"
        self.overlap = overlap

    def put(self, world: World) -> bool:
        world.names.add("recurring")
        given = {"count": 6, "overlap": self.overlap, **world.options(1)}
        recur(world.engine, interval=40, now=world.now, **given)
        return True


class Reject(Feature):
    name = "caps, reject"
    when_full = "reject"

    def prepare(self, world: World) -> None:
        world.engine.configure("max-jobs-q", 4, now=world.now)
        world.engine.configure("when-full-q", self.when_full, now=world.now)

    def promise(self, world: World, keys: Keys) -> None:
        assert sum(world.engine.counts("q", now=world.now).get(s, 0) for s in OPEN) <= 4


class DropOldest(Reject):
    name = "caps, drop-oldest"
    when_full = "drop-oldest"


class Move(Feature):
    name = "move"

    def meddle(self, world: World) -> None:
        for jid in world.made[1::2]:
            if world.state(jid) in OPEN:
                world.call("move", jid, "r", "")


class Step(Feature):
    name = "step"

    def put(self, world: World) -> bool:
        if any(name.startswith("recurring") for name in world.names):
            return False
        members = [world.member(jid, number) for number, jid in enumerate(JIDS)]
        world.put_at = dict.fromkeys(JIDS, world.now)
        mode = "each" if any("caps" in n or "unique" in n for n in world.names) else "all"
        answers = world.engine.step(*members, mode=mode, now=world.now)
        world.look()
        world.made += [j for j, a in zip(JIDS, answers, strict=True) if a == b"created"]
        return True

    def end(self, world: World, lease: Lease) -> bool:
        """Complete, and put another job of the same kind in the same step."""
        if lease.jid not in JIDS[:2] or world.names & {"flow", "unique"}:
            return False
        world.engine.step(
            ("complete", *lease.key, b"", "", b"", b"result"),
            world.member(lease.jid + "+", int(lease.jid[1])),
            mode="each",
            now=world.now,
        )
        world.completed.append(lease.jid)
        world.look()
        return True


class Take(Feature):
    name = "take"

    def pop(self, world: World) -> list[Lease] | None:
        return world.take() if world.now % (2 * 25) else None


class Revoke(Feature):
    name = "revoke"

    def meddle(self, world: World) -> None:
        self.revoked = []
        for jid in world.made[::2]:
            if world.state(jid) in UNSTARTED:
                world.call("revoke", "job", jid)
                self.revoked.append(jid)
        self.begun = len(world.starts)

    def outcome(self, world: World, keys: Keys) -> None:
        assert not {jid for _, jid in world.starts[self.begun :]} & set(self.revoked)


class NextQueue(Feature):
    name = "complete into a next queue"

    def end(self, world: World, lease: Lease) -> bool:
        if lease.queue != "q":
            return False
        world.tried("complete", *lease.key, b"", "r", b"")
        return True


class Cancel(Feature):
    name = "cancel"

    def meddle(self, world: World) -> None:
        self.cancelled = [jid for jid in world.made[::2] if world.state(jid) in OPEN]
        if self.cancelled:
            world.call("cancel", *self.cancelled)
        self.begun = len(world.starts)

    def outcome(self, world: World, keys: Keys) -> None:
        assert not {jid for _, jid in world.starts[self.begun :]} & set(self.cancelled)


class Unfail(Feature):
    name = "unfail"

    def end(self, world: World, lease: Lease) -> bool:
        if lease.record.attempt != 1 or lease.jid == "parent":
            return False
        if world.tried("fail", *lease.key, "group", "why", b""):
            world.call("unfail", lease.jid, "")
        return True


FEATURES: list[Feature] = [
    *(Delay(), Priority(), Retries(), Dependencies(), Tags(), KeepResult()),
    *(AtOnce(), Rate(), KlassLimit(), QueueLimit(), OrderKey(), Tenant()),
    Unique("unique until started", unique_until="started"),
    Unique("unique until done", "running", unique_until="done"),
    Unique("unique for a time", "running", unique_for=100_000),
    Unique("unique, replace", if_duplicate="replace"),
    Unique("unique, refuse", "running", if_duplicate="refuse"),
    Unique("debounce", debounce=120),
    *(StartWithin(), StartOrFail(), StartOrOther(), FinishWithin(), Poison(), Flow()),
    *(Recurring("allow"), Recurring("queue"), Recurring("replace"), Reject(), DropOldest()),
    *(Move(), Step(), Take(), Revoke(), NextQueue(), LostLease(), Cancel(), Unfail()),
]


UNIQUE = [feature.name for feature in FEATURES if isinstance(feature, Unique)]
RECURRING = [feature.name for feature in FEATURES if isinstance(feature, Recurring)]

# Pairs that are refused, by what the sentence begins with.
REFUSED: dict[frozenset[str], str] = {
    **{
        frozenset(pair): "INVALID " + begins
        for pair, begins in {
            ("debounce", "delay"): "debounce: does not go with delay, as",
            ("debounce", "dependencies"): "debounce: does not go with depends, as",
            ("debounce", "unique until started"): "debounce: does not go with unique_until, as",
            ("debounce", "unique until done"): "debounce: does not go with unique_until, as",
            ("debounce", "unique for a time"): "debounce: does not go with unique_for, as",
            ("debounce", "unique, refuse"): "debounce: does not go with if_duplicate=refuse, as",
            ("debounce", "unique, replace"): "debounce: does not go with if_duplicate=replace, as",
            ("unique until done", "unique for a time"): "unique_for: does not go with unique_unt",
            ("unique until started", "unique for a time"): "unique_for: does not go with unique_",
            ("unique until done", "unique, replace"): "if_duplicate=replace: does not go with",
            ("unique for a time", "unique, replace"): "if_duplicate=replace: does not go with",
        }.items()
    },
    **{
        frozenset((unique, "flow")): "INVALID unique: does not go with flow, as"
        for unique in UNIQUE
        if unique != "unique, refuse"
    },
    **{
        frozenset((recurring, other)): f"INVALID options:  {option}  is not known here"
        for recurring in RECURRING
        for other, option in {
            **dict.fromkeys(UNIQUE, ""),
            "delay": "delay",
            "dependencies": "depends",
            "flow": "flow",
        }.items()
    },
}
# The same option with two values: no pair.
ALIKE = {
    *(frozenset(pair) for pair in itertools.combinations(RECURRING, 2)),
    *(frozenset((other, "unique, refuse")) for other in UNIQUE if other != "debounce"),
}
PAIRS = [
    pair
    for pair in itertools.combinations(FEATURES, 2)
    if frozenset(feature.name for feature in pair) not in ALIKE
]


def refusal_of(pair: tuple[Feature, Feature]) -> str | None:
    return REFUSED.get(frozenset(feature.name for feature in pair))


def reads(pair: tuple[Feature, Feature]) -> str:
    return f"{pair[0].name} and {pair[1].name}".replace(" ", "-")


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not refusal_of(pair)], ids=reads)
def test_a_pair_keeps_both_promises(engine: Engine, pair: tuple[Feature, Feature]) -> None:
    World(engine, pair).run()


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if refusal_of(pair)], ids=reads)
def test_a_senseless_pair_is_refused(engine: Engine, pair: tuple[Feature, Feature]) -> None:
    world = World(engine, pair)
    for feature in pair:
        feature.prepare(world)
    before = dump(engine)
    with pytest.raises(Refused) as caught:
        world.put_all()
    assert before == dump(engine)
    begins = refusal_of(pair)
    assert begins is not None
    assert all(part in str(caught.value) for part in begins.split("  "))
