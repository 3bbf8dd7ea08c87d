"""release: the holder gives a job back untouched."""

from __future__ import annotations

from tests.engine.conftest import Engine, Lease, refused


def popped(engine: Engine, **given: object) -> Lease:
    engine.put("a", **given)  # type: ignore[arg-type]
    (lease,) = engine.pop()
    return lease


def test_no_retry_is_counted(engine: Engine) -> None:
    lease = popped(engine, retries=0)
    assert "waiting" == engine.release(lease)

    found = engine.get("a")
    assert found
    assert (0, 0) == (found.record.left, found.record.errors)
    assert ["put", "popped", "released"] == engine.history("a")
    assert ("released", "a", "waiting") in engine.events()


def test_the_job_keeps_its_place(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("b")
    engine.release(lease)

    assert ["a", "b"] == engine.order()


def test_a_delay_schedules_it(engine: Engine) -> None:
    lease = popped(engine)
    assert "scheduled" == engine.release(lease, 1000)

    assert [] == engine.pop(now=999)
    assert ["a"] == engine.order(now=1000)


def test_a_priority_that_was_changed_while_it_ran_counts_from_now(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("b")
    engine.call("priority", "a", 1)
    engine.release(lease)

    assert ["b", "a"] == engine.order()


def test_a_repeated_release_is_answered_as_the_first(engine: Engine) -> None:
    lease = popped(engine)
    engine.release(lease)
    (second,) = engine.pop()
    assert "waiting" == engine.release(lease)
    assert "running" == engine.state("a")
    engine.release(second, 1000)

    assert "scheduled" == engine.release(second, 1000)
    assert ["put", "popped", "released", "popped", "released"] == engine.history("a")


def test_it_says_so_when_a_limit_throttles_the_job(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"])
    engine.put("urgent", limits=["a"], priority=-1)

    assert "throttled" == engine.release(lease)
    assert ("throttled", ["urgent"]) == (engine.state("a"), engine.waiting())
    assert "throttled" == engine.release(lease)
    assert ("released", "a", "throttled") in engine.events()
    engine.limit("a", 2)
    assert "waiting" == engine.state("a")
    assert "throttled" == engine.release(lease)


def test_it_says_so_when_the_job_gets_its_slot_back(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"])
    engine.put("behind", limits=["a"])

    assert ["waiting", "waiting"] == [engine.release(lease), engine.release(lease)]
    assert ["a"] == engine.waiting()
    assert [("released", "a", "waiting")] == [e for e in engine.events() if e[0] == "released"]


def test_the_first_of_an_order_key_is_not_throttled(engine: Engine) -> None:
    lease = popped(engine, order_key="k")
    engine.put("behind", order_key="k")

    assert ["waiting", "waiting"] == [engine.release(lease), engine.release(lease)]
    assert ("waiting", "throttled") == (engine.state("a"), engine.state("behind"))


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    lease = popped(engine)
    queue, jid, token = lease.key
    for argument, args in {
        "queue": ("", jid, token, ""),
        "jid": (queue, "", token, ""),
        "token": (queue, jid, b"", ""),
        "delay": (queue, jid, token, -1),
        "arguments": (queue, jid, token),
    }.items():
        answer = refused(engine, "release", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "release", queue, "b", token, "")
