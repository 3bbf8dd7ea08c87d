"""A worker inside an event loop that runs already."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

import pyjobs
from pyjobs import AsyncClient, AsyncWorker
from tests.worker import jobs
from tests.worker.conftest import find

J = "tests.worker.jobs"


async def hear() -> Any:
    return await asyncio.to_thread(jobs.hear)


def test_it_runs_jobs_as_tasks_of_the_loop(
    client: pyjobs.Client, queue: pyjobs.Queue, server: Any
) -> None:
    jids = queue.put_many([{"klass": jobs.HOLD["asyncio"]}] * 3)

    async def main() -> None:
        async with AsyncClient(server.url, namespace=client.namespace) as aio:
            async with AsyncWorker(aio, "mail") as worker:
                assert [await hear() for _ in jids] == [("begun", jid) for jid in jids]
                jobs.go_on()
                for _ in jids:
                    await hear()
            assert worker.counts == {"done": 3}

    asyncio.run(main())
    assert {find(client, jid).state for jid in jids} == {"complete"}


def test_it_gives_back_what_does_not_end(
    client: pyjobs.Client, queue: pyjobs.Queue, server: Any
) -> None:
    jid = queue.put(jobs.HOLD["asyncio"])

    async def main() -> None:
        async with AsyncClient(server.url, namespace=client.namespace) as aio:
            worker = AsyncWorker(aio, "mail")
            await worker.start()
            await hear()
            await worker.stop(grace=0)

    asyncio.run(main())
    assert find(client, jid).history[-1].what == "released"


def test_cancelled_it_gives_back_at_once(
    client: pyjobs.Client, queue: pyjobs.Queue, server: Any
) -> None:
    jid = queue.put(jobs.HOLD["asyncio"])

    async def main() -> None:
        async with AsyncClient(server.url, namespace=client.namespace) as aio:
            task = asyncio.create_task(AsyncWorker(aio, "mail").run())
            await hear()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert find(client, jid).history[-1].what == "released"


def test_another_pool_is_refused(server: Any) -> None:
    async def main() -> None:
        async with AsyncClient(server.url) as aio:
            with pytest.raises(pyjobs.InvalidArgument, match="'threads' is not asyncio"):
                AsyncWorker(aio, "mail", pool="threads")

    asyncio.run(main())


def test_a_job_leaves_nothing_in_the_context_of_the_next(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    queue.put_many([{"klass": f"{J}.mark"}] * 3)

    pyjobs.Worker(client, "mail", pool="asyncio", concurrency=1).run_until_idle()

    assert [jobs.hear() for _ in range(3)] == [None] * 3


def test_it_can_be_started_again(client: pyjobs.Client, queue: pyjobs.Queue, server: Any) -> None:
    async def main() -> None:
        async with AsyncClient(server.url, namespace=client.namespace) as aio:
            worker = AsyncWorker(aio, "mail")
            for n in range(2):
                queue.put(f"{J}.say_async", {"n": n})
                async with worker:
                    assert await hear() == n

    asyncio.run(main())


@pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="a task of Python 3.10 does not tell that it is cancelled",
)
def test_a_job_that_cancels_its_task_harms_no_other(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    jids = queue.put_many([{"klass": f"{J}.cancel_its_task"}, {"klass": f"{J}.mark"}])

    pyjobs.Worker(client, "mail", pool="asyncio", concurrency=1).run_until_idle()

    assert {find(client, jid).state for jid in jids} == {"complete"}
