"""`pyjobs wait`: until jobs have ended, or queues are empty."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.client.servers import OwnServer


def finish(client: Client, queue: str = "underpants") -> None:
    while job := client.queue(queue).pop():
        job.complete()


def test_what_has_ended_is_not_waited_for(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(None)
    finish(client)
    done = pyjobs("wait", jid, "--queue", "underpants")
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    found = json.loads(pyjobs("wait", jid, "--json").stdout)
    assert {"left": 0, "queues": {}, "jobs": {jid: "complete"}} == found


@contextmanager
def waiting(terminal: Callable[..., Terminal], *arguments: object) -> Iterator[Terminal]:
    """Wait on a terminal, and go on when it has looked once."""
    screen = terminal("wait", *arguments)
    screen.until("\u2501")
    yield screen


def test_jobs_are_waited_for_with_a_bar(terminal: Callable[..., Terminal], client: Client) -> None:
    jids = client.queue("underpants").put_many([{"klass": None}] * 3)
    with waiting(terminal, *jids) as screen:
        screen.until("0/3")
        finish(client)
        assert 0 == screen.end()


def test_queues_are_waited_for_with_all_that_is_to_come(
    terminal: Callable[..., Terminal], client: Client
) -> None:
    first = client.queue("underpants").put(None)
    client.queue("profit").put(None, depends=[first])
    with waiting(terminal, "--queue", "underpants", "--queue", "profit") as screen:
        screen.until("profit 1")
        finish(client)
        screen.until("1/2")
        finish(client, "profit")
        assert 0 == screen.end()


def test_a_job_that_fails_is_an_exit_status_of_1(
    terminal: Callable[..., Terminal], client: Client
) -> None:
    jids = client.queue("underpants").put_many([{"klass": None}] * 2)
    with waiting(terminal, *jids) as screen:
        for job in client.queue("underpants").pop(2):
            job.fail("bad", "") if job.jid == jids[0] else job.complete()
        screen.until(f"job {jids[0]} is failed")
        assert 1 == screen.end()


def test_a_time_that_is_over_is_an_exit_status_of_1(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put(None, delay=3600)
    done = pyjobs("wait", jid, "--queue", "underpants", "--timeout", "0")
    assert (1, "the time is over: underpants 1  jobs 1\n") == (done.returncode, done.stdout)
    assert 1 == pyjobs("wait", "-", "--timeout", "10ms", "--json", input=jid).returncode


def test_a_job_that_is_forgotten_meanwhile_has_ended(
    terminal: Callable[..., Terminal], client: Client
) -> None:
    client.config["jobs-history-count"] = 0
    jid = client.queue("underpants").put(None)
    with waiting(terminal, jid) as screen:
        finish(client)
        client.tick()
        assert 0 == screen.end()


def test_a_server_that_comes_back_is_asked_again(
    durable: OwnServer, terminal: Callable[..., Terminal], namespace: str
) -> None:
    with Client(durable.url, namespace=namespace) as client:
        jid = client.queue("underpants").put(None)
        with waiting(terminal, jid) as screen:
            durable.kill()
            screen.until("waiting for it")
            durable.start()
            finish(client)
            assert 0 == screen.end()


def test_ctrl_c_ends_it(terminal: Callable[..., Terminal], client: Client) -> None:
    jid = client.queue("underpants").put(None)
    with waiting(terminal, jid) as screen:
        screen.interrupt()
        assert 128 + signal.SIGINT == screen.end()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "there is no job nobody"),
        (["--queue", "nowhere"], "there is no queue 'nowhere'"),
        (["-"], "name jobs, or queues by --queue"),
        (["one", "--timeout", "soon"], "'soon' is no length of time"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs("wait", *arguments, stdin=subprocess.DEVNULL)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
