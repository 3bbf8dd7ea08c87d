"""One client in many threads, processes, event loops and hands."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import pyjobs
from pyjobs import engine
from tests.client.proxy import Proxy


@pytest.fixture
def options(namespace: str, delivery: str) -> dict[str, Any]:
    return {"namespace": namespace, "delivery": delivery}


@pytest.fixture
def client(server: Any, options: dict[str, Any]) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, **options) as client:
        yield client


# Threads


def test_no_thread_reads_another_ones_answer(client: pyjobs.Client) -> None:
    def calls(thread: int) -> int:
        queue = client.queue(f"queue-{thread}")
        for number in range(250):
            jid = queue.put(None, {"thread": thread, "number": number}, jid=f"{thread}.{number}")
            assert jid == f"{thread}.{number}"
            found = client.jobs[jid]
            assert (found.jid, found.data) == (jid, {"thread": thread, "number": number})
        return queue.counts.waiting

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(calls, range(8))) == [250] * 8
    assert len(client._connections._free) <= 8


def test_threads_that_pop_at_once_have_one_name_and_share_no_job(
    server: Any, options: dict[str, Any]
) -> None:
    for turn in range(20):
        with pyjobs.Client(server.url, **options) as client:
            client.queue(f"q{turn}").put_many({"data": n} for n in range(64))
            start = threading.Barrier(8)

            def pop(client: pyjobs.Client, start: threading.Barrier, queue: str) -> list[Any]:
                start.wait(10)
                popped = [client.queue(queue).pop() for _ in range(8)]
                return [each.data for each in popped if each and each.complete() == "complete"]

            with ThreadPoolExecutor(8) as pool:
                results = [pool.submit(pop, client, start, f"q{turn}") for _ in range(8)]
            data = [each for result in results for each in result.result()]
            assert sorted(data) == list(range(64))


def test_pops_that_several_threads_lost_all_come_back(
    server: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAUSES", ())
    with Proxy(server.socket) as proxy, pyjobs.Client(proxy.url, **options) as client:
        queue = client.queue("q")
        queue.put_many({"data": n} for n in range(6))
        proxy.cut("answer", 0, times=3)
        start = threading.Barrier(3)

        def lose() -> None:
            start.wait(10)
            with pytest.raises(pyjobs.OutcomeUnknown):
                queue.pop(2)

        with ThreadPoolExecutor(3) as pool:
            for lost in [pool.submit(lose) for _ in range(3)]:
                lost.result()
        popped = [each for _ in range(3) for each in queue.pop(2)]
        assert sorted(each.data for each in popped) == list(range(6))
        assert {each.attempt for each in popped} == {1}


# Processes


def test_a_forked_child_has_its_own_connections_and_another_name(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    queue.put_many({"data": n} for n in range(100))
    names = {client.worker_name}
    ids = {client_id(client)}
    held = client._connections._free[-1]
    for _ in range(3):
        name, connection, popped = in_child(
            lambda: (client.worker_name, client_id(client), [each.data for each in queue.pop(10)])
        )
        assert len(popped) == 10
        names.add(name)
        ids.add(connection)
        assert queue.pop().data not in popped  # type: ignore[union-attr]
    assert len(names) == len(ids) == 4
    assert client._connections._free[-1] is held


def client_id(client: pyjobs.Client) -> int:
    """Return the server's number of the connection that the client uses next."""
    connection = client._connections._take()
    connection.connect()
    connection.send_command("CLIENT", "ID")
    number = int(connection.read_response())
    client._connections._free.append(connection)
    return number


