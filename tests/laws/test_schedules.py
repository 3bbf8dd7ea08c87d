"""Each slot of a recurring job is made once, whoever ticks, refills, pauses or dies, and when."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pyjobs.calendars import Calendar, Wanted
from pyjobs.schedules import answer_to
from tests.conftest import Server
from tests.engine.conftest import Engine
from tests.engine.templates import known, recur, update
from tests.laws.invariants import Keys, broken
from tests.leaks import delete_keys

START = 1_792_886_400_000  # 2026-10-25 02:00 in Berlin, where that hour comes twice
MINUTE = 60_000

calendars = st.sampled_from(
    [
        Calendar(cron="*/20 * * * *"),
        Calendar(cron="7 * * * *", tz="Europe/Berlin"),
        Calendar(cron="30 2,3 * * *", tz="Europe/Berlin"),
        Calendar(interval=4 * MINUTE, tz="Europe/Berlin", between=("02:10", "02:50")),
    ]
)
HOUR = 60 * MINUTE
passing = st.sampled_from([1, MINUTE, 20 * MINUTE, HOUR, 14 * HOUR, 14 * HOUR])


class Schedules(RuleBasedStateMachine):
    """One template, whose missed slots are all made up for, and workers that come and go."""

    engine: Engine
    names = itertools.count(1)

    @initialize(calendar=calendars, offset=st.sampled_from([0, 1, 90 * MINUTE]))
    def begin(self, calendar: Calendar, offset: int) -> None:
        self.engine = Engine(self.engine.server, f"slots-{next(self.names)}", self.engine.delivery)
        self.now = START
        self.calendar = calendar
        self.first = START + offset
        self.found: list[int] = []
        self.asked: list[Wanted] = []
        self.paused_at: int | None = None
        self.pauses: list[tuple[int, int]] = []
        recur(
            self.engine, interval=0, offset=offset, now=self.now, calendar=calendar.text, retries=9
        )

    @rule(milliseconds=passing)
    def time_passes(self, milliseconds: int) -> None:
        self.now += milliseconds

    @precondition(lambda self: self.paused_at is None)
    @rule(milliseconds=passing)
    def time_passes_beside_a_worker(self, milliseconds: int) -> None:
        self.now += milliseconds
        self.settle()

    @rule(milliseconds=passing, times=st.integers(1, 9))
    def tick(self, milliseconds: int, times: int) -> None:
        self.now += milliseconds
        for _ in range(times):
            self.engine.tick(now=self.now)

    @rule()
    def a_worker_asks(self) -> None:
        answer = self.engine.call("refills", 1, now=self.now)
        self.asked += [Wanted(one[0].decode(), one[1].decode(), *one[2:]) for one in answer]

    @rule()
    def all_workers_ask(self) -> None:
        answer = self.engine.call("refills", 1, "t", now=self.now)
        self.asked += [Wanted(one[0].decode(), one[1].decode(), *one[2:]) for one in answer]

    @precondition(lambda self: self.asked)
    @rule(latest=st.integers(1, 3))
    def workers_answer_now_or_late_or_again(self, latest: int) -> None:
        for wanted in self.asked[-latest:]:
            call = answer_to(wanted)
            assert call is not None
            self.engine.call(call.name, *call.args, now=self.now)

    @rule()
    def it_is_put_again(self) -> None:
        recur(self.engine, interval=0, now=self.now, calendar=self.calendar.text, retries=9)

    @precondition(lambda self: self.paused_at is None)
    @rule()
    def pause(self) -> None:
        self.settle()
        self.paused_at = self.now
        update(self.engine, paused=True, now=self.now)

    @precondition(lambda self: self.paused_at is not None)
    @rule()
    def go_on(self) -> None:
        assert self.paused_at is not None
        self.pauses.append((self.paused_at, self.now))
        self.paused_at = None
        update(self.engine, paused=False, now=self.now)

    @rule(count=st.integers(1, 30))
    def work(self, count: int) -> None:
        self.engine.tick(now=self.now)
        for lease in self.engine.pop(count=count, now=self.now):
            self.found.append(lease.record.since)
            self.engine.complete(lease, now=self.now)

    def settle(self) -> None:
        """Have all that has come been made, by a worker that reads calendars."""
        for _ in range(10_000):
            done = known(self.engine, now=self.now).count
            self.engine.ticks(now=self.now)
            answer = self.engine.call("refills", 1, "t", now=self.now)
            for one in answer:
                call = answer_to(Wanted(one[0].decode(), one[1].decode(), *one[2:]))
                assert call is not None
                self.engine.call(call.name, *call.args, now=self.now)
            if not answer and done == known(self.engine, now=self.now).count:
                return

    @invariant()
    def no_slot_is_made_twice(self) -> None:
        assert len(self.found) == len(set(self.found))

    def teardown(self) -> None:
        assert not broken(Keys(self.engine.server, self.engine.root), self.now)
        if self.paused_at is None:
            self.settle()
        while leases := self.engine.pop(count=100, now=self.now):
            self.found += [lease.record.since for lease in leases]
        until = self.now if self.paused_at is None else self.paused_at
        slots = itertools.takewhile(
            lambda slot: slot <= until, self.calendar.after(self.first - 1, self.first)
        )
        missed = [
            slot for slot in slots if not any(begun < slot < end for begun, end in self.pauses)
        ]
        assert missed == sorted(self.found)
        delete_keys(self.engine.server, self.engine.root[1:-3])


@pytest.mark.timeout(300)
def test_each_slot_is_made_once(server: Server, delivery: str) -> None:
    class Here(Schedules):
        engine = Engine(server.admin, "slots", delivery)

    run_state_machine_as_test(Here, settings=settings(max_examples=60, stateful_step_count=25))
