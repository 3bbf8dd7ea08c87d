"""retry: the holder asks for another attempt."""

from __future__ import annotations

import msgpack
import pytest

from tests.engine.conftest import Engine, Lease, options, refused


def popped(engine: Engine, **given: object) -> Lease:
    engine.put("a", **given)  # type: ignore[arg-type]
    (lease,) = engine.pop(worker="me")
    return lease


def since(engine: Engine) -> int:
    """Return the moment at which the job is due."""
    found = engine.get("a")
    assert found
    assert found.record.state == "scheduled"
    return found.record.since


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


def test_without_a_delay_the_job_s_own_backoff_counts(engine: Engine) -> None:
    engine.put("a", retries=3, backoff="exponential", backoff_base=100, backoff_jitter=0)
    now, moments = 0, []
    for _ in range(3):
        (lease,) = engine.pop(now=now)
        assert "scheduled" == engine.retry(lease, delay="", now=now)
        found = engine.get("a")
        assert found
        moments.append(found.record.since - now)
        now = found.record.since + 100

    assert [100, 200, 400] == moments


def test_a_delay_counts_before_any_backoff(engine: Engine) -> None:
    lease = popped(engine, backoff="fixed", backoff_base=5000)
    assert "waiting" == engine.retry(lease, delay=0)

    (lease,) = engine.pop()
    assert "scheduled" == engine.retry(lease, delay=100, now=0)
    assert ["a"] == engine.order(now=100)


def test_what_the_job_does_not_say_is_the_worker_s_policy(engine: Engine) -> None:
    lease = popped(engine, backoff_base=300)
    engine.retry(lease, delay="", backoff="linear", backoff_base=7, backoff_jitter=0, now=0)
    assert 300 == since(engine)

    (lease,) = engine.pop(now=300)
    engine.retry(lease, delay="", backoff="linear", backoff_base=7, backoff_jitter=0, now=300)
    assert 300 + 600 == since(engine)


def test_without_delay_backoff_and_policy_it_runs_at_once(engine: Engine) -> None:
    assert "waiting" == engine.retry(popped(engine), delay="")


def test_the_dice_shorten_the_delay_by_up_to_the_jitter(engine: Engine) -> None:
    lease = popped(engine, backoff="fixed", backoff_base=1000, backoff_jitter=1000)
    engine.retry(lease, delay="", dice=750_000)

    assert 250 == since(engine)


def test_dice_that_leave_nothing_of_the_delay_let_it_run_at_once(engine: Engine) -> None:
    lease = popped(engine, backoff="fixed", backoff_base=1000, backoff_jitter=1000)

    assert "waiting" == engine.retry(lease, delay="", dice=999_999)


def test_the_backoff_begins_anew_when_the_retries_do(engine: Engine) -> None:
    engine.put("a", retries=1, backoff="linear", backoff_base=100, backoff_jitter=0)
    for moment in (0, 100):
        (lease,) = engine.pop(now=moment)
        engine.retry(lease, delay="", now=moment)
    assert "failed" == engine.state("a")
    engine.call("unfail", "a", "", now=1000)

    (lease,) = engine.pop(now=1000)
    engine.retry(lease, delay="", now=1000)
    assert 1100 == since(engine)


def test_a_repeated_retry_is_not_delayed_twice(engine: Engine) -> None:
    lease = popped(engine, backoff="fixed")
    assert "scheduled" == engine.retry(lease, delay="", dice=1, now=0)
    due = since(engine)
    assert "scheduled" == engine.retry(lease, delay="", dice=1, now=50)

    assert due == since(engine)


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


