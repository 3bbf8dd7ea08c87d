"""Several calls as one: all of them are applied, or none is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs


def test_what_a_transaction_gathers_is_applied_at_its_end(client: pyjobs.Client) -> None:
    plan_b = client.queue("later").put(None, "plan b")
    client.queue("phases").put(None, "one")
    job = client.queue("phases").pop()
    assert job
    with client.transaction() as transaction:
        transaction.complete(job)
        transaction.cancel(plan_b)
        jid = transaction.put("phases", None, "two")
        assert client.jobs.get(jid) == []

    assert ["complete", 1, "created"] == transaction.answers
    assert ("complete", "waiting") == (job.state, client.jobs[jid].state)
    assert client.jobs[plan_b].state == "cancelled"


def test_one_refusal_refuses_all(client: pyjobs.Client) -> None:
    transaction = client.transaction()
    transaction.put("q", None)
    transaction.cancel("nobody")
    with pytest.raises(pyjobs.JobNotFound, match="nobody"), transaction:
        pass

    assert 0 == client.queue("q").counts.waiting


def test_an_exception_in_the_block_applies_nothing(client: pyjobs.Client) -> None:
    with pytest.raises(ZeroDivisionError), client.transaction() as transaction:
        transaction.put("q", None, 1 // 0)

    assert ([], 0) == (transaction.answers, client.queue("q").counts.waiting)


def test_a_job_is_completed_and_others_are_put_in_one_step(client: pyjobs.Client) -> None:
    client.queue("pages").put("crawler.Page", "/")
    job = client.queue("pages").pop()
    assert job
    job.complete(
        then=[
            {"klass": "crawler.Page", "data": "/about"},
            {"queue": "indexes", "klass": "crawler.Index", "data": "/", "priority": 5},
        ]
    )

    assert "complete" == job.state
    assert (1, 1) == tuple(client.queue(name).counts.waiting for name in ("pages", "indexes"))


def test_a_holder_that_has_lost_its_job_puts_nothing(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None)
    job = client.queue("q").pop()
    assert job
    client.jobs.cancel(jid)

    with pytest.raises(pyjobs.LeaseLost):
        job.complete(then=[{"queue": "next"}])
    assert 0 == client.queue("next").counts.waiting


def test_async_code_gathers_in_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            async with client.transaction() as transaction:
                one = transaction.put("q", None, 1)
                transaction.put("q", None, 2, depends=[one])
            assert ["created", "created"] == transaction.answers
            job = await client.queue("q").pop()
            assert job
            assert "complete" == await job.complete(then=[{"data": 3}])
            assert 2 == (await client.queue("q").counts).waiting

    asyncio.run(run())
