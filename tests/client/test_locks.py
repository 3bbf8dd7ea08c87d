"""Locks and rates from Python, sync and async."""

from __future__ import annotations

import asyncio
import threading
import time
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


def test_one_holds_it_at_a_time(client: pyjobs.Client) -> None:
    with client.lock("door") as lock:
        assert lock.fence > 0
        assert lock.expires == START + 30
        with pytest.raises(pyjobs.LockTaken, match="'door'"), client.lock("door", wait=0):
            pass
    with client.lock("door", wait=0) as other:
        assert other.fence > 0


def test_numbers_grow(client: pyjobs.Client) -> None:
    numbers = []
    for _ in range(3):
        with client.lock("door") as lock:
            numbers.append(lock.fence)

    assert numbers == sorted(set(numbers))
    assert lock.fence == 0
    assert "held" not in repr(lock)


def test_it_can_be_seen_who_holds_it(client: pyjobs.Client) -> None:
    assert client.lock("door").holder() is None
    with client.lock("door", lease=10) as lock:
        holder = client.lock("door").holder()
        assert f"held as {lock.fence}" in repr(lock)

    assert holder is not None
    assert holder.holder.startswith("me-")
    assert holder.ends == START + 10
    assert holder.fence > 0


def test_a_lease_can_be_prolonged(client: pyjobs.Client, clock: Clock) -> None:
    with client.lock("door", lease=10) as lock:
        clock.advance(9)
        assert lock.renew() == START + 19
        assert lock.renew(60) == lock.expires == START + 69


def test_a_holder_learns_that_another_has_taken_it(client: pyjobs.Client, clock: Clock) -> None:
    lock, other = client.lock("door", lease=10), client.lock("door", lease=10)
    assert lock.acquire(wait=0)
    clock.advance(10)
    assert other.acquire(wait=0)
    with pytest.raises(pyjobs.LockLost, match="'door'"):
        lock.renew()

    assert lock.fence == 0
    assert other.release()


def test_the_end_of_a_block_tells_that_the_lock_was_lost(
    client: pyjobs.Client, clock: Clock
) -> None:
    with pytest.raises(pyjobs.LockLost, match="number"), client.lock("door"):
        assert client.lock("door").break_open()
    with pytest.raises(KeyError, match="own"), client.lock("door"):
        raise KeyError("its own", client.lock("door").break_open())

    assert not client.lock("door").break_open()


def test_what_is_not_held_can_neither_be_renewed_nor_given_back(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.LockLost, match="not held"):
        client.lock("door").renew()
    with pytest.raises(pyjobs.LockLost, match="not held"):
        client.lock("door").release()
    with client.lock("door") as lock:
        assert lock.release()


def test_an_object_takes_its_lock_once(client: pyjobs.Client) -> None:
    with client.lock("door") as lock, pytest.raises(pyjobs.InvalidArgument, match="very object"):
        lock.acquire()


@pytest.mark.parametrize(
    ("given", "text"),
    [({"lease": -1}, "lease"), ({"wait": -1}, "wait"), ({"lease": "x"}, "lease")],
)
def test_what_a_lock_does_not_take(client: pyjobs.Client, given: Any, text: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=text):
        client.lock("door", **given)
    with pytest.raises(pyjobs.InvalidArgument, match="name"):
        client.lock(b"door")  # type: ignore[arg-type]
    with pytest.raises(pyjobs.InvalidArgument, match="lease"), client.lock("door", lease=0):
        pass


def test_many_wait_and_each_gets_it_without_polling(server: Any, namespace: str) -> None:
    inside, seen = [], []

    def work(client: pyjobs.Client) -> None:
        with client.lock("door", wait=30) as lock:
            inside.append(lock.fence)
            assert len(inside) == 1
            seen.append(lock.fence)
            inside.pop()

    with pyjobs.Client(server.url, namespace=namespace) as client:
        first = client.lock("door")
        assert first.acquire()
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        while server.admin.info("clients")["blocked_clients"] < 5:
            pass
        began = time.monotonic()
        first.release()
        for thread in threads:
            thread.join()

    assert seen == sorted(seen)
    assert len(seen) == 5
    assert time.monotonic() - began < 3  # less than the time after which a wait looks again


def test_who_waits_gets_what_its_holder_does_not_give_back(server: Any, namespace: str) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        client.lock("door", lease=0.2).acquire()
        with client.lock("door", wait=30) as lock:
            assert lock.fence


def test_a_rate_tells_whether_and_when(client: pyjobs.Client, clock: Clock) -> None:
    rate = client.rate("sms", 2, per=10)

    assert [rate.take() for _ in range(3)] == [True, True, False]
    assert rate.reserve(wait=4) is None
    assert rate.reserve(wait=5) == 5.0
    assert rate.reserve() == 10.0
    clock.advance(30)
    assert rate.take(2)
    assert not rate.acquire(wait=1)
    assert repr(rate) == "<Rate 'sms': 2 per 10 s>"


def test_a_burst_of_one_is_even(client: pyjobs.Client) -> None:
    rate = client.rate("sms", 60, per=60, burst=1)

    assert rate.take()
    assert rate.reserve() == 1.0


def test_waiting_lasts_until_it_may_start(server: Any, namespace: str) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        rate = client.rate("sms", 1, per=0.1)
        began = time.monotonic()

        assert rate.take()
        assert rate.acquire(wait=5)
        assert time.monotonic() - began >= 0.09


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"count": 0}, "count"),
        ({"count": 1.5}, "count"),
        ({"per": 0}, "period"),
        ({"per": -1}, "per"),
        ({"burst": 0}, "burst"),
    ],
)
def test_what_a_rate_does_not_take(client: pyjobs.Client, given: Any, text: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=text):
        client.rate("sms", **{"count": 1, "per": 1, **given}).take()
    with pytest.raises(pyjobs.InvalidArgument, match="tokens: 2"):
        client.rate("sms", 1, per=1).take(2)


def test_async_locks_and_rates(server: Any, namespace: str) -> None:
    async def main() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            async with client.lock("door") as lock:
                assert lock.fence
                assert await lock.renew()
                assert await client.lock("door").holder()
                with pytest.raises(pyjobs.LockTaken):
                    async with client.lock("door", wait=0):
                        pass
            rate = client.rate("sms", 1, per=0.05)
            assert await rate.take()
            assert await rate.acquire()
            assert await rate.reserve(wait=0) is None

    asyncio.run(main())
