"""What a queue may hold: caps by jobs and by bytes, and what a full queue does."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, dump, options, refused
from tests.laws.invariants import Keys, broken
from tests.laws.test_bounded_work import grow, work


def fill(engine: Engine, count: int, queue: str = "q", size: int = 1, **given: Any) -> list[str]:
    jids = [f"{queue}{n}" for n in range(count)]
    for jid in jids:
        engine.put(jid, queue, payload=b"p" * size, **given)
    return jids


def put(jid: str, queue: str = "q", size: int = 1, **given: Any) -> tuple[Any, ...]:
    """Return a put as a member of a step."""
    return ("put", queue, jid, "", b"p" * size, options(**given) if given else b"")


def is_full(engine: Engine, jid: str = "more", queue: str = "q", size: int = 1) -> str:
    """Return why a put is refused, having seen that it wrote nothing."""
    return refused(engine, *put(jid, queue, size))


def counted(engine: Engine, queue: str = "q") -> int:
    """Return the bytes that a queue counts, having seen that all laws hold."""
    assert [] == broken(Keys(engine.server, engine.root), 0)
    found: Any = engine.server.hget(engine.root, f"bytes:{engine.number(queue)}")
    return int(found)


# By jobs


def test_a_full_queue_refuses_a_put_and_nothing_is_written(engine: Engine) -> None:
    engine.configure("max-jobs-q", 3)
    fill(engine, 3)

    assert "FULL max-jobs queue q takes 3 jobs" == is_full(engine)
    engine.put("elsewhere", "other")


@pytest.mark.parametrize("given", [{"delay": 1000}, {"depends": ["q0"]}, {"priority": -9}])
def test_a_job_counts_whatever_it_waits_for(engine: Engine, given: dict[str, Any]) -> None:
    engine.configure("max-jobs-q", 2)
    engine.put("q0")
    engine.put("q1", **given)

    assert "FULL max-jobs" in refused(engine, *put("more", **given))


def test_a_job_counts_until_it_has_ended(engine: Engine) -> None:
    engine.configure("max-jobs-q", 1)
    engine.put("a")
    (lease,) = engine.pop()
    is_full(engine)
    engine.complete(lease)
    engine.put("b")
    engine.fail(engine.pop()[0])
    engine.put("c")
    engine.cancel("c")
    engine.put("d")
    engine.move("d", "other")

    assert "created" == engine.put("e")


def test_a_job_that_is_put_again_takes_no_second_place(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    fill(engine, 2)
    engine.put("b", "other")

    assert "replaced" == engine.put("q0")
    assert "kept" == engine.put("q1", if_exists="keep")
    is_full(engine, "b")


def test_a_slice_is_put_as_a_whole_or_not_at_all(engine: Engine) -> None:
    engine.configure("max-jobs-q", 5)
    before = dump(engine)
    with pytest.raises(Refused, match="FULL"):
        engine.step(*(put(f"a{n}") for n in range(6)))
    assert before == dump(engine)

    engine.step(*(put(f"a{n}") for n in range(5)))
    assert {"waiting": 5} == engine.counts()


def test_each_member_of_a_step_is_for_itself_if_that_is_asked_for(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    answers = engine.step(*(put(f"a{n}") for n in range(3)), put("b", "r"), mode="each")

    assert [b"created", b"created"] == answers[:2]
    assert "FULL max-jobs queue q takes 2 jobs" == str(answers[2])
    assert b"created" == answers[3]


def test_room_that_the_same_step_makes_counts(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    fill(engine, 2)
    (lease,) = engine.pop()
    members = [("complete", *lease.key, b"", "", b""), ("cancel", "q1"), put("a"), put("b")]

    with pytest.raises(Refused, match="FULL"):
        engine.step(*members, put("c"))
    engine.step(*members)
    assert {"waiting": 2, "complete": 1} == engine.counts()


def test_what_is_in_the_system_goes_on_its_way_also_into_a_full_queue(engine: Engine) -> None:
    for name in ("max-jobs-q", "max-bytes-q"):
        engine.configure(name, 2)
    fill(engine, 2)
    engine.put("next", "other")
    engine.put("moved", "other")
    engine.put("failed", "other", retries=0)
    first, *_, third = engine.pop("other", count=3)
    engine.fail(third)
    assert "waiting" == engine.complete(first, "q")
    assert "waiting" == engine.move("moved", "q")
    engine.call("unfail", "failed", "q")
    lease, again, lost = engine.pop(count=3, lease=10)
    assert "waiting" == engine.retry(lease)
    assert "waiting" == engine.release(again)
    engine.ticks(now=100)

    assert {"waiting": 5} == engine.counts(now=100)
    assert lost.jid in engine.waiting(now=100)
    is_full(engine)


def test_children_of_recurring_jobs_wait_until_there_is_room(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    engine.call("recur", "q", "t", "", b"p", 100, 0, b"")
    engine.ticks(now=350)
    assert {"waiting": 2, "recurring": 1} == engine.counts(now=350)
    for lease in engine.pop(count=2, now=350):
        engine.complete(lease, now=350)
    engine.ticks(now=1400)

    assert {"waiting": 2, "recurring": 1, "complete": 2} == engine.counts(now=1400)


def test_a_lower_cap_refuses_until_there_is_room_and_none_takes_everything(engine: Engine) -> None:
    fill(engine, 5)
    engine.configure("max-jobs-q", 3)
    engine.ticks()
    assert {"waiting": 5} == engine.counts()
    engine.cancel("q0", "q1")
    is_full(engine)
    engine.configure("max-jobs-q", "")

    assert "created" == engine.put("more")


def test_a_put_that_takes_no_more_room_than_before_is_taken_above_a_cap(engine: Engine) -> None:
    fill(engine, 3, size=10)
    engine.configure("max-jobs-q", 1)
    engine.configure("max-bytes-q", 5)
    engine.ticks()

    assert "replaced" == engine.put("q0", payload=b"p" * 10)
    assert "FULL max-bytes" in is_full(engine, "q0", size=11)
    assert "FULL max-jobs" in is_full(engine, size=0)


# By bytes


def test_a_queue_takes_so_many_bytes_of_payload(engine: Engine) -> None:
    engine.configure("max-bytes-q", 5000)
    fill(engine, 4, size=1250)
    assert "FULL max-bytes queue q takes 5000 bytes" == is_full(engine)
    assert 5000 == counted(engine)
    engine.put("q0", payload=b"p" * 250)

    assert 4000 == counted(engine)
    is_full(engine, size=1001)
    assert "created" == engine.put("more", payload=b"p" * 1000)


def test_data_that_grows_on_the_way_is_counted(engine: Engine) -> None:
    for queue in "qr":
        engine.configure(f"max-bytes-{queue}", 10_000)
    engine.put("a", payload=b"p")
    engine.complete(engine.pop()[0], "r", payload=b"p" * 2000)
    assert (0, 2000) == (counted(engine), counted(engine, "r"))
    (lease,) = engine.pop("r")
    engine.retry(lease)
    engine.move("a", "uncapped")
    assert (0, 0) == (counted(engine), counted(engine, "r"))
    engine.move("a", "q")
    engine.complete(engine.pop()[0])

    assert (0, 0) == (counted(engine), counted(engine, "r"))


def test_jobs_that_are_there_already_are_weighed_by_the_tick_in_slices(engine: Engine) -> None:
    for n in range(250):
        engine.put(f"a{n}", payload=b"p" * 10, priority=n % 3)
    fill(engine, 50, "later", size=3, delay=1000)
    for n in range(50):
        engine.move(f"later{n}", "q", 1000)
    engine.put("parent", "r")
    engine.put("child", payload=b"p" * 7, depends=["parent"])
    (held,) = engine.pop(now=1)
    engine.configure("max-bytes-q", 10_000)
    assert 0 == counted(engine)
    assert engine.tick() == 0
    engine.cancel(*engine.waiting()[:40])
    engine.put("new", payload=b"p" * 100)
    for lease in engine.pop(count=5, now=1):
        engine.release(lease, now=1)

    assert 10 <= engine.ticks(now=1) <= 30
    assert 209 * 10 + 50 * 3 + 7 + 100 == counted(engine)
    engine.release(held, now=1)
    assert 210 * 10 + 50 * 3 + 7 + 100 == counted(engine)


def test_a_queue_goes_on_counting_when_its_cap_is_gone_and_stops_when_forgotten(
    engine: Engine,
) -> None:
    engine.configure("max-bytes-q", 10)
    fill(engine, 10)
    engine.configure("max-bytes-q", "")
    engine.put("more")
    assert 11 == counted(engine)
    engine.configure("max-bytes-q", 11)
    is_full(engine, "another")
    engine.cancel("more", *(f"q{n}" for n in range(10)))
    engine.call("forget", "q")

    fields: Any = engine.server.hkeys(engine.root)
    assert [] == [name for name in fields if name.split(b":")[0] in {b"bytes", b"settings"}]


# Making room


def test_the_oldest_make_room(engine: Engine) -> None:
    engine.configure("max-jobs-q", 3)
    engine.configure("when-full-q", "drop-oldest")
    fill(engine, 5)

    assert ["q2", "q3", "q4"] == engine.waiting()
    assert ["cancelled", "cancelled"] == [engine.state(jid) for jid in ("q0", "q1")]
    dropped = [event for event in engine.events() if event[0] == "cancelled"]
    assert [("cancelled", "q0", "dropped"), ("cancelled", "q1", "dropped")] == dropped
    assert ["put", "cancelled"] == engine.history("q0")


def test_a_slice_that_is_larger_than_the_queue_leaves_its_newest(engine: Engine) -> None:
    engine.configure("max-jobs-q", 10)
    engine.configure("when-full-q", "drop-oldest")
    fill(engine, 10, size=9)
    engine.step(*(put(f"a{n}") for n in range(100)))

    assert [f"a{n}" for n in range(90, 100)] == engine.waiting()


def test_running_jobs_are_never_dropped_and_a_queue_of_those_refuses(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    engine.configure("when-full-q", "drop-oldest")
    fill(engine, 2)
    engine.pop()
    engine.put("a")
    assert {"running": 1, "waiting": 1} == engine.counts()
    engine.pop()

    assert "FULL max-jobs queue q takes 2 jobs" == is_full(engine)


@pytest.mark.parametrize("given", [{"delay": 100}, {"depends": ["0"]}, {"hold": True}])
def test_who_does_not_wait_takes_the_place_of_all_that_do_but_one(
    engine: Engine, given: dict[str, Any]
) -> None:
    engine.configure("max-jobs-q", 3)
    engine.configure("when-full-q", "drop-oldest")
    engine.put("0", "r")
    for jid in "123":
        engine.put(jid)
    engine.put("4", **given)
    engine.put("5", **given)
    assert ["3"] == engine.waiting()

    packed = options(**given)
    assert refused(engine, "put", "q", "6", "K", b"", packed).startswith("FULL max-jobs")


def test_throttled_jobs_make_room_too(engine: Engine) -> None:
    engine.configure("max-jobs-q", 3)
    engine.configure("when-full-q", "drop-oldest")
    for jid in "12345":
        engine.put(jid, order_key="k")

    assert ["1", "4", "5"] == [jid for jid in "12345" if engine.state(jid) != "cancelled"]


def test_the_least_urgent_go_first_and_more_urgent_ones_never_for_less(engine: Engine) -> None:
    engine.configure("max-jobs-q", 3)
    engine.configure("when-full-q", "drop-oldest")
    for jid, priority in (("b1", 5), ("a1", 0), ("b2", 5)):
        engine.put(jid, priority=priority)
    engine.put("a2")
    assert ["a1", "a2", "b2"] == engine.waiting()
    engine.put("a3")

    assert ["a1", "a2", "a3"] == engine.waiting()
    assert "FULL" in refused(engine, *put("b3", priority=5))


def test_a_job_that_others_wait_for_fails_instead_and_can_be_put_back(engine: Engine) -> None:
    engine.configure("max-jobs-q", 1)
    engine.configure("when-full-q", "drop-oldest")
    engine.put("parent")
    engine.put("child", "r", depends=["parent"])
    engine.put("a")
    assert ("failed", "depends") == (engine.state("parent"), engine.state("child"))
    assert [b"", 1, b"parent"] == engine.call("group", "dropped-q", "", 10)
    engine.call("unfail", "parent", "s")
    engine.complete(engine.pop("s")[0])

    assert "waiting" == engine.state("child")


def test_bytes_make_room_too(engine: Engine) -> None:
    engine.configure("max-bytes-q", 100)
    engine.configure("when-full-q", "drop-oldest")
    fill(engine, 10, size=10)
    engine.put("large", payload=b"p" * 55)

    assert ["q6", "q7", "q8", "q9", "large"] == engine.waiting()
    assert 95 == counted(engine)
    assert "FULL max-bytes" in is_full(engine, size=101)
    engine.configure("max-jobs-q", 5)
    assert "FULL max-bytes" in is_full(engine, size=101)


def test_what_goes_on_into_a_full_queue_makes_room_there(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    engine.configure("when-full-q", "drop-oldest")
    fill(engine, 2)
    engine.put("a", "other")
    engine.complete(engine.pop("other")[0], "q")

    assert ["q1", "a"] == engine.waiting()


def test_a_lower_cap_drops_in_slices(engine: Engine) -> None:
    fill(engine, 100)
    engine.configure("when-full-q", "drop-oldest")
    engine.configure("max-jobs-q", 10)
    assert {"waiting": 100} == engine.counts()
    engine.tick()
    assert {"waiting": 40} == engine.counts()
    engine.ticks()

    assert [f"q{n}" for n in range(90, 100)] == engine.waiting()
    assert [] == broken(Keys(engine.server, engine.root), 0)


def test_children_of_recurring_jobs_make_room_too(engine: Engine) -> None:
    engine.configure("max-jobs-q", 2)
    engine.configure("when-full-q", "drop-oldest")
    engine.call("recur", "q", "t", "", b"p", 100, 0, b"")
    fill(engine, 2)
    engine.ticks(now=250)

    assert {"waiting": 2, "recurring": 1} == engine.counts(now=250)
    assert {"cancelled"} == {engine.state(jid, now=250) for jid in ("q0", "q1")}


# Repeats, and what it costs


@pytest.mark.parametrize("when_full", ["reject", "drop-oldest"])
def test_a_repeated_put_is_answered_as_the_first_also_by_a_full_queue(
    engine: Engine, when_full: str
) -> None:
    engine.configure("max-jobs-q", 1)
    engine.configure("when-full-q", when_full)
    engine.put("a", nonce="n")
    if when_full == "drop-oldest":
        engine.put("b")
    before = engine.waiting()

    assert "created" == engine.put("a", nonce="n")
    assert before == engine.waiting()


def test_a_put_into_a_full_queue_does_the_same_at_any_backlog(engine: Engine) -> None:
    engine.configure("when-full-q", "drop-oldest")
    engine.configure("max-bytes-q", 10**9)
    seen, start = [], 0
    for size in (10, 1000, 20_000):
        engine.configure("max-jobs-q", "")
        grow(engine, start, size, "q")
        start = size
        engine.configure("max-jobs-q", size)
        engine.ticks()
        engine.put(f"before{size}")
        seen.append(work(engine, partial(engine.put, f"new{size}")))

    assert seen[0] == seen[1] == seen[2]
