"""`pyjobs recur`: add, list, update, remove."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from pyjobs.recurring import RecurringJob
from tests.cli.conftest import Run


def looked_up(client: Client, jid: str) -> RecurringJob:
    job = client.jobs[jid]
    assert isinstance(job, RecurringJob)
    return job


def test_a_recurring_job_from_its_start_to_its_end(pyjobs: Run, client: Client, at: None) -> None:
    data = ('{"rooms": 3}', "--klass", "gnomes.Sweep", "--tag", "tidy", "--priority", "-1")
    jid = pyjobs("recur", "add", "rooms", *data, "--every", "1d", "--offset", "2h").stdout.strip()
    job = looked_up(client, jid)
    assert ("rooms", "gnomes.Sweep", 86400, {"rooms": 3}, ["tidy"], -1) == (
        *(job.queue_name, job.klass_name, job.interval, job.data, job.tags, job.priority),
    )

    out = pyjobs("recur", "list").stdout
    for part in (jid, "rooms", "Sweep", "1 d 0 h", "  in "):
        assert part in out

    changes = ("--every", "90", "--data", "null", "--queue", "cellar", "--pause", "--backlog", "1")
    assert f"updated {jid}\n" == pyjobs("recur", "update", jid, *changes).stdout
    job = looked_up(client, jid)
    assert ("cellar", 90, True, 1) == (job.queue_name, job.interval, job.paused, job.backlog)
    assert "paused" in pyjobs("recur", "list", "cellar").stdout
    assert not json.loads(pyjobs("recur", "update", jid, "--unpause", "--json").stdout)["paused"]

    assert "removed 1 job\n" == pyjobs("recur", "remove", jid).stdout
    assert [] == json.loads(pyjobs("recur", "list", "--json").stdout)


def test_a_recurring_job_by_cron(pyjobs: Run, client: Client, at: None) -> None:
    timing = ("--cron", "0 9 * * mon-fri", "--tz", "Europe/Berlin", "--between", "08:00-18:30")
    rules = ("--missed", "skip", "--overlap", "skip", "--count", "9", "--until", "2100-01-01")
    jid = pyjobs("recur", "add", "rooms", "--jid", "daily", *timing, *rules).stdout.strip()
    job = looked_up(client, jid)
    assert ("0 9 * * mon-fri", "Europe/Berlin", ("08:00", "18:30"), 9) == (
        *(job.cron, job.tz, job.between, job.left),
    )
    assert ("skip", "skip") == (job.missed, job.overlap)
    assert "by '0 9 * * mon-fri'" in pyjobs("recur", "list").stdout
    assert "by '0 9 * * mon-fri'" in pyjobs("job", jid).stdout
    assert "the next job is due in " in pyjobs("explain", jid).stdout

    assert f"updated {jid}\n" == pyjobs("recur", "update", jid, "--every", "1h").stdout
    assert "every 1 h" in pyjobs("recur", "list").stdout
    pyjobs("recur", "update", jid, "--pause")
    assert "it is paused" in pyjobs("explain", jid).stdout
    pyjobs("recur", "update", jid, "--unpause", "--until", "2001-01-01")
    assert "it is over since" in pyjobs("explain", jid).stdout
    pyjobs("recur", "remove", jid)


def test_recurring_jobs_of_many_queues_are_listed(pyjobs: Run, client: Client, at: None) -> None:
    jids = [
        client.queue(queue).recur(None, interval=60, offset=60)
        for queue in ("rooms", "cellar")
        for _ in range(2)
    ]
    found = json.loads(pyjobs("recur", "list", "--json").stdout)
    assert sorted(jids) == sorted(job["jid"] for job in found)
    assert 0 == pyjobs("recur", "remove", *jids).returncode


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "rooms"], "Missing option '--every'"),
        (["add", "rooms", "--every", "0"], "interval"),
        (["add", "rooms", "--every", "5", "--cron", "@daily"], "one of them"),
        (["add", "rooms", "--cron", "0 25 * * *"], "'25' in '0 25 * * *', at character 3"),
        (["add", "rooms", "--cron", "@daily", "--tz", "Mars"], "no time zone 'Mars'"),
        (["add", "rooms", "--every", "5", "--between", "8"], "'8' is not FROM-TO"),
        (["add", "rooms", "x", "--every", "5"], "DATA is no JSON"),
        (["update", "nobody", "--every", "5"], "there is no recurring job nobody"),
        (["update", "nobody"], "nothing to change"),
        (["remove", "nobody"], "there is no recurring job nobody"),
        (["list", "nowhere"], "there is no queue 'nowhere'"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    pyjobs: Run, at: None, arguments: list[str], said: str
) -> None:
    done = pyjobs("recur", *arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
