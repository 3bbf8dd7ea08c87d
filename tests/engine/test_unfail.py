"""unfail: an operator puts a failed job back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, options, refused


def failed(engine: Engine, jid: str = "a") -> None:
    engine.put(jid, retries=1)
    engine.retry(engine.pop()[0])
    engine.fail(engine.pop()[0], "group", "why", now=10)


def test_a_failed_job_waits_again_with_all_its_retries(engine: Engine) -> None:
    failed(engine)
    assert b"waiting" == engine.call("unfail", "a", "", now=500)

    found = engine.get("a")
    assert found
    assert (1, None, 500) == (found.record.left, found.failure, found.record.since)
    assert ["put", "popped", "retried", "popped", "failed", "unfailed"] == engine.history("a")
    assert ("unfailed", "a", "") in engine.events()
    assert {"waiting": 1} == engine.counts()
    assert [b""] == engine.call("groups", "", 100)


def test_it_goes_behind_its_equals(engine: Engine) -> None:
    failed(engine)
    engine.put("b")
    engine.call("unfail", "a", "")

    assert ["b", "a"] == engine.order()


def test_it_may_go_to_another_queue(engine: Engine) -> None:
    failed(engine)
    engine.call("unfail", "a", "other")

    assert {} == engine.counts("q")
    assert {"waiting": 1} == engine.counts("other")


def test_a_job_that_is_not_failed_stays_as_it_is(engine: Engine) -> None:
    failed(engine)
    engine.call("unfail", "a", "")
    events = engine.events()

    assert b"waiting" == engine.call("unfail", "a", "other")
    assert events == engine.events()


def test_others_may_be_put_to_wait_for_it_in_the_same_step(engine: Engine) -> None:
    failed(engine)
    given = options(depends=["a"], parent_failure="fail")
    engine.step(("unfail", "a", ""), ("put", "q", "child", "", b"", given))
    assert "depends" == engine.state("child")
    engine.complete(engine.pop()[0])

    assert "waiting" == engine.state("child")


def test_a_step_that_unfails_a_complete_job_lets_nobody_wait_for_it(engine: Engine) -> None:
    engine.put("a")
    engine.complete(engine.pop()[0])
    engine.step(("unfail", "a", ""), ("put", "q", "child", "", b"", options(depends=["a"])))

    assert "waiting" == engine.state("child")


@pytest.mark.parametrize("given", [{"limits": ["a"]}, {"order_key": "k"}])
def test_it_says_so_when_the_job_is_throttled(engine: Engine, given: dict[str, Any]) -> None:
    engine.limit("a", 1)
    for jid in "ab":
        engine.put(jid, **given)
    engine.fail(engine.pop()[0])
    assert "waiting" == engine.state("b")

    assert [b"throttled"] * 2 == [engine.call("unfail", "a", "", now="0/m") for _ in range(2)]
    assert "throttled" == engine.state("a")
    engine.complete(engine.pop()[0])
    assert "waiting" == engine.state("a")
    assert b"throttled" == engine.call("unfail", "a", "", now="0/m")


def test_it_says_so_when_a_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.call("limit", "a", "", 2, 1000, "")
    for jid in "abc":
        engine.put(jid, limits=["a"])
    first, second = engine.pop(count=2)
    engine.fail(first)
    engine.fail(second)
    assert "throttled" == engine.state("c")

    assert [b"waiting"] * 2 == [engine.call("unfail", "a", "", now="1000/m") for _ in range(2)]
    assert ("waiting", "waiting") == (engine.state("a"), engine.state("c"))


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    failed(engine)
    assert refused(engine, "unfail", "", "").startswith("INVALID jid")
    assert refused(engine, "unfail", "a", "x" * 256).startswith("INVALID queue")
    assert refused(engine, "unfail", "a").startswith("INVALID arguments")
    assert refused(engine, "unfail", "b", "") == "NOJOB no job b"