def in_child(function: Callable[[], Any]) -> Any:
    """Return what a function returns in a forked child."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: there are threads
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, repr(function()).encode())
            gc.collect()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return eval(said)


def test_a_name_of_ones_own_stays_in_a_child(server: Any, options: dict[str, Any]) -> None:
    with pyjobs.Client(server.url, worker_name="mine", **options) as client:
        assert client.worker_name == "mine"
        assert in_child(lambda: client.worker_name) == "mine"


# Ways to say where the server is


def test_a_ready_connection_that_decodes_is_accepted(server: Any, options: dict[str, Any]) -> None:
    with (
        server.client(decode_responses=True) as own,
        pyjobs.Client(own, **options) as client,
    ):
        client.queue("q").put(None, {"bytes": b"\xff\x00", "text": "naïve"})
        popped = client.queue("q").pop()
        assert popped
        assert popped.data == {"bytes": b"\xff\x00", "text": "naïve"}
        assert own.echo("still decodes") == "still decodes"


def test_a_ready_connection_stays_its_owners(server: Any, options: dict[str, Any]) -> None:
    with server.client(single_connection_client=False) as own:
        own.ping()
        before = own.client_id()
        with pyjobs.Client(own, **options) as client:
            client.tick()
        assert own.client_id() == before


@pytest.mark.parametrize("protocol", [2, 3])
def test_both_protocols_are_spoken(server: Any, options: dict[str, Any], protocol: int) -> None:
    with (
        server.client(protocol=protocol) as own,
        pyjobs.Client(own, **options) as client,
    ):
        jid = client.queue("q").put(None, {"n": 1})
        assert client.jobs[jid].data == {"n": 1}
        assert list(client.events.listen(since="0", wait=0))


def test_urls_of_unix_sockets_and_of_ports_are_accepted(
    server: Any, options: dict[str, Any]
) -> None:
    for url in (f"unix://{server.socket}", f"redis://{server.host}:{server.port}"):
        with pyjobs.Client(url, **options) as client:
            client.queue("q").put(None)
            assert str(server.socket if "unix" in url else server.port) in repr(client)
    with pyjobs.Client(host=server.host, port=server.port, **options) as client:
        assert client.queue("q").counts.waiting == 2


@pytest.mark.parametrize(
    "url",
    ["redis://user:sec/ret@host:1/0", "nonsense://user:secret@host", "redis://:secret@host:x"],
)
def test_a_bad_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="url") as caught:
        pyjobs.Client(url)
    assert "sec" not in str(caught.value)


def test_a_password_is_nowhere_in_a_text(server: Any) -> None:
    with pyjobs.Client(f"redis://user:secret@{server.host}:{server.port}") as client:
        assert "secret" not in repr(client)
        with pytest.raises(pyjobs.ServerError) as caught:
            client.tick()
    assert "secret" not in str(caught.value)


# The end


def test_close_may_be_repeated_and_leaves_nothing_open(
    server: Any, options: dict[str, Any]
) -> None:
    with pyjobs.Client(server.url, client_name="closing", **options) as client:
        client.tick()
        assert connected(server, "closing")
        client.close()
        assert comes_to_be_disconnected(server, "closing")
        client.close()
        client.tick()  # a client that was closed connects anew
    assert comes_to_be_disconnected(server, "closing")


def test_close_of_the_async_client_may_be_repeated(server: Any, options: dict[str, Any]) -> None:
    async def use() -> None:
        async with pyjobs.AsyncClient(server.url, client_name="closing", **options) as client:
            await client.tick()
            assert connected(server, "closing")
            await client.close()
            await client.close()
            await client.tick()

    asyncio.run(use())
    assert comes_to_be_disconnected(server, "closing")


def connected(server: Any, name: str) -> bool:
    """Return whether there is a connection of this name."""
    return any(each["name"] == name for each in server.admin.client_list())


def comes_to_be_disconnected(server: Any, name: str) -> bool:
    """Return whether the server notices that the connections of this name were closed."""
    ends = time.monotonic() + 20
    while connected(server, name):
        if time.monotonic() > ends:
            return False
    return True


UNCLOSED = """
import asyncio, sys, pyjobs

client = pyjobs.Client(sys.argv[1], namespace=sys.argv[2])
client.queue("q").put(None)
with pyjobs.Client(sys.argv[1], namespace=sys.argv[2]) as other:
    other.queue("q").pop()
async def main():
    async with pyjobs.AsyncClient(sys.argv[1], namespace=sys.argv[2]) as client:
        await asyncio.gather(*(client.queue("q").put(None) for _ in range(5)))
asyncio.run(main())
"""


def test_nothing_warns_of_connections_left_open(server: Any, namespace: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNCLOSED, server.url, namespace],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stderr == ""


# asyncio


def test_tasks_share_an_async_client(server: Any, options: dict[str, Any]) -> None:
    async def call(client: pyjobs.AsyncClient, number: int) -> None:
        jid = await client.queue("q").put(None, number, jid=f"{number}")
        found = await client.jobs.get(jid)
        assert [each.data for each in found] == [number]

    async def main() -> None:
        async with pyjobs.AsyncClient(server.url, **options) as client:
            await asyncio.gather(*(call(client, number) for number in range(100)))

    asyncio.run(main())


def test_an_async_client_serves_one_event_loop_after_the_other(
    server: Any, options: dict[str, Any]
) -> None:
    client = pyjobs.AsyncClient(server.url, **options)

    async def use() -> str:
        try:
            return await client.queue("q").put(None, jid="a")
        finally:
            await client.close()

    assert [asyncio.run(use()) for _ in range(3)] == ["a"] * 3


def test_no_answer_is_left_behind_by_a_thousand_cancelled_calls(
    server: Any, options: dict[str, Any]
) -> None:
    dice = random.Random(4)

    async def main() -> None:
        async with pyjobs.AsyncClient(server.url, **options) as client:
            queue = client.queue("q")
            cancelled = 0
            for number in range(1000):
                calls: list[Any] = [
                    queue.put(None, number, jid=f"{number}"),
                    client.jobs.get(f"{number - 1}", "none"),
                    queue.stats(),
                    queue.pop(2),
                ]
                chosen = dice.randrange(len(calls))
                for at, call in enumerate(calls):
                    if at != chosen:
                        call.close()
                task = asyncio.ensure_future(calls[chosen])
                for _ in range(dice.randrange(12)):
                    await asyncio.sleep(0)
                cancelled += task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                jid = await queue.put(None, number, jid=f"check-{number % 7}")
                assert jid == f"check-{number % 7}"
                (found,) = await client.jobs.get(jid)
                assert (found.jid, found.data) == (jid, number)
            assert cancelled > 300

    asyncio.run(main())


def test_the_jobs_of_a_cancelled_pop_come_with_the_next_one(
    server: Any, options: dict[str, Any]
) -> None:
    async def main() -> None:
        with Proxy(server.socket) as proxy:
            async with pyjobs.AsyncClient(proxy.url, **options) as client:
                queue = client.queue("q")
                await queue.put_many({"data": n} for n in range(4))
                for awaits in range(30):
                    popping: Any = queue.pop(2)
                    task = asyncio.ensure_future(popping)
                    for _ in range(awaits):
                        await asyncio.sleep(0)
                    task.cancel()
                    try:
                        popped = await task
                    except asyncio.CancelledError:
                        popped = await queue.pop(2)  # while the cancellation is being handled
                    assert [each.data for each in popped] == [0, 1]
                    for each in popped:
                        await each.release()

    asyncio.run(main())
