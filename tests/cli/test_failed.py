"""`pyjobs failed`: the failure groups, and the jobs of one."""

from __future__ import annotations

import json

from pyjobs import Client
from tests.cli.conftest import Run


def fail(client: Client, group: str, message: str) -> str:
    queue = client.queue("underpants")
    jid = queue.put("gnomes.Gnomes", retries=0)
    job = queue.pop()
    assert job
    job.fail(group, message)
    return jid


def test_groups_are_counted_largest_first(pyjobs: Run, client: Client, at: None) -> None:
    assert "no failed jobs\n" == pyjobs("failed").stdout
    for group in ("no-drawer", "bad-input", "bad-input"):
        fail(client, group, "")
    lines = [line.split() for line in pyjobs("failed").stdout.splitlines()]
    assert [["bad-input", "2"], ["no-drawer", "1"]] == lines[2:]
    assert {"bad-input": 2, "no-drawer": 1} == json.loads(pyjobs("failed", "--json").stdout)


def test_the_jobs_of_a_group_say_why(pyjobs: Run, client: Client, at: None) -> None:
    trace = 'Trace of a job\n  File "gnomes.py"\nKeyError: drawer\n'
    jids = [fail(client, "bad-input", message) for message in ("first", trace)]
    done = pyjobs("failed", "bad-input", "--count", "1")
    assert f"{jids[1]}  underpants  Gnomes" in done.stdout
    assert "KeyError: drawer" in done.stdout
    assert "gnomes.py" not in done.stdout
    assert "2 in all" in done.stderr

    found = json.loads(pyjobs("failed", "bad-input", "--json").stdout)
    assert [trace, "first"] == [job["message"] for job in found]


def test_an_unknown_group_is_said_in_a_line(pyjobs: Run, at: None) -> None:
    done = pyjobs("failed", "nothing")
    said = "pyjobs: there is no failure group 'nothing'\n"
    assert (2, "", said) == (done.returncode, done.stdout, done.stderr)
