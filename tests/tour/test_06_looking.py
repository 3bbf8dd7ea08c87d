"""Tags, tracking, events, statistics, settings: what people look at."""

from __future__ import annotations

import pytest

import pyjobs
from tests.tour.conftest import Clock


def test_jobs_are_found_by_their_tags(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, 1, tags=["tidy", "white"])
    assert [jid] == client.jobs.tagged("white")
    assert {"tidy": 1, "white": 1} == client.tags()

    (job,) = client.jobs.get(jid)
    assert ["white"] == job.untag("tidy")


def test_tracked_jobs_are_listed(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, 1)
    client.track(jid)
    assert [jid] == [job.jid for job in client.jobs.tracked()]

    client.untrack(jid)
    assert [] == client.jobs.tracked()


def test_every_transition_is_an_event(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, 1)
    client.queue("q").pop(1)[0].complete()

    seen = list(client.events.listen(since="0", wait=0))
    assert [("put", jid), ("popped", jid), ("done", jid)] == [(e.what, e.jid) for e in seen]


def test_a_queue_keeps_its_times(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    for wait, run in [(1, 10), (2, 20), (3, 30)]:
        queue.put(None, 1)
        clock.turn(wait)
        job = queue.pop(1)[0]
        clock.turn(run)
        job.complete()

    stats = queue.stats(clock.seconds)
    assert (3, 2.0, 20.0) == (stats.wait.count, stats.wait.mean, stats.run.mean)
    assert 20 == pytest.approx(stats.run.p50, rel=0.05)
    assert 30 == pytest.approx(stats.run.p99, rel=0.05)


def test_a_history_takes_entries_of_ones_own(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, 1)
    (job,) = client.jobs.get(jid)
    job.log("checked", {"by": "me"})

    assert ("checked", {"by": "me"}) == (
        (entry := job.refresh().history[-1]).what,
        entry.data,
    )


def test_settings_are_checked_when_they_are_set(client: pyjobs.Client) -> None:
    client.config["heartbeat"] = 10
    assert 10 == client.config["heartbeat"]
    with pytest.raises(pyjobs.InvalidArgument, match="heartbeat"):
        client.config["heartbeat"] = -1

    del client.config["heartbeat"]
    assert 60 == client.config["heartbeat"]
