"""A worker that stops takes nothing more, finishes, and gives back what does not end in time."""

from __future__ import annotations

from queue import SimpleQueue

import pytest

import pyjobs
from pyjobs.worker import Hooks, Surroundings, Worker
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find, running

J = "tests.worker.jobs"


def whats(client: pyjobs.Client, jid: str) -> list[str]:
    return [event.what for event in find(client, jid).history]


def test_what_runs_may_finish(client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName) -> None:
    jid = queue.put(jobs.HOLD[pool])

    with running(Worker(client, "mail", pool=pool)) as run:
        jobs.hear()
        run.worker.stop()
        later = queue.put(f"{J}.say", {"n": 1})
        jobs.go_on()
        assert run.join() == 0

    assert find(client, jid).state == "complete"
    assert whats(client, later) == ["put"]


def test_what_does_not_finish_is_given_back_and_no_attempt_is_counted(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD[pool], retries=3)

    with running(Worker(client, "mail", pool=pool)) as run:
        jobs.hear()
        assert run.stop(grace=0.05) == 0
        assert jobs.hear()[0] == "stopped"

    assert whats(client, jid) == ["put", "popped", "released"]
    assert find(client, jid).retries_left == 3


def test_a_second_stop_shortens_the_grace(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    jid = queue.put(jobs.HOLD["threads"])

    with running(Worker(client, "mail", grace=3600)) as run:
        jobs.hear()
        run.worker.stop()
        run.worker.stop(0)
        assert run.join() == 0

    assert whats(client, jid) == ["put", "popped", "released"]


def test_what_has_not_begun_is_given_back_at_once(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    """Short jobs let the worker hoard; then one waits, with others ready behind it."""
    worker = Worker(client, "mail", pool="sync")
    queue.put_many([{"klass": f"{J}.say", "data": {"n": n}} for n in range(200)])
    hold = queue.put(jobs.HOLD["sync"])
    behind = queue.put_many([{"klass": f"{J}.say", "data": {"n": -1}}] * 5)

    with running(worker) as run:
        while jobs.hear() != ("begun", hold):
            pass
        run.worker.stop()
        while any(find(client, jid).state == "running" for jid in behind):
            pass
        assert find(client, hold).state == "running"
        jobs.go_on()
        run.join()

    assert {find(client, jid).state for jid in behind} == {"waiting"}


def test_a_worker_that_waits_for_jobs_leaves_at_once(client: pyjobs.Client, pool: PoolName) -> None:
    up: SimpleQueue[str] = SimpleQueue()

    class Hearing(Surroundings):
        def up(self) -> None:
            up.put("up")

    with running(Worker(client, "mail", pool=pool, surroundings=Hearing())) as run:
        assert up.get(timeout=20) == "up"
        assert run.stop() == 0


def test_a_stop_before_the_start_counts(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    jid = queue.put(f"{J}.say", {"n": 1})
    worker = Worker(client, "mail")

    worker.stop()

    assert worker.run() == 0
    assert whats(client, jid) == ["put"]


def test_it_leaves_the_registry(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    queue.put(f"{J}.say", {"n": 1})

    with running(Worker(client, "mail")) as run:
        jobs.hear()
        assert [each.name for each in client.workers.counts] == [client.worker_name]
        run.stop()

    assert client.workers.counts == []


def test_after_so_many_jobs(client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName) -> None:
    queue.put_many([{"klass": f"{J}.say", "data": {"n": n}} for n in range(100)])
    worker = Worker(client, "mail", pool=pool, max_jobs=60)

    assert worker.run() == 0

    assert worker.counts == {"done": 60}
    assert queue.counts.waiting == 40
    assert queue.counts.running == 0


def test_a_heart_that_dies_takes_the_worker_with_it(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(jobs.HOLD[pool])

    class Deadly(Surroundings):
        def pulse(self) -> None:
            if not jobs.heard.empty():
                raise MemoryError("no more")

    worker = Worker(client, "mail", pool=pool, surroundings=Deadly())

    with pytest.raises(MemoryError):
        worker.run()


def test_paused_it_takes_nothing(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    worker = Worker(client, "mail")
    worker.pause()

    with running(worker):
        jid = queue.put(f"{J}.say", {"n": 1})
        assert whats(client, jid) == ["put"]
        worker.resume()
        assert jobs.hear() == 1
        worker.pause()
        assert worker.paused


def test_paused_nothing_can_be_run_now(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.say", {"n": 1})
    worker = Worker(client, "mail", pool=pool)
    worker.pause()

    assert worker.run_until_idle() == 0
    assert not worker.work_once()


def test_paused_it_leaves_when_it_is_told(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put(jobs.HOLD[pool])

    with running(Worker(client, "mail", pool=pool)) as run:
        jobs.hear()
        run.worker.pause()
        run.worker.stop()
        jobs.go_on()
        assert run.join() == 0

    assert find(client, jid).state == "complete"


def test_what_has_ended_is_told_though_a_hook_does_not_end(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jid = queue.put(f"{J}.say", {"n": 1})
    hooks = Hooks(after=jobs.deaf)

    with running(Worker(client, "mail", hooks=[hooks], patience=0.1)) as run:
        assert jobs.hear() == 1
        assert jobs.hear() == ("begun", jid)
        assert run.stop(grace=0) == 0

    assert whats(client, jid) == ["put", "popped", "done"]
