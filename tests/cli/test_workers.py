"""`pyjobs workers`: who works, and on what."""

from __future__ import annotations

import json

import msgpack
import pytest

from pyjobs import Client, calls
from tests.cli.conftest import Run
from tests.conftest import Server


@pytest.fixture
def worker(server: Server, namespace: str, client: Client, at: None) -> str:
    """A worker that has told about itself, and holds a job."""
    client.queue("underpants").put(None, jid="held")
    with Client(server.url, namespace=namespace, worker_name="gnome") as gnome:
        gnome.queue("underpants").pop()
        about = {"pid": 7, "queues": ["underpants", "socks"], "counts": {"done": 3}}
        gnome.run(calls.report("gnome", msgpack.packb(about), ["underpants"]))
    return "gnome"


def test_workers_are_listed(pyjobs: Run, worker: str) -> None:
    line = pyjobs("workers").stdout.splitlines()[2]
    assert line.startswith(worker)
    assert "underpants, socks" in line
    (found,) = json.loads(pyjobs("workers", "--json").stdout)
    assert (worker, 1, {"done": 3}) == (found["name"], found["held"], found["about"]["counts"])


def test_one_worker_says_what_it_holds(pyjobs: Run, worker: str) -> None:
    out = pyjobs("workers", worker).stdout
    for part in ("held", "underpants", "underpants, socks", "done 3", "in "):
        assert part in out
    assert ["held"] == [
        job["jid"] for job in json.loads(pyjobs("workers", worker, "--json").stdout)["jobs"]
    ]


def test_a_report_of_another_kind_is_left_out(pyjobs: Run, client: Client, at: None) -> None:
    for number, about in enumerate((b"\xc1", b"", msgpack.packb([1]))):
        client.run(calls.report(f"gnome-{number}", about))
    done = pyjobs("workers")
    assert 0 == done.returncode
    assert 5 == len(done.stdout.splitlines())


def test_an_unknown_worker_is_said_in_a_line(pyjobs: Run, at: None) -> None:
    assert "no workers\n" == pyjobs("workers").stdout
    done = pyjobs("workers", "nobody")
    said = "pyjobs: there is no worker 'nobody'\n"
    assert (2, "", said) == (done.returncode, done.stdout, done.stderr)
