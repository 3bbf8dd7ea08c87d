"""A job in a worker's hands is leased: for a time, to one holder."""

from __future__ import annotations

import pytest

import pyjobs
from tests.tour.conftest import Clock


def test_a_heartbeat_keeps_the_lease(client: pyjobs.Client, clock: Clock) -> None:
    client.queue("q").put(None, 1)
    job = client.queue("q").pop(1)[0]
    clock.turn(59)
    job.heartbeat()
    clock.turn(59)
    assert client.queue("q").pop() is None

    assert "complete" == job.complete()


def test_a_lost_lease_is_handed_over_and_the_old_holder_changes_nothing(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    queue.put(None, 1)
    dead = queue.pop(1)[0]
    clock.turn(61)
    alive = queue.pop(1)[0]
    with pytest.raises(pyjobs.LeaseLost) as lost:
        dead.complete()
    assert "expired" == lost.value.reason

    assert (2, 4) == (alive.attempt, alive.retries_left)
    assert "complete" == alive.complete()


def test_retries_are_counted_down_and_the_last_cause_is_kept(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jid = queue.put(None, 1, retries=1)
    assert "waiting" == queue.pop(1)[0].retry(group="timeout", message="no answer")
    assert "failed" == queue.pop(1)[0].retry(group="timeout", message="still no answer")

    (job,) = client.jobs.get(jid)
    assert job.failure is not None
    assert ("failed-retries-q", "still no answer") == (job.failure.group, job.failure.message)


def test_a_lease_has_the_length_that_pop_job_queue_or_setting_say(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    lengths = []
    client.config["heartbeat"] = 30
    queue.put(None, 1)
    lengths.append(queue.pop(1)[0])
    queue.heartbeat = 20
    queue.put(None, 1)
    lengths.append(queue.pop(1)[0])
    queue.put(None, 1, lease=10)
    lengths.append(queue.pop(1)[0])
    queue.put(None, 1, lease=10)
    lengths.append(queue.pop(1, lease=5)[0])

    assert [30, 20, 10, 5] == [round((job.expires or 0) - clock.seconds) for job in lengths]


def test_a_job_that_is_given_back_costs_no_retry(client: pyjobs.Client) -> None:
    client.queue("q").put(None, 1, retries=0)
    assert "waiting" == client.queue("q").pop(1)[0].release()

    assert "complete" == client.queue("q").pop(1)[0].complete()


def test_many_leases_are_prolonged_in_one_call_that_tells_the_lost_ones(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    queue.put_many({"data": n} for n in range(3))
    first, second, third = queue.pop(3)
    second.cancel()
    clock.turn(30)
    ends = client.heartbeat([first, second, third])

    assert [clock.seconds + 60, clock.seconds + 60] == [ends[0], ends[2]]
    assert isinstance(ends[1], pyjobs.LeaseLost)
    assert "cancelled" == ends[1].reason
