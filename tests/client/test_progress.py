"""A job that says how far it is floods nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _long_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyjobs.job.PROGRESS", HOUR)
    monkeypatch.setattr("pyjobs.aio.job.PROGRESS", HOUR)


def noted(client: pyjobs.Client, jid: str) -> list[Any]:
    job = client.jobs[jid]
    assert isinstance(job, pyjobs.Job)
    return [event.data for event in job.history if event.what == "progress"]


FIRST_AND_LAST = [{"done": 0, "total": 500}, {"done": 500, "total": 500}]


def test_one_entry_a_second_and_the_end(server: Any, namespace: str, delivery: str) -> None:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        client.queue("q").put(None)
        job = client.queue("q").pop()
        assert job is not None

        for done in range(501):
            job.progress(done, 500)

        assert noted(client, job.jid) == FIRST_AND_LAST


def test_also_of_an_async_job(server: Any, namespace: str, delivery: str) -> None:
    async def work() -> str:
        async with pyjobs.AsyncClient(server.url, namespace=namespace, delivery=delivery) as client:
            await client.queue("q").put(None)
            job = await client.queue("q").pop()
            assert job is not None
            for done in range(501):
                await job.progress(done, 500)
            return job.jid

    jid = asyncio.run(work())

    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        assert noted(client, jid) == FIRST_AND_LAST


def test_without_an_end_in_sight(
    server: Any, namespace: str, delivery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyjobs.job.PROGRESS", 0)
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        client.queue("q").put(None)
        job = client.queue("q").pop()
        assert job is not None

        job.progress(1)
        job.progress(2)

        assert noted(client, job.jid) == [{"done": 1}, {"done": 2}]
