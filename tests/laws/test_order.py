"""Jobs run by priority, then in the order in which they became runnable; exactly."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.engine.conftest import Engine, options

MOST = 2**53 - 1


def put_many(engine: Engine, jids: list[str], now: int = 0, **given: Any) -> None:
    for start in range(0, len(jids), 100):
        members = (
            ("put", "q", jid, "", b"", options(**given)) for jid in jids[start : start + 100]
        )
        engine.step(*members, now=now)


def test_a_thousand_jobs_of_one_millisecond_run_first_in_first_out(engine: Engine) -> None:
    jids = [f"{n:x}" for n in random.Random(1).sample(range(10**6), 1000)]
    put_many(engine, jids)

    assert jids == engine.order(count=7)


@pytest.mark.parametrize("priority", [-MOST, -(10**9), 10**6, MOST])
def test_equals_run_first_in_first_out_at_any_priority(engine: Engine, priority: int) -> None:
    jids = [str(n) for n in range(200, 0, -1)]
    put_many(engine, jids, priority=priority)

    assert jids == engine.order()


def test_the_clock_going_back_does_not_change_the_order(engine: Engine) -> None:
    for n, now in enumerate([500, 400, 600, 0, 500]):
        engine.put(str(n), now=now)

    assert ["0", "1", "2", "3", "4"] == engine.order(now=600)


def test_priorities_are_ordered_as_integers(engine: Engine) -> None:
    priorities = [
        *(-MOST, -MOST + 1, -(2**52) - 1, -(2**52), -(2**24) - 1, -(2**24), -257, -256, -2, -1),
        *(0, 1, 2, 255, 256, 2**24 - 1, 2**24, 2**52, 2**52 + 1, MOST - 1, MOST),
    ]
    shuffled = random.Random(2).sample(priorities, len(priorities))
    for priority in shuffled:
        engine.put(f"now {priority}", priority=priority)
        engine.put(f"later {priority}", priority=priority, delay=1000)

    assert [f"now {priority}" for priority in priorities] == engine.order(count=1)
    assert [f"later {priority}" for priority in priorities] == engine.order(now=1000)


def test_jobs_due_within_one_bucket_are_promoted_by_priority(engine: Engine) -> None:
    for n in range(100):
        engine.put(f"{n:02}", at=1001 + n, priority=-n)

    assert [f"{n:02}" for n in range(99, -1, -1)] == engine.order(count=1, now=1100)


def test_jobs_of_one_bucket_and_priority_are_promoted_as_they_were_put(engine: Engine) -> None:
    for n in range(100):
        engine.put(f"{n:02}", at=1100 - n)

    assert [f"{n:02}" for n in range(100)] == engine.order(count=1, now=1100)


def test_of_more_due_jobs_than_a_pop_promotes_the_best_of_the_bucket_runs_first(
    engine: Engine,
) -> None:
    put_many(engine, [f"{n}" for n in range(500)], delay=50)
    engine.put("urgent", delay=90, priority=-1)

    assert ["urgent"] == [lease.jid for lease in engine.pop(now=10**6)]


def test_a_due_job_of_better_priority_runs_before_what_waited_all_along(engine: Engine) -> None:
    put_many(engine, [f"{n}" for n in range(200)])
    engine.put("urgent", delay=100, priority=-1)

    assert ["urgent"] == [lease.jid for lease in engine.pop(now=100)]


def test_a_change_of_priority_keeps_the_place_by_age(engine: Engine) -> None:
    jids = [f"{n:03}" for n in range(100)]
    for jid in jids:
        engine.put(jid, priority=int(jid) % 3)
    for jid in random.Random(3).sample(jids, 100):
        engine.call("priority", jid, 7)

    assert jids == engine.order()


def test_a_lost_lease_hands_the_job_over_at_its_place(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    engine.pop(count=2, lease=1000, now=0)

    assert ["a", "b", "c"] == engine.order(now=1000)


@pytest.mark.parametrize("how", ["retry", "unfail", "move", "complete"])
def test_what_becomes_runnable_anew_goes_behind_its_equals(engine: Engine, how: str) -> None:
    for jid in "ab":
        engine.put(jid, queue="first")
    (lease,) = engine.pop("first")
    if how == "retry":
        engine.retry(lease)
    elif how == "unfail":
        engine.fail(lease)
        engine.call("unfail", "a", "")
    elif how == "move":
        engine.move("a", "first", 1)
        engine.tick(now=100)
    else:
        engine.complete(lease, "first")

    assert ["b", "a"] == engine.order("first", now=100)


def test_unblocked_jobs_run_in_the_order_in_which_they_were_unblocked(engine: Engine) -> None:
    for parent in ("one", "two"):
        engine.put(parent, queue="p")
    engine.put("late", depends=["two"])
    engine.put("early", depends=["one"])
    for lease in engine.pop("p", count=2):
        engine.complete(lease)

    assert ["early", "late"] == engine.order()


def test_putting_popping_and_putting_back_at_random_keeps_the_order_of_a_model(
    engine: Engine,
) -> None:
    dice = random.Random(4)
    model: list[tuple[int, int, str]] = []
    held: list[tuple[Any, tuple[int, int, str]]] = []
    for place in range(600):
        action = dice.random()
        if action < 0.5:
            priority = dice.choice([-1, 0, 0, 0, 1])
            engine.put(str(place), priority=priority)
            model.append((priority, place, str(place)))
        elif action < 0.75 and model:
            model.sort()
            entry = model.pop(0)
            (lease,) = engine.pop()
            assert entry[2] == lease.jid
            held.append((lease, entry))
        elif action < 0.85 and held:
            lease, entry = held.pop(dice.randrange(len(held)))
            engine.release(lease)
            model.append(entry)
        elif model:
            _, age, jid = model.pop(dice.randrange(len(model)))
            priority = dice.choice([-1, 0, 1])
            engine.call("priority", jid, priority)
            model.append((priority, age, jid))

    assert [jid for _, _, jid in sorted(model)] == engine.order()
