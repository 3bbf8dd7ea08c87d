"""Tasks that are bound to a client of each test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.tasks import jobs

POOLS: list[PoolName] = ["threads", "sync", "asyncio", "greenlets"]

Run = Callable[..., Worker]


@pytest.fixture(autouse=True)
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        jobs.tasks.init(client)
        jobs.ran.clear()
        yield client


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest) -> PoolName:
    """Each pool in turn."""
    if request.param == "greenlets":
        pytest.importorskip("gevent", exc_type=ImportError)
    name: PoolName = request.param
    return name


@pytest.fixture
def run(client: pyjobs.Client) -> Run:
    """Run all jobs that can be run now."""

    def run(queue: str = "default", **options: Any) -> Worker:
        worker = Worker(client, queue, **options)
        worker.run_until_idle()
        return worker

    return run
