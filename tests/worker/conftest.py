"""Workers in a thread of the test's, jobs that talk to the test, and every pool in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from tests.worker import jobs

POOLS: list[PoolName] = ["threads", "sync", "asyncio", "greenlets"]

SOON = 20.0
"""Seconds in which something happens that does happen."""

Start = Callable[..., "Running"]


@pytest.fixture
def client(server: Any, namespace: str, delivery: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        yield client


@pytest.fixture
def queue(client: pyjobs.Client) -> pyjobs.Queue:
    return client.queue("mail")


@pytest.fixture(params=POOLS)
def pool(request: pytest.FixtureRequest) -> PoolName:
    """Each pool in turn."""
    if request.param == "greenlets":
        pytest.importorskip("gevent", exc_type=ImportError)
    name: PoolName = request.param
    return name


def find(client: pyjobs.Client, jid: str) -> pyjobs.Job:
    """Look a job up."""
    job = client.jobs[jid]
    assert isinstance(job, pyjobs.Job)
    return job


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    """Give each test what jobs say afresh, and let go of jobs that still wait for it."""
    jobs.reset()
    yield
    jobs.reset()


class Running:
    """A worker that runs in a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.status: int | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.status = self.worker.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def stop(self, grace: float | None = None) -> int | None:
        """Stop it politely; returns its status."""
        self.worker.stop(grace)
        return self.join()

    def join(self) -> int | None:
        """Wait until it has left; returns its status."""
        self._thread.join(SOON)
        assert not self._thread.is_alive(), "the worker does not leave"
        return self.status


@contextmanager
def running(worker: Worker) -> Iterator[Running]:
    """Have a worker run meanwhile."""
    run = Running(worker)
    try:
        yield run
    finally:
        jobs.go_on()
        run.stop(0)
        if run.error is not None:
            raise run.error
