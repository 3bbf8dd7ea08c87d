"""Caps, reports of bytes, and failed jobs in bulk, as a client asks for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs
from pyjobs.calls import FailureCount, Which
from pyjobs.queue import Caps
from pyjobs.upkeep import QueueBytes, Sifted, one_slice


@pytest.fixture
def client(server: Any, namespace: str) -> Any:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        yield client


def fail(client: pyjobs.Client, count: int, queue: str = "q", klass: str = "m.A") -> list[str]:
    jids = client.queue(queue).put_many([{"klass": klass} for _ in range(count)])
    for job in client.queue(queue).pop(count):
        job.fail("e", "why")
    return jids


def test_a_full_queue_raises_and_says_which_cap(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    queue.cap(jobs=2, bytes=10_000)
    queue.put_many([{}, {}])
    with pytest.raises(pyjobs.QueueFull, match="queue q takes 2 jobs") as full:
        queue.put(None)

    assert "max-jobs" == full.value.limit
    assert Caps(2, 10_000, "reject") == queue.caps


def test_put_many_says_how_many_were_put_before_the_slice_that_did_not_fit(
    client: pyjobs.Client,
) -> None:
    client.queue("q").cap(jobs=150)
    with pytest.raises(pyjobs.QueueFull, match="The 100 jobs before this slice were put"):
        client.queue("q").put_many([{} for _ in range(200)])

    assert 100 == client.queue("q").counts.waiting


def test_a_transaction_into_a_full_queue_changes_nothing(client: pyjobs.Client) -> None:
    client.queue("q").cap(jobs=1)
    jid = client.queue("other").put(None)
    transaction = client.transaction()
    transaction.cancel(jid)
    transaction.put("q", None)
    transaction.put("q", None)
    with pytest.raises(pyjobs.QueueFull), transaction:
        pass

    assert (0, 1) == (client.queue("q").counts.waiting, client.queue("other").counts.waiting)


def test_caps_are_set_all_or_none_and_taken_off(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    queue.cap(jobs=5)
    when: Any = "explode"
    for wrong in ({"jobs": 0}, {"bytes": -1}, {"jobs": 1.5}, {"jobs": 7, "when_full": when}):
        with pytest.raises(pyjobs.InvalidArgument):
            queue.cap(**wrong)
    assert Caps(5, None, "reject") == queue.caps
    queue.cap()

    assert Caps(None, None, "reject") == queue.caps


def test_bytes_are_exact_where_few_jobs_are_and_reckoned_where_many_are(
    client: pyjobs.Client,
) -> None:
    queue = client.queue("q")
    queue.put_many([{"data": "x" * 98} for _ in range(500)])
    fail(client, 10, "failed")
    sampled, failed = client.queues.bytes(sample=120)
    (exact,) = client.queues.bytes("q")

    assert (500, 50_000, True) == (exact.jobs, exact.payload, exact.exact)
    assert (500, 50_000, False) == (sampled.jobs, sampled.payload, sampled.exact)
    assert 50_000 < exact.stored == pytest.approx(sampled.stored, rel=0.01)
    assert ("failed", 10, 10, True) == (failed.name, failed.jobs, failed.payload, failed.exact)
    assert [] == client.queues.bytes("nothing")


def test_failures_are_counted_over_queues_and_pages(client: pyjobs.Client) -> None:
    for _ in range(3):
        newest = fail(client, 60)[-1]
    fail(client, 2, "r", "m.B")
    counts = client.failures.counts()

    assert [("q", "m.A", "e", 180), ("r", "m.B", "e", 2)] == [
        (each.queue, each.klass_name, each.error, each.jobs) for each in counts
    ]
    assert isinstance(counts[0], FailureCount)
    assert newest in {counts[0].jid, newest}
    assert [150] == [each.jobs for each in client.failures.counts("q", most=150)]


def test_failed_jobs_are_put_back_moved_and_dropped_in_slices(client: pyjobs.Client) -> None:
    for _ in range(3):
        fail(client, 70)
        fail(client, 10, klass="m.B")
    blocked = fail(client, 1, klass="m.B")
    client.queue("later").put(None, depends=blocked)

    assert Sifted(210, 0) == client.failures.move("slow", queue="q", klass_name="m.A")
    assert Sifted(30, 1) == client.failures.drop(group="e")
    assert Sifted(1, 0) == client.failures.unfail(group="e", error="e")
    assert Sifted(0, 0) == client.failures.unfail(group="e")
    assert (210, 1) == (client.queue("slow").counts.waiting, client.queue("q").counts.waiting)


def test_after_a_break_the_same_call_does_the_rest(client: pyjobs.Client) -> None:
    for _ in range(3):
        fail(client, 50)
    client.run(one_slice(Which(queue="q"), None, "", 100))

    assert Sifted(50, 0) == client.failures.drop(queue="q")


def test_which_jobs_are_meant_has_to_be_said(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="queue: is needed where no group is given"):
        client.failures.drop(klass_name="m.A")
    with pytest.raises(pyjobs.InvalidArgument, match="to: must be a text that is not empty"):
        client.failures.move("", queue="q")


def test_async_code_asks_in_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            queue = client.queue("q")
            await queue.cap(jobs=1)
            await queue.put(None, "x")
            with pytest.raises(pyjobs.QueueFull):
                await queue.put(None)
            assert Caps(1, None, "reject") == await queue.caps
            (weight,) = await client.queues.bytes()
            assert (1, 2) == (weight.jobs, weight.payload)
            assert isinstance(weight, QueueBytes)
            job = await queue.pop()
            assert job
            await job.fail("e", "why")
            assert [1] == [each.jobs for each in await client.failures.counts()]
            assert Sifted(1, 0) == await client.failures.drop(group="e")

    asyncio.run(run())
