"""A job has one holder, whose token opens it until the engine takes the lease away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import Engine, Lease, dump


def run_out(engine: Engine, lease: Lease) -> None:
    engine.ticks(now=1000)


def give_again(engine: Engine, lease: Lease) -> None:
    engine.pop(worker=lease.record.worker, now=1000)


def replace(engine: Engine, lease: Lease) -> None:
    engine.put("a", now=1)


def put_after_cancel(engine: Engine, lease: Lease) -> None:
    engine.cancel("a", now=1)
    engine.put("a", now=1)


def leave_at_once(engine: Engine, lease: Lease) -> None:
    engine.configure("jobs-history", 0)
    engine.complete(lease, now=1)


TAKEN: dict[str, tuple[Callable[[Engine, Lease], object], str]] = {
    "its time ran out": (run_out, "expired"),
    "its time ran out and it was given to the same worker": (give_again, "expired"),
    "it was cancelled": (lambda engine, lease: engine.cancel("a", now=1), "cancelled"),
    "it was cancelled and put anew": (put_after_cancel, "replaced"),
    "it was put again": (replace, "replaced"),
    "it was moved": (lambda engine, lease: engine.move("a", "other", now=1), "moved"),
    "it was timed out": (lambda engine, lease: engine.call("timeout", "a", now=1), "timed-out"),
    "it was completed": (lambda engine, lease: engine.complete(lease, now=1), "complete"),
    "it was completed and left": (leave_at_once, "complete"),
    "it went on": (lambda engine, lease: engine.complete(lease, "next", now=1), "complete"),
    "it was failed": (lambda engine, lease: engine.fail(lease, now=1), "failed"),
    "it was retried": (lambda engine, lease: engine.retry(lease, now=1), "retried"),
    "it was released": (lambda engine, lease: engine.release(lease, now=1), "released"),
}

ENDS = {
    "complete": (b"", "", b""),
    "fail": ("group", "message", b""),
    "retry": ("", "", ""),
    "release": ("",),
}
OWN = {"complete": "complete", "fail": "failed", "retry": "retried", "release": "released"}


@pytest.mark.parametrize("how", TAKEN)
def test_a_lease_that_was_taken_away_opens_nothing_and_its_holder_learns_why(
    engine: Engine, how: str
) -> None:
    engine.put("a", payload=b"x" * 2000, retries=3)
    (lease,) = engine.pop(worker="me", lease=1000, now=0)
    take, reason = TAKEN[how]
    take(engine, lease)
    before = dump(engine)

    for command, rest in ENDS.items():
        if OWN[command] == reason:
            continue
        (answer,) = engine.step((command, *lease.key, *rest), mode="each", now=1001)
        assert str(answer).startswith(f"LEASELOST {reason} ")
    assert before == dump(engine)
    (answer,) = engine.heartbeat(lease, worker="me", now=1)
    assert str(answer).startswith(f"LEASELOST {reason} ")


@pytest.mark.parametrize("command", ENDS)
def test_an_end_that_is_repeated_is_answered_as_the_first_and_changes_nothing(
    engine: Engine, command: str
) -> None:
    engine.put("a", retries=3)
    (lease,) = engine.pop(now=0)
    first = engine.call(command, *lease.key, *ENDS[command], now=1)
    before = dump(engine)
    assert first == engine.call(command, *lease.key, *ENDS[command], now=2)
    assert before == dump(engine)

    engine.move("a", "q", now=3)
    for n in range(20):
        (other,) = engine.pop(now=4 + n)
        engine.release(other, now=4 + n)
    engine.pop(now=50)
    before = dump(engine)
    assert first == engine.call(command, *lease.key, *ENDS[command], now=51)
    assert before == dump(engine)


def test_a_token_of_one_job_does_not_open_another(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)
    one, two = engine.pop(count=2)
    assert one.record.token != two.record.token
    answers = engine.step(
        ("complete", "q", "a", two.record.token, b"", "", b""),
        ("complete", "q", "b", b"\0" * 6, b"", "", b""),
        mode="each",
    )

    assert all(str(answer).startswith("LEASELOST") for answer in answers)
    assert {"running": 2} == engine.counts()


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_n_retries_allow_n_more_hand_outs_after_the_first(engine: Engine, retries: int) -> None:
    engine.put("a", retries=retries, poison_after=0)
    for n in range(retries + 1):
        (lease,) = engine.pop(worker=f"w{n}", lease=1000, now=1000 * n)
        assert (n + 1, retries - n) == (lease.record.attempt, lease.record.left)

    assert [] == engine.pop(now=1000 * (retries + 1))
    found = engine.get("a")
    assert found
    assert found.failure
    assert ("failed", retries + 1) == (found.record.state, found.record.lost)
    assert ("failed-retries-q", f"w{retries}") == (found.failure["group"], found.failure["worker"])
    assert f"attempt {retries + 1}" in found.failure["message"]


def test_a_job_whose_retries_are_used_up_keeps_its_last_cause(engine: Engine) -> None:
    engine.put("a", retries=1)
    engine.retry(engine.pop(now=0)[0], group="flaky", message="it broke")
    engine.pop(lease=1000, now=0)
    engine.ticks(now=1000)

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("failed-retries-q", "flaky", "it broke") == tuple(
        found.failure[name] for name in ("group", "cause", "message")
    )


def test_a_crash_and_an_error_use_the_same_retries(engine: Engine) -> None:
    engine.put("a", retries=2)
    engine.pop(lease=1000, now=0)
    (lease,) = engine.pop(now=1000)
    engine.retry(lease, now=1000)
    engine.pop(now=1000)
    engine.call("timeout", "a", now=1000)

    assert "failed" == engine.state("a")
    assert 2 + 1 == sum(word == "popped" for word in engine.history("a"))


@pytest.mark.parametrize("end", ["complete", "fail", "retry", "release", "heartbeat"])
def test_a_holder_may_end_its_lease_late_as_long_as_nobody_noticed(
    engine: Engine, end: str
) -> None:
    engine.put("a", retries=0)
    (lease,) = engine.pop(lease=1000, now=0)

    answer = (
        engine.heartbeat(lease, now=5000)[0]
        if end == "heartbeat"
        else engine.call(end, *lease.key, *ENDS[end], now=5000)
    )
    assert not isinstance(answer, Exception)


def test_within_the_grace_period_the_holder_may_still_end_its_lease(engine: Engine) -> None:
    engine.configure("grace-period", 2)
    engine.put("a", retries=0)
    (lease,) = engine.pop(lease=1000, now=0)
    assert [] == engine.pop(worker="other", now=1000)
    assert ("stalled", "a", "") in engine.events()
    assert {"running": 1} == engine.counts(now=1000)

    assert "complete" == engine.complete(lease, now=2999)


def test_after_the_grace_period_the_job_is_handed_over(engine: Engine) -> None:
    engine.configure("grace-period", 2)
    engine.put("a")
    engine.pop(lease=1000, now=0)
    engine.tick(now=1000)
    assert [] == engine.pop(worker="other", now=2999)

    assert 1 == len(engine.pop(worker="other", now=3000))


def test_each_lease_has_a_grace_period_of_its_own(engine: Engine) -> None:
    engine.configure("grace-period", 2)
    engine.put("a")
    (lease,) = engine.pop(lease=1000, now=0)
    engine.tick(now=1000)
    engine.heartbeat(lease, lease=1000, now=1500)
    engine.tick(now=2500)
    assert {"running": 1} == engine.counts(now=2500)
    engine.complete(lease, "next", now=2600)
    engine.pop("next", lease=1000, now=2600)
    engine.tick(now=3600)

    assert {"running": 1} == engine.counts("next", now=3600)


def test_one_who_dies_with_many_jobs_keeps_nobody_waiting(engine: Engine) -> None:
    for n in range(60):
        engine.put(f"{n:02}")
    engine.pop(count=60, worker="dead", lease=1000, now=0)

    assert [f"{n:02}" for n in range(60)] == sorted(engine.order(now=1000))
    assert 0 == engine.server.hlen(engine.root + "worker:dead") - 1
