"""`pyjobs events`: what happens, as it happens."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal
from tests.client.servers import OwnServer


def test_what_has_happened_is_printed(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    jid = queue.put(None)
    job = queue.pop()
    assert job
    job.complete()
    lines = pyjobs("events", "--since", "0", "--no-follow").stdout.splitlines()
    assert ["put", "popped", "done"] == [line.split()[2] for line in lines]
    assert all(jid in line and "underpants" in line for line in lines)


def test_events_as_lines_of_json_go_on_after_a_cursor(
    pyjobs: Run, client: Client, at: None
) -> None:
    client.queue("underpants").put(None, jid="first")
    (first,) = pyjobs("events", "--since", "1h", "--no-follow", "--json").stdout.splitlines()
    client.queue("underpants").put(None, jid="second")
    cursor = json.loads(first)["cursor"]
    (second,) = pyjobs("events", "--since", cursor, "--no-follow", "--json").stdout.splitlines()
    assert ("second", "put") == (json.loads(second)["jid"], json.loads(second)["what"])
    assert "" == pyjobs("events", "--since", "2040-01-01T00:00", "--no-follow").stdout


@pytest.mark.parametrize(
    "arguments", [["--queue", "socks"], ["--jid", "second"], ["--what", "put", "--queue", "socks"]]
)
def test_only_what_is_asked_for(
    pyjobs: Run, client: Client, at: None, arguments: list[str]
) -> None:
    client.queue("underpants").put(None, jid="first")
    client.queue("socks").put(None, jid="second")
    (line,) = pyjobs("events", "--since", "0", "--no-follow", *arguments).stdout.splitlines()
    assert "second" in line


def test_events_are_followed_until_ctrl_c(
    terminal: Callable[..., Terminal], client: Client
) -> None:
    client.queue("underpants").put(None, jid="first")
    screen = terminal("events", "--since", "0")
    screen.until("first")
    client.queue("underpants").put(None, jid="second")
    screen.until("second")
    screen.interrupt()
    assert 128 + signal.SIGINT == screen.end()


def test_a_server_that_comes_back_is_listened_to_again(
    durable: OwnServer, terminal: Callable[..., Terminal], namespace: str
) -> None:
    screen = terminal("events", "--since", "0")
    with Client(durable.url, namespace=namespace) as client:
        client.queue("underpants").put(None, jid="first")
        screen.until("first")
        durable.kill()
        screen.until("waiting for it")
        durable.start()
        client.queue("underpants").put(None, jid="second")
    screen.until("second")


def test_a_reader_that_has_had_enough_is_no_error(
    command: list[str], environment: dict[str, str], client: Client, at: None
) -> None:
    client.queue("underpants").put_many([{"klass": None}] * 3000)
    pipeline = f"{' '.join(command)} events --since 0 --no-follow | head -n 1"
    done = subprocess.run(
        ["sh", "-c", pipeline],
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert (1, "") == (len(done.stdout.splitlines()), done.stderr)


@pytest.mark.parametrize("since", ["yesterday", "2030-13-45", "-5", "12-"])
def test_a_beginning_that_is_none_is_said_in_a_line(pyjobs: Run, at: None, since: str) -> None:
    done = pyjobs("events", "--since", since, "--no-follow")
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert f"{since!r} is none of" in done.stderr
