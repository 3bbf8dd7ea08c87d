"""cancel: takes jobs out of the system, all or none."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Lease, Refused, options, refused

TRACE = 60000


def in_state(engine: Engine, state: str) -> Lease | None:
    """Bring job a into a state, with everything that can hang on a job."""
    engine.put("parent", queue="parents")
    given = {"tags": ["t"], "payload": b"x" * 5000}
    if state == "scheduled":
        engine.put("a", delay=1000, **given)  # type: ignore[arg-type]
    elif state == "depends":
        engine.put("a", depends=["parent"], **given)  # type: ignore[arg-type]
    else:
        engine.put("a", **given)  # type: ignore[arg-type]
    if state in {"running", "failed"}:
        (lease,) = engine.pop()
        if state == "failed":
            engine.fail(lease)
        return lease
    return None


@pytest.mark.parametrize("state", ["waiting", "scheduled", "depends", "running", "failed"])
def test_a_job_in_any_state_but_complete_can_be_cancelled(engine: Engine, state: str) -> None:
    in_state(engine, state)
    assert state == engine.state("a")
    assert 1 == engine.cancel("a", now=5)

    assert {} == engine.counts()
    assert ("cancelled", "a", "") in engine.events()
    left = list(engine.server.scan_iter(match=engine.root + "*:a"))
    assert [f"{engine.root}job:a".encode()] == left
    found = engine.get("parent")
    assert found
    assert [] == found.dependents


def test_a_trace_stays_for_a_while_without_the_payload(engine: Engine) -> None:
    in_state(engine, "waiting")
    engine.cancel("a", now=5)

    found = engine.get("a")
    assert found
    assert ("cancelled", b"", {}) == (
        found.record.state,
        found.record.payload,
        found.record.options,
    )
    assert ["put", "cancelled"] == engine.history("a")
    assert 0 < engine.server.pttl(engine.root + "job:a") <= TRACE


def test_the_holder_learns_that_its_job_was_cancelled(engine: Engine) -> None:
    lease = in_state(engine, "running")
    engine.cancel("a")

    assert lease
    with pytest.raises(Refused, match="LEASELOST cancelled"):
        engine.complete(lease)


def test_a_repeated_cancel_is_answered_as_the_first(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)
    assert 2 == engine.cancel("a", "b")
    events = engine.events()

    assert 2 == engine.cancel("a", "b", now=1)
    assert events == engine.events()


def test_an_unknown_job_cannot_be_cancelled(engine: Engine) -> None:
    engine.put("a")

    assert "NOJOB no job b" == refused(engine, "cancel", "a", "b")


def test_a_complete_job_cannot_be_cancelled(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.complete(lease)

    assert "STATE cancel: job a is complete" == refused(engine, "cancel", "a")


def test_a_job_that_others_wait_for_is_cancelled_with_them_or_not_at_all(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", depends=["a"])
    engine.put("c", depends=["a", "b"])
    for jids in (("a",), ("b",), ("a", "b"), ("a", "c")):
        assert refused(engine, "cancel", *jids).startswith("DEPENDENTS job ")

    assert 3 == engine.cancel("b", "a", "c")
    assert {} == engine.counts()


def test_a_failed_job_that_others_wait_for_is_cancelled_with_them(engine: Engine) -> None:
    in_state(engine, "failed")
    engine.put("child", depends=["a"])
    assert refused(engine, "cancel", "a").startswith("DEPENDENTS")

    assert 2 == engine.cancel("a", "child")


def test_dependents_may_be_cancelled_earlier_in_the_same_step(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", depends=["a"])

    assert [1, 1] == engine.step(("cancel", "b"), ("cancel", "a"))


def test_a_job_that_a_step_makes_others_wait_for_is_not_cancelled_by_it(engine: Engine) -> None:
    engine.put("a")
    put = ("put", "q", "b", "", b"", options(depends=["a"]))
    answer = refused(engine, "step", "all", "put", 5, *put[1:], "cancel", 1, "a")

    assert answer.startswith("DEPENDENTS job b waits for job a")


def test_a_hundred_jobs_fit_into_one_call(engine: Engine) -> None:
    jids = [str(n) for n in range(100)]
    engine.step(*(("put", "q", jid, "", b"", b"") for jid in jids))
    assert 100 == engine.cancel(*jids)

    assert refused(engine, "cancel", *jids, "more").startswith("INVALID arguments")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    engine.put("a")
    assert refused(engine, "cancel").startswith("INVALID arguments")
    assert refused(engine, "cancel", "").startswith("INVALID jid")
    assert refused(engine, "cancel", "a", "x" * 256).startswith("INVALID jid")
    assert refused(engine, "cancel", "a", "a").startswith("INVALID jid: a is named twice")


def test_who_stops_waiting_earlier_in_the_step_does_not_hold_it(engine: Engine) -> None:
    for parent in ("a", "b", "c"):
        engine.put(parent)
    engine.put("one", depends=["a", "b"])
    engine.put("all", depends=["c"])
    engine.step(("undepend", "one", 0, "a"), ("cancel", "a"))
    engine.step(("undepend", "all", 1), ("cancel", "c"))
    assert refused(engine, "cancel", "b").startswith("DEPENDENTS job one waits for job b")
    engine.step(("put", "q", "one", "", b"", b""), ("cancel", "b"))

    assert ["all", "one"] == engine.waiting()


def test_an_undepend_after_the_cancel_comes_too_late(engine: Engine) -> None:
    engine.put("a")
    engine.put("one", depends=["a"])
    args = ("cancel", 1, "a", "undepend", 3, "one", 0, "a")

    assert refused(engine, "step", "all", *args).startswith("DEPENDENTS job one waits for job a")
