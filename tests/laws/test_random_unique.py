"""Random puts under two keys, and all that can happen to their jobs, against a plain model of keys.

Times are passed in and only go forward, by less than a key that is held for a time lasts on the
server's own clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.conftest import Server
from tests.engine.conftest import Engine, Lease, Refused, options
from tests.laws.invariants import Keys, broken
from tests.leaks import delete_keys

START = 1_800_000_000_000
MINUTE = 60_000
OPEN = {"waiting", "scheduled", "depends", "running"}
UNSTARTED = {"waiting", "scheduled", "depends"}

keys = st.sampled_from(["k", "l"])
picks = st.integers(0, 5)
minutes = st.integers(1, 4).map(lambda n: n * MINUTE)
scopes = st.one_of(
    st.fixed_dictionaries({}, optional={"unique_until": st.sampled_from(["done", "started"])}),
    st.fixed_dictionaries({"unique_for": minutes}),
)
plain = st.tuples(scopes, st.sampled_from(["keep", "refuse"])).map(
    lambda found: {**found[0], "if_duplicate": found[1]}
)
replacing = st.just({"if_duplicate": "replace"})
bursts = st.fixed_dictionaries(
    {
        "debounce": st.sampled_from([MINUTE, 2 * MINUTE]),
        "debounce_mode": st.sampled_from(["trailing", "leading", "both"]),
    },
    optional={"debounce_at_most": st.sampled_from([2 * MINUTE, 3 * MINUTE])},
)
wishes = st.one_of(plain, replacing, bursts)
MEMBER = st.tuples(keys, wishes)


@dataclass
class Held:
    """Who holds a key."""

    jid: str
    scope: str
    """done, started, time (until a moment) or trailing (as started, and then until a moment)."""
    first: int
    ends: int = 0


class Model:
    """Keys and the data of jobs; states of jobs are the engine's to tell.

    waiting: whether a job has not started.
    """

    def __init__(self, waiting: Callable[[str], bool]) -> None:
        self.waiting = waiting
        self.held: dict[str, Held] = {}
        self.data: dict[str, bytes] = {}
        self.key: dict[str, str] = {}
        self.until_done: set[str] = set()

    def put(self, jid: str, key: str, now: int, data: bytes, wish: dict[str, Any]) -> str:
        """Return the word that is answered, and the jid that it is about."""
        held = self.held.get(key)
        if held and held.scope == "time" and held.ends <= now:
            held = None
        if not held:
            return self._create(jid, key, data, self._taken(jid, now, wish))
        waits = held.scope in {"started", "trailing"} or self.waiting(held.jid)
        window = wish.get("debounce")
        most = wish.get("debounce_at_most", 10**12)
        if window and wish["debounce_mode"] == "leading":
            if held.scope == "time":
                held.ends = max(held.ends, min(now + window, held.first + most))
        elif window and held.scope == "time":
            if wish["debounce_mode"] == "trailing":
                return "refused"
            return self._create(jid, key, data, Held(jid, "trailing", now, now + window))
        elif window or wish["if_duplicate"] == "replace":
            if held.scope == "time" or not waits:
                return "refused"
            self.data[held.jid] = data
            if window and held.scope == "trailing":
                held.ends = now + window
        elif wish["if_duplicate"] == "refuse":
            return "refused"
        return f"merged {held.jid}"

    def _taken(self, jid: str, now: int, wish: dict[str, Any]) -> Held:
        if wish.get("debounce_mode") in {"leading", "both"}:
            return Held(jid, "time", now, now + wish["debounce"])
        if "debounce" in wish or wish["if_duplicate"] == "replace":
            return Held(jid, "started", now)
        if "unique_for" in wish:
            return Held(jid, "time", now, now + wish["unique_for"])
        return Held(jid, wish.get("unique_until", "done"), now)

    def _create(self, jid: str, key: str, data: bytes, held: Held) -> str:
        self.held[key] = held
        self.data[jid], self.key[jid] = data, key
        if held.scope == "done":
            self.until_done.add(jid)
        return "created"

    def _own(self, jid: str) -> Held | None:
        held = self.held.get(self.key[jid])
        return held if held and held.jid == jid else None

    def started(self, jid: str, now: int) -> None:
        held = self._own(jid)
        if held and held.scope == "trailing" and held.ends > now:
            held.scope = "time"
        elif held and held.scope in {"started", "trailing"}:
            del self.held[self.key[jid]]

    def ended(self, jid: str, state: str) -> None:
        held = self._own(jid)
        if held and (held.scope != "time" or state == "cancelled"):
            del self.held[self.key[jid]]

    def back(self, jid: str, now: int) -> None:
        held = self.held.get(self.key[jid])
        free = not held or (held.scope == "time" and held.ends <= now)
        if free and jid in self.until_done:
            self.held[self.key[jid]] = Held(jid, "done", now)


class RandomPuts(RuleBasedStateMachine):
    """Each rule is a call."""

    engine: Engine
    names = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"unique-{next(self.names)}"
        self.engine = Engine(self.engine.server, self.namespace, self.engine.delivery)
        self.now = START
        self.numbers = itertools.count(1)
        self.model = Model(waiting=lambda jid: self.state(jid) in UNSTARTED)
        self.leases: dict[str, Lease] = {}

    def state(self, jid: str) -> str:
        return self.engine.state(jid, now=self.now) or ""

    def agree(self) -> None:
        """Compare the data of what has not run, and look at the keys themselves."""
        assert [] == broken(Keys(self.engine.server, self.engine.root), self.now)
        for jid, data in self.model.data.items():
            found = self.engine.get(jid, now=self.now)
            if found and found.record.state in OPEN:
                assert (jid, data) == (jid, found.record.payload)

    @rule(members=st.lists(MEMBER, min_size=1, max_size=4), together=st.booleans())
    def put(self, members: list[tuple[str, dict[str, Any]]], *, together: bool) -> None:
        calls, expected = [], []
        for key, wish in members:
            jid = f"j{next(self.numbers)}"
            data = jid.encode()
            calls.append(("put", "q", jid, "", data, options(unique=key, **wish)))
            if not together:
                answer = self.engine.step(calls[-1], mode="each", now=self.now)[0]
                self.same(answer, self.model.put(jid, key, self.now, data, wish))
        if not together:
            self.agree()
            return
        answers = self.engine.step(*calls, mode="each", now=self.now)
        # Of a key that this call has taken, the job waits: the model is told by the engine.
        for (key, wish), call in zip(members, calls, strict=True):
            expected.append(self.model.put(call[2], key, self.now, call[4], wish))
        for answer, word in zip(answers, expected, strict=True):
            self.same(answer, word)
        self.agree()

    def same(self, answer: Any, word: str) -> None:
        if word == "refused":
            assert isinstance(answer, Exception)
            assert "EXISTS" in str(answer)
        else:
            assert answer == word.encode()

    @rule(count=st.integers(1, 3))
    def pop(self, count: int) -> None:
        for lease in self.engine.pop("q", "r", count=count, lease=0, now=self.now):
            self.leases[lease.jid] = lease
            self.model.started(lease.jid, self.now)
            assert lease.payload == self.model.data[lease.jid]
        self.agree()

    @rule(pick=picks, how=st.sampled_from(["complete", "next", "fail", "retry", "release"]))
    def end(self, pick: int, how: str) -> None:
        if not self.leases:
            return
        lease = self.leases.pop(sorted(self.leases)[pick % len(self.leases)])
        if how == "complete":
            self.engine.complete(lease, now=self.now)
            self.model.ended(lease.jid, "complete")
        elif how == "next":
            self.engine.complete(lease, "r", now=self.now)
        elif how == "fail":
            self.engine.fail(lease, now=self.now)
            self.model.ended(lease.jid, "failed")
        elif how == "retry":
            self.engine.retry(lease, delay=pick * 1000, now=self.now)
        else:
            self.engine.release(lease, now=self.now)
        self.agree()

    @rule(pick=picks, how=st.sampled_from(["cancel", "move", "unfail", "again"]))
    def handle(self, pick: int, how: str) -> None:
        """Do something to one of the latest jobs, whatever its state."""
        known = list(self.model.key)[-6:]
        if not known:
            return
        jid = known[pick % len(known)]
        state = self.state(jid)
        if not state or state == "cancelled":
            return
        back = state in {"complete", "failed"}
        if how == "cancel" and state != "complete":
            self.engine.cancel(jid, now=self.now)
            self.leases.pop(jid, None)
            self.model.ended(jid, "cancelled")
        elif how == "move":
            self.engine.move(jid, "r", now=self.now)
            self.leases.pop(jid, None)
            if back:
                self.model.back(jid, self.now)
        elif how == "unfail" and state == "failed":
            self.engine.call("unfail", jid, "", now=self.now)
            self.model.back(jid, self.now)
        elif how == "again":
            # Under its own jid, without a key.
            self.engine.put(jid, payload=b"again", now=self.now)
            self.leases.pop(jid, None)
            if self.model._own(jid):
                del self.model.held[self.model.key[jid]]
            self.model.data[jid] = b"again"
            self.model.until_done.discard(jid)
        self.agree()

    @rule(by=st.sampled_from([1000, 30_000, MINUTE, 2 * MINUTE]))
    def pass_time(self, by: int) -> None:
        self.now += by
        self.engine.ticks(now=self.now)

    def teardown(self) -> None:
        delete_keys(self.engine.server, self.namespace)


def test_random_puts(server: Server, delivery: str) -> None:
    RandomPuts.engine = Engine(server.admin, "unique", delivery)
    run_state_machine_as_test(RandomPuts)


def test_the_model_can_be_wrong(server: Server, delivery: str) -> None:
    """A model that never merges is found out."""

    class Wrong(RandomPuts):
        def same(self, answer: Any, word: str) -> None:
            super().same(answer, "created")

    Wrong.engine = Engine(server.admin, "unique", delivery)
    with pytest.raises((AssertionError, Refused)):
        run_state_machine_as_test(Wrong, settings=settings(phases=[Phase.generate]))
