"""One who waits is woken by what becomes runnable, and by nothing else; waking is a chain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import Engine, options

SLEEP = 4000


def wait(engine: Engine, *queues: str, worker: str = "waiter", now: int = 0) -> int:
    """Pop nothing, as one who is going to block; returns the milliseconds it is to sleep."""
    answer = engine.call(
        "pop", worker, f"{worker}{now}", 0, 1, "", 1, "ordered", 0, *(queues or "q"), now=now
    )
    sleep: int = answer[0]
    assert sleep > 0
    return sleep


def taken(engine: Engine, queue: str = "q") -> int:
    """Take all tokens off a queue's ring, as those who block on it do."""
    tokens = engine.ring(queue)
    engine.server.delete(f"{engine.root}ring:{engine.number(queue)}")
    return tokens


def test_a_put_rings_for_one_who_waits(engine: Engine) -> None:
    wait(engine)
    engine.put("a")

    assert 1 == taken(engine)


def test_a_token_does_not_stay_for_ever(engine: Engine) -> None:
    wait(engine)
    engine.put("a")

    lifetime = engine.server.pttl(f"{engine.root}ring:{engine.number()}")
    assert 0 < lifetime <= 2 * SLEEP


def test_nothing_rings_when_nobody_waits(engine: Engine) -> None:
    engine.put("a")
    assert 0 == taken(engine)
    engine.pop()
    assert [] == engine.pop()
    engine.put("b")
    assert 0 == taken(engine)


def test_nothing_rings_for_one_who_has_long_gone(engine: Engine) -> None:
    wait(engine, now=0)
    engine.put("a", now=SLEEP + 1000)

    assert 0 == taken(engine)


def test_another_queue_does_not_ring(engine: Engine) -> None:
    wait(engine)
    engine.put("a", queue="other")

    assert (0, 0) == (taken(engine), taken(engine, "other"))


def test_who_waits_for_several_queues_is_woken_by_each(engine: Engine) -> None:
    wait(engine, "one", "two")
    engine.put("a", queue="two")

    assert (0, 1) == (taken(engine, "one"), taken(engine, "two"))


def release(engine: Engine) -> None:
    engine.release(engine.pop("made")[0])


def retry(engine: Engine) -> None:
    engine.retry(engine.pop("made")[0])


def timeout(engine: Engine) -> None:
    engine.call("timeout", engine.pop("made")[0].jid)


def run_out(engine: Engine) -> None:
    engine.pop("made", lease=1, now=0)
    engine.tick(now=1)


def unfail(engine: Engine) -> None:
    lease = engine.pop("made")[0]
    engine.fail(lease)
    engine.call("unfail", lease.jid, "")


def unfail_where(engine: Engine) -> None:
    engine.fail(engine.pop("made")[0], "g")
    engine.call("unfail_where", "", "g", "", "", "", "", 1, "")


def unfail_group(engine: Engine) -> None:
    engine.fail(engine.pop("made")[0], "g")
    engine.call("unfail_group", "g", "", 1, "")


def move(engine: Engine) -> None:
    engine.put("elsewhere", queue="other")
    engine.move("elsewhere", "made")