def test_it_says_so_when_a_limit_throttles_the_job(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"])
    engine.put("before", limits=["a"])

    assert "throttled" == engine.retry(lease)
    assert ("throttled", ["before"]) == (engine.state("a"), engine.waiting())
    assert "throttled" == engine.retry(lease)
    engine.limit("a", 2)
    assert "waiting" == engine.state("a")
    assert "throttled" == engine.retry(lease)


def test_it_says_so_when_the_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"], priority=-1)
    engine.put("behind", limits=["a"])

    assert ["waiting", "waiting"] == [engine.retry(lease), engine.retry(lease)]
    assert ["a"] == engine.waiting()


def test_the_first_of_an_order_key_is_not_throttled(engine: Engine) -> None:
    lease = popped(engine, order_key="k")
    engine.put("behind", order_key="k")

    assert ["waiting", "waiting"] == [engine.retry(lease), engine.retry(lease)]
    assert ("waiting", "throttled") == (engine.state("a"), engine.state("behind"))


def test_a_failed_or_a_scheduled_one_is_told_so_under_a_limit_too(engine: Engine) -> None:
    engine.limit("a", 1)
    lease = popped(engine, limits=["a"], retries=1)
    engine.put("behind", limits=["a"], priority=1)
    assert ["scheduled", "scheduled"] == [engine.retry(lease, 100), engine.retry(lease, 100)]
    (lease,) = engine.pop(now=100)
    assert "a" == lease.jid

    assert ["failed", "failed"] == [engine.retry(lease, now=100), engine.retry(lease, now=100)]


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
        "policy": (queue, jid, token, "", "", "", b"\xc1"),
        "tags": (queue, jid, token, "", "", "", options(tags=["t"])),
        "backoff": (queue, jid, token, "", "", "", options(backoff="quadratic")),
        "backoff_jitter": (queue, jid, token, "", "", "", options(backoff_jitter=1001)),
        "dice": (queue, jid, token, "", "", "", b"", 1_000_000),
        "dice: must": (queue, jid, token, "", "", "", b"", 0.5),
        "arguments": (queue, jid, token, "", ""),
        "arguments:": (queue, jid, token, "", "", "", b"", 0, b"", "retry", 0),
        "error": (queue, jid, token, "", "", "", b"", 0, b"text"),
        "error: must": (queue, jid, token, "", "", "", b"", 0, msgpack.packb(["x"] * 51)),
        "otherwise": (queue, jid, token, "", "", "", b"", 0, b"", "perhaps"),
    }.items():
        answer = refused(engine, "retry", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "retry", queue, "b", token, "", "", "")


def told(engine: Engine, lease: Lease, *names: str, otherwise: str = "retry") -> str:
    """Tell of an error by the names of its classes."""
    error = msgpack.packb(names)
    args = (*lease.key, "", f"q-{names[0]}", "why", b"", 0, error, otherwise)
    answer: bytes = engine.call("retry", *args, now=5)
    return answer.decode()


def test_a_job_names_the_errors_after_which_it_is_tried_again(engine: Engine) -> None:
    given = {"retry_on": ["OSError", "Flaky"], "give_up_on": ["FileNotFoundError"]}
    for names, otherwise, state in (
        (("TimeoutError", "OSError", "Exception"), "fail", "waiting"),
        (("Flaky", "Exception"), "fail", "waiting"),
        (("FileNotFoundError", "OSError", "Exception"), "retry", "failed"),
        (("ValueError", "Exception"), "retry", "waiting"),
        (("ValueError", "Exception"), "fail", "failed"),
    ):
        lease = popped(engine, **given)
        assert state == told(engine, lease, *names, otherwise=otherwise)


def test_a_job_that_is_given_up_fails_into_the_group_of_its_error(engine: Engine) -> None:
    lease = popped(engine, give_up_on=["ValueError"])
    engine.put("b", depends=["a"], parent_failure="run")
    assert "failed" == told(engine, lease, "ValueError", "Exception")

    found = engine.get("a")
    assert found
    assert found.failure
    assert (("q-ValueError", "why"), 5, 1) == (
        (found.failure["group"], found.failure["message"]),
        found.record.left,
        found.record.errors,
    )
    assert ("failed", "a", "q-ValueError") in engine.events()
    assert "waiting" == engine.state("b")
    assert "failed" == told(engine, lease, "ValueError", "Exception"), "a repeat"


def test_a_job_whose_code_gives_it_up_without_a_group_is_in_one(engine: Engine) -> None:
    lease = popped(engine)
    args = (*lease.key, "", "", "", b"", 0, b"", "fail")
    assert b"failed" == engine.call("retry", *args, now=5)

    found = engine.get("a")
    assert found
    assert found.failure
    assert "failed-given-up-q" == found.failure["group"]
