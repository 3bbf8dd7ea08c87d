"""Limits of time that a job is put with: too late to start, and too late to be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.conftest import Engine, options, refused
from tests.laws.invariants import Keys, broken


@pytest.fixture(autouse=True)
def _laws(engine: Engine) -> Iterator[None]:
    yield
    assert [] == broken(Keys(engine.server, engine.root), 0)


def failure(engine: Engine, jid: str = "a") -> str:
    found = engine.get(jid)
    assert found
    assert found.failure
    return str(found.failure["group"])


def recur(engine: Engine, now: int = 0, **given: Any) -> None:
    """Make a child of the template `t` every second, from then on."""
    engine.call("recur", "q", "t", "", b"", 1000, 0, options(**given), now=now)


# start_within


def test_a_job_is_handed_out_before_its_time_is_over(engine: Engine) -> None:
    engine.put("a", start_within=1000, now=500)

    assert ["a"] == [lease.jid for lease in engine.pop(now=1499)]
    assert not engine.server.exists(engine.root + "deadlines")


def test_a_pop_takes_no_job_that_is_too_late_and_goes_on_to_the_others(engine: Engine) -> None:
    for number in range(50):  # more than a tick ends
        engine.put(f"late-{number}", start_within=1000)
    engine.put("a", start_within=1001)

    found = [lease.jid for lease in engine.pop(count=100, now=1000)]
    assert ["a"] == found
    engine.ticks(now=1000)
    assert "cancelled" == engine.state("late-49")


def test_one_that_no_pop_comes_to_is_ended_by_any_tick(engine: Engine) -> None:
    engine.put("a", start_within=1000)
    engine.put("b", start_within=1000, queue="r", if_late="fail")
    assert 999 == engine.tick(now=1)
    engine.pop("elsewhere", now=1000)

    assert ("cancelled", "failed") == (engine.state("a"), engine.state("b"))
    assert "failed-start-within-r" == failure(engine, "b")
    assert ("cancelled", "a", "start_within") in engine.events()


@pytest.mark.parametrize("state", ["scheduled", "depends"])
def test_it_is_too_late_whatever_it_waits_for(engine: Engine, state: str) -> None:
    engine.put("parent", delay=9000)
    engine.put("a", start_within=1000)
    if state == "depends":
        engine.depend("a", depends=["parent"])
    else:
        engine.move("a", "q", delay=5000)
    assert state == engine.state("a")
    engine.ticks(now=1000)

    assert "cancelled" == engine.state("a")
    assert engine.get("parent").dependents == []  # type: ignore[union-attr]


def test_the_time_of_a_delayed_job_begins_when_it_may_run(engine: Engine) -> None:
    engine.put("a", start_within=1000, delay=5000)
    engine.put("b", start_within=1000, at=5000)

    assert 2 == len(engine.pop(count=2, now=5999))


def test_another_klass_runs_in_the_place_of_a_job_that_is_too_late(engine: Engine) -> None:
    engine.put("a", payload=b"data", start_within=1000, if_late="jobs.TooLate")
    engine.ticks(now=5000)
    (lease,) = engine.pop(now=5000)

    assert ("a", "jobs.TooLate", b"data") == (lease.jid, lease.klass, lease.payload)
    assert ["put", "late", "popped"] == engine.history("a")
    engine.release(lease, now=5000)
    (lease,) = engine.pop(now=5001)
    assert "jobs.TooLate" == lease.klass


def test_a_retry_is_never_too_late_to_start(engine: Engine) -> None:
    engine.put("a", start_within=1000)
    (lease,) = engine.pop(now=999)
    engine.retry(lease, delay=5000, now=999)

    assert 1 == len(engine.pop(now=6000))


def test_one_that_others_wait_for_is_kept_failed(engine: Engine) -> None:
    engine.put("a", start_within=1000)
    engine.put("b", depends=["a"])
    engine.put("c", depends=["a"], parent_failure="cancel")
    engine.ticks(now=1000)

    assert ("failed", "depends", "cancelled") == tuple(engine.state(jid) for jid in "abc")


def test_a_job_that_is_put_again_has_its_time_anew(engine: Engine) -> None:
    engine.put("a", start_within=1000)
    (lease,) = engine.pop()
    engine.complete(lease)
    engine.put("a", start_within=1000, now=5000)
    engine.ticks(now=6000)

    assert "cancelled" == engine.state("a")
    engine.put("a", now=7000)
    engine.ticks(now=9000)
    assert "waiting" == engine.state("a")


def test_a_late_job_that_is_put_back_has_its_time_anew(engine: Engine) -> None:
    engine.put("a", start_within=1000, if_late="fail")
    engine.ticks(now=1000)
    engine.call("unfail", "a", "", now=4000)
    engine.ticks(now=4999)
    assert "waiting" == engine.state("a")
    engine.ticks(now=5000)

    assert "failed" == engine.state("a")


def test_children_that_come_too_late_are_dropped(engine: Engine) -> None:
    recur(engine, start_within=500)

    (lease,) = engine.pop(count=9, now=3400)
    assert "t" == lease.record.options["origin"]
    assert {"running": 1, "recurring": 1} == engine.counts(now=3400)
    assert (
        "INVALID if_late"
        == refused(engine, "recur", "q", "u", "", b"", 1000, 0, options(if_late="fail")).partition(
            ":"
        )[0]
    )


# finish_within


def test_a_job_that_is_not_done_in_time_fails_wherever_it_is(engine: Engine) -> None:
    engine.put("waits", finish_within=1000)
    engine.put("late", finish_within=1000, delay=999)
    engine.put("runs", finish_within=1000, queue="r", lease=60_000)
    (lease,) = engine.pop("r")
    assert 1000 == lease.ends, "a lease ends with the time of the job"
    assert [1000] == engine.heartbeat(lease, lease=5000, now=10)
    engine.ticks(now=1000)

    for jid in ("waits", "late", "runs"):
        assert "failed" == engine.state(jid)
        assert failure(engine, jid).startswith("failed-finish-within-")


@pytest.mark.parametrize("length", [0, 5000, ""])
def test_a_lease_of_any_length_ends_with_the_time_of_its_job(
    engine: Engine, length: int | str
) -> None:
    engine.put("a", finish_within=1000, now=1)
    (lease,) = engine.pop(lease=length, now=2)

    assert 1001 == lease.ends


def test_there_is_no_grace_beyond_it(engine: Engine) -> None:
    engine.configure("grace-period", 10)
    engine.put("a", finish_within=1000)
    engine.pop(lease=0)
    engine.ticks(now=1000)

    assert "failed" == engine.state("a")


def test_no_retry_is_made_past_it(engine: Engine) -> None:
    engine.put("a", finish_within=1000)
    (lease,) = engine.pop()

    assert "scheduled" == engine.retry(lease, delay=900)
    (lease,) = engine.pop(now=900)
    assert "failed" == engine.retry(lease, delay=100, group="flaky", message="why", now=900)
    found = engine.get("a")
    assert found
    assert found.failure
    assert ("failed-finish-within-q", "flaky", "why") == tuple(
        found.failure[name] for name in ("group", "cause", "message")
    )


def test_a_job_in_time_is_done_and_leaves_nothing(engine: Engine) -> None:
    engine.put("a", finish_within=1000, start_within=500)
    (lease,) = engine.pop(now=499)
    assert "waiting" == engine.complete(lease, "next", now=600)
    (lease,) = engine.pop("next", now=700)
    assert 1000 == lease.ends, "the life goes on in the next queue"
    assert "complete" == engine.complete(lease, now=999)
    engine.ticks(now=2000)

    assert "complete" == engine.state("a")
    assert not engine.server.exists(engine.root + "deadlines")


def test_a_job_that_is_put_back_has_its_whole_time_anew(engine: Engine) -> None:
    engine.put("a", finish_within=1000)
    engine.ticks(now=1000)
    engine.call("unfail", "a", "", now=5000)
    (lease,) = engine.pop(now=5500)

    assert 6000 == lease.ends


def test_a_job_that_is_given_back_is_listed_again(engine: Engine) -> None:
    engine.put("a", finish_within=1000)
    (lease,) = engine.pop()
    engine.release(lease)
    engine.ticks(now=1000)

    assert "failed" == engine.state("a")


def test_children_have_their_time_from_their_slot(engine: Engine) -> None:
    recur(engine, finish_within=700)
    (lease,) = engine.pop(now=100)

    assert 700 == lease.ends


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("start_within", {"start_within": 0}),
        ("start_within", {"start_within": 3155760000001}),
        ("if_late", {"if_late": "fail"}),
        ("if_late", {"if_late": "", "start_within": 5}),
        ("if_late", {"if_late": "x" * 256, "start_within": 5}),
        ("finish_within", {"finish_within": 0}),
        ("finish_within", {"finish_within": 5, "delay": 5}),
        ("finish_within", {"finish_within": 5, "at": 5}),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    engine: Engine, named: str, given: dict[str, Any]
) -> None:
    args = ("q", "a", "", b"", options(**given))

    assert refused(engine, "put", *args).startswith(f"INVALID {named}: ")
