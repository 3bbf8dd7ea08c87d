"""untrack: nobody follows this job any more, whether it is still there or not."""

from __future__ import annotations

from tests.engine.conftest import Engine


def test_a_job_is_not_tracked_any_more(engine: Engine) -> None:
    engine.put("a")
    engine.call("track", "a")

    assert 1 == engine.call("untrack", "a", now=1)
    assert [b""] == engine.call("tracked", "", 10)
    assert 1 == engine.call("untrack", "a", now=2)


def test_an_unknown_job_can_be_untracked(engine: Engine) -> None:
    assert 0 == engine.call("untrack", "never was")


def test_a_cancelled_job_can_be_untracked(engine: Engine) -> None:
    engine.put("a")
    engine.call("track", "a")
    engine.call("cancel", "a", now=1)

    assert 0 == engine.call("untrack", "a", now=2)


def test_a_job_that_retention_took_can_be_untracked(engine: Engine) -> None:
    engine.call("configure", "jobs-history", 60)
    engine.put("a")
    engine.call("track", "a")
    engine.complete(engine.pop(now=1)[0], now=2)
    engine.call("tick", now=60_002)
    assert None is engine.get("a")
    assert [b""] == engine.call("tracked", "", 10)

    assert 0 == engine.call("untrack", "a", now=60_003)
