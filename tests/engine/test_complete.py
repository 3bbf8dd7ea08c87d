"""complete: the holder's work on a job is done, for good or in this queue."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Lease, Refused, leases, options, refused


def test_a_job_is_put_popped_and_completed(engine: Engine) -> None:
    assert "created" == engine.put("a", now=0)
    (lease,) = engine.pop(now=1)
    assert "complete" == engine.complete(lease, now=2)

    assert "complete" == engine.state("a", now=3)
    assert ["put", "popped", "done"] == engine.history("a")
    assert {"complete": 1} == engine.counts()


def popped(engine: Engine, **given: object) -> Lease:
    engine.put("a", **given)  # type: ignore[arg-type]
    (lease,) = engine.pop()
    return lease


def test_a_repeated_complete_is_answered_as_the_first(engine: Engine) -> None:
    lease = popped(engine)
    assert "waiting" == engine.complete(lease, "next", now=2)
    (second,) = engine.pop("next", now=3)

    assert "waiting" == engine.complete(lease, "next", now=4)
    assert "complete" == engine.complete(second, now=5)
    assert "complete" == engine.complete(second, now=6)
    assert ["put", "popped", "done", "popped", "done"] == engine.history("a")


@pytest.mark.parametrize(("count", "dependents"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_repeated_complete_is_answered_when_the_job_has_left(
    engine: Engine, count: int, dependents: int
) -> None:
    engine.configure("jobs-history-count", count)
    lease = popped(engine)
    if dependents:
        engine.put("child", queue="children", depends=["a"])
    engine.complete(lease)
    for n in range(count):
        engine.put(f"other{n}")
        (other,) = engine.pop()
        engine.complete(other, now=5)
    assert engine.state("a") is None

    assert "complete" == engine.complete(lease, now=10)


def test_a_job_goes_on_to_a_next_queue_as_it_is(engine: Engine) -> None:
    lease = popped(engine, priority=3, retries=1, tags=["t"], payload=b"old", lease=9000)
    assert "waiting" == engine.complete(lease, "next", payload=b"new")

    found = engine.get("a")
    assert found
    record = found.record
    assert ("next", "waiting", b"new", 3, 1) == (
        found.queue,
        record.state,
        record.payload,
        record.priority,
        record.left,
    )
    assert (["t"], 9000) == (record.options["tags"], record.options["lease"])
    assert {} == engine.counts("q")
    assert {"waiting": 1} == engine.counts("next")


def test_the_next_stay_has_all_retries_again(engine: Engine) -> None:
    engine.retry(popped(engine, retries=1))
    (lease,) = engine.pop()
    assert 0 == lease.record.left
    engine.complete(lease, "next")

    (lease,) = engine.pop("next")
    assert 1 == lease.record.left


def test_the_next_stay_may_have_delay_priority_and_dependencies(engine: Engine) -> None:
    engine.put("parent", queue="p")
    lease = popped(engine)
    state = engine.complete(lease, "next", delay=1000, priority=-7, depends=["parent"], now=5)
    assert "depends" == state

    (parent,) = engine.pop("p")
    engine.complete(parent, now=2000)
    assert "scheduled" == engine.state("a")
    (lease,) = engine.pop("next", now=3000)
    assert -7 == lease.record.priority


def test_a_job_may_be_scheduled_in_the_queue_where_it_is(engine: Engine) -> None:
    lease = popped(engine)

    assert "scheduled" == engine.complete(lease, "q", delay=1000)
    assert ["a"] == engine.order(now=1000)


def test_the_dependencies_of_the_next_stay_come_in_slices_under_a_hold(engine: Engine) -> None:
    engine.put("parent", queue="p")
    lease = popped(engine)
    assert "depends" == engine.complete(lease, "next", hold=True)
    engine.depend("a", "last", depends=["parent"])
    (parent,) = engine.pop("p")
    engine.complete(parent)

    assert "waiting" == engine.state("a")


def test_an_empty_payload_leaves_the_payload_as_it_is(engine: Engine) -> None:
    engine.complete(popped(engine, payload=b"x" * 5000))

    found = engine.get("a")
    assert found
    assert b"x" * 5000 == found.record.payload


def test_many_are_completed_in_one_call_with_one_outcome_each(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    held = engine.pop(count=3)
    engine.cancel("b")
    answers = engine.step(*(("complete", *one.key, b"", "", b"") for one in held), mode="each")

    assert b"complete" == answers[0] == answers[2]
    assert str(answers[1]).startswith("LEASELOST cancelled")
    assert {"complete": 2} == engine.counts()


def test_a_job_is_completed_and_the_next_popped_in_one_call(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("child", depends=["a"])
    pop = ("pop", "w", "x", 0, 1, "", 0, "ordered", 0, "q")
    done, answer = engine.step(("complete", *lease.key, b"", "", b""), pop)

    assert b"complete" == done
    assert ["child"] == [one.jid for one in leases(answer)]


def test_complete_and_pop_repeated_is_answered_as_the_first(engine: Engine) -> None:
    lease = popped(engine)
    for jid in "bc":
        engine.put(jid)
    complete = ("complete", *lease.key, b"", "q", b"")
    first = engine.step(complete, ("pop", "w", "x", 0, 1, "", 0, "ordered", 0, "q"))
    again = engine.step(complete, ("pop", "w", "x", 1, 1, "", 0, "ordered", 0, "q"))

    assert first == again
    assert {"waiting": 2, "running": 1} == engine.counts()


def test_dependents_run_when_the_job_is_done_for_good(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("child", depends=["a"])
    engine.complete(lease, "next")
    assert "depends" == engine.state("child")
    (lease,) = engine.pop("next")
    engine.complete(lease)

    assert "waiting" == engine.state("child")
    found = engine.get("a")
    assert found
    assert [] == found.dependents


def test_a_failure_noted_on_the_way_is_forgotten(engine: Engine) -> None:
    engine.retry(popped(engine), group="flaky", message="once")
    (lease,) = engine.pop()
    found = engine.get("a")
    assert found
    assert found.failure
    engine.complete(lease)

    found = engine.get("a")
    assert found
    assert found.failure is None


def test_a_queue_keeps_as_many_as_the_setting_says(engine: Engine) -> None:
    engine.configure("jobs-history-count", 5)
    for n in range(20):
        engine.put(str(n))
        (lease,) = engine.pop()
        engine.complete(lease, now=n)

    kept = engine.call("jobs", "q", "complete", "", 100)[1:]
    assert [b"19", b"18", b"17", b"16", b"15"] == kept


def test_a_lease_that_was_taken_away_completes_nothing(engine: Engine) -> None:
    engine.put("a")
    (lost,) = engine.pop(now=0, lease=1000)
    (held,) = engine.pop(now=1000, worker="other")
    with pytest.raises(Refused, match="LEASELOST expired"):
        engine.complete(lost, now=1001)

    assert "complete" == engine.complete(held, now=1002)


def test_it_says_so_when_a_limit_throttles_the_job_in_its_next_queue(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"])
    engine.put("before", queue="next", limits=["a"])

    assert "throttled" == engine.complete(lease, "next")
    assert ("throttled", ["before"]) == (engine.state("a"), engine.waiting("next"))


def test_it_says_so_when_the_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"])
    engine.put("behind", queue="next", limits=["a"])

    assert "waiting" == engine.complete(lease, "next", priority=-1)
    assert ["a"] == engine.waiting("next")


def test_the_first_of_an_order_key_is_not_throttled_in_its_next_queue(engine: Engine) -> None:
    lease = popped(engine, order_key="k")
    engine.put("behind", queue="next", order_key="k")

    assert "waiting" == engine.complete(lease, "next")
    assert ("waiting", "throttled") == (engine.state("a"), engine.state("behind"))


@pytest.mark.parametrize("history", [1, 2, 100])
@pytest.mark.parametrize(("priority", "state"), [(0, "throttled"), (-1, "waiting")])
def test_a_repeat_says_what_became_of_the_job_then(
    engine: Engine, history: int, priority: int, state: str
) -> None:
    engine.configure("max-job-history", history)
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"], payload=b"x" * 5000)
    engine.put("other", queue="next", limits=["a"])
    given = {"payload": b"new", "priority": priority}
    assert state == engine.complete(lease, "next", **given)  # type: ignore[arg-type]
    assert state == engine.complete(lease, "next", **given)  # type: ignore[arg-type]

    engine.limit("a", 2)
    assert "waiting" == engine.state("a")
    assert state == engine.complete(lease, "next", **given)  # type: ignore[arg-type]
    found = engine.get("a")
    assert found
    assert b"new" == found.record.payload
    *_, last = found.record.history("next")
    assert ("done", f"{state}\0next".encode()) == (last.what, last.detail)


def test_of_many_each_is_told_its_own_state_and_what_a_pop_takes_was_waiting(
    engine: Engine,
) -> None:
    engine.limit("a", 2)
    for jid in "12":
        engine.put(jid, limits=["a"])
    engine.put("plain")
    held = engine.pop(count=3)
    engine.put("before", queue="next", limits=["a"])
    members = [("complete", *lease.key, b"", "next", b"") for lease in held]
    pop = ("pop", "w", "again", 0, 10, "", 0, "ordered", 0, "next")
    *answers, handed = engine.step(*members, pop)

    assert [b"waiting", b"throttled", b"waiting"] == answers
    assert ["before", "1", "plain"] == [lease.jid for lease in leases(handed)]
    assert answers == engine.step(*members)
    each = engine.step(*members, mode="each")
    assert answers == each


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    lease = popped(engine)
    engine.configure("max-payload", 1000)
    queue, jid, token = lease.key
    for argument, args in {
        "queue": ("", jid, token, b"", "", b""),
        "jid": (queue, "", token, b"", "", b""),
        "token": (queue, jid, b"", b"", "", b""),
        "data": (queue, jid, token, b"x" * 1001, "", b""),
        "next queue": (queue, jid, token, b"", "x" * 256, b""),
        "options": (queue, jid, token, b"", "", options(delay=1)),
        "tags": (queue, jid, token, b"", "next", options(tags=["t"])),
        "delay": (queue, jid, token, b"", "next", options(delay=-1)),
        "arguments": (queue, jid, token, b"", ""),
    }.items():
        answer = refused(engine, "complete", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "complete", queue, "b", token, b"", "", b"")
