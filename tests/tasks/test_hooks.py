"""What is called around the jobs of Tasks, with the times that they have taken."""

from __future__ import annotations

import asyncio
import logging
import queue
from collections.abc import Callable
from typing import Any

import pytest

import pyjobs
from pyjobs import Hooks, Tasks
from pyjobs.tasks import Handle
from pyjobs.testing.clock import Clock
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.tasks import jobs
from tests.tasks.conftest import Run

SOON = 20.0


@pytest.fixture
def heard() -> queue.SimpleQueue[Any]:
    """What the hooks have heard, in order."""
    return queue.SimpleQueue()


def all_of(heard: queue.SimpleQueue[Any]) -> list[Any]:
    return [heard.get(timeout=SOON) for _ in range(heard.qsize())]


@pytest.fixture
def hooked(heard: queue.SimpleQueue[Any]) -> Any:
    """Let the tasks of these tests have hooks for the time of a test."""

    def note(what: str) -> Callable[..., Any]:
        return lambda thing, *_: heard.put((what, thing.jid))

    jobs.tasks.hooks = (
        Hooks(
            before=note("leased"),
            on_complete=note("completed"),
            on_failure=note("failed"),
            on_retry=note("retried"),
            after=note("after"),
        ),
    )
    yield
    jobs.tasks.hooks = ()


def test_the_hooks_of_tasks_are_called_for_their_jobs_alone(
    client: pyjobs.Client, run: Run, pool: PoolName, heard: queue.SimpleQueue[Any], hooked: None
) -> None:
    handles: list[Handle[Any]] = [jobs.resize.later("a"), jobs.fetch.later("b")]
    client.queue("default").put("tests.worker.jobs.say", {"n": 1})

    run(pool=pool, concurrency=1)

    assert sorted(all_of(heard)) == sorted(
        (what, handle.jid) for handle in handles for what in ("leased", "completed", "after")
    )


def test_failures_and_retries(run: Run, heard: queue.SimpleQueue[Any], hooked: None) -> None:
    again, bad = jobs.again.options(retries=1).later(0), jobs.unkeepable.later()

    run(pool="sync")

    words = [what for what, jid in all_of(heard) if jid == again.jid]
    assert words == ["leased", "retried", "after", "leased", "failed", "after"]
    assert bad.status == "failed"


def test_a_result_that_cannot_be_kept_is_a_failure(
    run: Run, heard: queue.SimpleQueue[Any], hooked: None
) -> None:
    handle = jobs.unkeepable.later()

    run()

    assert all_of(heard) == [(what, handle.jid) for what in ("leased", "failed", "after")]


