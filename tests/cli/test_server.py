"""`pyjobs server`: the embedded Valkey of a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyjobs import Client, embedded
from tests.cli.conftest import Run


@pytest.fixture
def server_folder_of_ours(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "server with a space"
    yield folder
    embedded.stop(folder)


def test_server_starts_and_stops(pyjobs: Run, server_folder_of_ours: Path) -> None:
    folder = server_folder_of_ours
    assert 1 == pyjobs("server", "status", folder).returncode
    assert not folder.exists()

    started = json.loads(pyjobs("server", "start", folder, "--json").stdout)
    assert (True, True, False) == (started["running"], started["kept"], started["in_use"])
    with Client(started["url"]) as client:
        client.queue("underpants").put(None, jid="kept")
    assert 0 == pyjobs("job", "kept", "--url", started["url"]).returncode

    status = pyjobs("server", "status", folder.name)  # a relative folder is as good
    assert 0 == status.returncode
    assert str(started["pid"]) in status.stdout
    assert "stays until pyjobs server stop" in status.stdout

    assert f"stopped the server in {folder}\n" == pyjobs("server", "stop", folder).stdout
    assert f"no server ran in {folder}\n" == pyjobs("server", "stop", folder).stdout
    assert 1 == pyjobs("server", "status", folder).returncode


def test_the_default_server_is_the_users_own(pyjobs: Run, environment: dict[str, str]) -> None:
    found = json.loads(pyjobs("server", "status", "--json").stdout)
    assert f"{environment['HOME']}/.local/share/pyjobs" == found["folder"]
    assert "embedded:" == found["url"]


def test_a_folder_that_cannot_be_one_is_said_in_a_line(pyjobs: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = pyjobs("server", "start", tmp_path / "file")
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
