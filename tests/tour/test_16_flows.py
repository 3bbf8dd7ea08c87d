"""Flows: jobs that belong together, in any shape, over any queues."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs
from tests.tour.conftest import Clock


def pop(client: pyjobs.Client, queue: str) -> pyjobs.Job:
    job = client.queue(queue).pop()
    assert job
    return job


def test_a_graph_is_put_whole_at_the_end_of_a_block(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        fetch = flow.put("net", "crawl.Fetch", "/")
        words = flow.put("cpu", "crawl.Words", depends=[fetch])
        links = flow.put("cpu", "crawl.Links", depends=[fetch])
        flow.put("disk", "crawl.Store", depends=[words, links])
        assert [] == client.flows()

    state = flow.state()
    assert ("running", 4, 1, 3) == (state.state, state.total, state.open, state.depends)
    assert [flow.id] == client.flows()


def test_a_job_sees_what_its_parents_returned(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        parts = [flow.put("sums", "sums.Part", n) for n in (1, 2, 3)]
        flow.put("sums", "sums.Total", depends=parts)
    for part in client.queue("sums").pop(3):
        part.complete(result=part.data * 10)
    total = pop(client, "sums")

    assert parts == total.parents
    assert [10, 20, 30] == list(total.parent_results().values())


def test_no_member_of_a_large_flow_starts_before_all_are_there(client: pyjobs.Client) -> None:
    flow = client.flow("large")
    for n in range(150):  # a with block does this in slices, and seals it then
        flow.put("q", None, n)
    assert client.queue("q").pop() is None
    assert ("unsealed", 150) == (flow.state().state, flow.state().held)
    flow.seal()

    assert 100 == len(client.queue("q").pop(100))


def test_a_flow_that_nobody_seals_is_cancelled_after_a_while(
    client: pyjobs.Client, clock: Clock
) -> None:
    flow = client.flow()
    flow.put("q", None)
    clock.turn(3600)
    client.tick()

    assert "cancelled" == flow.state().state


def test_a_branch_for_success_and_one_for_failure(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        work = flow.put("work", None)
        thanks = flow.put("mail", None, depends=[work])
        alarm = flow.put("mail", None, depends=[work], run_when="failed")
        tidy = flow.put("work", None, depends=[thanks, alarm], run_when="ended")
    pop(client, "work").complete()
    assert ["cancelled", "depends"] == [client.jobs[jid].state for jid in (alarm, tidy)]
    mail = pop(client, "mail")
    assert thanks == mail.jid
    mail.complete()

    assert tidy == pop(client, "work").jid


def test_a_batch_with_a_callback_is_a_flow(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        batch = [flow.put("q", None, n) for n in range(3)]
        flow.put("q", "reports.Done", depends=batch, run_when="ended")
    one, two, three = client.queue("q").pop(3)
    one.complete(result="fine")
    two.fail("group", "no paper")
    three.complete(result="fine")

    results = list(pop(client, "q").parent_results().values())
    assert ["fine", "fine"] == [results[0], results[2]]
    assert isinstance(results[1], pyjobs.JobFailed)


def test_a_job_adds_to_its_flow(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        flow.put("pages", "crawl.Page", "/")
    job = pop(client, "pages")
    assert job.flow
    job.flow.put("pages", "crawl.Page", "/about")
    job.complete(then=[{"klass": "crawl.Page", "data": "/news", "flow": job.flow}])

    assert (3, 1, 2) == (flow.state().total, flow.state().complete, flow.state().open)


def test_a_flow_is_waited_for_retried_and_cancelled_as_a_whole(client: pyjobs.Client) -> None:
    with client.flow() as flow:
        first = flow.put("q", None)
        flow.put("q", None, depends=[first])
    pop(client, "q").fail("group")
    assert "failed" == flow.wait(5).state, "what is left waits for the job that failed"
    assert 1 == flow.retry()
    pop(client, "q").complete()
    assert 0.5 == flow.state().progress
    flow.cancel()

    assert ("cancelled", 1, 1) == (
        flow.wait(5).state,
        flow.state().complete,
        flow.state().cancelled,
    )
    with pytest.raises(pyjobs.WrongState):
        flow.put("q", None)


def test_async_code_has_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            async with client.flow() as flow:
                one = await flow.put("q", None)
                await flow.put("q", None, depends=[one])
            for parents in ({}, {one: 1}):
                job = await client.queue("q").pop()
                assert job
                assert parents == await job.parent_results()
                await job.complete(result=1)
            assert "complete" == (await flow.wait(5)).state

    asyncio.run(run())
