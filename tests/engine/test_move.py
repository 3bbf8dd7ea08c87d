"""move: puts a job into a queue as it is, from whatever state; a holder loses its lease."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, dump, refused


def test_a_waiting_job_goes_to_the_end_of_the_other_queue(engine: Engine) -> None:
    engine.put("a", payload=b"x" * 5000, tags=["t"], priority=3)
    engine.put("b", queue="other", priority=3)
    assert "waiting" == engine.move("a", "other", now=5)

    assert ["b", "a"] == engine.order("other")
    found = engine.get("a")
    assert found
    assert (b"x" * 5000, 3, ["t"]) == (
        found.record.payload,
        found.record.priority,
        found.record.options["tags"],
    )
    assert ["put", "moved", "popped"] == engine.history("a")
    assert ("moved", "a", "other") in engine.events()
    assert {} == engine.counts("q")


def test_the_put_of_a_moved_job_is_told_with_its_first_queue_and_time(engine: Engine) -> None:
    engine.put("a", now=3)
    engine.move("a", "other", now=5)

    found = engine.get("a")
    assert found
    assert [("put", 3, b"q"), ("moved", 5, b"other")] == [
        (entry.what, entry.time, entry.detail) for entry in found.record.history("other")
    ]


def test_the_holder_of_a_moved_job_loses_its_lease(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.move("a", "other")

    with pytest.raises(Refused, match="LEASELOST moved"):
        engine.complete(lease)
    assert {"waiting": 1} == engine.counts("other")


@pytest.mark.parametrize("state", ["scheduled", "complete", "failed"])
def test_a_job_in_any_state_can_be_moved_and_has_all_retries(engine: Engine, state: str) -> None:
    given: dict[str, Any] = {"delay": 1000} if state == "scheduled" else {}
    engine.put("a", retries=1, **given)
    if state != "scheduled":
        engine.retry(engine.pop()[0])
        (lease,) = engine.pop()
        if state == "complete":
            engine.complete(lease)
        else:
            engine.fail(lease)
    assert state == engine.state("a")
    assert "waiting" == engine.move("a", "other")

    found = engine.get("a")
    assert found
    assert (1, None) == (found.record.left, found.failure)
    assert {} == engine.counts("q")
    assert ["a"] == engine.order("other")


def test_a_moved_job_may_be_delayed(engine: Engine) -> None:
    engine.put("a")
    assert "scheduled" == engine.move("a", "other", 1000, now=500)

    assert [] == engine.pop("other", now=1499)
    assert ["a"] == engine.order("other", now=1500)


def test_a_job_that_waits_for_others_goes_on_waiting_in_the_other_queue(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"])
    assert "depends" == engine.move("a", "other")
    assert {"depends": 1} == engine.counts("other")
    engine.complete(engine.pop("p")[0])

    assert ["a"] == engine.order("other")


def test_a_delay_of_a_move_counts_once_the_dependencies_are_done(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"])
    assert "depends" == engine.move("a", "other", 1000)
    engine.complete(engine.pop("p", now=500)[0], now=500)

    assert [] == engine.pop("other", now=1499)
    assert ["a"] == engine.order("other", now=1500)


def test_moving_to_where_it_is_changes_nothing(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)
    engine.put("child", depends=["a"])
    before = dump(engine)

    assert "waiting" == engine.move("a", "q")
    assert "depends" == engine.move("child", "q")
    assert before == dump(engine)


@pytest.mark.parametrize("given", [{"limits": ["a"]}, {"order_key": "k"}])
@pytest.mark.parametrize("start", ["failed", "throttled"])
def test_it_says_so_when_the_job_is_throttled(
    engine: Engine, given: dict[str, Any], start: str
) -> None:
    engine.limit("a", 1)
    if start == "failed":
        engine.put("a", **given)
        engine.fail(engine.pop()[0])
    engine.put("before", queue="other", **given)
    engine.pop("other")
    if start == "throttled":
        engine.put("a", **given)
    assert start == engine.state("a")

    assert [b"throttled"] * 2 == [engine.call("move", "a", "other", "", now="0/m") for _ in "12"]
    assert "throttled" == engine.state("a")


def test_it_says_so_when_the_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.limit("a", 1)
    engine.put("a", limits=["a"], priority=-1)
    engine.pop()
    engine.put("behind", queue="other", limits=["a"])

    assert [b"waiting"] * 2 == [engine.call("move", "a", "other", "", now="0/m") for _ in "12"]
    assert ["a"] == engine.waiting("other")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    engine.put("a")
    for argument, args in {
        "jid": ("", "q", ""),
        "queue": ("a", "", ""),
        "delay": ("a", "other", -1),
        "delay:": ("a", "other", "nan"),
        "arguments": ("a", "other"),
    }.items():
        answer = refused(engine, "move", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "move", "b", "other", "")
