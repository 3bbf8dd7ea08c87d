"""Which queues are served, and in which order."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import running

J = "tests.worker.jobs"


def put(client: pyjobs.Client, **queues: int) -> None:
    """Put so many jobs that say the queue that they were put into."""
    for name, count in queues.items():
        job: dict[str, Any] = {"klass": f"{J}.say", "data": {"n": name}}
        client.queue(name).put_many([job] * count)


def ran(client: pyjobs.Client, *queues: str, **options: Any) -> list[str]:
    """Run all jobs, and return the queues in the order in which they were run."""
    worker = Worker(client, queues, pool="sync", **options)
    return [jobs.hear() for _ in range(worker.run_until_idle())]


def test_the_first_queue_comes_first(client: pyjobs.Client) -> None:
    put(client, slow=3, fast=3)

    assert ran(client, "fast", "slow") == ["fast"] * 3 + ["slow"] * 3


def test_rotating_gives_each_its_turn(client: pyjobs.Client) -> None:
    put(client, a=30, b=30, c=30)

    order = ran(client, "a", "b", "c", policy="rotating", prefetch=0)

    assert Counter(order[:30]) == {"a": 10, "b": 10, "c": 10}


def test_weighted_gives_each_its_share(client: pyjobs.Client) -> None:
    put(client, a=200, b=200)

    order = ran(client, "a", "b", policy="weighted", weights={"a": 3}, prefetch=0)

    assert 60 <= Counter(order[:100])["a"] <= 90


def test_patterns_find_the_queues_that_there_are(client: pyjobs.Client) -> None:
    put(client, **{"mail-fast": 1, "mail-slow": 1, "other": 1, "mail-new": 1})

    order = ran(client, "mail-*", "!mail-slow")

    assert order == ["mail-fast", "mail-new"]


def test_queues_that_come_later_are_found(client: pyjobs.Client) -> None:
    with running(Worker(client, "mail-*", interval=0.05)):
        put(client, **{"mail-one": 1})
        assert jobs.hear() == "mail-one"
        put(client, **{"mail-two": 1})
        assert jobs.hear() == "mail-two"


def test_more_queues_than_one_call_names(client: pyjobs.Client) -> None:
    names = [f"queue-{n:03}" for n in range(250)]
    put(client, **dict.fromkeys(names[::50], 2))

    order = ran(client, *names)

    assert order == list(itertools.chain.from_iterable([name] * 2 for name in names[::50]))


def test_more_queues_than_one_call_names_are_waited_for(client: pyjobs.Client) -> None:
    names = [f"queue-{n:03}" for n in range(250)]

    with running(Worker(client, names, pool="sync")):
        for name in (names[240], names[0], names[150]):
            put(client, **{name: 1})
            assert jobs.hear() == name


def test_what_jobs_put_is_run_too(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.put_another", {"n": 5})

    assert Worker(client, "mail", pool=pool).run_until_idle() == 6


def test_one_at_a_time(client: pyjobs.Client) -> None:
    put(client, mail=2)
    worker = Worker(client, "mail")

    assert [worker.work_once() for _ in range(3)] == [True, True, False]
    assert client.queue("mail").counts.complete == 2


def test_the_same_worker_runs_again(client: pyjobs.Client, pool: PoolName) -> None:
    worker = Worker(client, "mail", pool=pool)
    for n in range(1, 3):
        put(client, mail=3)
        assert worker.run_until_idle() == 3
        assert worker.counts == {"done": 3 * n}
