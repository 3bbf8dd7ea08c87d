"""Limits, order keys and tenants under random calls, lost leases and changes: no slot leaks,
nothing runs that may not, and nothing waits for ever.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.engine.conftest import Engine, Lease
from tests.laws.invariants import Keys, broken

QUEUES = ("q", "r")
NAMES = ("a", "b", "c:1", "c:2", "free")


class World:
    """A namespace, and who holds what."""

    def __init__(self, engine: Engine, dice: random.Random) -> None:
        self.engine = engine
        self.dice = dice
        self.now = 1
        self.count = 0
        self.held: list[Lease] = []
        self.most: dict[str, int] = {}
        self.started: dict[str, list[str]] = {}

    def put(self) -> None:
        dice = self.dice
        given: dict[str, Any] = {}
        if dice.random() < 0.6:
            given["limits"] = dice.sample(NAMES, dice.randint(1, 3))
        if dice.random() < 0.3:
            given["order_key"] = dice.choice("xy")
        if dice.random() < 0.4:
            given["tenant"] = dice.choice(("one", "two", "three"))
        if dice.random() < 0.2:
            given["delay"] = dice.randint(1, 300)
        if dice.random() < 0.3:
            given["priority"] = dice.randint(-3, 3)
        self.count += 1
        # Sometimes one that was put before.
        number = self.count if dice.random() < 0.9 else dice.randint(1, self.count)
        self.engine.put(f"j{number}", dice.choice(QUEUES), retries=99, now=self.now, **given)

    def pop(self) -> None:
        queues = self.dice.sample(QUEUES, self.dice.randint(1, 2))
        count = self.dice.choice((1, 3, 10))
        self.held += self.engine.pop(*queues, count=count, lease=200, now=self.now)

    def end(self) -> None:
        if not self.held:
            return
        lease = self.held.pop(self.dice.randrange(len(self.held)))
        how = self.dice.choice(("complete", "complete", "fail", "retry", "release", "next"))
        args: dict[str, tuple[Any, ...]] = {
            "complete": ("complete", *lease.key, b"", "", b""),
            "next": ("complete", *lease.key, b"", self.dice.choice(QUEUES), b""),
            "fail": ("fail", *lease.key, "group", "", b""),
            "retry": ("retry", *lease.key, self.dice.choice((0, 50)), "", ""),
            "release": ("release", *lease.key, ""),
        }
        self.engine.step(args[how], mode="each", now=self.now)

    def meddle(self) -> None:
        jid = f"j{self.dice.randint(1, max(self.count, 1))}"
        what = self.dice.choice(("cancel", "move", "priority", "timeout", "unfail", "depend"))
        args: dict[str, tuple[Any, ...]] = {
            "cancel": (jid,),
            "move": (jid, self.dice.choice(QUEUES), self.dice.choice(("", 40))),
            "priority": (jid, self.dice.randint(-3, 3)),
            "timeout": (jid,),
            "unfail": (jid, ""),
            "depend": (jid, "", b""),
        }
        self.engine.step((what, *args[what]), mode="each", now=self.now)

    def configure(self) -> None:
        name = self.dice.choice(("a", "b", "c:*", "c:2", "queue:q", "klass:jobs.Klass"))
        at_once = self.dice.choice(("", 1, 2, 3))
        rate = self.dice.choice(((5, 100, 1), (5, 100, ""), ("", "", ""), ("", "", "")))
        self.engine.call("limit", name, at_once, *rate, now=self.now)

    def crash(self) -> None:
        self.held = [lease for lease in self.held if self.dice.random() < 0.5]
        self.now += 250

    def wait(self) -> None:
        self.now += self.dice.randint(1, 60)
        if self.dice.random() < 0.5:
            self.engine.tick(now=self.now)

    def check(self) -> None:
        found = broken(Keys(self.engine.server, self.engine.root), self.now)
        assert not found, found
        if self.dice.random() < 0.1:
            assert self.engine.check(now=self.now) == []

    def drain(self) -> None:
        """Nothing is left behind when workers go on and everything is allowed."""
        for _ in range(4000):
            self.now += 30
            popped = self.engine.pop(*QUEUES, count=20, lease=10_000, now=self.now)
            self.held += popped
            while self.held:
                lease = self.held.pop()
                step = ("complete", *lease.key, b"", "", b"")
                self.engine.step(step, mode="each", now=self.now)
            if not popped and not self.left():
                return
        raise AssertionError(f"still there: {self.left()}")

    def left(self) -> dict[str, int]:
        states = ("waiting", "running", "stalled", "scheduled", "throttled")
        return {
            f"{queue} {state}": count
            for queue in QUEUES
            for state, count in self.engine.counts(queue, now=self.now).items()
            if state in states
        }


@pytest.mark.parametrize("seed", range(12))
def test_nothing_leaks_starves_or_runs_beyond_its_limit(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    world = World(engine, dice)
    engine.call("limit", "a", 1, "", "", "")
    engine.call("limit", "c:*", 2, "", "", "")
    moves = [
        *[world.put] * 6,
        *[world.pop] * 4,
        *[world.end] * 5,
        *[world.wait] * 2,
        *[world.meddle] * 2,
        world.crash,
        world.configure,
    ]
    for _ in range(250):
        dice.choice(moves)()
        world.check()
    world.drain()
    world.check()


@pytest.mark.parametrize("seed", range(4))
def test_never_more_at_once_than_is_allowed(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    world = World(engine, dice)
    engine.call("limit", "a", 2, "", "", "")
    engine.call("limit", "b", 3, "", "", "")
    engine.call("limit", "queue:q", 4, "", "", "")
    moves = [*[world.put] * 6, *[world.pop] * 4, *[world.end] * 5, world.wait, world.crash]
    for _ in range(300):
        dice.choice(moves)()
        keys = Keys(engine.server, engine.root)
        assert len(keys.found["slots"].get(b"a", [])) <= 2
        assert len(keys.found["slots"].get(b"b", [])) <= 3
        running = engine.counts(now=world.now)
        assert running.get("running", 0) + running.get("stalled", 0) <= 4
    world.drain()


class Incumbents(World):
    """Hundreds of jobs run when klasses are limited."""

    klasses = ("one", "two")

    def __init__(self, engine: Engine, dice: random.Random) -> None:
        super().__init__(engine, dice)
        self.allowed: dict[str, int] = {}
        for number in range(dice.randint(150, 700)):
            queue = dice.choice("qqqr")
            engine.put(f"i{number}", queue, dice.choice(self.klasses), retries=99)
        while popped := engine.pop(*QUEUES, count=50, lease=dice.randint(500, 5000), now=1):
            self.held += popped
        self.before = self.running()

    def put(self) -> None:
        self.count += 1
        klass = self.dice.choice(self.klasses)
        self.engine.put(f"j{self.count}", self.dice.choice(QUEUES), klass, now=self.now)

    def beat(self) -> None:
        for lease in self.dice.sample(self.held, min(len(self.held), 20)):
            length = self.dice.randint(100, 5000)
            step = ("heartbeat", "w", length, *lease.key)
            self.engine.step(step, mode="each", now=self.now)

    def configure(self) -> None:
        klass = self.dice.choice(self.klasses)
        at_once = self.dice.choice((None, 1, 20, 250))
        self.allowed.pop(klass, None)
        if at_once is not None:
            self.allowed[klass] = at_once
        self.engine.call("limit", f"klass:{klass}", at_once or "", "", "", "", now=self.now)

    def running(self) -> dict[str, int]:
        keys = Keys(self.engine.server, self.engine.root)
        names = [
            keys.fields[b"klass-name:%d" % job.klass].decode()
            for job in keys.live.values()
            if job.state == "running"
        ]
        return {klass: names.count(klass) for klass in self.klasses}

    def check(self) -> None:
        super().check()
        now = self.running()
        for klass, most in self.allowed.items():
            assert now[klass] <= max(most, self.before[klass])
        self.before = now


@pytest.mark.parametrize("seed", range(6))
def test_those_that_ran_before_their_klass_was_limited_count(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    world = Incumbents(engine, dice)
    moves = [
        *[world.put] * 5,
        *[world.pop] * 2,
        *[world.end] * 8,
        *[world.beat] * 3,
        *[world.wait] * 2,
        *[world.configure] * 2,
        world.crash,
    ]
    for _ in range(80):
        dice.choice(moves)()
        world.check()
    for klass in world.klasses:
        engine.call("limit", f"klass:{klass}", 50, "", "", "", now=world.now)
    world.drain()
    world.check()
