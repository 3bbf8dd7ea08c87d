"""`pyjobs engine install` and `prune`: libraries of several versions on one server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgpack
import pytest

from pyjobs import Client, calls
from pyjobs.cli import libraries
from pyjobs.library import library
from tests.cli.conftest import Run
from tests.client.servers import OwnServer

OLD = "pyjobs_00000000"
OLDER = "pyjobs_11111111"


@pytest.fixture
def own(pytestconfig: pytest.Config, environment: dict[str, str]) -> Iterator[OwnServer]:
    """A server of the test's own: libraries belong to a server, not to a namespace."""
    with OwnServer(pytestconfig.option.redis_exec) as own:
        environment.update(PYJOBS_URL=own.url)
        yield own


def load(server: OwnServer, *names: str) -> None:
    for name in names:
        function = f"redis.register_function('{name}_x', function() return 1 end)"
        server.admin.function_load(f"#!lua name={name}\n{function}")


def loaded(server: OwnServer) -> list[str]:
    with Client(server.url) as client:
        return sorted(
            libraries.pairs(each)["library_name"].decode()
            for each in libraries.ask(client, "FUNCTION", "LIST")
        )


def test_install_loads_this_version(pyjobs: Run, own: OwnServer) -> None:
    assert f"loaded {library().name}\n" == pyjobs("engine", "install").stdout
    assert [library().name] == loaded(own)
    again = json.loads(pyjobs("engine", "install", "--json").stdout)
    assert {"library": library().name, "installed": True, "loaded_now": False} == again


def test_install_where_functions_are_forbidden(pyjobs: Run, own: OwnServer) -> None:
    rules = ("on", ">secret", "~*", "+@all", "-function|load", "-fcall", "-fcall_ro")
    own.admin.execute_command("ACL", "SETUSER", "weak", *rules)
    url = f"unix://weak:secret@{own.socket}"
    done = pyjobs("engine", "install", "--url", url)
    assert 1 == done.returncode
    assert "goes as scripts" in done.stdout
    assert 0 == pyjobs("put", "underpants", "--url", url).returncode


def test_prune_notes_first_and_removes_a_day_later(pyjobs: Run, own: OwnServer) -> None:
    load(own, OLD, OLDER)
    pyjobs("engine", "install")
    assert "removed" not in pyjobs("engine", "prune").stdout
    notes = "{pyjobs/0}libraries"
    first = int(own.admin.hget(notes, OLD) or 0)
    own.admin.hset(notes, OLD, first - 86_400_000)  # a day passes, for one of them

    found = json.loads(pyjobs("engine", "prune", "--json").stdout)
    assert {OLD: True, OLDER: False, library().name: False} == {
        each["name"]: each["remove"] for each in found
    }
    assert sorted([OLDER, library().name]) == loaded(own)
    assert {OLDER.encode()} == set(own.admin.hkeys(notes))
    assert 0 < own.admin.ttl(notes) <= 30 * 86_400


def test_prune_leaves_what_a_worker_names(pyjobs: Run, own: OwnServer) -> None:
    load(own, OLD)
    pyjobs("engine", "prune")
    about = msgpack.packb({"library": OLD})
    with Client(own.url, namespace="elsewhere") as client:
        client.run(calls.report("gnome", about))
        assert "named by workers" in pyjobs("engine", "prune", "--older-than", "0").stdout
        assert OLD in loaded(own)
        assert [] == own.admin.hkeys("{pyjobs/0}libraries")  # the note is taken off

        client.workers.deregister("gnome")
    pyjobs("engine", "prune", "--older-than", "0")
    assert OLD not in loaded(own)


def test_a_dry_run_changes_nothing(pyjobs: Run, own: OwnServer) -> None:
    load(own, OLD)
    before = own.dump()
    out = pyjobs("engine", "prune", "--older-than", "0", "--dry-run").stdout
    assert "would be removed" in out
    assert OLD in loaded(own)
    assert before == own.dump()


def test_what_was_pruned_is_loaded_again_by_whoever_calls(pyjobs: Run, own: OwnServer) -> None:
    with Client(own.url) as client:
        jid = client.queue("underpants").put(None)
        own.admin.function_delete(library().name)
        job = client.queue("underpants").pop()
    assert job
    assert jid == job.jid


def test_a_library_of_somebody_else_is_left_alone(pyjobs: Run, own: OwnServer) -> None:
    load(own, "theirs")
    pyjobs("engine", "prune", "--older-than", "0")
    assert "theirs" in loaded(own)
