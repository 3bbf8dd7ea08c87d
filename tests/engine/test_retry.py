"""retry: the holder asks for another attempt."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Lease, refused


def popped(engine: Engine, **given: object) -> Lease:
    engine.put("a", **given)  # type: ignore[arg-type]
    (lease,) = engine.pop(worker="me")
    return lease


def test_the_job_waits_again_with_one_retry_less(engine: Engine) -> None:
    lease = popped(engine, retries=2)
    assert "waiting" == engine.retry(lease, now=5)

    found = engine.get("a")
    assert found
    assert (2, 1, 1) == (found.record.retries, found.record.left, found.record.errors)
    assert ["put", "popped", "retried"] == engine.history("a")
    assert ("retried", "a", "") in engine.events()


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_n_retries_allow_n_more_hand_outs_after_the_first(engine: Engine, retries: int) -> None:
    engine.put("a", retries=retries)
    for n in range(retries + 1):
        (lease,) = engine.pop()
        expected = "waiting" if n < retries else "failed"
        assert expected == engine.retry(lease)

    assert [] == engine.pop()
    assert {"failed": 1} == engine.counts()


def test_a_delay_schedules_the_next_attempt(engine: Engine) -> None:
    lease = popped(engine)
    assert "scheduled" == engine.retry(lease, delay=1000, now=5000)

    assert [] == engine.pop(now=5999)
    assert ["a"] == engine.order(now=6000)


def test_a_retried_job_goes_behind_its_equals(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("b")
    engine.retry(lease)

    assert ["b", "a"] == engine.order()


def test_the_cause_is_shown_while_the_job_waits(engine: Engine) -> None:
    engine.retry(popped(engine), group="flaky", message="it broke", now=5)

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("flaky", "it broke", 5, "me") == tuple(
        found.failure[name] for name in ("group", "message", "when", "worker")
    )


def test_an_exhausted_job_keeps_the_last_cause_and_its_worker(engine: Engine) -> None:
    engine.retry(popped(engine, retries=1), group="first", message="one")
    (lease,) = engine.pop(worker="other")
    assert "failed" == engine.retry(lease, group="second", message="two", now=9)

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("failed-retries-q", "second", "two", 9, "other") == tuple(
        found.failure[name] for name in ("group", "cause", "message", "when", "worker")
    )


def test_without_a_cause_the_earlier_one_is_kept(engine: Engine) -> None:
    engine.retry(popped(engine, retries=1), group="first", message="one")
    (lease,) = engine.pop()
    engine.retry(lease)

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("first", "one") == (found.failure["cause"], found.failure["message"])


def test_a_repeated_retry_is_answered_as_the_first(engine: Engine) -> None:
    lease = popped(engine, retries=1)
    assert "scheduled" == engine.retry(lease, delay=1000, now=0)
    (second,) = engine.pop(now=1000)
    assert "scheduled" == engine.retry(lease, delay=1000, now=1000)
    assert "failed" == engine.retry(second, now=1001)

    assert "failed" == engine.retry(second, now=1002)
    assert {"failed": 1} == engine.counts()


def test_dependents_learn_of_the_failure(engine: Engine) -> None:
    lease = popped(engine, retries=0)
    engine.put("child", depends=["a"], parent_failure="fail")
    engine.retry(lease)

    assert "failed" == engine.state("child")


def test_the_queue_must_be_that_of_the_job(engine: Engine) -> None:
    engine.put("other", queue="other")
    lease = popped(engine)
    answer = refused(engine, "retry", "other", "a", lease.key[2], 0, "", "")

    assert answer.startswith("LEASELOST ")
    assert "waiting" == engine.retry(lease)


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    lease = popped(engine)
    queue, jid, token = lease.key
    for argument, args in {
        "queue": ("", jid, token, "", "", ""),
        "jid": (queue, "", token, "", "", ""),
        "token": (queue, jid, b"", "", "", ""),
        "delay": (queue, jid, token, -1, "", ""),
        "delay:": (queue, jid, token, 3155760000001, "", ""),
        "delay: must": (queue, jid, token, "soon", "", ""),
        "group": (queue, jid, token, "", "g" * 256, ""),
        "message": (queue, jid, token, "", "", "m" * 16385),
        "arguments": (queue, jid, token, "", ""),
    }.items():
        answer = refused(engine, "retry", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "retry", queue, "b", token, "", "", "")
