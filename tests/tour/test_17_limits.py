"""Limits, order and fairness: what may run at once, how often, after whom, and whose turn it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs


def test_so_many_at_once_under_a_name(client: pyjobs.Client) -> None:
    client.limits["smtp"].set(2)
    queue = client.queue("mail")
    for n in range(5):
        queue.put(None, n, limits=["smtp"])
    queue.put(None, "no mail")

    jobs = queue.pop(10)
    assert [0, 1, "no mail"] == [job.data for job in jobs]  # nobody is held up by those that wait
    assert 3 == queue.counts.throttled

    jobs[0].complete()
    assert [2] == [job.data for job in queue.pop(10)]  # a slot is returned in the step of the end


def test_each_customer_by_itself_and_one_otherwise(client: pyjobs.Client) -> None:
    client.limits["customer:*"].set(1)
    client.limits["customer:42"].set(2)
    queue = client.queue("exports")
    for customer in (1, 1, 42, 42, 42):
        queue.put(None, customer, limits=[f"customer:{customer}"])

    assert [1, 42, 42] == [job.data for job in queue.pop(10)]


def test_so_many_in_a_time(client: pyjobs.Client) -> None:
    client.limits["api"].set(rate=100, per=60, burst=10)
    queue = client.queue("calls")
    queue.put_many([{"limits": ["api"]} for _ in range(20)])

    assert 10 == len(queue.pop(100))
    state = client.limits["api"].state
    assert (0, 10, 10) == (state.open, state.running, state.parked)
    assert state.opens  # the moment at which the next one may start


def test_whole_queues_and_classes(client: pyjobs.Client) -> None:
    client.limits["queue:reports"].set(1)
    client.limits["klass:mail.Send"].set(3)
    assert ["klass:mail.Send", "queue:reports"] == [each.name for each in client.limits.states]

    client.limits["klass:mail.Send"].remove()
    assert ["queue:reports"] == [each.name for each in client.limits.states]


def test_a_limit_acts_at_once(client: pyjobs.Client) -> None:
    queue = client.queue("mail")
    client.limits["smtp"].set(0)
    jid = queue.put(None, limits=["smtp"])
    assert queue.pop() is None
    assert "throttled" == client.jobs[jid].state
    assert [jid] == queue.jobs.throttled()

    client.limits["smtp"].set(1)
    job = queue.pop()
    assert job
    assert job.limits == ["smtp"]


def test_one_after_another_by_a_key(client: pyjobs.Client) -> None:
    queue = client.queue("ledger")
    for n in range(3):
        queue.put(None, n, order_key="account:7")
    queue.put(None, "another account", order_key="account:8")

    first, other = queue.pop(10)
    assert (0, "another account") == (first.data, other.data)
    first.retry(delay=60)
    assert queue.pop() is None  # the key is kept until the job has ended
    first.move("ledger")
    again = queue.pop()
    assert again
    assert again.data == 0
    again.complete()
    job = queue.pop()
    assert job
    assert (job.data, job.order_key) == (1, "account:7")


def test_tenants_take_turns(client: pyjobs.Client) -> None:
    queue = client.queue("render")
    queue.put_many([{"data": "loud", "tenant": "loud"} for _ in range(1000)])
    queue.put_many([{"data": "quiet", "tenant": "quiet"} for _ in range(3)])

    assert sorted(["loud", "quiet"] * 3) == sorted(job.data for job in queue.pop(6))
    assert [("loud", 1, 997)] == [
        (each.tenant, each.weight, each.waiting) for each in queue.tenants() if each.waiting
    ]


def test_a_tenant_may_have_more_turns(client: pyjobs.Client) -> None:
    client.tenants["paying"].weight = 3
    queue = client.queue("render")
    for tenant in ("free", "paying"):
        queue.put_many([{"data": tenant, "tenant": tenant} for _ in range(20)])

    assert 9 == [job.data for job in queue.pop(12)].count("paying")
    assert 3 == client.tenants["paying"].weight


def test_what_makes_no_sense_is_refused(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    for given in ({"limits": ["a"], "lease": 0}, {"limits": ["queue:q"]}, {"limits": ["a:*"]}):
        with pytest.raises(pyjobs.InvalidArgument):
            queue.put(None, **given)
    with pytest.raises(pyjobs.InvalidArgument, match="order key"):
        client.limits["order:account:7"].set(2)
    with pytest.raises(pyjobs.InvalidArgument, match="at_once, rate or both"):
        client.limits["a"].set()


def test_the_same_awaited(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            await client.limits["smtp"].set(1)
            queue = client.queue("mail")
            for _ in range(2):
                await queue.put(None, limits=["smtp"], tenant="acme")
            assert 1 == len(await queue.pop(10))
            assert 1 == (await client.limits["smtp"].state).running
            await client.tenants["acme"].set_weight(2)
            assert 2 == await client.tenants["acme"].weight

    asyncio.run(run())
