"""`pyjobs top`: a live screen; where there is no terminal, one picture."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.client.servers import OwnServer


@pytest.fixture
def busy(client: Client, at: None) -> None:
    """A queue with something in it, a worker, a failure."""
    queue = client.queue("underpants")
    queue.put_many([{"klass": None}] * 1200)
    for job in queue.pop(2):
        job.fail("bad-input", "")


def test_the_screen_changes_with_what_happens(
    terminal: Callable[..., Terminal], client: Client, busy: None
) -> None:
    screen = terminal("top", "--interval", "100ms")
    screen.until("1,198")
    screen.until("bad-input")
    for job in client.queue("underpants").pop(50):
        job.complete()
    screen.until("1,148")
    client.queue("underpants").pause()
    screen.until("(paused)")
    screen.type("q")
    assert 0 == screen.end()


def test_it_fits_a_small_terminal(terminal: Callable[..., Terminal], client: Client) -> None:
    for number in range(40):
        client.queue(f"queue-{number}").put(None)
    screen = terminal("top", "--interval", "10", columns=80, rows=24)
    screen.until("queue-0")
    screen.type("q")
    assert 0 == screen.end()
    assert "queue-39" not in screen.shown
    assert screen.shown.count("\n") < 24


def test_ctrl_c_leaves_the_terminal_as_it_was(
    terminal: Callable[..., Terminal], busy: None
) -> None:
    screen = terminal("top")
    screen.until("underpants")
    screen.interrupt()
    assert 128 + signal.SIGINT == screen.end()
    assert "\x1b[?1049l" in screen.shown  # back from the other screen


def test_a_server_that_goes_away_is_shown_and_comes_back(
    durable: OwnServer, terminal: Callable[..., Terminal], namespace: str
) -> None:
    with Client(durable.url, namespace=namespace) as client:
        client.queue("underpants").put(None)
        screen = terminal("top", "--interval", "100ms")
        screen.until("underpants")
        durable.kill()
        screen.until("cannot be reached")
        durable.start()
        client.queue("socks").put(None)
        screen.until("socks")
    screen.type("q")
    assert 0 == screen.end()


def test_without_a_terminal_it_is_one_picture(pyjobs: Run, busy: None) -> None:
    done = pyjobs("top")
    assert 0 == done.returncode
    for part in ("1,198 jobs", "underpants", "bad-input"):
        assert part in done.stdout
    found = json.loads(pyjobs("top", "--json").stdout)
    assert ["underpants"] == [each["counts"]["name"] for each in found["queues"]]
    assert {"bad-input": 2} == found["groups"]
