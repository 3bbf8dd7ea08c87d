"""Workers under limits, on a real clock."""

from __future__ import annotations

import threading
import time

import pytest

import pyjobs
from pyjobs import Worker


def blocked(client: pyjobs.Client, queue: str) -> tuple[threading.Thread, list[float]]:
    """Block on a queue in a thread; the list gets the moment at which a job came."""
    came: list[float] = []

    def pop() -> None:
        if client.queue(queue).pop(wait=10):
            came.append(time.monotonic())

    thread = threading.Thread(target=pop)
    thread.start()
    while not any(each["cmd"] == "blpop" for each in client.server.client_list()):
        pass
    return thread, came


def test_a_blocked_pop_is_woken_by_a_slot_that_is_returned(client: pyjobs.Client) -> None:
    client.limits["a"].set(1)
    queue = client.queue("q")
    for _ in range(2):
        queue.put(None, limits=["a"])
    job = queue.pop()
    assert job
    thread, came = blocked(client, "q")
    returned = time.monotonic()
    job.complete()
    thread.join()

    assert came[0] - returned < 2  # and not the four seconds that a wait lasts by itself


def test_a_blocked_pop_is_woken_when_a_rate_lets_the_next_one_start(
    client: pyjobs.Client,
) -> None:
    client.limits["queue:q"].set(rate=1, per=0.3)
    queue = client.queue("q")
    queue.put(None)
    assert queue.pop()
    started = time.monotonic()
    thread, came = blocked(client, "q")
    queue.put(None)
    thread.join()

    assert 0.2 < came[0] - started < 2.5


def test_a_worker_runs_all_jobs_of_a_limit_one_by_one(client: pyjobs.Client) -> None:
    client.limits["a"].set(1)
    queue = client.queue("q")
    jids = queue.put_many(
        [
            {"klass": "tests.worker.jobs.echo", "data": {"value": 1}, "limits": ["a"]}
            for _ in range(30)
        ]
    )

    assert 30 == Worker(client, ["q"], concurrency=4, pool="threads").run_until_idle()
    assert {"complete"} == {job.state for job in client.jobs.get(*jids)}


def test_a_pop_that_does_not_wait_finds_what_is_behind_jobs_that_may_not_start(
    client: pyjobs.Client,
) -> None:
    queue = client.queue("q")
    queue.put_many([{"limits": ["a"]} for _ in range(150)])
    queue.put(None, "free", priority=1)
    client.limits["a"].set(0)
    job = queue.pop()

    assert job
    assert "free" == job.data


def test_children_of_a_recurring_job_carry_them(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jid = queue.recur(None, interval=3600, limits=["a"], order_key="k", tenant="acme")
    job = queue.pop()
    assert job
    assert (["a"], "k", "acme") == (job.limits, job.order_key, job.tenant)
    template = client.jobs[jid]
    assert isinstance(template, pyjobs.RecurringJob)
    template.update(limits=["b"])
    with pytest.raises(pyjobs.InvalidArgument, match="lease"):
        template.update(lease=0)
