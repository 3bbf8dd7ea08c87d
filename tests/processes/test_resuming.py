"""Whose jobs are given back: those of this host's dead processes, and nobody else's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from pyjobs import Client
from pyjobs.worker.resuming import resume, worker_name
from tests.conftest import Server

HOST = socket.gethostname()


@pytest.fixture
def dead() -> int:
    """The id of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def hold(server: Server, namespace: str, worker: str) -> None:
    """Have a worker of this name hold a job."""
    with Client(server.url, namespace=namespace, worker_name=worker) as client:
        client.queue("q").put(None, jid=worker)
        assert client.queue("q").pop(lease=3600)


def test_jobs_of_the_dead_are_lost_by_them_at_once(
    server: Server, client: Client, namespace: str, dead: int
) -> None:
    names = [f"{HOST}-{dead}-0123abcd", f"mail@{HOST}-{dead}-0123abcd"]
    for name in names:
        hold(server, namespace, name)

    assert resume(client) == 2
    jobs = [client.pop(["q"], wait=5)[0] for _ in names]
    assert sorted(job.jid for job in jobs) == sorted(names)
    assert [job.attempt for job in jobs] == [2, 2]
    assert [each.name for each in client.workers.counts] == [client.worker_name]


def test_the_living_and_other_hosts_keep_theirs(
    server: Server, client: Client, namespace: str, dead: int
) -> None:
    for name in (
        worker_name(),
        worker_name("mail"),
        f"{HOST}-{os.getppid()}-0123abcd",
        f"other-{HOST}-{dead}-0123abcd",
        f"{HOST}x-{dead}-0123abcd",
        f"{HOST}-{dead}",
        f"{HOST}-1-{dead}",
        "by-hand",
    ):
        hold(server, namespace, name)

    assert resume(client) == 0
    assert client.queue("q").pop(10) == []
    assert len(client.workers.counts) == 8 + 1
