"""Jobs that wait: for a delay, for a moment, for other jobs."""

from __future__ import annotations

import datetime
from typing import Literal

import pytest

import pyjobs
from tests.tour.conftest import Clock


def test_a_delayed_job_runs_after_its_delay(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    queue.put(None, "later", delay=3600)
    assert queue.pop() is None

    clock.turn(3600.1)
    job = queue.pop()
    assert job is not None
    assert "later" == job.data


def test_a_job_runs_at_a_moment(client: pyjobs.Client, clock: Clock) -> None:
    moment = datetime.datetime.fromtimestamp(clock.seconds + 60, datetime.timezone.utc)
    client.queue("q").put(None, "x", at=moment)
    clock.turn(59.8)
    assert client.queue("q").pop() is None

    clock.turn(0.3)
    assert client.queue("q").pop() is not None


def test_a_job_waits_for_others_to_complete(client: pyjobs.Client) -> None:
    eggs = client.queue("shop").put(None, "eggs")
    pan = client.queue("shop").put(None, "pan")
    omelette = client.queue("kitchen").put(None, "omelette", depends=[eggs, pan])
    for job in client.queue("shop").pop(2):
        assert client.queue("kitchen").pop() is None
        job.complete()

    assert omelette == client.queue("kitchen").pop(1)[0].jid


def test_a_job_can_wait_for_any_number_of_others(client: pyjobs.Client) -> None:
    parents = client.queue("q").put_many({"data": n} for n in range(250))
    report = client.queue("reports").put(None, "all done", depends=parents)
    jobs = client.queue("q").pop(100)
    while jobs:
        client.queue("q").complete(jobs).raise_lost()
        jobs = client.queue("q").pop(100)

    assert report == client.queue("reports").pop(1)[0].jid


@pytest.mark.parametrize(
    ("policy", "state"),
    [("wait", "depends"), ("fail", "failed"), ("cancel", "cancelled"), ("run", "waiting")],
)
def test_a_job_is_told_what_to_do_when_a_parent_fails(
    client: pyjobs.Client, policy: Literal["wait", "fail", "cancel", "run"], state: str
) -> None:
    parent = client.queue("q").put(None, 1)
    child = client.queue("q").put(None, 2, depends=[parent], parent_failure=policy)
    client.queue("q").pop(1)[0].fail("bad-input", "no eggs")

    assert state == client.jobs[child].state


def test_a_job_cannot_wait_for_itself(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.DependencyCycle):
        client.queue("q").put(None, 1, jid="a", depends=["a"])
