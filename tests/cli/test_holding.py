"""A worker as a shell script: pop, heartbeat, complete, fail, release."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pyjobs import Client
from tests.cli.conftest import Run


@pytest.fixture
def popped(pyjobs: Run, client: Client, at: None) -> dict[str, Any]:
    """A job that a shell holds."""
    client.queue("underpants").put(None, {"count": 1}, retries=1)
    found: dict[str, Any] = json.loads(pyjobs("pop", "underpants").stdout)
    return found


def state(client: Client, jid: str) -> str:
    return client.jobs[jid].state


def test_pop_prints_jobs_as_lines_of_json(pyjobs: Run, client: Client, at: None) -> None:
    first = client.queue("socks").put(None, "left", priority=1, tags=["wool"])
    second = client.queue("underpants").put("gnomes.Gnomes", {"count": 1})
    done = pyjobs("pop", "underpants", "socks", "--count", "5", "--lease", "1h")

    jobs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [second, first] == [job["jid"] for job in jobs]
    assert [{"count": 1}, "left"] == [job["data"] for job in jobs]
    assert [("gnomes.Gnomes", []), ("", ["wool"])] == [
        (job["klass_name"], job["tags"]) for job in jobs
    ]
    assert [1, 1] == [job["attempt"] for job in jobs]


def test_pop_without_a_job_is_an_exit_status_of_1(pyjobs: Run, at: None) -> None:
    done = pyjobs("pop", "underpants", "--wait", "10ms")
    assert (1, "", "") == (done.returncode, done.stdout, done.stderr)


def test_pop_waits_for_a_job(
    command: list[str], environment: dict[str, str], client: Client, at: None
) -> None:
    waiting = subprocess.Popen(
        [*command, "pop", "underpants", "--wait", "30"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not client.workers.counts:  # until it has popped, and found nothing
        assert waiting.poll() is None
    jid = client.queue("underpants").put(None)
    out, _ = waiting.communicate(timeout=20)
    assert jid == json.loads(out)["jid"]


def test_pops_of_one_session_have_one_name(pyjobs: Run, client: Client, at: None) -> None:
    client.queue("underpants").put_many([{"klass": None}] * 3)
    for _ in range(2):
        pyjobs("pop", "underpants")
    pyjobs("pop", "underpants", "--worker", "gnome")
    assert [1, 2] == sorted(each.held for each in client.workers.counts)
    assert "gnome" in {each.name for each in client.workers.counts}


def test_complete_ends_the_job(pyjobs: Run, client: Client, popped: dict[str, Any]) -> None:
    done = pyjobs("complete", popped["lease"])
    assert f"{popped['jid']} is complete\n" == done.stdout


def test_complete_sends_the_job_on_with_new_data(
    pyjobs: Run, client: Client, popped: dict[str, Any]
) -> None:
    parent = client.queue("socks").put(None)
    onward = ("--next", "profit", "--data", '{"count": 2}', "--depends", parent)
    done = pyjobs("complete", popped["lease"], *onward, "--json")

    assert {"jid": popped["jid"], "state": "depends"} == json.loads(done.stdout)
    client.jobs.cancel(parent, popped["jid"])


def test_fail_puts_it_into_a_group(pyjobs: Run, client: Client, popped: dict[str, Any]) -> None:
    long = "nothing\n" * 10_000 + "no underpants in drawer\n"
    done = pyjobs("fail", popped["lease"], "bad-input", "-", input=long)

    assert f"{popped['jid']} is failed\n" == done.stdout
    (job,) = client.jobs.get(popped["jid"])
    assert job.failure
    assert "bad-input" == job.failure.group
    assert job.failure.message.endswith("no underpants in drawer")


def test_fail_may_ask_for_another_attempt(
    pyjobs: Run, client: Client, popped: dict[str, Any]
) -> None:
    first = pyjobs("fail", popped["lease"], "no-drawer", "--retry", "--delay", "1ms")
    assert f"{popped['jid']} is scheduled\n" == first.stdout

    again = json.loads(pyjobs("pop", "underpants", "--wait", "20").stdout)
    last = pyjobs("fail", again["lease"], "no-drawer", "still not there", "--retry")
    assert f"{popped['jid']} is failed\n" == last.stdout  # no retries are left


def test_release_gives_it_back(pyjobs: Run, client: Client, popped: dict[str, Any]) -> None:
    assert f"{popped['jid']} is waiting\n" == pyjobs("release", popped["lease"]).stdout
    assert "waiting" == state(client, popped["jid"])


def test_heartbeat_prolongs_the_lease(pyjobs: Run, client: Client, popped: dict[str, Any]) -> None:
    done = pyjobs("heartbeat", popped["lease"], "--lease", "1h", "--json")
    assert json.loads(done.stdout)["expires"] > popped["expires"] + 3000
    assert "never\n" == pyjobs("heartbeat", popped["lease"], "--lease", "0").stdout


@pytest.mark.parametrize("verb", ["complete", "heartbeat", "release", "fail"])
def test_a_lost_lease_is_an_exit_status_of_2(
    pyjobs: Run, client: Client, popped: dict[str, Any], verb: str
) -> None:
    client.jobs.cancel(popped["jid"])
    done = pyjobs(verb, popped["lease"], *(["group"] if verb == "fail" else []))

    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert "cancelled" in done.stderr


@pytest.mark.parametrize("lease", ["abc", "gqFhYQ", "\udcff", "ü", "lKFzoXSjYWJjoWQ"])
def test_what_is_no_lease_is_refused(pyjobs: Run, at: None, lease: str) -> None:
    done = pyjobs("complete", lease)
    assert (2, "") == (done.returncode, done.stdout)
    assert "is no lease" in done.stderr


def test_a_whole_worker_in_a_few_lines_of_shell(
    client: Client, command: list[str], environment: dict[str, str], at: None, tmp_path: Path
) -> None:
    client.queue("underpants").put_many([{"klass": None, "data": n} for n in range(3)])
    (tmp_path / "pyjobs").write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    (tmp_path / "pyjobs").chmod(0o755)
    script = r"""
        while job=$(pyjobs pop underpants); do
          lease=$(printf %s "$job" | sed 's/.*"lease": "\([^"]*\)".*/\1/')
          pyjobs complete "$lease"
        done
    """
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    subprocess.run(["sh", "-c", script], env=environment, check=True, timeout=50)
    assert 3 == client.queue("underpants").counts.complete
