"""Values that travel with jobs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import context, current_context


@pytest.fixture
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        yield client


@pytest.fixture
def queue(client: pyjobs.Client) -> pyjobs.Queue:
    return client.queue("mail")


def travels(client: pyjobs.Client, jid: str) -> dict[str, Any]:
    """Return what a job carries."""
    job = client.jobs[jid]
    assert isinstance(job, pyjobs.Job)
    return job.context


def test_what_is_put_meanwhile_carries_the_values(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    with context(trace_id="7f3a", tenant=12, share=0.5):
        one = queue.put(None)
        two, three = queue.put_many([{"data": 2}, {"data": 3}])
    after = queue.put(None)

    values = {"trace_id": "7f3a", "tenant": 12, "share": 0.5}
    assert [travels(client, jid) for jid in (one, two, three)] == [values] * 3
    assert travels(client, after) == {}


def test_a_put_can_say_otherwise(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    with context(trace_id="7f3a"):
        own = queue.put(None, context={"locale": "de"})
        none = queue.put(None, context={})

    assert travels(client, own) == {"locale": "de"}
    assert travels(client, none) == {}


def test_values_are_added_to_those_outside(client: pyjobs.Client) -> None:
    with context(trace_id="7f3a", locale="de"):
        with context(locale="fr", tenant="acme", trace_id=None):
            assert current_context() == {"locale": "fr", "tenant": "acme"}
        assert current_context() == {"trace_id": "7f3a", "locale": "de"}
    assert current_context() == {}


def test_a_recurring_jobs_children_carry_the_values(
    client: pyjobs.Client, queue: pyjobs.Queue
) -> None:
    with context(tenant="acme"):
        queue.recur(None, interval=1000)

    child = queue.pop()
    assert child is not None
    assert child.context == {"tenant": "acme"}


def test_threads_and_tasks_have_their_own(server: Any, client: pyjobs.Client) -> None:
    seen: list[Any] = []

    async def put(aio: pyjobs.AsyncClient, locale: str) -> dict[str, Any]:
        with context(locale=locale):
            await asyncio.sleep(0)
            return travels(client, await aio.queue("mail").put(None))

    async def main() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=client.namespace) as aio:
            seen.extend(await asyncio.gather(put(aio, "de"), put(aio, "fr")))

    with context(tenant="acme"):
        asyncio.run(main())
        thread = threading.Thread(target=lambda: seen.append(current_context()))
        thread.start()
        thread.join()

    assert seen == [{"tenant": "acme", "locale": "de"}, {"tenant": "acme", "locale": "fr"}, {}]


@pytest.mark.parametrize("value", [b"bytes", True, ["list"], {"a": 1}, 2**70])
def test_texts_and_numbers_only(value: Any) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="context"), context(name=value):
        pass


def test_up_to_4096_bytes(queue: pyjobs.Queue) -> None:
    with context(name="x" * 4096), pytest.raises(pyjobs.InvalidArgument, match=r"context.*4096"):
        queue.put(None)
