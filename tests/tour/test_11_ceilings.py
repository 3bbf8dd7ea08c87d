"""Bounds on memory: caps, retention by queue, a report of bytes, and what failed, in bulk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs
from tests.tour.conftest import Clock


def fail(client: pyjobs.Client, klass: str, group: str, count: int) -> list[str]:
    jids = client.queue("mail").put_many([{"klass": klass} for _ in range(count)])
    for job in client.queue("mail").pop(count):
        job.fail(group, "Traceback ...")
    return jids


def test_a_full_queue_refuses_what_is_put_until_jobs_end(client: pyjobs.Client) -> None:
    thumbnails = client.queue("thumbnails")
    thumbnails.cap(jobs=2)
    thumbnails.put_many([{"data": "a.png"}, {"data": "b.png"}])

    with pytest.raises(pyjobs.QueueFull, match="queue thumbnails takes 2 jobs"):
        thumbnails.put(None, "c.png")
    job = thumbnails.pop()
    assert job
    job.complete()
    thumbnails.put(None, "c.png")


def test_a_slice_that_does_not_fit_is_refused_as_a_whole(client: pyjobs.Client) -> None:
    client.queue("q").cap(bytes=1000)
    with pytest.raises(pyjobs.QueueFull) as full:
        client.queue("q").put_many([{"data": "x" * 400} for _ in range(3)])

    assert ("max-bytes", 0) == (full.value.limit, client.queue("q").counts.waiting)


def test_or_the_oldest_jobs_make_room_for_the_newest(client: pyjobs.Client) -> None:
    positions = client.queue("positions")
    positions.cap(jobs=3, when_full="drop-oldest")
    jids = [positions.put(None, n) for n in range(5)]

    assert [2, 3, 4] == [job.data for job in positions.pop(3)]
    assert "cancelled" == client.jobs[jids[0]].state


def test_jobs_that_are_in_the_system_go_on_into_a_full_queue(client: pyjobs.Client) -> None:
    client.queue("upload").cap(jobs=1)
    client.queue("upload").put(None)
    client.queue("resize").put(None)
    job = client.queue("resize").pop()
    assert job

    assert "waiting" == job.complete("upload")
    assert 2 == client.queue("upload").counts.waiting


def test_a_queue_keeps_its_ended_jobs_as_long_as_it_says(
    client: pyjobs.Client, clock: Clock
) -> None:
    client.config["jobs-history-clicks"] = 60
    jids = [client.queue(name).put(None) for name in ("clicks", "orders")]
    for name in ("clicks", "orders"):
        job = client.queue(name).pop()
        assert job
        job.complete()
    clock.turn(61)
    client.tick()

    assert [jids[1]] == [job.jid for job in client.jobs.get(*jids)]


def test_how_many_bytes_a_queue_takes(client: pyjobs.Client) -> None:
    client.queue("q").put_many([{"data": "x" * 98} for _ in range(10)])
    (weight,) = client.queues.bytes("q")

    assert (10, 1000, True) == (weight.jobs, weight.payload, weight.exact)
    assert weight.stored > 1000


def test_failed_jobs_are_counted_by_queue_class_and_error(client: pyjobs.Client) -> None:
    fail(client, "mail.Send", "mail-Timeout", 3)
    fail(client, "mail.Send", "mail-KeyError", 1)
    fail(client, "mail.Draw", "mail-Timeout", 2)

    assert [
        ("mail", "mail.Send", "mail-Timeout", 3),
        ("mail", "mail.Draw", "mail-Timeout", 2),
        ("mail", "mail.Send", "mail-KeyError", 1),
    ] == [(each.queue, each.klass_name, each.error, each.jobs) for each in client.failures.counts()]


def test_and_put_back_moved_or_dropped_in_slices(client: pyjobs.Client) -> None:
    fail(client, "mail.Send", "mail-Timeout", 3)
    fail(client, "mail.Draw", "mail-Timeout", 2)
    needed, _ = fail(client, "mail.Send", "mail-KeyError", 2)
    client.queue("later").put(None, depends=[needed])

    assert (
        3 == client.failures.unfail(queue="mail", klass_name="mail.Send", error="mail-Timeout").done
    )
    assert 2 == client.failures.move("slow", group="mail-Timeout").done
    dropped = client.failures.drop(queue="mail")
    assert (1, 1) == (dropped.done, dropped.skipped)


def test_async_code_says_the_same(server: Any, namespace: str) -> None:
    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            await client.queue("q").cap(jobs=1)
            await client.queue("q").put(None)
            with pytest.raises(pyjobs.QueueFull):
                await client.queue("q").put(None)
            assert [1] == [weight.jobs for weight in await client.queues.bytes()]

    asyncio.run(run())
