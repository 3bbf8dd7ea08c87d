"""pop: hands runnable jobs to a worker under a lease."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, dump, leases, options, refused

SLEEP = 4000
BYTES = 262144


ORDERED = ("ordered", 0)


def test_a_popped_job_runs_under_a_lease(engine: Engine) -> None:
    engine.put("a", payload=b"data", now=100)
    (lease,) = engine.pop(worker="me", now=200)

    assert ("q", "a", "jobs.Klass", b"data", 60200) == (
        lease.queue,
        lease.jid,
        lease.klass,
        lease.payload,
        lease.ends,
    )
    record = lease.record
    assert ("running", "me", 200, 1) == (
        record.state,
        record.worker,
        record.popped,
        record.attempt,
    )
    assert ["put", "popped"] == engine.history("a")
    assert ("popped", "a", "") in engine.events()


def test_an_unknown_queue_has_no_jobs_and_is_not_registered(engine: Engine) -> None:
    assert [] == engine.pop("nowhere")
    assert [b""] == engine.call("queues", "", 100)


def test_a_pop_of_many_takes_them_in_order(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)

    assert ["a", "b"] == [lease.jid for lease in engine.pop(count=2)]
    assert ["c"] == [lease.jid for lease in engine.pop(count=100)]
    assert [] == engine.pop()


def test_queues_are_served_in_the_order_in_which_they_are_named(engine: Engine) -> None:
    engine.put("low", queue="low", priority=-100)
    for jid in "ab":
        engine.put(jid, queue="high")

    popped = engine.pop("high", "unknown", "low", count=3)
    assert ["a", "b", "low"] == [lease.jid for lease in popped]


def test_a_queue_that_is_named_twice_gives_each_job_once(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)

    assert ["a", "b"] == [lease.jid for lease in engine.pop("q", "q", count=10)]
    assert {"running": 2} == engine.counts()


def test_the_length_of_a_lease_is_that_of_pop_job_queue_or_setting(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid, lease=3000)
    for jid in "cd":
        engine.put(jid)
    assert 1500 == engine.pop(lease=500, now=1000)[0].ends
    assert 4000 == engine.pop(now=1000)[0].ends
    engine.configure("heartbeat", 20)
    assert 21000 == engine.pop(now=1000)[0].ends
    engine.configure("heartbeat-q", 7)
    assert 8000 == engine.pop(now=1000)[0].ends


@pytest.mark.parametrize(("own", "asked"), [(0, ""), (1000, 0)])
def test_a_lease_of_zero_is_for_good(engine: Engine, own: int, asked: Any) -> None:
    engine.put("a", lease=own)
    (lease,) = engine.pop(now=0, lease=asked)
    assert 0 == lease.ends

    assert [] == engine.pop(worker="other", now=2**47)
    assert {"running": 1} == engine.counts(now=2**47)
    assert "complete" == engine.complete(lease, now=2**47)


def test_a_repeated_pop_hands_out_the_same_jobs(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    first = engine.pop(count=2, request="r", now=1)
    again = engine.pop(count=2, request="r", again=1, now=2)

    assert sorted(lease.key for lease in first) == sorted(lease.key for lease in again)
    assert [lease.ends for lease in first] == [lease.ends for lease in again]
    assert {"waiting": 1, "running": 2} == engine.counts()


def test_a_repeated_pop_whose_first_sending_never_came_hands_out_jobs(engine: Engine) -> None:
    engine.put("a")

    assert ["a"] == [lease.jid for lease in engine.pop(request="r", again=1)]


def test_an_overtaken_first_sending_hands_out_nothing(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)
    engine.pop(request="r", again=1)

    assert [] == engine.pop(request="r")
    assert ["a"] == [lease.jid for lease in engine.pop(request="r", again=1)]
    assert {"waiting": 1, "running": 1} == engine.counts()


def test_a_repeated_pop_does_not_hand_out_what_others_were_given(engine: Engine) -> None:
    engine.put("a")
    engine.pop(request="r", worker="one")

    assert [] == engine.pop(request="r", worker="two", again=1)


def test_a_repeated_pop_gives_large_payloads_and_leases_without_end(engine: Engine) -> None:
    engine.put("a", payload=b"x" * 5000, lease=0)
    engine.pop(request="r")
    (lease,) = engine.pop(request="r", again=1)

    assert (b"x" * 5000, 0) == (lease.payload, lease.ends)


def test_one_pop_hands_out_a_bounded_number_of_bytes(engine: Engine) -> None:
    size = BYTES // 4
    for n in range(10):
        engine.put(str(n), payload=b"x" * size)
    assert 4 == len(engine.pop(count=100))

    engine.put("large", payload=b"x" * (BYTES + 1), priority=-1)
    assert ["large"] == [lease.jid for lease in engine.pop(count=100)]
    assert 4 == len(engine.pop(count=100))


def test_one_pop_hands_out_at_most_100_jobs(engine: Engine) -> None:
    for start in (0, 100):
        engine.step(*(("put", "q", str(start + n), "", b"", b"") for n in range(100)))

    assert 100 == len(engine.pop(count=100))
    for count in (0, -1, 101, "", "x", 1.5):
        answer = refused(engine, "pop", "w", "r", 0, count, "", 0, "ordered", 0, "q")
        assert answer.startswith("INVALID count")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    for argument, args in {
        "worker": ("", "r", 0, 1, "", 0, *ORDERED, "q"),
        "200": ("w" * 201, "r", 0, 1, "", 0, *ORDERED, "q"),
        "request": ("w", "", 0, 1, "", 0, *ORDERED, "q"),
        "lease": ("w", "r", 0, 1, -1, 0, *ORDERED, "q"),
        "lease: must": ("w", "r", 0, 1, "nan", 0, *ORDERED, "q"),
        "queue": ("w", "r", 0, 1, "", 0, *ORDERED, ""),
        "policy": ("w", "r", 0, 1, "", 0, "random", 0, "q"),
        "turn": ("w", "r", 0, 1, "", 0, "rotating", -1, "q"),
        "weight": ("w", "r", 0, 1, "", 0, "weighted", 0, "q", 0),
        "1000": ("w", "r", 0, 1, "", 0, "weighted", 0, "q", 1001),
        "arguments": ("w", "r", 0, 1, "", 0, *ORDERED),
        "arguments:": ("w", "r", 0, 1, "", 0, *ORDERED, *(str(n) for n in range(101))),
    }.items():
        answer = refused(engine, "pop", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    engine.put("a")
    assert 1 == len(engine.pop(worker="w" * 200))


def test_a_paused_queue_gives_nothing_and_its_worker_is_still_seen(engine: Engine) -> None:
    engine.put("a")
    engine.call("pause", "q")

    assert [] == engine.pop(worker="me", now=5000)
    assert 5000 == engine.server.zscore(engine.root + "workers", "me")
    assert {"waiting": 1} == engine.counts()


def test_an_empty_pop_tells_how_long_to_sleep(engine: Engine) -> None:
    assert [SLEEP] == engine.call("pop", "w", "r1", 0, 1, "", 0, "ordered", 0, "q")
    engine.put("a", delay=3000, now=0)
    assert [1000] == engine.call("pop", "w", "r2", 0, 1, "", 0, "ordered", 0, "q", now=2000)
    assert [SLEEP] == engine.call("pop", "w", "r3", 0, 1, "", 0, "ordered", 0, "other", now=-2000)


def test_the_end_of_a_lease_is_something_due(engine: Engine) -> None:
    engine.put("a")
    engine.pop(lease=2500, now=0)

    assert [500] == engine.call("pop", "w", "r", 0, 1, "", 0, "ordered", 0, "other", now=2000)


def test_of_those_that_wait_one_alone_is_told_the_next_moment(engine: Engine) -> None:
    engine.put("a", delay=3000, now=0)
    told = [engine.call("pop", w, w, 0, 1, "", 1, "ordered", 0, "q", now=1000)[0] for w in "abc"]
    assert [2000, SLEEP, SLEEP] == told

    later = engine.call("pop", "d", "d", 0, 1, "", 1, "ordered", 0, "other", now=2999)[0]
    assert SLEEP == later


def test_one_who_waits_is_told_the_rings_to_block_on(engine: Engine) -> None:
    answer = engine.call("pop", "w", "r", 0, 1, "", 1, "ordered", 0, "one", "two")

    assert [engine.root.encode() + b"ring:%d" % engine.number(name) for name in ("one", "two")] == (
        answer[1:]
    )


def test_an_earlier_moment_is_told_to_the_next_who_waits(engine: Engine) -> None:
    engine.put("late", delay=3000, now=0)
    engine.call("pop", "w", "r1", 0, 1, "", 1, "ordered", 0, "q", now=0)
    engine.put("soon", delay=1000, now=0)

    assert 1000 == engine.call("pop", "v", "r2", 0, 1, "", 1, "ordered", 0, "q", now=0)[0]


def test_a_pop_promotes_a_bounded_number_of_due_jobs(engine: Engine) -> None:
    for start in range(0, 500, 100):
        engine.step(*(("put", "q", str(start + n), "", b"", options(delay=1)) for n in range(100)))
    engine.pop(count=30, now=1000)

    assert {"running": 30, "waiting": 60, "scheduled": 410} == engine.counts(now=1000)


def test_a_pop_on_any_queue_notices_leases_that_ran_out(engine: Engine) -> None:
    engine.put("a", queue="far")
    engine.pop("far", lease=1000, now=0)
    assert [] == engine.pop("near", now=999)
    assert {"running": 1} == engine.counts("far", now=999)
    assert {"stalled": 1} == engine.counts("far", now=1000)
    engine.pop("near", now=1000)

    assert {"waiting": 1} == engine.counts("far", now=1000)


def test_a_pop_notices_a_bounded_number_of_ended_leases(engine: Engine) -> None:
    engine.step(*(("put", "q", str(n), "", b"", b"") for n in range(50)))
    engine.pop(count=50, lease=1000, now=0)
    engine.pop("near", now=1000)

    assert {"waiting": 20, "stalled": 30} == engine.counts(now=1000)


def test_a_peek_shows_what_a_pop_hands_out_and_a_get_shows_the_lease(engine: Engine) -> None:
    engine.put("a", now=0)
    (peeked,) = engine.call("peek", "q", 0, 1)
    (lease,) = engine.pop(now=0)
    found = engine.get("a")

    assert found
    assert [lease.queue.encode(), lease.jid.encode()] == peeked[:2]
    assert (lease.ends, lease.record) == (found.ends, found.record)


def test_an_empty_pop_of_a_known_worker_writes_nothing(engine: Engine) -> None:
    engine.put("a", queue="other")
    engine.pop(now=0)
    before = dump(engine)
    engine.pop(now=1)

    assert before == dump(engine)


def test_a_member_step_pops_last(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.put("b")
    pop = ("pop", "w", "x", 0, 1, "", 0, "ordered", 0, "q")
    done, popped = engine.step(("complete", *lease.key, b"", "", b""), pop)

    assert b"complete" == done
    assert ["b"] == [one.jid for one in leases(popped)]


def test_queues_take_turns(engine: Engine) -> None:
    for queue in "abc":
        for n in range(3):
            engine.put(f"{queue}{n}", queue)
    firsts = [engine.pop("a", "b", "c", policy="rotating", turn=turn, count=2) for turn in range(3)]
    assert [["a0", "a1"], ["b0", "b1"], ["c0", "c1"]] == [
        [lease.jid for lease in popped] for popped in firsts
    ]
    assert ["b2", "c2", "a2"] == [
        lease.jid for lease in engine.pop("a", "b", "c", policy="rotating", turn=4, count=9)
    ]


def test_queues_are_served_by_their_weights(engine: Engine) -> None:
    for queue in "ab":
        for n in range(100):
            engine.put(f"{queue}{n}", queue)
    served = [
        engine.pop("a", 3, "b", 1, policy="weighted", turn=turn)[0].queue for turn in range(100)
    ]
    assert 74 <= served.count("a") <= 76
    for start in range(0, 100, 20):
        assert 14 <= served[start : start + 20].count("a") <= 16


def test_a_queue_that_is_empty_does_not_cost_its_turn(engine: Engine) -> None:
    for n in range(20):
        engine.put(f"j{n}", "b")
    for turn in range(20):
        assert engine.pop("a", 1000, "b", 1, policy="weighted", turn=turn)


def test_a_repeated_pop_is_answered_in_the_same_order(engine: Engine) -> None:
    for queue in "abc":
        engine.put(queue, queue)
    asked: dict[str, Any] = {"count": 3, "policy": "rotating", "turn": 1, "request": "r"}
    first = engine.pop("a", "b", "c", **asked)
    assert ["b", "c", "a"] == [lease.queue for lease in first]
    assert first == engine.pop("a", "b", "c", **asked, again=1)