def unblock(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", queue="made", depends=["parent"])
    engine.complete(engine.pop("p")[0])


def undepend(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("child", queue="made", depends=["parent"])
    engine.call("undepend", "child", 1)


def promote(engine: Engine) -> None:
    engine.put("late", queue="made", delay=100, now=0)
    taken(engine, "made")
    engine.tick(now=100)


def go_on(engine: Engine) -> None:
    engine.put("elsewhere", queue="other")
    engine.complete(engine.pop("other")[0], "made")


def unpause(engine: Engine) -> None:
    engine.call("pause", "made")
    engine.call("unpause", "made")


@pytest.mark.parametrize(
    "how",
    [
        *(release, retry, timeout, run_out, unfail, unfail_group, unfail_where),
        *(move, unblock, undepend, promote, go_on, unpause),
    ],
)
def test_whatever_makes_a_job_runnable_rings(engine: Engine, how: Callable[[Engine], None]) -> None:
    engine.put("a", queue="made")
    engine.call("pause", "made")
    wait(engine, "made")
    engine.call("unpause", "made")
    taken(engine, "made")
    how(engine)

    assert 1 == taken(engine, "made")


def test_one_token_is_enough_for_many_jobs(engine: Engine) -> None:
    wait(engine)
    engine.step(*(("put", "q", str(n), "", b"", b"") for n in range(50)))
    engine.put("another")

    assert 1 == engine.ring()


def test_who_leaves_jobs_behind_wakes_the_next(engine: Engine) -> None:
    for worker in "xyz":
        wait(engine, worker=worker)
    engine.step(*(("put", "q", str(n), "", b"", b"") for n in range(3)))
    for left in (2, 1, 0):
        assert 1 == taken(engine)
        engine.pop()
        assert (left > 0) == bool(engine.ring())


def test_who_is_served_by_its_first_queue_wakes_others_for_the_next(engine: Engine) -> None:
    wait(engine, "one", "two", worker="x")
    wait(engine, "two", worker="y")
    engine.put("b", queue="two")
    assert 1 == taken(engine, "two")
    engine.put("a", queue="one")
    taken(engine, "one")
    engine.pop("one", "two", worker="x")

    assert 1 == taken(engine, "two")


def test_who_cannot_carry_more_wakes_others_for_the_rest(engine: Engine) -> None:
    wait(engine, "one", "two")
    for queue in ("one", "two"):
        engine.put(queue, queue=queue, payload=b"x" * 200_000)
        taken(engine, queue)
    assert ["one"] == [lease.jid for lease in engine.pop("one", "two", count=10)]

    assert 1 == taken(engine, "two")


def test_who_begins_to_wait_takes_stale_tokens_off(engine: Engine) -> None:
    wait(engine)
    engine.put("a")
    engine.pop()
    assert 1 == engine.ring()
    wait(engine)

    assert 0 == engine.ring()


def test_a_paused_queue_rings_when_it_is_resumed_and_not_before(engine: Engine) -> None:
    engine.call("pause", "q")
    wait(engine)
    engine.put("a")
    assert 0 == engine.ring()
    engine.call("unpause", "q")

    assert 1 == engine.ring()


def test_a_job_that_is_soon_due_rings_so_that_somebody_looks_in_time(engine: Engine) -> None:
    assert SLEEP == wait(engine, now=0)
    engine.put("a", delay=1000, now=0)
    assert 1 == taken(engine)

    assert 1000 == wait(engine, now=0)


def test_a_job_that_is_due_after_the_wait_does_not_ring(engine: Engine) -> None:
    wait(engine, now=0)
    engine.put("a", delay=SLEEP + 100, now=0)

    assert 0 == taken(engine)


def test_who_is_woken_by_the_clock_for_another_queue_is_told_the_moment_after(
    engine: Engine,
) -> None:
    engine.put("a", queue="other", delay=1000, now=0)
    engine.put("b", delay=1500, now=0)
    assert 1000 == wait(engine, now=0)

    assert 500 == wait(engine, now=1000)


def test_who_leaves_with_a_job_hands_the_next_moment_on(engine: Engine) -> None:
    engine.put("late", delay=1000, now=0)
    assert 1000 == wait(engine, worker="x", now=0)
    assert SLEEP == wait(engine, worker="y", now=0)
    engine.put("a", now=10)
    assert 1 == taken(engine)
    assert ["a"] == [one.jid for one in engine.pop(worker="x", wait=1, now=10)]

    assert 1 == taken(engine)
    assert 990 == wait(engine, worker="y", now=10)


def test_who_leaves_with_a_job_without_having_been_told_wakes_nobody(engine: Engine) -> None:
    engine.put("late", delay=1000, now=0)
    wait(engine, worker="x", now=0)
    wait(engine, worker="y", now=0)
    engine.put("a", now=10)
    taken(engine)
    engine.pop(worker="y", wait=1, now=10)

    assert 0 == taken(engine)


def test_a_wait_raises_the_flag_in_the_same_call_so_that_no_ring_is_missed(engine: Engine) -> None:
    engine.put("held")
    (lease,) = engine.pop()
    pop = ("pop", "w", "x", 0, 1, "", 1, "ordered", 0, "q")
    engine.step(("complete", *lease.key, b"", "", b""), pop)
    engine.step(("put", "q", "a", "", b"", options(priority=1)))

    assert 1 == taken(engine)


def limited(engine: Engine, *args: int | str, jobs: int = 2, queue: str = "q") -> None:
    engine.call("limit", "a", *args)
    for n in range(jobs):
        engine.put(f"{queue}{n}", queue=queue, limits=["a"])


def test_a_slot_that_is_returned_rings(engine: Engine) -> None:
    limited(engine, 1, "", "", "")
    (held,) = engine.pop()
    assert SLEEP == wait(engine)
    engine.complete(held)

    assert 1 == taken(engine)


def test_a_slot_that_is_returned_in_another_queue_rings(engine: Engine) -> None:
    limited(engine, 1, "", "", "", jobs=1)
    (held,) = engine.pop()
    engine.put("r1", queue="r", limits=["a"])
    wait(engine, "r")
    engine.complete(held)

    assert 1 == taken(engine, "r")


def test_a_queue_s_own_slot_rings(engine: Engine) -> None:
    engine.call("limit", "queue:q", 1, "", "", "")
    engine.put("1")
    engine.put("2")
    (held,) = engine.pop()
    wait(engine)
    engine.complete(held)

    assert 1 == taken(engine)


def test_who_finds_only_jobs_that_may_not_start_is_to_look_again_at_once(engine: Engine) -> None:
    engine.put("1", limits=["a"])
    engine.call("limit", "a", 0, "", "", "")

    assert 1 == wait(engine)
    assert SLEEP == wait(engine, now=1)


def test_who_waits_sleeps_until_a_rate_lets_the_next_one_start(engine: Engine) -> None:
    limited(engine, "", 1, 1000, "")
    engine.pop()

    assert 1000 == wait(engine)
    assert ["q1"] == [lease.jid for lease in engine.pop(now=1000)]


@pytest.mark.parametrize("name", ["a", "queue:q"])
def test_who_sleeps_longer_than_a_rate_s_next_moment_is_woken(engine: Engine, name: str) -> None:
    engine.call("limit", name, "", 1, 1000, "")
    assert SLEEP == wait(engine, worker="x")
    engine.put("1", limits=["a"])
    engine.put("2", limits=["a"])
    taken(engine)
    assert ["1"] == [lease.jid for lease in engine.pop(worker="y")]
    assert 1 == taken(engine)

    assert 1000 == wait(engine, worker="x")


def test_one_who_is_told_of_a_rate_is_enough(engine: Engine) -> None:
    limited(engine, "", 1, 1000, "", jobs=1)
    engine.pop()
    wait(engine, worker="x")
    engine.put("more", limits=["a"])
    assert 1 == taken(engine)
    assert 1000 == wait(engine, worker="x")
    engine.put("and more", limits=["a"])

    assert 0 == taken(engine)


def test_who_is_next_by_an_order_key_rings(engine: Engine) -> None:
    engine.put("1", order_key="k")
    engine.put("2", queue="r", order_key="k")
    (held,) = engine.pop()
    wait(engine, "r")
    engine.complete(held)

    assert 1 == taken(engine, "r")


def test_a_limit_that_is_raised_rings(engine: Engine) -> None:
    limited(engine, 0, "", "", "")
    wait(engine)
    engine.call("limit", "a", 1, "", "", "")

    assert 1 == taken(engine)
