"""limit: how many run at once, and how many start in a time, under one name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Engine, Lease, options, refused


def limit(
    engine: Engine, name: str = "a", at_once: Any = "", rate: Any = "", *, now: int = 0, **more: Any
) -> str:
    """Set a limit; `per` and `burst` go with a rate, times in milliseconds."""
    args = (name, at_once, rate, more.get("per", "" if rate == "" else 1000), more.get("burst", ""))
    answer: bytes = engine.call("limit", *args, now=now)
    return answer.decode()


def put(engine: Engine, *jids: str, now: int = 0, **given: Any) -> None:
    for jid in jids:
        engine.put(jid, now=now, **{"limits": ["a"], **given})


def jids(leases: list[Lease]) -> list[str]:
    return [lease.jid for lease in leases]


# So many at once


def test_so_many_run_at_once_and_the_others_wait_for_a_slot(engine: Engine) -> None:
    assert "set" == limit(engine, at_once=2)
    put(engine, "1", "2", "3", "4")
    assert {"waiting": 2, "throttled": 2} == engine.counts()

    held = engine.pop(count=10)
    assert (["1", "2"], []) == (jids(held), engine.pop(count=10))
    engine.complete(held[1])
    assert ["3"] == jids(engine.pop(count=10))


def test_others_are_not_held_up(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2", "3")
    engine.put("free")

    assert ["1", "free"] == jids(engine.pop(count=10))


def test_parked_jobs_come_back_at_their_old_place_and_by_priority(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2", "3")
    put(engine, "urgent", priority=-1)
    engine.put("later")
    (held,) = engine.pop()

    assert "urgent" == held.jid
    engine.complete(held)
    assert ["1", "later"] == engine.waiting()
    assert ["2", "3"] == [jid.decode() for jid in engine.call("jobs", "q", "throttled", "", 10)[1:]]


def test_a_job_under_several_limits_needs_all_and_takes_all_or_none(engine: Engine) -> None:
    limit(engine, "a", at_once=1)
    limit(engine, "b", at_once=1)
    put(engine, "both", limits=["a", "b"])
    put(engine, "b", limits=["b"])
    put(engine, "a", limits=["a"])
    (held,) = engine.pop(count=10)
    assert "both" == held.jid

    engine.complete(held)
    assert ["b", "a"] == jids(engine.pop(count=10))


def test_one_who_waits_for_another_limit_keeps_no_slot(engine: Engine) -> None:
    limit(engine, "a", at_once=1)
    limit(engine, "b", at_once=1)
    put(engine, "holds", limits=["b"])
    engine.pop()
    put(engine, "both", limits=["a", "b"])
    put(engine, "after", limits=["a"])

    assert ["after"] == jids(engine.pop(count=10))


def test_a_limit_of_nothing_lets_nothing_start(engine: Engine) -> None:
    limit(engine, at_once=0)
    put(engine, "1")
    assert [] == engine.pop()
    limit(engine, at_once=1)

    assert ["1"] == jids(engine.pop())


def test_a_name_that_nothing_is_set_for_limits_nothing(engine: Engine) -> None:
    put(engine, "1", "2")

    assert ["1", "2"] == jids(engine.pop(count=10))


def test_one_limit_is_shared_by_queues(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "q1", "q2")
    put(engine, "r1", queue="r")
    (held,) = engine.pop("q", "r", count=10)
    assert [] == engine.pop("r", count=10)
    engine.complete(held)

    assert ["r1"] == jids(engine.pop("r", count=10))
    assert [] == engine.pop("q", count=10)


# Slots are returned


def ending(*args: Any) -> Callable[[Engine, Lease], object]:
    return lambda engine, lease: engine.call(*args[:1], *lease.key, *args[1:])


ENDINGS: dict[str, Callable[[Engine, Lease], object]] = {
    "complete": ending("complete", b"", "", b""),
    "complete into the next queue": ending("complete", b"", "next", b""),
    "fail": ending("fail", "group", "", b""),
    "retry later": ending("retry", 60_000, "", ""),
    "release for later": ending("release", 60_000),
    "cancel": lambda engine, lease: engine.cancel(lease.jid),
    "move": lambda engine, lease: engine.move(lease.jid, "other", delay=60_000),
    "put again": lambda engine, lease: engine.put(lease.jid, queue="other"),
    "timeout without retries": lambda engine, lease: engine.call("timeout", lease.jid),
    "lost lease without retries": lambda engine, lease: engine.tick(now=lease.ends),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_every_ending_returns_the_slot_in_its_step(engine: Engine, how: str) -> None:
    engine.configure("grace-period", 0)
    limit(engine, at_once=1)
    put(engine, "1", "2", retries=0 if "without" in how else 5)
    (held,) = engine.pop(lease=1000)
    assert "throttled" == engine.state("2")
    ENDINGS[how](engine, held)

    assert "waiting" == engine.state("2")


@pytest.mark.parametrize("how", ["release", "timeout", "lost lease"])
def test_what_comes_back_at_its_place_is_first_again(engine: Engine, how: str) -> None:
    engine.configure("grace-period", 0)
    limit(engine, at_once=1)
    put(engine, "1", "2")
    (held,) = engine.pop(lease=1000)
    back: dict[str, Callable[[], object]] = {
        "release": lambda: engine.release(held),
        "timeout": lambda: engine.call("timeout", "1"),
        "lost lease": lambda: engine.tick(now=1000),
    }
    back[how]()

    assert ["1"] == jids(engine.pop(count=10, now=1000))


def test_a_retry_and_a_new_job_pass_no_parked_job_by(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2", "3")
    (held,) = engine.pop()
    engine.retry(held)
    assert ["2"] == engine.waiting()
    (held,) = engine.pop()
    complete = ("complete", *held.key, b"", "", b"")
    engine.step(complete, ("put", "q", "new", "", b"", options(limits=["a"])))

    assert ["3"] == engine.waiting()


def test_complete_and_pop_takes_the_next_in_the_same_step(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2")
    (held,) = engine.pop()
    pop = ("pop", "w", "again", 0, 1, "", 0, "ordered", 0, "q")
    _, popped = engine.step(("complete", *held.key, b"", "", b""), pop)

    assert b"2" == popped[2]


def test_a_repeated_pop_takes_no_further_slot(engine: Engine) -> None:
    limit(engine, at_once=2)
    put(engine, "1", "2")
    (first,) = engine.pop(request="x")
    (again,) = engine.pop(request="x", again=1)

    assert first.key == again.key
    assert ["2"] == jids(engine.pop(count=10))


# Rates


def test_a_rate_lets_so_many_start_at_once_and_then_as_time_goes(engine: Engine) -> None:
    limit(engine, rate=2, per=1000)
    put(engine, *"12345")

    assert ["1", "2"] == jids(engine.pop(count=10))
    assert [] == engine.pop(count=10, now=499)
    assert ["3"] == jids(engine.pop(count=10, now=500))
    assert ["4", "5"] == jids(engine.pop(count=10, now=1500))


def test_a_burst_of_one_spreads_them_evenly(engine: Engine) -> None:
    limit(engine, rate=4, per=1000, burst=1)
    put(engine, *"123")
    starts = [now for now in range(0, 800, 50) if engine.pop(count=10, now=now)]

    assert [0, 250, 500] == starts


def test_an_end_returns_no_token_of_a_rate(engine: Engine) -> None:
    limit(engine, rate=1, per=1000)
    put(engine, "1", "2")
    engine.complete(engine.pop()[0])

    assert [] == engine.pop(now=999)
    assert ["2"] == jids(engine.pop(now=1000))


def test_both_at_once_and_a_rate(engine: Engine) -> None:
    limit(engine, at_once=1, rate=2, per=1000)
    put(engine, *"123")
    (held,) = engine.pop(count=10)
    engine.complete(held)
    (held,) = engine.pop(count=10)
    engine.complete(held, now=10)

    assert [] == engine.pop(now=499)
    assert ["3"] == jids(engine.pop(now=500))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rate=st.integers(1, 20),
    per=st.integers(1, 2000),
    burst=st.integers(1, 20),
    steps=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 10)), min_size=1, max_size=15),
    own=st.booleans(),
)
def test_never_more_than_the_burst_and_the_rate(
    engine: Engine,
    rate: int,
    per: int,
    burst: int,
    steps: list[tuple[int, int]],
    own: bool,
) -> None:
    engine.server.flushdb()
    burst = min(burst, rate)
    limit(engine, "queue:q" if own else "a", rate=rate, per=per, burst=burst)
    put(engine, *map(str, range(60)))
    now, starts = 0, []
    for later, count in steps:
        now += later
        starts += [now] * len(engine.pop(count=count, now=now))

    for first, start in enumerate(starts):
        for last in range(first, len(starts)):
            assert last - first + 1 <= burst + (starts[last] - start) * rate / per + 0.01


# Families, queues and klasses


def test_each_of_a_family_has_its_own_slots_and_one_may_have_its_own_limit(engine: Engine) -> None:
    limit(engine, "customer:*", at_once=1)
    limit(engine, "customer:big", at_once=2)
    for name in ("a", "b", "big"):
        put(engine, *(f"{name}{n}" for n in range(3)), limits=[f"customer:{name}"])

    assert ["a0", "b0", "big0", "big1"] == jids(engine.pop(count=20))
    limit(engine, "customer:big")
    assert "waiting" != engine.state("big2")


def test_a_family_that_is_changed_acts_on_all_of_it(engine: Engine) -> None:
    limit(engine, "customer:*", at_once=0)
    for n in range(50):
        put(engine, str(n), limits=[f"customer:{n}"])
    limit(engine, "customer:*", at_once=1)
    engine.ticks()

    assert {"waiting": 50} == engine.counts()


def test_a_queue_s_own_limit(engine: Engine) -> None:
    limit(engine, "queue:q", at_once=2)
    for jid in "123":
        engine.put(jid)
    engine.put("elsewhere", queue="r")
    held = engine.pop("q", "r", count=10)

    assert ["1", "2", "elsewhere"] == jids(held)
    engine.complete(held[0])
    assert ["3"] == jids(engine.pop("q"))


def test_a_queue_s_own_rate(engine: Engine) -> None:
    limit(engine, "queue:q", rate=1, per=100)
    for jid in "12":
        engine.put(jid)

    assert ["1"] == jids(engine.pop(count=10))
    assert ["2"] == jids(engine.pop(count=10, now=100))


def test_a_klass_own_limit_counts_it_in_all_queues(engine: Engine) -> None:
    limit(engine, "klass:mail.Send", at_once=1)
    for jid, queue in (("1", "q"), ("2", "q"), ("3", "r")):
        engine.put(jid, queue, klass="mail.Send")
    engine.put("other", klass="mail.Read")
    held = engine.pop("q", "r", count=10)

    assert ["1", "other"] == jids(held)
    engine.complete(held[0])
    assert 1 == len(engine.pop("q", "r", count=10))
    limit(engine, "klass:mail.Send")
    assert 1 == len(engine.pop("q", "r", count=10))


# Jobs of a klass that run when its first limit is set

K = "klass:jobs.Klass"


def run(engine: Engine, count: int, queue: str = "q", **given: Any) -> list[Lease]:
    """Have so many jobs of a queue run."""
    for number in range(count):
        engine.put(f"{queue}{number}", queue, **given)
    held: list[Lease] = []
    while popped := engine.pop(queue, count=50, lease=1000):
        held += popped
    assert count == len(held)
    return held


def running(engine: Engine, name: str = K) -> tuple[int, Any]:
    """Return how many jobs run under a limit, and how many may start."""
    _, (_, *_, taken, free, _, _) = engine.call("limits", "", 0, name)
    return taken, free


def counting(engine: Engine) -> bool:
    """Return whether some are still to be counted."""
    return bool(engine.server.hexists(engine.root, "counting"))


def test_those_that_run_when_a_klass_is_limited_count(engine: Engine) -> None:
    held = [*run(engine, 2), *run(engine, 1, "r"), *run(engine, 1, "s", klass="other")]
    engine.put("next", "t")
    limit(engine, K, at_once=3)

    assert ((3, 0), []) == (running(engine), engine.pop("t"))
    engine.complete(held[0])
    assert ["next"] == jids(engine.pop("t"))
    assert (3, 0) == running(engine)


@pytest.mark.parametrize("how", ENDINGS)
def test_one_that_ran_before_returns_its_slot_in_every_ending(engine: Engine, how: str) -> None:
    engine.put("1", retries=0 if "without" in how else 5)
    (held,) = engine.pop(lease=1000)
    limit(engine, K, at_once=1)
    engine.put("2")
    assert (1, 0) == running(engine)
    ENDINGS[how](engine, held)

    assert ((0, 1), "waiting") == (running(engine), engine.state("2"))


def test_they_take_no_token_of_a_rate(engine: Engine) -> None:
    run(engine, 2)
    limit(engine, K, rate=1)

    assert (2, 1) == running(engine)


def test_those_of_a_small_set_that_is_more_than_a_slice(engine: Engine) -> None:
    """The server gives all members of such a set at once."""
    run(engine, 125)
    limit(engine, K, at_once=200)
    engine.ticks()

    assert (125, 75) == running(engine)


def test_none_starts_until_thousands_are_counted_in_slices(engine: Engine) -> None:
    held = run(engine, 1500) + run(engine, 1500, "r")
    run(engine, 300, "other", klass="other")
    engine.put("next", "t")
    engine.put("free", "t", klass="free")
    costs = [made(engine, lambda: limit(engine, K, at_once=3001))]
    assert ["free"] == jids(engine.pop("t", count=10))
    while counting(engine):
        taken, free = running(engine)
        assert (True, 0) == (taken < 3001, free)
        costs.append(made(engine, engine.tick))

    assert 30 <= len(costs) <= 50
    assert max(costs) < 60
    assert (3000, 1) == running(engine)
    assert ["next"] == jids(engine.pop("t"))
    assert [] == engine.check(now=0)
    for lease in held[:2]:
        engine.complete(lease)
    assert (2999, 2) == running(engine)


def test_very_many_queues_are_gone_through_in_slices(engine: Engine) -> None:
    for number in range(250):
        engine.call("put", f"empty{number}", "x", "other", b"", b"")
    run(engine, 1, "last")
    engine.put("next", "t")
    costs = [made(engine, lambda: limit(engine, K, at_once=1)), made(engine, engine.tick)]
    assert (0, 0) == running(engine)
    engine.ticks()

    assert max(costs) < 150
    assert ((1, 0), []) == (running(engine), engine.pop("t"))


def test_what_ends_starts_or_is_prolonged_while_they_are_counted(engine: Engine) -> None:
    held = run(engine, 600)
    again = run(engine, 600, "r")
    limit(engine, K, at_once=1200)
    for position, lease in enumerate(held[:300]):
        if position % 3 == 0:
            engine.complete(lease)
        elif position % 3 == 1:
            engine.retry(lease)
        else:
            engine.heartbeat(lease, lease=position)
        engine.put(f"new{position}")
        if position % 100 == 0:
            assert [] == engine.pop(count=50)
    while counting(engine):
        engine.heartbeat(*again[:20], lease=1)
        again = again[20:]
        engine.tick()

    assert (1000, 200) == running(engine)
    assert 200 == len(engine.order())
    assert (1200, 0) == running(engine)


def test_lost_leases_return_slots_while_they_are_counted(engine: Engine) -> None:
    run(engine, 600, retries=0)
    limit(engine, K, at_once=1)
    engine.put("next")
    engine.ticks(now=1000)

    assert (0, 1) == running(engine)
    assert ["next"] == jids(engine.pop(now=1000))


def test_a_limit_that_is_removed_and_set_again_while_they_are_counted(engine: Engine) -> None:
    run(engine, 300)
    run(engine, 300, "r", klass="other")
    limit(engine, K, at_once=300)
    engine.tick()
    limit(engine, K)
    engine.put("free", "t")
    assert ["free"] == jids(engine.pop("t"))
    assert (0, b"") == running(engine)
    limit(engine, K, at_once=302)
    limit(engine, "klass:other", at_once=1)
    engine.ticks()

    assert [(301, 1), (300, 0)] == [running(engine), running(engine, "klass:other")]
    limit(engine, K)
    limit(engine, "klass:other")
    assert [] == engine.check(now=0)


def test_an_end_and_the_first_limit_of_a_klass_in_one_step(engine: Engine) -> None:
    first, second = run(engine, 2)
    engine.put("next")
    args = (K, 2, "", "", "")
    engine.step(("complete", *first.key, b"", "", b""), ("limit", *args))

    assert (1, 1) == running(engine)
    engine.step(("limit", K, "", "", "", ""), ("limit", *args), ("release", *second.key, ""))
    assert (0, 2) == running(engine)
    assert 2 == len(engine.pop(count=10))


def test_a_limit_goes_with_its_queue(engine: Engine) -> None:
    limit(engine, "queue:q", at_once=1)
    engine.call("forget", "q")

    assert [b""] == engine.call("limits", "", 10)
    for jid in "12":
        engine.put(jid)
    assert ["1", "2"] == jids(engine.pop(count=10))


def test_removing_a_limit_makes_no_queue(engine: Engine) -> None:
    assert "removed" == limit(engine, "queue:never")
    assert [b""] == engine.call("queues", "", 10)


# Changes


def park(engine: Engine, count: int, **given: Any) -> None:
    for first in range(0, count, 100):
        members = [
            ("put", "q", f"p{n}", "", b"", options(limits=["a"], **given))
            for n in range(first, first + 100)
        ]
        engine.step(*members)


def test_a_limit_that_is_raised_acts_at_once_and_on_thousands_in_slices(engine: Engine) -> None:
    limit(engine, at_once=0)
    park(engine, 3000)
    limit(engine, at_once=5)
    assert 5 == engine.counts()["waiting"]
    limit(engine)
    assert engine.counts()["waiting"] < 100
    assert 100 < engine.ticks() < 200

    assert {"waiting": 3000} == engine.counts()
    assert [f"p{n}" for n in range(100)] == engine.waiting()


def test_a_limit_that_is_lowered_lets_what_runs_go_on(engine: Engine) -> None:
    limit(engine, at_once=3)
    put(engine, *"12345")
    held = engine.pop(count=10)
    limit(engine, at_once=1)
    for lease in held[:2]:
        engine.complete(lease)
        assert [] == engine.pop()
    engine.complete(held[2])

    assert ["4"] == jids(engine.pop(count=10))


@pytest.mark.parametrize("name", ["a", "queue:q"])
def test_a_rate_that_is_raised_forgets_the_long_wait_of_before(engine: Engine, name: str) -> None:
    limit(engine, name, rate=1, per=3_600_000)
    put(engine, "1", "2")
    engine.pop()
    assert [] == engine.pop(now=1000)
    limit(engine, name, rate=1, per=100, now=1000)

    assert [] == engine.pop(now=1099)
    assert ["2"] == jids(engine.pop(now=1100))


def test_a_family_s_rate_that_is_raised_acts_on_its_members(engine: Engine) -> None:
    limit(engine, "c:*", rate=1, per=3_600_000)
    put(engine, "1", "2", limits=["c:1"])
    engine.pop()
    limit(engine, "c:*", rate=1, per=100, now=1000)
    engine.ticks(now=1000)

    assert ["2"] == jids(engine.pop(now=1100))


def test_a_limit_and_a_put_in_one_step(engine: Engine) -> None:
    name = ("limit", "c:*", 0, "", "", "")
    engine.step(("put", "q", "1", "", b"", options(limits=["c:1"])), name)
    engine.step(name, ("put", "q", "2", "", b"", options(limits=["c:1"])))

    assert [] == engine.pop(count=10)


def test_a_limit_that_is_set_with_an_end_in_one_step(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2")
    (held,) = engine.pop()
    engine.step(("complete", *held.key, b"", "", b""), ("limit", "a", 1, "", "", ""))

    assert ["2"] == jids(engine.pop())


def test_more_urgent_means_first_also_among_parked_jobs(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2", "3")
    engine.call("priority", "3", -5)

    assert ["3"] == jids(engine.pop())


def test_a_parked_job_can_be_made_to_wait_for_others_and_moved(engine: Engine) -> None:
    limit(engine, at_once=1)
    put(engine, "1", "2", "3")
    engine.put("parent", queue="p")
    assert "depends" == engine.depend("2", depends=["parent"])
    assert "throttled" == engine.move("3", "q")
    assert "waiting" == engine.move("3", "other")  # each queue has some ready
    (held,) = engine.pop()
    engine.complete(held)
    engine.complete(engine.pop("p")[0])

    assert ["2"] == engine.waiting()


def test_what_is_refused(engine: Engine) -> None:
    for args, why in (
        (("", 1, "", "", ""), "name"),
        (("a", -1, "", "", ""), "at_once"),
        (("a", "x", "", "", ""), "at_once"),
        (("a", "", 1, "", ""), "rate: is so many"),
        (("a", "", "", 1, ""), "rate: is so many"),
        (("a", "", 0, 1, ""), "rate"),
        (("a", "", 1, 0, ""), "period"),
        (("a", 1, "", "", 1), "burst: is at most the rate"),
        (("a", "", 2, 1000, 3), "burst: is at most the rate"),
        (("a", "", 2, 1000, 0), "burst"),
        (("order:x", 2, "", "", ""), "order key"),
        (("queue:*", 2, "", "", ""), "one by one"),
        (("a:b:*", 2, "", "", ""), "family"),
        (("queue:", 2, "", "", ""), "queue of the limit"),
        (("a",), "arguments"),
    ):
        message = refused(engine, "limit", *args)
        assert message.startswith("INVALID")
        assert why in message


# Bounds


def made(engine: Engine, call: Callable[[], object]) -> int:
    """Return how many commands the engine has the server run for a call."""

    def total() -> int:
        stats: Any = engine.server.info("commandstats")
        return sum(
            int(fields["calls"])
            for name, fields in stats.items()
            if not name.startswith(("cmdstat_fcall", "cmdstat_evalsha", "cmdstat_info"))
        )

    before = total()
    call()
    return total() - before


def test_ten_thousand_parked_jobs_hold_no_free_one_up(engine: Engine) -> None:
    limit(engine, at_once=0)
    park(engine, 10_000)
    engine.put("free")

    assert ["free"] == jids(engine.pop())


def test_ten_thousand_jobs_that_may_not_start_are_passed_in_bounded_pops(engine: Engine) -> None:
    """They waited before there was a limit: each pop parks some 40 of them, 250 pops find it."""
    park(engine, 10_000)
    engine.put("free", priority=1)
    limit(engine, at_once=0)
    found: list[str] = []
    costs: list[int] = []
    while not found:
        costs.append(made(engine, lambda: found.extend(jids(engine.pop()))))

    assert ["free"] == found
    assert 251 == len(costs)
    assert max(costs) < 300


@pytest.mark.parametrize("names", [1, 8])
def test_a_pop_of_fifty_limited_jobs_costs_so_much_however_many_wait(
    engine: Engine, names: int
) -> None:
    limit(engine, "c:*", at_once=10)
    costs: list[int] = []
    held: list[Lease] = []
    for rounds in (12, 48):
        for round_ in range(rounds):
            for n in range(50):
                under = [f"c:{n}-{k}" for k in range(names)]
                engine.put(f"{rounds}-{round_}-{n}", limits=under)
        costs.append(made(engine, lambda: held.extend(engine.pop(count=50))))
        engine.step(*(("complete", *lease.key, b"", "", b"") for lease in held))
        held.clear()
    assert max(costs) < 400
    assert costs[1] <= costs[0] * 1.1
