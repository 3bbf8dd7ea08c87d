"""track: marks a job for people to follow."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def test_a_job_is_tracked_until_it_is_cancelled(engine: Engine) -> None:
    engine.put("a")
    assert 1 == engine.call("track", "a", now=1)
    assert [b"", b"a"] == engine.call("tracked", "", 10)

    engine.call("cancel", "a", now=2)
    assert [b""] == engine.call("tracked", "", 10)


def test_a_job_stays_tracked_when_it_is_put_again(engine: Engine) -> None:
    engine.put("a")
    engine.call("track", "a")
    engine.put("a", "other", now=1)

    assert [b"", b"a"] == engine.call("tracked", "", 10)


def test_tracking_twice_is_harmless_and_published_once(engine: Engine) -> None:
    engine.put("a")
    assert [1, 1] == [engine.call("track", "a", now=now) for now in (1, 2)]

    assert [("put", "a", "waiting"), ("tracked", "a", "")] == engine.events()


def test_with_events_of_tracked_jobs_only_the_others_publish_nothing(engine: Engine) -> None:
    engine.call("configure", "events", "tracked")
    already = len(engine.events())
    engine.put("a")
    engine.put("b")
    engine.call("track", "b")
    for lease in engine.pop(count=2, now=1):
        engine.complete(lease, now=2)
    engine.call("untrack", "b", now=3)

    seen = [(what, jid) for what, jid, _ in engine.events()[already:]]
    assert [("tracked", "b"), ("popped", "b"), ("done", "b"), ("untracked", "b")] == seen


def test_with_events_turned_off_nothing_is_published(engine: Engine) -> None:
    engine.call("configure", "events", "none")
    already = engine.events()
    engine.put("a")
    engine.call("track", "a")

    assert already == engine.events()


def test_an_unknown_and_a_cancelled_job_are_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.call("track", "a")
    engine.put("a")
    engine.call("cancel", "a")
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.call("track", "a")
