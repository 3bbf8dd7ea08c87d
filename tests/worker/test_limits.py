"""How long an attempt may take: a soft limit, and a hard one."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

import pyjobs
from pyjobs.worker import Surroundings, Worker
from pyjobs.worker.held import Deadlines, Held
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find, running
from tests.worker.test_stopping import stop_of

J = "tests.worker.jobs"


def test_an_attempt_that_takes_too_long_fails(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD[pool], run_within=0.05)

    Worker(client, "mail", pool=pool).run_until_idle()

    assert jobs.hear() == ("begun", jid)
    assert jobs.hear() == stop_of(pool, "limit")
    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-RunTimeout"


def test_an_attempt_is_interrupted_before_the_time_of_its_job_is_over(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    """The lease ends with it, so that the end can only be told before."""
    jid = queue.put(jobs.HOLD[pool], finish_within=0.3, run_within=0)

    Worker(client, "mail", pool=pool).run_until_idle()

    assert jobs.hear() == ("begun", jid)
    assert jobs.hear() == stop_of(pool, "limit")
    job = find(client, jid)
    failure = job.failure
    assert failure is not None
    assert (failure.group, job.state) == ("mail-RunTimeout", "failed")
    assert job.finish_by is not None
    assert failure.when < job.finish_by


def test_a_class_has_a_limit(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    jid = queue.put(f"{J}.Short")

    Worker(client, "mail").run_until_idle()

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-RunTimeout"


def test_a_worker_has_a_limit_for_jobs_without(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    limited = queue.put(jobs.HOLD["threads"])

    Worker(client, "mail", run_within=0.05).run_until_idle()

    assert find(client, limited).state == "failed"


def test_the_job_knows_best(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    """0 is no limit, whatever the class and the worker say."""
    jid = queue.put(f"{J}.Short", run_within=0)

    with running(Worker(client, "mail", run_within=0.05, lease=0.3, max_jobs=1)) as run:
        assert jobs.hear() == ("begun", jid)
        find(client, jid).cancel()
        assert jobs.hear() == ("stopped", "cancelled")
        run.join()


def test_the_hard_limit_counts_the_attempt_and_replaces_the_process(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jid = queue.put(f"{J}.deaf", kill_within=0.05, retries=1)
    worker = Worker(client, "mail", grace=0, patience=0.1)

    with running(worker) as run:
        assert jobs.hear() == ("begun", jid)

        assert run.join() == 75

    job = find(client, jid)
    assert (job.state, job.retries_left) == ("waiting", 0)
    assert job.failure is not None
    assert job.failure.group == "mail-RunTimeout"


def test_a_process_is_told_when_its_thread_does_not_come_back(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    queue.put(f"{J}.deaf", kill_within=0.05)
    told: SimpleQueue[int] = SimpleQueue()

    class Process(Surroundings):
        def stuck(self, status: int) -> None:
            told.put(status)

    worker = Worker(client, "mail", pool="sync", grace=0, patience=0.1, surroundings=Process())

    with running(worker):
        assert told.get(timeout=20) == 75


@pytest.mark.parametrize("kind", ["sync", "asyncio", "greenlets"])
def test_in_every_pool(client: pyjobs.Client, queue: pyjobs.Queue, kind: str) -> None:
    jid = queue.put(jobs.HOLD[kind], kill_within=0.05, retries=0)

    with running(Worker(client, "mail", pool=kind, grace=0)) as run:  # type: ignore[arg-type]
        assert run.join() == 75

    assert find(client, jid).state == "failed"


def test_limits_of_jobs_that_have_ended_are_forgotten() -> None:
    """An hour's limit on jobs that take a moment."""
    deadlines = Deadlines()
    for _ in range(10_000):
        held = Held([b"mail", b"jid", b"", 0, b"", b""], arrived=0)
        deadlines.add(held, "soft", 3600)
        held.word = "done"

    assert len(deadlines) <= Deadlines.FEW + 1
