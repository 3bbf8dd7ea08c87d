"""timeout: takes a running job from its holder, as if the lease had run out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, refused


def test_the_holder_loses_its_lease_and_the_job_waits_at_its_place(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.put("b")
    assert b"waiting" == engine.call("timeout", "a", now=5)

    with pytest.raises(Refused, match="LEASELOST timed-out"):
        engine.complete(lease)
    assert {"waiting": 2} == engine.counts()
    assert ["put", "popped", "timed-out"] == engine.history("a")
    assert ("timed-out", "a", "") in engine.events()
    assert ["a", "b"] == engine.order()


def test_a_retry_is_counted(engine: Engine) -> None:
    engine.put("a", retries=1)
    engine.pop()
    assert b"waiting" == engine.call("timeout", "a")
    engine.pop(worker="me")
    assert b"failed" == engine.call("timeout", "a")

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("failed-retries-q", "me") == (found.failure["group"], found.failure["worker"])
    assert "me" in found.failure["message"]


@pytest.mark.parametrize("state", ["waiting", "scheduled", "complete"])
def test_only_a_running_job_can_be_taken_away(engine: Engine, state: str) -> None:
    given: dict[str, Any] = {"delay": 100} if state == "scheduled" else {}
    engine.put("a", **given)
    if state == "complete":
        (lease,) = engine.pop()
        engine.complete(lease)

    assert refused(engine, "timeout", "a") == f"STATE timeout: job a is {state}"


def test_it_says_so_when_a_limit_throttles_the_job(engine: Engine) -> None:
    engine.limit("a", 1)
    engine.put("a", limits=["a"])
    engine.pop()
    engine.put("urgent", limits=["a"], priority=-1)

    assert [b"throttled"] * 2 == [engine.call("timeout", "a", now="0/mark") for _ in range(2)]
    assert ("throttled", ["urgent"]) == (engine.state("a"), engine.waiting())


def test_it_says_so_when_the_job_gets_its_slot_back(engine: Engine) -> None:
    engine.limit("a", 1)
    for jid in "ab":
        engine.put(jid, limits=["a"])
    engine.pop()

    assert [b"waiting"] * 2 == [engine.call("timeout", "a", now="0/mark") for _ in range(2)]
    assert ("waiting", "throttled") == (engine.state("a"), engine.state("b"))


def test_the_first_of_an_order_key_is_not_throttled(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid, order_key="k")
    engine.pop()

    assert b"waiting" == engine.call("timeout", "a")
    assert ("waiting", "throttled") == (engine.state("a"), engine.state("b"))


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    engine.put("a")
    assert refused(engine, "timeout", "").startswith("INVALID jid")
    assert refused(engine, "timeout", "a", "b").startswith("INVALID arguments")
    assert refused(engine, "timeout", "b") == "NOJOB no job b"
