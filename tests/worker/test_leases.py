"""The leases of held jobs are renewed, whatever the jobs do."""

from __future__ import annotations

import pytest

import pyjobs
from pyjobs.worker import Hooks, Worker, talking
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find, running


def renewed(client: pyjobs.Client, jid: str, times: int) -> None:
    """Wait until a lease has been renewed so often."""
    ends = {find(client, jid).expires}
    while len(ends) <= times:
        ends.add(find(client, jid).expires)


def test_a_job_outlasts_its_lease(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD[pool], lease=0.3)

    with running(Worker(client, "mail", pool=pool, max_jobs=1)) as run:
        jobs.hear()
        renewed(client, jid, 4)
        assert client.queue("mail").counts.stalled == 0
        jobs.go_on()
        run.join()

    assert [event.what for event in find(client, jid).history] == ["put", "popped", "done"]


def test_also_while_its_code_blocks_the_loop_that_runs_it(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(
        f"tests.worker.jobs.{'block_async' if pool == 'asyncio' else 'block'}", lease=0.3
    )

    with running(Worker(client, "mail", pool=pool, max_jobs=1)) as run:
        jobs.hear()
        renewed(client, jid, 4)
        jobs.go_on()
        run.join()

    assert find(client, jid).attempt == 1


def test_more_jobs_than_one_call_renews(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    count = 150
    jids = queue.put_many([{"klass": jobs.HOLD["asyncio"], "lease": 0.5}] * count)
    worker = Worker(client, "mail", pool="asyncio", concurrency=count, max_jobs=count)

    with running(worker) as run:
        for _ in jids:
            jobs.hear()
        renewed(client, jids[0], 3)
        renewed(client, jids[-1], 3)
        assert client.queue("mail").counts.stalled == 0
        jobs.go_on()
        run.join()

    assert {find(client, jid).attempt for jid in jids} == {1}


def test_the_workers_lease_goes_before_the_jobs(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    jid = queue.put(jobs.HOLD["threads"], lease=1000)

    with running(Worker(client, "mail", lease=0.3)):
        jobs.hear()
        renewed(client, jid, 2)
        assert (find(client, jid).ttl() or 0) < 1


def test_a_lease_without_end_is_watched_too(
    client: pyjobs.Client, queue: pyjobs.Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talking, "BEAT", 0.1)
    jid = queue.put(jobs.HOLD["threads"], lease=0)

    with running(Worker(client, "mail")):
        jobs.hear()
        assert find(client, jid).expires is None
        find(client, jid).cancel()
        assert jobs.hear() == ("stopped", "cancelled")


def test_a_job_knows_of_the_renewals(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put("tests.worker.jobs.until_renewed", lease=0.3)

    Worker(client, "mail", pool=pool).run_until_idle()

    assert jobs.hear() == "renewed"


def test_hooks_that_follow_a_job_are_part_of_it(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put("tests.worker.jobs.say", {"n": 1}, lease=0.3)
    hooks = Hooks(after=jobs.block)

    with running(Worker(client, "mail", pool=pool, hooks=[hooks], max_jobs=1)) as run:
        assert jobs.hear() == 1
        assert jobs.hear() == ("begun", jid)
        renewed(client, jid, 4)
        jobs.go_on()
        run.join()

    assert find(client, jid).state == "complete"
    assert find(client, jid).attempt == 1
