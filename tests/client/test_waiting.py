"""Waits for the ends of jobs: many jobs, many waiters, entries and answers that are lost."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

import pyjobs
from pyjobs import waiting
from pyjobs.engine import Send
from tests.client.proxy import Proxy


@pytest.fixture
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        yield client


def until_awaited(client: pyjobs.Client, jid: str, waiters: int = 1) -> None:
    """Return as soon as so many connections are blocked on the ring of this job."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        blocked: Any = client.server.client_list()
        if sum(one["cmd"] == "xread" and "b" in one["flags"] for one in blocked) >= waiters:
            return
    raise AssertionError(f"nobody waits for {jid}")


def popped(client: pyjobs.Client, **given: Any) -> pyjobs.Job:
    client.queue("q").put(None, **given)
    job = client.queue("q").pop()
    assert job
    return job


def complete(job: pyjobs.Job) -> None:
    job.complete(result=1)


def fail(job: pyjobs.Job) -> None:
    job.fail("group")


def cancel(job: pyjobs.Job) -> None:
    job.cancel()


@pytest.mark.parametrize(
    ("end", "state"), [(complete, "complete"), (fail, "failed"), (cancel, "cancelled")]
)
def test_an_end_wakes_all_who_are_blocked_at_once(
    client: pyjobs.Client,
    end: Callable[[pyjobs.Job], None],
    state: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "SLEEP", 300.0)  # looking again by themselves would be too late
    job = popped(client, keep_result=60)
    with ThreadPoolExecutor(8) as pool:
        waits = [pool.submit(client.wait, [job], wait=50) for _ in range(8)]
        until_awaited(client, job.jid, 8)
        end(job)
        for each in waits:
            assert ({}, {job.jid: state}) == each.result(20)


def test_an_entry_that_is_lost_is_made_up_for_by_looking_again(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SLEEP", 0.2)
    job = popped(client)
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(client.wait, [job], wait=50)
        until_awaited(client, job.jid)
        pipe = client.server.pipeline(transaction=True)  # nobody sees what is between
        pipe.execute_command(*_completion(client, job))
        pipe.delete(client.key(f"job-ring:{job.jid}"))
        pipe.execute()

        assert ({}, {job.jid: "complete"}) == waits.result(20)


def _completion(client: pyjobs.Client, job: pyjobs.Job) -> tuple[Any, ...]:
    """Return the command that completes a job."""
    talk = client._engine.talk(job.completing())
    send = next(talk)
    talk.close()
    assert isinstance(send, Send)
    return send.args


def test_a_cut_connection_ends_no_wait(client: pyjobs.Client, server: Any, namespace: str) -> None:
    job = popped(client, keep_result=60)
    with (
        Proxy(server.socket) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace) as other,
        ThreadPoolExecutor() as pool,
    ):
        waits = pool.submit(other.result, job, wait=50)
        until_awaited(client, job.jid)
        for one in client.server.client_list():
            if one["cmd"] == "xread":
                client.server.client_kill_filter(_id=one["id"])
        until_awaited(client, job.jid)
        job.complete(result="late")

        assert "late" == waits.result(20)


def test_many_jobs_are_waited_for_in_slices(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jids = queue.put_many({"data": n} for n in range(1250))
    assert ({}, {}) == client.wait(jids)
    seen: list[str] = []
    finished = client.as_finished(jids, wait=50)
    while len(seen) < len(jids):
        queue.complete(queue.pop(100))
        seen.append(next(finished)[0])
        seen += [next(finished)[0] for _ in range(min(99, len(jids) - len(seen)))]

    assert sorted(jids) == sorted(seen)
    assert [] == list(finished)
    assert dict.fromkeys(jids, "complete") == client.wait(jids).finished


def test_a_job_that_failed_and_came_back_is_waited_for_to_its_next_end(
    client: pyjobs.Client,
) -> None:
    job = popped(client, keep_result=60)
    client.wait([job], wait=0.001)
    job.fail("group")
    client.unfail("group")
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(client.result, job, wait=50)
        again = client.queue("q").pop()
        assert again
        again.complete(result="well")

        assert "well" == waits.result(20)


def test_what_has_not_ended_in_time_is_said(client: pyjobs.Client) -> None:
    job = popped(client)
    jid = client.queue("q").put(None, delay=100)
    assert ({job.jid: "running"}, {}) == client.wait([job, jid], timedelta(milliseconds=10))
    with pytest.raises(pyjobs.NotFinished, match="2 jobs have not ended"):
        list(client.as_finished([job, jid], wait=0.01))
    with pytest.raises(TimeoutError, match="it is scheduled"):
        client.result(jid, wait=0.01)


def test_a_job_that_nobody_knows_is_not_waited_for(client: pyjobs.Client) -> None:
    assert ({}, {"nobody": "unknown"}) == client.wait(["nobody"], wait=None)
    with pytest.raises(pyjobs.JobNotFound):
        client.result("nobody", wait=None)


def test_a_result_outlives_the_job(client: pyjobs.Client) -> None:
    client.config.set("jobs-history-count", 0)
    job = popped(client, keep_result=60)
    job.complete(result={"a": None})
    client.server.delete(client.key(f"job:{job.jid}"))  # the trace, when its minute is over

    assert {"a": None} == client.result(job, wait=None)


def test_a_cancelled_job_has_no_result(client: pyjobs.Client) -> None:
    job = popped(client, keep_result=60)
    job.cancel()
    with pytest.raises(pyjobs.WrongState, match="cancelled"):
        client.result(job, wait=None)


def test_a_failure_says_what_the_last_error_was_and_goes_between_processes(
    client: pyjobs.Client,
) -> None:
    job = popped(client, retries=0)
    job.retry(group="q-KeyError", message="KeyError: 'x'")
    with pytest.raises(pyjobs.JobFailed) as caught:
        job.result()
    for failed in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        found = (failed.jid, failed.group, failed.message, failed.cause)
        assert (job.jid, "failed-retries-q", "KeyError: 'x'", "q-KeyError") == found
        assert "KeyError: 'x'" in str(failed)


def test_a_result_that_goes_into_a_next_queue_is_not_kept(client: pyjobs.Client) -> None:
    job = popped(client, keep_result=60)
    job.complete("next", result="half")
    with pytest.raises(pyjobs.NotFinished):
        job.result()
    following = client.queue("next").pop()
    assert following
    following.complete(result="whole")

    assert "whole" == job.result()


@pytest.mark.parametrize("jobs", ["abc", b"abc", 7])
def test_one_text_is_not_taken_for_many_jobs(client: pyjobs.Client, jobs: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^jobs: must be a list"):
        client.wait(jobs)


def test_a_wait_that_is_negative_is_refused(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="wait: -1 is negative"):
        client.result("a", wait=-1)


def test_many_tasks_wait_at_once_and_one_that_is_cancelled_leaves_the_others(
    client: pyjobs.Client, server: Any, namespace: str
) -> None:
    job = popped(client, keep_result=60)
    blocked = threading.Event()

    def end() -> None:
        until_awaited(client, job.jid, 3)
        blocked.set()

    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as other:
            tasks = [asyncio.create_task(other.result(job.jid, wait=50)) for _ in range(3)]
            await asyncio.to_thread(end)
            tasks[0].cancel()
            job.complete(result="there")
            assert ["there", "there"] == await asyncio.gather(*tasks[1:])
            assert tasks[0].cancelled()

    asyncio.run(run())
    assert blocked.is_set()
