"""What a job returned, and waiting for it without polling."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import pyjobs


def test_a_result_is_kept_for_as_long_as_is_asked(client: pyjobs.Client) -> None:
    jid = client.queue("sums").put(None, [1, 2], keep_result=60)
    job = client.queue("sums").pop()
    assert job
    job.complete(result=sum(job.data))

    assert 3 == client.result(jid)


def test_none_is_a_result_and_no_result_is_none(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    kept, lost = queue.put(None, keep_result=60), queue.put(None)
    queue.complete(queue.pop(2))

    assert client.result(kept) is None
    with pytest.raises(pyjobs.NoResult, match="keep_result"):
        client.result(lost)


def test_the_result_of_a_failed_job_is_raised(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None)
    job = client.queue("q").pop()
    assert job
    job.fail("q-ValueError", "Traceback (most recent call last): ...")

    with pytest.raises(pyjobs.JobFailed, match="Traceback") as failed:
        client.result(jid)
    assert ("q-ValueError", jid) == (failed.value.group, failed.value.jid)


def test_a_caller_blocks_until_the_result_is_there(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jid = queue.put(None, keep_result=60)
    job = queue.pop()
    assert job
    with pytest.raises(pyjobs.NotFinished, match="running"):
        job.result()
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(client.result, jid, wait=30)
        job.complete(result="done")

        assert "done" == waits.result()


def test_a_wait_answers_what_has_started_and_what_has_finished(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jids = queue.put_many({"jid": name} for name in ("done", "runs", "waits"))
    done, _ = queue.pop(2)
    done.complete()

    started, finished = client.wait(jids, wait=0.01)
    assert ({"runs": "running"}, {"done": "complete"}) == (started, finished)


def test_jobs_come_as_they_finish(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    jids = queue.put_many({"jid": name} for name in "abc")
    a, b, c = queue.pop(3)
    finished = client.as_finished(jids, wait=30)
    c.complete()
    assert ("c", "complete") == next(finished)
    a.fail("group")
    assert ("a", "failed") == next(finished)
    b.cancel()
    assert [("b", "cancelled")] == list(finished)


def test_async_code_waits_in_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            queue = client.queue("q")
            jid = await queue.put(None, keep_result=60)
            waits = asyncio.create_task(client.result(jid, wait=30))
            job = await queue.pop()
            assert job
            await job.complete(result=7)
            assert 7 == await waits
            assert [(jid, "complete")] == [each async for each in client.as_finished([jid])]

    asyncio.run(run())
