"""`pyjobs failures`: failed jobs by queue, class and error, and what is to become of them."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from tests.cli.conftest import Run


def fail(client: Client, queue: str, klass: str, group: str, count: int = 1) -> list[str]:
    jids = client.queue(queue).put_many([{"klass": klass} for _ in range(count)])
    for job in client.queue(queue).pop(count):
        job.fail(group, "why")
    return jids


@pytest.fixture
def failed(client: Client) -> None:
    fail(client, "mail", "jobs.Send", "mail-Timeout", 3)
    fail(client, "mail", "jobs.Send", "mail-KeyError", 2)
    fail(client, "mail", "jobs.Draw", "mail-Timeout")
    fail(client, "other", "jobs.Send", "mail-Timeout")


def test_failed_jobs_are_counted_largest_first(
    pyjobs: Run, client: Client, at: None, failed: None
) -> None:
    lines = [line.split()[:4] for line in pyjobs("failures", "list").stdout.splitlines()]
    assert ["mail", "Send", "mail-Timeout", "3"] == lines[2]
    assert 4 == len(lines[2:])
    found = json.loads(pyjobs("failures", "list", "-q", "other", "--json").stdout)
    assert [("other", "jobs.Send", 1)] == [(c["queue"], c["klass_name"], c["jobs"]) for c in found]


def test_there_may_be_none(pyjobs: Run, at: None) -> None:
    assert "no failed jobs\n" == pyjobs("failures", "list").stdout


def test_those_that_are_named_are_put_back_moved_and_dropped(
    pyjobs: Run, client: Client, at: None, failed: None
) -> None:
    of = ("--queue", "mail", "--class", "jobs.Send")
    done = pyjobs("failures", "unfail", *of, "--error", "mail-Timeout")
    assert "put back 3 jobs\n" == done.stdout
    assert "moved 2 jobs\n" == pyjobs("failures", "move", *of, "--to", "slow").stdout
    assert (3, 2) == (client.queue("mail").counts.waiting, client.queue("slow").counts.waiting)
    dropped = pyjobs("failures", "drop", "--group", "mail-Timeout", "--json")
    assert {"dropped": 2, "problems": {}, "interrupted": False} == json.loads(dropped.stdout)
    assert {} == client.jobs.failed()


def test_those_that_others_wait_for_stay(pyjobs: Run, client: Client, at: None) -> None:
    jids = fail(client, "mail", "jobs.Send", "e", 2)
    client.queue("later").put(None, depends=jids[:1])
    done = pyjobs("failures", "drop", "-q", "mail")

    assert (0, "dropped 1 job\n") == (done.returncode, done.stdout)
    assert "pyjobs: 1 stay, since other jobs wait for them\n" == done.stderr


def test_only_what_failed_before_a_moment(pyjobs: Run, client: Client, at: None) -> None:
    fail(client, "mail", "jobs.Send", "e")
    assert "dropped 0 jobs\n" == pyjobs("failures", "drop", "-q", "mail", "--before", "9").stdout


def test_all_of_everything_is_not_meant_by_nothing(pyjobs: Run, at: None) -> None:
    done = pyjobs("failures", "drop", "--class", "jobs.Send")
    assert (2, "") == (done.returncode, done.stdout)
    assert "name the jobs by --queue or --group" in done.stderr
