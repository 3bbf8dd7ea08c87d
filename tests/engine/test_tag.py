"""tag: puts tags on a job, and finds the job by them."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def top(engine: Engine) -> dict[str, int]:
    """Return how many jobs carry each tag."""
    answer = engine.call("tags", 0, 100)
    return {answer[at].decode(): answer[at + 1] for at in range(0, len(answer), 2)}


def test_a_job_gets_tags_in_the_order_in_which_they_come(engine: Engine) -> None:
    engine.put("a", tags=["big"])

    assert [b"big", b"new", b"red"] == engine.call("tag", "a", "new", "red", now=1)
    found = engine.get("a")
    assert found
    assert ["big", "new", "red"] == found.record.options["tags"]


def test_a_tag_that_is_there_already_is_not_counted_twice(engine: Engine) -> None:
    engine.put("a", tags=["x"])
    assert [b"x"] == engine.call("tag", "a", "x", "x", now=1)

    assert {"x": 1} == top(engine)


def test_a_tag_named_twice_in_one_call_is_put_on_once(engine: Engine) -> None:
    engine.put("a")

    assert [b"x", b"y"] == engine.call("tag", "a", "x", "y", "x")
    assert {"x": 1, "y": 1} == top(engine)


def test_a_waiting_job_runs_with_its_new_tags_and_keeps_its_place(engine: Engine) -> None:
    engine.put("a", nonce="n")
    engine.put("b")
    engine.call("tag", "a", "x", now=1)

    first, second = engine.pop(count=2, now=2)
    assert ("a", "b") == (first.jid, second.jid)
    assert ["x"] == first.record.options["tags"]
    assert ["put", "popped"] == engine.history("a")


def test_a_running_and_an_ended_job_can_be_tagged(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(now=1)
    engine.call("tag", "a", "running", now=2)
    engine.complete(lease, now=3)
    engine.call("tag", "a", "done", now=4)

    assert {"running": 1, "done": 1} == top(engine)


def test_the_tags_of_a_cancelled_or_replaced_job_are_gone(engine: Engine) -> None:
    for jid in ("a", "b"):
        engine.put(jid)
        engine.call("tag", jid, "x", "y")
    engine.call("cancel", "a")
    engine.put("b", tags=["y"], now=1)

    assert {"y": 1} == top(engine)


def test_more_tags_than_the_limit_are_refused_and_none_is_put_on(engine: Engine) -> None:
    engine.put("a", tags=[f"t{n}" for n in range(99)])
    with pytest.raises(Refused, match=r"INVALID tags: would be 101, the limit is 100"):
        engine.call("tag", "a", "one", "two")

    assert 99 == len(top(engine))
    assert 100 == len(engine.call("tag", "a", "one", "t1"))


def test_an_unknown_job_and_an_empty_tag_are_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.call("tag", "a", "x")
    engine.put("a")
    with pytest.raises(Refused, match="INVALID tag: must be a text that is not empty"):
        engine.call("tag", "a", "x", "")
    with pytest.raises(Refused, match="INVALID tag: has 256 bytes"):
        engine.call("tag", "a", "x" * 256)

    assert {} == top(engine)
