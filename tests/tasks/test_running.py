"""How a worker runs a task, in every pool."""

from __future__ import annotations

from typing import Any

import pytest

import pyjobs
from pyjobs import Tasks
from pyjobs.worker import Hooks
from pyjobs.worker.options import PoolName
from tests.tasks import jobs
from tests.tasks.conftest import Run


def test_functions_and_coroutines_are_run(run: Run, pool: PoolName) -> None:
    handles: list[pyjobs.tasks.Handle[Any]] = [jobs.resize.later("a"), jobs.fetch.later("abc")]

    worker = run(pool=pool)

    assert [handle.result() for handle in handles] == ["a 100", 3]
    assert worker.counts == {"done": 2}


def test_jobs_put_further_jobs(run: Run, pool: PoolName) -> None:
    one, other = jobs.fan_out.later(["a", "bb"]), jobs.fan_out_async.later("ccc")

    run(pool=pool)

    further = [*one.result(), other.result()]
    assert [jobs.fetch.handle(jid).result() for jid in further] == [1, 2, 3]


def test_tasks_that_know_no_client_put_further_jobs_by_the_worker_s(
    client: pyjobs.Client, run: Run, pool: PoolName
) -> None:
    handles: list[pyjobs.tasks.Handle[Any]] = [
        jobs.fan_out.later(["a"]),
        jobs.fan_out_async.later("b"),
    ]
    jobs.tasks._client = None  # as in a process that only works
    try:
        worker = run(pool=pool)
    finally:
        jobs.tasks.init(client)

    assert worker.counts == {"done": 4}
    assert [handle.status for handle in handles] == ["complete"] * 2


def test_a_result_that_cannot_be_encoded_fails_the_job_and_the_work_is_not_run_again(
    run: Run, pool: PoolName
) -> None:
    handle = jobs.unkeepable.later()

    worker = run(pool=pool)

    assert jobs.ran == ["unkeepable"]
    assert worker.counts == {"failed": 1}
    with pytest.raises(pyjobs.JobFailed, match="result: a object, which msgpack") as failed:
        handle.result()
    assert failed.value.group == "default-EncodingError"


def test_a_result_that_nobody_keeps_may_be_anything(run: Run) -> None:
    handle = jobs.unkeepable.options(keep_result=0).later()

    run()

    assert handle.status == "complete"


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("OSError", {"retried": 5, "failed": 1}),
        ("ValueError", {"retried": 5, "failed": 1}),
        ("FileNotFoundError", {"failed": 1}),
    ],
)
def test_the_exceptions_of_a_task_decide_about_another_attempt(
    run: Run, name: str, counts: dict[str, int]
) -> None:
    handle = jobs.fails.later(name)

    worker = run()

    assert worker.counts == counts
    assert handle.status == "failed"


def test_the_traceback_begins_in_the_task_s_own_code(run: Run) -> None:
    handle = jobs.fails.options(retries=0).later("FileNotFoundError")

    run()

    failure = handle.job.failure
    assert failure
    assert "pyjobs/tasks/" not in failure.message.replace("tests/tasks", "")
    assert "in fails" in failure.message


# What a job raises to say what is to become of it


def test_retry_asks_for_another_attempt(run: Run, pool: PoolName) -> None:
    handle = jobs.again.later(0)

    worker = run(pool=pool)

    assert worker.counts == {"retried": 2, "failed": 1}
    failure = handle.job.failure
    assert failure
    assert (failure.group, failure.cause) == ("failed-retries-default", "default-OSError")
    assert "pyjobs.errors.Retry: not now" in failure.message


def test_with_a_delay_of_its_own(run: Run, pool: PoolName) -> None:
    handle = jobs.again.options(backoff="fixed", backoff_base=9).later(3600)

    worker = run(pool=pool)

    job = handle.job
    assert (job.state, job.retries_left, worker.counts) == ("scheduled", 1, {"retried": 1})
    assert job.since - job.history[-1].when == pytest.approx(3600, abs=0.2)


def test_or_by_the_backoff(run: Run) -> None:
    options: Any = {"backoff": "fixed", "backoff_base": 900, "backoff_jitter": 0}
    handle = jobs.again.options(**options).later(None)

    run()

    job = handle.job
    assert job.since - job.history[-1].when == pytest.approx(900, abs=0.2)


def test_from_a_coroutine(run: Run, pool: PoolName) -> None:
    jobs.again_async.options(retries=3).later()

    assert run(pool=pool).counts == {"retried": 3, "failed": 1}


def test_release_gives_the_job_back_untouched(run: Run, pool: PoolName) -> None:
    handle = jobs.later_please.later(3600)

    worker = run(pool=pool)

    job = handle.job
    assert (job.state, job.retries_left, worker.counts) == ("scheduled", 5, {"released": 1})


def test_cancel_takes_it_out_of_the_system(run: Run, pool: PoolName) -> None:
    handle = jobs.never_mind.later()

    worker = run(pool=pool)

    assert (handle.status, worker.counts) == ("cancelled", {"cancelled": 1})


def test_cancel_fails_a_job_that_others_wait_for(client: pyjobs.Client, run: Run) -> None:
    handle = jobs.never_mind.later()
    client.queue("after").put(None, depends=[handle])

    worker = run()

    assert worker.counts == {"failed": 1}
    failure = handle.job.failure
    assert failure
    assert failure.group == "default-HasDependents"


def test_a_job_class_can_raise_them_too(client: pyjobs.Client, run: Run) -> None:
    jid = client.queue("default").put("tests.tasks.jobs.Letter")

    worker = run()

    assert (client.jobs[jid].state, worker.counts) == ("scheduled", {"released": 1})


def test_so_can_a_hook_before_the_job(run: Run) -> None:
    def veto(job: Any) -> None:
        raise pyjobs.Cancel

    handle = jobs.resize.later("a")

    run(hooks=[Hooks(before=veto)])

    assert handle.status == "cancelled"


@pytest.mark.parametrize("delay", [-1, "soon", float("inf"), True])
@pytest.mark.parametrize("kind", [pyjobs.Retry, pyjobs.Release])
def test_a_delay_without_sense_is_refused_where_it_is_raised(kind: Any, delay: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="delay: must be seconds"):
        kind(delay=delay)


def test_a_worker_may_run_only_what_it_is_allowed_to(run: Run) -> None:
    handle = jobs.resize.later("a")

    run(allow=["shop"])

    assert handle.job.failure
    assert handle.status == "failed"


def test_a_name_that_is_no_task_any_more_fails_with_a_reason(run: Run) -> None:
    handle = Tasks(jobs.tasks.client).send("tests.tasks.jobs.nothing")

    run()

    with pytest.raises(pyjobs.JobFailed, match="there is no 'nothing'"):
        handle.result()
