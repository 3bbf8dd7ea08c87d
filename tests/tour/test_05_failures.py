"""What fails stays, in a group, until somebody acts."""

from __future__ import annotations

import pytest

import pyjobs


def test_failed_jobs_are_grouped_and_put_back(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    queue.put_many({"data": n} for n in range(3))
    for job in queue.pop(3):
        job.fail("bad-input", f"no {job.data}")
    assert {"bad-input": 3} == client.jobs.failed()

    assert 3 == client.unfail("bad-input")
    assert ({}, 3) == (client.jobs.failed(), queue.counts.waiting)


def test_a_job_is_cancelled_and_its_holder_learns_it(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jid = queue.put(None, 1)
    job = queue.pop(1)[0]
    assert 1 == client.jobs.cancel(jid)

    with pytest.raises(pyjobs.LeaseLost) as lost:
        job.complete()
    assert "cancelled" == lost.value.reason


def test_a_job_is_moved_from_one_queue_to_another(client: pyjobs.Client) -> None:
    jid = client.queue("a").put(None, 1)
    (job,) = client.jobs.get(jid)
    assert "waiting" == job.move("b")

    assert jid == client.queue("b").pop(1)[0].jid
