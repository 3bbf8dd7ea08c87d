"""tracked: the jobs that are tracked, a page at a time."""

from __future__ import annotations

from tests.engine.conftest import Engine


def test_jobs_come_in_the_order_in_which_they_were_tracked(engine: Engine) -> None:
    for now, jid in enumerate(("c", "a", "b")):
        engine.put(jid)
        engine.call("track", jid, now=now)
    engine.put("untracked")

    cursor, *jids = engine.call("tracked", "", 2)
    assert [b"c", b"a"] == jids
    assert [b"", b"b"] == engine.call("tracked", cursor, 2)


def test_no_job_is_tracked_at_first(engine: Engine) -> None:
    assert [b""] == engine.call("tracked", "", 100)
