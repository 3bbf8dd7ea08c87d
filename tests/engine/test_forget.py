"""forget: empty queues leave the registry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused


def keys_of(engine: Engine) -> set[str]:
    """Return the kinds of keys that do not expire, without the root."""
    keys: Any = engine.server.keys(engine.root + "?*")
    return {key.decode().split("}")[1] for key in keys if engine.server.pttl(key) < 0}


def test_an_empty_queue_is_gone_and_no_key_of_it_stays(engine: Engine) -> None:
    engine.put("a", delay=1000)
    engine.pop(wait=1, now=0)
    engine.call("cancel", "a")
    engine.call("deregister", "w")

    assert 1 == engine.call("forget", "q", now=1)
    assert [b""] == engine.call("queues", "", 100)
    assert {"events", "sequence"} == keys_of(engine) - {"clock"}
    assert [b"w0"] == engine.server.zrange(engine.root + "clock", 0, -1)
    fields: Any = engine.server.hkeys(engine.root)
    assert [] == [field for field in fields if field.startswith((b"queue:", b"name:"))]


def test_a_queue_is_forgotten_with_its_pause_and_its_heartbeat(engine: Engine) -> None:
    engine.call("pause", "q")
    engine.call("configure", "heartbeat-q", 5)
    engine.call("forget", "q")
    engine.put("a")

    assert 60_000 == engine.pop(now=0)[0].ends


def put_in(engine: Engine, state: str) -> None:
    """Make the one job of the queue be in this state."""
    if state == "depends":
        engine.put("parent", "other")
        engine.put("a", depends=["parent"])
    elif state == "scheduled":
        engine.put("a", delay=1000)
    else:
        engine.put("a")
    if state in {"running", "complete", "failed"}:
        (lease,) = engine.pop()
        if state == "complete":
            engine.complete(lease)
        if state == "failed":
            engine.fail(lease)


@pytest.mark.parametrize(
    "state", ["waiting", "scheduled", "depends", "running", "complete", "failed"]
)
def test_a_queue_that_holds_a_job_in_any_state_is_refused(engine: Engine, state: str) -> None:
    put_in(engine, state)
    engine.call("pause", "empty")
    with pytest.raises(Refused, match=f"STATE queue q holds 1 jobs: {state}"):
        engine.call("forget", "empty", "q")

    assert {state: 1} == engine.counts()
    assert len(engine.call("queues", "", 0, "empty")) > 1


def test_queues_that_are_unknown_or_named_twice_do_not_matter(engine: Engine) -> None:
    engine.call("pause", "q")

    assert 1 == engine.call("forget", "q", "unknown", "q")
    assert 0 == engine.call("forget", "q")


def test_a_queue_that_is_used_again_starts_anew(engine: Engine) -> None:
    engine.put("a")
    engine.call("cancel", "a")
    engine.call("forget", "q")
    engine.put("b", now=1)
    engine.complete(engine.pop(now=2)[0], now=3)

    assert {"complete": 1} == engine.counts()
    assert 1 == engine.call("stats", "q", 0)[4][0]


def test_the_trace_of_a_job_outlives_its_queue(engine: Engine) -> None:
    engine.put("a")
    engine.call("cancel", "a")
    engine.call("forget", "q")

    found = engine.get("a")
    assert found
    assert ("", "cancelled") == (found.queue, found.record.state)
    assert 1 == engine.call("cancel", "a")
    assert "created" == engine.put("a", "new", now=1)


def test_due_work_of_a_forgotten_queue_is_none(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 0)
    engine.put("a")
    engine.complete(engine.pop(lease=1000, now=0)[0], now=1)
    assert 1 == engine.call("forget", "q", now=2)

    assert engine.call("tick", now=100_000) > 0


def test_forget_is_no_member_of_a_step(engine: Engine) -> None:
    engine.call("pause", "q")
    with pytest.raises(Refused, match="INVALID member: forget"):
        engine.call("step", "all", "forget", 1, "q")