def test_a_hook_that_fails_loses_no_job(
    run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad(*_: Any) -> None:
        raise ValueError("a bad hook")

    hooks = Hooks(on_complete=bad, after=bad, on_failure=bad, on_retry=bad)
    monkeypatch.setattr(jobs.tasks, "hooks", (hooks,))
    fine, retried = jobs.resize.later("a"), jobs.again.later(0)

    with caplog.at_level(logging.ERROR):
        worker = run()

    assert (fine.result(), retried.status) == ("a 100", "failed")
    assert worker.counts == {"done": 1, "retried": 2, "failed": 1}
    assert "a hook has failed" in caplog.text


def test_the_three_durations(client: pyjobs.Client, run: Run, pool: PoolName) -> None:
    seen: list[Any] = []
    jid = client.queue("default").put(jobs.resize, {"path": "a"})

    run(pool=pool, hooks=[Hooks(on_complete=lambda job: seen.append(job.durations))])

    (times,) = seen
    job = client.jobs[jid]
    assert isinstance(job, pyjobs.Job)
    put, popped = job.history[:2]
    assert times.response == pytest.approx(popped.when - put.when, abs=0.001)
    assert 0 < times.processing < SOON
    assert times.turnaround == pytest.approx(times.response + times.processing, abs=0.01)


def test_a_job_that_nobody_runs_has_taken_no_time() -> None:
    assert jobs.resize.later("a").job.durations == (0, 0, 0)


def test_who_puts_hears_of_each_job(client: pyjobs.Client, caplog: Any) -> None:
    put: list[str] = []

    def bad(_: Any) -> None:
        raise ValueError("a bad hook")

    good = Hooks(on_enqueue=lambda handle: put.append(handle.jid))
    tasks = Tasks(client, hooks=[Hooks(on_enqueue=bad), good])
    task = tasks.task(jobs.resize.function)

    one, more = task.later("a"), task.later_many([("b", 1), ("c", 2)])

    async def later() -> str:
        handle = await task.alater("d")
        await tasks.aclose()
        return str(handle.jid)

    assert put == [one.jid, *(each.jid for each in more), asyncio.run(later())]
    assert "a hook has failed" in caplog.text


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_worker_that_has_become_idle_says_so_once(
    client: pyjobs.Client, heard: queue.SimpleQueue[Any], kind: str
) -> None:
    async def idle_async() -> None:
        heard.put("idle")
        worker.stop(0)

    def idle() -> None:
        heard.put("idle")
        worker.stop(0)

    jobs.resize.later("a")
    on_idle = idle if kind == "function" else idle_async
    worker = Worker(client, "default", hooks=[Hooks(on_idle=on_idle)])

    worker.run()

    assert heard.get(timeout=SOON) == "idle"
    assert worker.counts == {"done": 1}


def test_tasks_that_a_worker_has_imported_hear_of_its_start_and_end(
    client: pyjobs.Client, run: Run, pool: PoolName, heard: queue.SimpleQueue[Any]
) -> None:
    bounds = Hooks(on_start=lambda: heard.put("start"), on_stop=lambda: heard.put("stop"))
    near = Tasks(client, hooks=[bounds])
    far = Tasks(pyjobs.Client(client.server, namespace="another"), hooks=[bounds])

    run(pool=pool)

    assert (all_of(heard), near.hooks) == (["start", "stop"], far.hooks)


def test_a_put_that_makes_no_job_is_heard_of_as_merged(client: pyjobs.Client) -> None:
    put: list[Any] = []
    hooks = Hooks(
        on_enqueue=lambda handle: put.append(("enqueued", handle.jid)),
        on_merge=lambda handle: put.append(("debounced", handle.jid)),
    )
    task = Tasks(client, hooks=[hooks]).task(unique=True)(jobs.resize.function)

    first, second = task.later("a"), task.later("a")
    debounced = task.options(unique="k", debounce=60)
    third, fourth = debounced.later("b"), debounced.later_many([("c",), ("d",)])

    assert (first.outcome, second.outcome, second.jid) == ("created", "merged", first.jid)
    assert [handle.outcome for handle in fourth] == ["merged", "merged"]
    assert put == [
        *(("enqueued", first.jid), ("debounced", first.jid)),
        *(("enqueued", third.jid), ("debounced", third.jid), ("debounced", third.jid)),
    ]


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_is_put_within_a_transaction_is_heard_of_when_it_was_applied(
    client: pyjobs.Client, server: Any, refused: bool, kind: str
) -> None:
    put: list[Any] = []
    hooks = Hooks(
        on_enqueue=lambda handle: put.append((handle.outcome, handle.jid)),
        on_merge=lambda handle: put.append((handle.outcome, handle.jid)),
    )
    task = Tasks(client, hooks=[hooks]).task(unique=True)(jobs.resize.function)
    there = task.later("a")
    made = task.options(unique=None)
    whole = made.prepare("b").then(made.prepare("c"))
    expected = list(put)

    def gather(transaction: Any) -> list[str]:
        jid = made.prepare("d").within(transaction)
        task.prepare("a").within(transaction)
        members = [each.jid for each in whole.within(transaction).jobs]
        if refused:
            transaction.cancel("a job that is not there")
        assert put == expected
        return [jid, *members]

    async def gather_async() -> list[str]:
        async with (
            pyjobs.AsyncClient(server.url, namespace=client.namespace) as aio,
            aio.transaction() as transaction,
        ):
            return gather(transaction)

    found: list[str] = []
    try:
        if kind == "async":
            found = asyncio.run(gather_async())
        else:
            with client.transaction() as transaction:
                found = gather(transaction)
    except pyjobs.JobNotFound:
        assert refused

    if not refused:
        expected += [("created", found[0]), ("merged", there.jid)]
        expected += [("created", jid) for jid in found[1:]]
    assert put == expected


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"start_within": 30}, "cancelled"),
        ({"start_within": 30, "if_late": "fail"}, "failed"),
        ({"start_within": 30, "if_late": "tests.tasks.jobs.echo"}, "late"),
        ({"finish_within": 30}, "failed"),
    ],
)
def test_a_job_that_is_too_late_is_heard_of(
    client: pyjobs.Client, heard: queue.SimpleQueue[Any], given: Any, what: str
) -> None:
    def bad(_: Any) -> None:
        raise ValueError("a bad hook")

    def expired(event: Any) -> None:
        heard.put((event.what, event.jid))
        worker.stop(0)

    clock = Clock()
    there = pyjobs.Client(client.server, namespace=client.namespace, now=clock)
    put: set[str] = set()

    class Late(pyjobs.worker.Surroundings):
        def pulse(self) -> None:
            """Put a job that is too late before the worker pops again, until it is heard of."""
            put.add(there.queue("default").put(jobs.note, {"what": "x"}, **given))
            clock.advance(60)

    hooks = [Hooks(on_expire=bad), Hooks(on_expire=expired)]
    worker = Worker(there, "default", hooks=hooks, surroundings=Late())
    worker.run()

    word, jid = heard.get(timeout=SOON)
    assert (word, jid in put) == (what, True)
