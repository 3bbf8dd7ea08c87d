"""`pyjobs drain`: run what can be run, and end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pyjobs import Client
from tests.cli.conftest import Run
from tests.cli.terminal import Terminal

JOBS = """
from pathlib import Path

class Gnomes:
    @staticmethod
    def underpants(job):
        job["collected"] = job["count"] * 2

class Clumsy:
    @staticmethod
    def process(job):
        raise ValueError("no underpants in drawer")

class Slow:
    @staticmethod
    def process(job):
        with open(job.data) as pipe:  # until the test opens its end
            pipe.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "gnomes.py").write_text(JOBS)
    return folder


def test_drain_runs_all_that_can_be_run(pyjobs: Run, client: Client, at: None, path: Path) -> None:
    queue = client.queue("underpants")
    jids = queue.put_many([{"klass": "gnomes.Gnomes", "data": {"count": n}} for n in range(30)])
    client.queue("socks").put("gnomes.Gnomes", {"count": 1})
    later = queue.put("gnomes.Gnomes", {"count": 1}, delay=3600)
    done = pyjobs("drain", "underpants", "--path", path)

    assert (0, "ran 30 jobs, 0 failed, 0 to be retried\n") == (done.returncode, done.stdout)
    assert [2 * n for n in range(30)] == [job["collected"] for job in client.jobs.get(*jids)]
    assert "scheduled" == client.jobs[later].state
    assert 1 == client.queue("socks").counts.waiting


def test_a_job_that_fails_is_an_exit_status_of_1(
    pyjobs: Run, client: Client, at: None, path: Path
) -> None:
    client.queue("underpants").put("gnomes.Clumsy", retries=0)
    client.queue("underpants").put("nowhere.Nothing", retries=0)
    done = pyjobs("drain", "underpants", "--path", path, "--json")

    assert 1 == done.returncode
    assert {"run": 2, "failed": 2, "retried": 0} == json.loads(done.stdout)
    assert {"underpants-ValueError": 1, "underpants-ClassNotFound": 1} == client.jobs.failed()


def test_ctrl_c_finishes_what_runs(
    terminal: Callable[..., Terminal], client: Client, path: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    queue = client.queue("underpants")
    queue.put_many([{"klass": "gnomes.Slow", "data": str(pipe)}] * 3)
    screen = terminal("drain", "underpants", "--path", path, "--concurrency", "1")
    with pipe.open("w"):  # opens when the first job has opened its end
        screen.interrupt()
        screen.until("jobs")
    assert 128 + signal.SIGINT == screen.end()
    counts = queue.counts
    assert (1, 2, 0) == (counts.complete, counts.waiting, counts.running)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["underpants", "--pool", "swimming"], "--pool"),
        (["underpants", "--concurrency", "0"], "concurrency"),
        (["underpants", "--path", "/nowhere"], "--path"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs("drain", *arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
