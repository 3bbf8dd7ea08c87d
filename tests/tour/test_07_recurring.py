"""Jobs that come again, every so many seconds, with no scheduler process."""

from __future__ import annotations

import pyjobs
from tests.tour.conftest import Clock


def test_a_recurring_job_makes_a_job_at_each_interval(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    jid = queue.recur("rooms.Sweep", {"rooms": 3}, interval=0.5)
    clock.turn(2)
    made = queue.pop(100)

    assert [{"rooms": 3}] * 5 == [job.data for job in made]
    assert {jid} == {job.origin for job in made}


def test_missed_jobs_are_made_up_for_as_far_as_the_backlog_says(
    client: pyjobs.Client, clock: Clock
) -> None:
    client.queue("q").recur("rooms.Sweep", interval=60, backlog=2)
    clock.turn(3600)

    assert 2 == len(client.queue("q").pop(100))


def test_a_recurring_job_is_changed_paused_and_ended(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    jid = queue.recur("rooms.Sweep", interval=60, offset=60)
    template = client.jobs[jid]
    assert isinstance(template, pyjobs.RecurringJob)
    template.update(priority=7, tags=["tidy"])
    clock.turn(60)
    job = queue.pop(1)[0]
    assert (7, ["tidy"]) == (job.priority, job.tags)
    job.complete()

    template.pause()
    clock.turn(630)
    assert [] == queue.pop(1)
    template.unpause()
    assert [] == queue.pop(1)
    template.cancel()
    clock.turn(600)
    assert [] == queue.pop(1)
