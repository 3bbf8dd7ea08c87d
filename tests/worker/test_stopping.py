"""A copy that must not go on is stopped, in every pool."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find, running

J = "tests.worker.jobs"

LOSSES: dict[str, Callable[[pyjobs.Client, str], object]] = {
    "cancelled": lambda client, jid: find(client, jid).cancel(),
    "timed-out": lambda client, jid: find(client, jid).timeout(),
    "moved": lambda client, jid: find(client, jid).move("elsewhere"),
}


def stop_of(pool: PoolName, reason: str) -> tuple[str, str]:
    """Return what a job says that was stopped."""
    return "stopped", "cancelled task" if pool == "asyncio" else reason


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_lease_stops_the_copy(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, loss: str
) -> None:
    jid = queue.put(jobs.HOLD[pool])
    worker = Worker(client, "mail", pool=pool, lease=0.2, max_jobs=1)

    with running(worker) as run:
        assert jobs.hear() == ("begun", jid)
        LOSSES[loss](client, jid)

        assert jobs.hear() == stop_of(pool, loss)
        assert run.join() == 0

    assert worker.counts == {"lost": 1}


def test_a_coroutine_in_a_thread_is_cancelled(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD["asyncio"])

    with running(Worker(client, "mail", pool=pool, lease=0.2)):
        assert jobs.hear() == ("begun", jid)
        find(client, jid).cancel()

        assert jobs.hear() == ("stopped", "cancelled task")


def test_a_function_in_an_event_loop_is_stopped_in_its_thread(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jid = queue.put(jobs.HOLD["threads"])

    with running(Worker(client, "mail", pool="asyncio", lease=0.2)):
        assert jobs.hear() == ("begun", jid)
        find(client, jid).cancel()

        assert jobs.hear() == ("stopped", "cancelled")


def test_the_place_of_a_stopped_copy_is_free_again(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD[pool])

    with running(Worker(client, "mail", pool=pool, concurrency=1, lease=0.2)):
        jobs.hear()
        find(client, jid).cancel()
        jobs.hear()
        queue.put(f"{J}.say", {"n": 5})

        assert jobs.hear() == 5


def test_a_stop_that_is_swallowed_is_one_all_the_same(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jid = queue.put(f"{J}.tidy")
    worker = Worker(client, "mail", concurrency=1, lease=0.2)

    with running(worker):
        jobs.hear()
        find(client, jid).cancel()
        assert jobs.hear() == ("stopped", "and swallowed it")
        queue.put(f"{J}.say", {"n": 5})
        assert jobs.hear() == 5

    assert worker.counts == {"lost": 1, "done": 1}


def test_a_job_that_cannot_be_stopped_makes_its_process_leave(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    deaf = queue.put(f"{J}.deaf")
    other = queue.put(jobs.HOLD["threads"])
    worker = Worker(client, "mail", concurrency=2, lease=0.2, patience=0.1, grace=0)

    with running(worker) as run:
        jobs.hear()
        jobs.hear()
        find(client, deaf).move("elsewhere")

        assert run.join() == 75

    assert find(client, other).state == "waiting"
    assert find(client, other).history[-1].what == "released"
    assert find(client, deaf).queue_name == "elsewhere"


def test_a_worker_that_leaves_gives_back_also_what_does_not_stop(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jid = queue.put(f"{J}.deaf")
    worker = Worker(client, "mail", patience=0.1)

    with running(worker) as run:
        jobs.hear()
        assert run.stop(grace=0) == 0

    assert find(client, jid).history[-1].what == "released"
