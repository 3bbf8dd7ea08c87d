"""An idle worker costs next to nothing, and is there at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyjobs
from pyjobs.worker import Worker
from tests.client.proxy import Proxy
from tests.worker import jobs
from tests.worker.conftest import POOLS, running

J = "tests.worker.jobs"


def test_two_commands_in_four_seconds(server: Any, namespace: str, delivery: str) -> None:
    """It asks once, and then waits for four seconds in the server."""
    with (
        Proxy(Path(server.socket)) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace, delivery=delivery) as client,
        running(Worker(client, "mail")),
    ):
        commands = proxy.counts.commands
        proxy.wait_until(lambda: commands[b"BLPOP"] == 1)
        calls = proxy.counts.calls
        proxy.wait_until(lambda: commands[b"BLPOP"] == 2)

        assert proxy.counts.calls - calls == 1


def test_a_job_wakes_it(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    for pool in POOLS:
        with running(Worker(client, "mail", pool=pool)):
            for n in range(20):
                queue.put(f"{J}.say", {"n": n})
                assert jobs.hear() == n


def test_a_scheduled_job_wakes_it(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    with running(Worker(client, "mail")):
        queue.put(f"{J}.say", {"n": 1}, delay=0.2)

        assert jobs.hear() == 1


def test_an_end_is_told_while_it_waits(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    """The next job depends on the one that runs, and nothing else happens in the namespace."""
    first = queue.put(f"{J}.hold")
    queue.put(f"{J}.say", {"n": 2}, depends=[first])

    with running(Worker(client, "mail")):
        assert jobs.hear() == ("begun", first)
        jobs.go_on()
        assert jobs.hear() == ("ended", first)
        assert jobs.hear() == 2
