"""Data queues: many items in as few calls as can be, and which of them are still held."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs.testing import Clock

START = 1_800_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def client(server: Any, namespace: str, delivery: str, clock: Clock) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(
        server.url, namespace=namespace, delivery=delivery, now=clock, worker_name="me"
    ) as client:
        yield client


@pytest.fixture
def queue(client: pyjobs.Client) -> pyjobs.Queue:
    return client.queue("q")


def data(items: list[pyjobs.Job]) -> list[Any]:
    return [item.data for item in items]


def test_a_thousand_come_in_order_and_no_more(queue: pyjobs.Queue) -> None:
    queue.put_data(range(1005))

    assert data(queue.get(1000)) == list(range(1000))
    assert data(queue.get(1000)) == list(range(1000, 1005))
    assert queue.get(1000) == []


@pytest.mark.parametrize("verb", ["get", "take", "peek"])
@pytest.mark.parametrize("count", [0, -1, 1001, 2.5, True])
def test_what_is_no_number_of_items(queue: pyjobs.Queue, verb: str, count: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="count"):
        getattr(queue, verb)(count)


def test_all_items_of_a_put_have_its_options(queue: pyjobs.Queue) -> None:
    queue.put_data(["a", "b"], priority=3, retries=1, tags=iter(["t"]), delay=60)
    found = queue.jobs.scheduled()

    assert len(found) == 2
    for jid in found:
        job = queue._client.jobs[jid]
        assert isinstance(job, pyjobs.Job)
        assert (job.priority, job.original_retries, job.tags) == (3, 1, ["t"])


@pytest.mark.parametrize("items", ["abc", b"abc", {"a": 1}])
def test_one_item_is_no_list_of_items(queue: pyjobs.Queue, items: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="items: must be a list"):
        queue.put_data(items)


def test_many_items_have_no_jid_of_their_own(queue: pyjobs.Queue) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="jid"):
        queue.put_data([1], jid="a")


def test_items_that_fill_a_slice_are_followed_by_the_next_ones(queue: pyjobs.Queue) -> None:
    queue.put_data(["x" * 60_000] * 10)

    assert len(queue.get(10)) == 10
    assert queue.counts.running == 10


def test_what_is_not_done_in_time_comes_again_and_dies_without_retries(
    queue: pyjobs.Queue, clock: Clock
) -> None:
    queue.put_data(["a"], retries=1)
    for _ in range(2):
        assert data(queue.get(lease=5)) == ["a"]
        clock.advance(5)
    assert queue.get() == []
    (dead,) = queue.dead.list()

    assert (dead.data, dead.attempt, dead.state) == ("a", 2, "failed")
    assert dead.failure is not None
    assert dead.failure.worker == "me"


def test_refreshed_are_those_that_are_still_held(queue: pyjobs.Queue, clock: Clock) -> None:
    queue.put_data(["a", "b", "c"])
    slow, quick, late = queue.get(1, lease=5) + queue.get(1, lease=60) + queue.get(1, lease=60)
    clock.advance(10)
    (again,) = queue.get(1, lease=60)
    assert again.jid == slow.jid
    late.cancel()

    kept = queue.refresh(iter([slow, quick, late]), lease=100)
    assert kept == [quick]
    assert quick.expires == START + 110


def test_done_are_those_that_were_still_held(queue: pyjobs.Queue, clock: Clock) -> None:
    queue.put_data(["a", "b"])
    slow, quick = queue.get(1, lease=5) + queue.get(1, lease=60)
    clock.advance(10)
    (again,) = queue.get()

    assert queue.done(job for job in (slow, quick)) == [quick]
    assert (slow.state, quick.state, again.state) == ("running", "complete", "running")
    assert queue.done([]) == []


def test_an_item_that_nobody_holds_cannot_be_done(queue: pyjobs.Queue) -> None:
    queue.put_data(["a"])
    with pytest.raises(pyjobs.WrongState, match="nobody holds it"):
        queue.done(queue.peek(1))


def test_a_lease_of_nothing_is_no_way_to_take_for_good(queue: pyjobs.Queue) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="take"):
        queue.get(lease=0)


def test_what_is_taken_has_left_and_leaves_no_answers_behind(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    queue.put_data(range(350))
    taken = queue.take(300)

    assert data(taken) == list(range(300))
    assert {job.state for job in taken} == {"complete"}
    assert queue.counts.waiting == 50
    assert (queue.counts.running, queue.counts.complete) == (0, 0)
    assert len(queue.take(50)) == 50
    answers = list(client.server.scan_iter(client.key("request:*")))
    assert len(answers) == 1


def test_a_taken_item_is_nothing_that_could_be_done_otherwise(queue: pyjobs.Queue) -> None:
    queue.put_data(["a"])
    (item,) = queue.take()

    assert queue.done([item]) == [item]
    with pytest.raises(pyjobs.LeaseLost):
        item.retry()


@pytest.mark.parametrize("verb", ["get", "take"])
def test_waiting_ends_with_the_first_item(
    server: Any, namespace: str, queue: pyjobs.Queue, verb: str
) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as waiter:
        found: list[Any] = []

        def wait() -> None:
            found.extend(data(getattr(waiter.queue("w"), verb)(10, wait=30)))

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not server.admin.info("clients")["blocked_clients"]:
            pass
        waiter.queue("w").put_data(["a"])
        waiting.join()

    assert found == ["a"]


@pytest.mark.parametrize("verb", ["get", "take"])
def test_waiting_for_nothing_ends_in_time(queue: pyjobs.Queue, verb: str) -> None:
    assert getattr(queue, verb)(10, wait=0.05) == []


def test_dead_items_are_put_back_or_dropped(queue: pyjobs.Queue) -> None:
    queue.put_data(range(250), retries=0)
    for item in queue.get(250):
        item.fail("group")
    dead = queue.dead.list(count=250)
    assert len(dead) == queue.counts.failed == 250
    assert len(queue.dead.list()) == 25

    assert queue.dead.put_back(dead[:120]) == 120
    assert queue.dead.put_back(["unknown"]) == 0
    assert queue.dead.drop(dead[120:]) == 130
    assert (queue.counts.waiting, queue.counts.failed) == (120, 0)
    assert "of 'q'" in repr(queue.dead)


@pytest.mark.parametrize("verb", ["put_back", "drop"])
def test_a_text_is_no_list_of_dead_items(queue: pyjobs.Queue, verb: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="items"):
        getattr(queue.dead, verb)("jid")


def test_clearing_takes_what_nobody_has_begun_with(queue: pyjobs.Queue) -> None:
    queue.put_data(range(150))
    queue.put_data(range(5), delay=60)
    (held,) = queue.get()

    assert queue.clear() == 154
    assert queue.clear() == 0
    assert queue.done([held]) == [held]


def test_more_than_a_slice_can_be_looked_at(queue: pyjobs.Queue) -> None:
    queue.put_data(range(230))

    assert data(queue.peek(1000)) == list(range(230))
    assert data(queue.peek(120, offset=200)) == list(range(200, 230))
    assert queue.counts.waiting == 230


def test_async_queues_do_the_same(server: Any, namespace: str) -> None:
    async def main() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            queue = client.queue("q")
            await queue.put_data(range(205), retries=0)
            held = await queue.get(100, lease=30)
            assert [job.data for job in await queue.refresh(held)] == list(range(100))
            await held[0].fail("group")
            assert len(await queue.done(held[1:])) == 99
            assert [job.data for job in await queue.take(105)] == list(range(100, 205))
            (dead,) = await queue.dead.list()
            assert await queue.dead.put_back([dead]) == 1
            assert [job.data for job in await queue.peek(5)] == [0]
            assert await queue.clear() == 1

    asyncio.run(main())
