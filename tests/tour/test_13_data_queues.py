"""Queues of plain items; locks and rates for what is outside of jobs."""

from __future__ import annotations

from typing import Any

import pytest

import pyjobs


def test_items_are_put_and_got_in_bulk(client: pyjobs.Client) -> None:
    queue = client.queue("clicks")
    queue.put_data({"page": n} for n in range(300))
    items = queue.get(250, lease=30)

    assert [item["page"] for item in items] == list(range(250))
    assert queue.done(items) == items


def test_an_item_that_is_not_done_in_time_comes_again(client: pyjobs.Client, clock: Any) -> None:
    queue = client.queue("clicks")
    queue.put_data(["a", "b"])
    slow = queue.get(lease=5)
    quick = queue.get(lease=60)
    clock.turn(10)
    assert [item.data for item in queue.get()] == ["a"]

    assert queue.refresh(slow + quick) == quick
    assert queue.done(slow + quick) == quick


def test_items_can_be_taken_for_good_or_only_looked_at(client: pyjobs.Client) -> None:
    queue = client.queue("clicks")
    queue.put_data(["a", "b", "c"])
    assert [item.data for item in queue.peek(2)] == ["a", "b"]
    assert [item.data for item in queue.take(2)] == ["a", "b"]

    assert (queue.counts.waiting, queue.counts.running, queue.counts.complete) == (1, 0, 0)


def test_what_has_no_retries_left_is_dead_until_somebody_decides(
    client: pyjobs.Client, clock: Any
) -> None:
    queue = client.queue("clicks")
    queue.put_data(["a", "b"], retries=0)
    queue.get(2, lease=5)
    clock.turn(5)
    assert queue.get(2) == []
    first, second = queue.dead.list()
    assert (queue.dead.put_back([first]), queue.dead.drop([second])) == (1, 1)

    assert [item.jid for item in queue.get(2)] == [first.jid]


def test_a_lock_has_one_holder_and_a_number_that_grows(client: pyjobs.Client) -> None:
    with client.lock("ledger", lease=30) as lock:
        with pytest.raises(pyjobs.LockTaken), client.lock("ledger", wait=0):
            pass
        first = lock.fence
    with client.lock("ledger") as lock:
        assert lock.fence > first


def test_a_holder_that_was_too_slow_is_told(client: pyjobs.Client, clock: Any) -> None:
    slow, quick = client.lock("ledger", lease=5), client.lock("ledger")
    assert slow.acquire()
    clock.turn(6)
    assert quick.acquire()
    with pytest.raises(pyjobs.LockLost):
        slow.renew()


def test_a_rate_says_what_may_start_and_when(client: pyjobs.Client, clock: Any) -> None:
    sms = client.rate("sms", 10, per=60, burst=2)
    assert [sms.take() for _ in range(3)] == [True, True, False]
    assert sms.reserve() == 6.0
    clock.turn(12)

    assert sms.take()
