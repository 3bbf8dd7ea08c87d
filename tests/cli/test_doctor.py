"""`pyjobs engine doctor`: what is wrong with a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.client.servers import OwnServer, free_port, old_server

Findings = dict[str, list[tuple[str, str]]]


@pytest.fixture
def own(pytestconfig: pytest.Config) -> Iterator[Callable[..., OwnServer]]:
    """Give a function that starts a server with options."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(
            OwnServer(pytestconfig.option.redis_exec, *options)
        )


@pytest.fixture
def examine(pyjobs: Run) -> Callable[..., tuple[int, Findings]]:
    """Give a function that returns the exit status, and what was found by what it is about."""

    def run(url: str, *arguments: str) -> tuple[int, Findings]:
        done = pyjobs("engine", "doctor", "--url", url, "--json", *arguments)
        assert "" == done.stderr
        found: Findings = {}
        for each in json.loads(done.stdout):
            found.setdefault(each["about"], []).append((each["verdict"], each["text"]))
        return done.returncode, found

    return run


Examine = Callable[..., tuple[int, Findings]]


def test_a_good_server_has_no_problem(
    own: Callable[..., OwnServer], pyjobs: Run, examine: Examine
) -> None:
    server = own("--appendonly", "yes", "--maxmemory", "100mb")
    status, found = examine(server.url)
    assert 0 == status
    assert {"ok"} == {verdict for some in found.values() for verdict, _ in some}
    assert [
        *("version", "role", "memory", "eviction", "persistence"),
        *("rights", "clock", "engine", "leftovers"),
    ] == list(found)
    assert {} == server.dump()
    out = pyjobs("engine", "doctor", "--url", server.url).stdout
    assert "appendfsync everysec" in out


def test_jobs_that_would_be_lost_are_problems(
    own: Callable[..., OwnServer], examine: Examine
) -> None:
    server = own("--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb")
    status, found = examine(server.url)
    assert 1 == status
    assert "problem" == found["eviction"][0][0]
    assert "allkeys-lru" in found["eviction"][0][1]
    assert "problem" == found["persistence"][0][0]
    assert "a restart loses every job" in found["persistence"][0][1]


def test_what_is_less_than_a_problem_is_a_warning(
    own: Callable[..., OwnServer], examine: Examine
) -> None:
    server = own("--maxmemory-policy", "volatile-ttl")
    server.admin.config_set("save", "3600 1")
    status, found = examine(server.url)
    assert 0 == status
    assert "warning" == found["eviction"][0][0]  # nothing limits the memory
    assert "warning" == found["persistence"][0][0]
    assert "note" == found["memory"][0][0]


def test_full_memory_is_a_problem(own: Callable[..., OwnServer], examine: Examine) -> None:
    server = own("--appendonly", "yes", "--maxmemory", "1mb")
    with Client(server.url) as client:
        client.queues.pause("underpants")  # loads the engine while it can
    status, found = examine(server.url)
    assert 1 == status
    assert "problem" == found["memory"][0][0]
    assert "puts are refused" in found["memory"][0][1]


def test_a_replica_is_a_problem(own: Callable[..., OwnServer], examine: Examine) -> None:
    port = str(free_port())
    own("--port", port)
    replica = own("--replicaof", "127.0.0.1", port)
    status, found = examine(replica.url)
    assert 1 == status
    assert ("problem", "it is a replica, which takes no writes") in found["role"]


def test_rights_that_are_missing_are_named(own: Callable[..., OwnServer], examine: Examine) -> None:
    server = own("--appendonly", "yes")
    rules = ("on", ">secret", "~{pyjobs/*", "+@all", "-zadd", "-blpop")
    server.admin.execute_command("ACL", "SETUSER", "weak", *rules)
    status, found = examine(f"unix://weak:secret@{server.socket}")
    assert 1 == status
    assert [("problem", "user weak must not use BLPOP, ZADD here")] == found["rights"]

    status, found = examine(f"unix://weak:secret@{server.socket}", "--namespace", "theirs")
    assert 1 == status
    assert "HMGET" in found["rights"][0][1]


def test_rights_that_cannot_be_asked_for_are_a_note(
    own: Callable[..., OwnServer], examine: Examine
) -> None:
    server = own("--appendonly", "yes")
    rules = ("on", ">secret", "~*", "+@all", "-acl", "-config")
    server.admin.execute_command("ACL", "SETUSER", "weak", *rules)
    status, found = examine(f"unix://weak:secret@{server.socket}")
    assert 0 == status
    assert "note" == found["rights"][0][0]
    assert [("ok", "append-only file, appendfsync unknown")] == found["persistence"]


def test_leftovers_are_named(own: Callable[..., OwnServer], examine: Examine) -> None:
    server = own("--appendonly", "yes")
    name = "pyjobs_00000000"
    function = f"redis.register_function('{name}_x', function() return 1 end)"
    server.admin.function_load(f"#!lua name={name}\n{function}")
    with Client(server.url, now=lambda: 1_000_000_000_000) as client:
        client.queue("underpants").put(None)
        client.queue("underpants").pop()  # and never comes back
    with Client(server.url) as client:
        client.queues.pause("socks")
    status, found = examine(server.url)
    assert 0 == status
    texts = [text for _, text in found["leftovers"]]
    assert "1 library of other versions" in texts[0]
    assert "underpants 1" in texts[1]
    assert "paused queues: socks" == texts[2]


def test_an_old_server_is_refused_by_name(pyjobs: Run) -> None:
    with old_server("6.2.14") as url:
        done = pyjobs("engine", "doctor", "--url", url)
    assert 1 == done.returncode
    assert "Redis 6.2.14: pyjobs needs 7.0 or newer" in done.stdout


def test_no_server_is_said_in_a_line(pyjobs: Run) -> None:
    done = pyjobs("engine", "doctor", "--url", "redis://localhost:1")
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
