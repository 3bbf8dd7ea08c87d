"""`client.check`: from another process, in both surfaces, while others are at work."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pyjobs


def add(job: pyjobs.Job) -> int:
    """Work of a moment."""
    return sum(job.data)


def fail(job: pyjobs.Job) -> None:
    """Work that goes wrong."""
    raise ValueError(job.jid)


NAME = f"{__name__}."


def operate(client: pyjobs.Client, until: threading.Event) -> None:
    """Do what people do, again and again, until told to stop."""
    queue, number = client.queue("q"), 0
    while not until.is_set():
        number += 1
        parent = queue.put(NAME + "add", [number], tags=["t", f"t{number % 3}"], keep_result=1)
        jids = [
            queue.put(NAME + "add", [1], depends=[parent]),
            queue.put(NAME + "fail", b"x" * 2000, retries=0),
            queue.put(NAME + "add", [1, 2], delay=number % 3 / 20, priority=number % 5),
            client.queue("unserved").put(NAME + "add", [1]),
        ]
        client.track(jids[0])
        client.jobs.cancel(jids[3])
        if number % 5 == 0:
            client.unfail(f"q-{ValueError.__name__}")


def test_a_namespace_at_work_has_no_findings(server: Any, namespace: str) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        client.config.set("jobs-history-count", 50)
        client.queue("q").recur(NAME + "add", [1], interval=0.05)
        stop = threading.Event()
        worker = pyjobs.Worker(client, ["q"], concurrency=4)
        busy = [threading.Thread(target=operate, args=(client, stop)) for _ in range(2)]
        busy.append(threading.Thread(target=worker.run))
        for thread in busy:
            thread.start()
        try:
            findings = [found for _ in range(60) for found in client.check()]
        finally:
            stop.set()
            worker.stop()
            for thread in busy:
                thread.join()
        assert findings == []
        assert client.queue("q").counts.complete >= 25


def test_a_repair_tells_what_became_of_each_finding(server: Any, namespace: str) -> None:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        for jid in ("a", "b"):
            client.queue("q").put(None, b"x" * 2000, jid=jid)
        client.server.delete(client.key("waiting:1"), client.key("payload:b"))
        found = {(each.name, each.jid): each for each in client.check()}
        assert {each.outcome for each in found.values()} == {""}
        assert [name for name, each in found.items() if not each.mendable] == [
            ("lost-payload", "b")
        ]

        repaired = {(each.name, each.jid): each.outcome for each in client.check(repair=True)}
        assert repaired == {
            ("lost-job", "a"): "mended",
            ("lost-job", "b"): "mended",
            ("lost-payload", "b"): "left",
        }
        assert [each.name for each in client.check()] == ["lost-payload"]
        client.jobs.cancel("a", "b")


def test_async_code_checks_in_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            await client.queue("q").put(None, jid="a")
            await client.server.delete(client.key("waiting:1"))
            found = [str(finding) async for finding in client.check(repair=True)]
            text = "job a is waiting and not in the set of that state and its queue"
            assert found == [f"lost-job: {text}"]
            assert [finding async for finding in client.check()] == []

    asyncio.run(run())
