"""`pyjobs put`: a job, with its options; or a job for each line."""

from __future__ import annotations

import json

import pytest

from pyjobs import Client
from pyjobs.cli.job_options import JOB_OPTIONS
from pyjobs.job import Job
from pyjobs.options import JobOptions
from tests.cli.conftest import Run


def looked_up(client: Client, jid: str) -> Job:
    job = client.jobs[jid]
    assert isinstance(job, Job)
    return job


def test_put_prints_the_jid(pyjobs: Run, client: Client, at: None) -> None:
    done = pyjobs("put", "underpants", '{"count": 1}', "--klass", "gnomes.GnomesJob")

    job = looked_up(client, done.stdout.strip())
    assert ("underpants", "gnomes.GnomesJob", {"count": 1}) == (
        *(job.queue_name, job.klass_name, job.data),
    )


def test_put_takes_every_option_of_a_job(pyjobs: Run, client: Client, at: None) -> None:
    parent = client.queue("socks").put(None)
    options = (
        *("--priority", "-7", "--retries", "2", "--tag", "red", "--tag", "tidy"),
        *("--depends", parent, "--lease", "1h30m", "--context", "trace=abc"),
        *("--run-within", "10m", "--kill-within", "11m", "--keep-result", "1d"),
        *("--start-within", "1h", "--if-late", "fail", "--finish-within", "2h"),
        *("--retry-on", "OSError", "--give-up-on", "KeyError", "--poison-after", "2"),
        *("--unique", "count", "--unique-until", "started"),
    )
    jid = json.loads(pyjobs("put", "underpants", *options, "--json").stdout)["jid"]

    job = looked_up(client, jid)
    assert (-7, 2, ["red", "tidy"]) == (job.priority, job.original_retries, job.tags)
    assert ("depends", [parent]) == (job.state, job.dependencies)
    assert (600, 660, 86400) == (job.run_within, job.kill_within, job.keep_result)
    assert {"trace": "abc"} == job.context
    assert ("count", 3600) == (job.unique, (job.finish_by or 0) - (job.start_by or 0))


def test_a_unique_put_says_what_it_did(pyjobs: Run, client: Client, at: None) -> None:
    unique = ("--unique", "page:7", "--debounce", "5s", "--json")
    first = json.loads(pyjobs("put", "index", "1", *unique).stdout)
    second = json.loads(pyjobs("put", "index", "2", *unique).stdout)

    assert ("created", "merged") == (first["outcome"], second["outcome"])
    assert first["jid"] == second["jid"]
    assert 2 == looked_up(client, first["jid"]).data
    refused = pyjobs("put", "index", "--unique", "page:7", "--if-duplicate", "refuse")
    assert f"job {first['jid']} holds the key page:7" in refused.stderr


def test_put_offers_all_that_the_library_does() -> None:
    assert set(JobOptions.__annotations__) == set(JOB_OPTIONS)


def test_a_moment_is_local_time_unless_it_says_its_zone(
    pyjobs: Run, client: Client, at: None, environment: dict[str, str]
) -> None:
    environment["TZ"] = "Asia/Tokyo"
    local = pyjobs("put", "later", "--at", "2040-01-01T09:00").stdout.strip()
    zoned = pyjobs("put", "later", "--at", "2040-01-01T00:00Z").stdout.strip()

    assert looked_up(client, local).since == looked_up(client, zoned).since == 2208988800


def test_data_may_come_on_standard_input(pyjobs: Run, client: Client, at: None) -> None:
    done = pyjobs("put", "underpants", "-", input='{"from": "a pipe"}\n')
    assert {"from": "a pipe"} == looked_up(client, done.stdout.strip()).data


def test_each_line_is_a_job_in_order(pyjobs: Run, client: Client, at: None) -> None:
    lines = "".join(f"{number}\n\n" for number in range(1050))  # empty lines are none
    done = pyjobs("put", "underpants", "--lines", "--tag", "many", input=lines)

    assert 1050 == len(done.stdout.split())
    assert list(range(100)) == [job.data for job in client.queue("underpants").pop(100)]
    assert {"many": 1050} == client.tags()
    client.jobs.cancel(*done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["x"], "", "DATA is no JSON"),
        (["NaN"], "", "NaN is no JSON value"),
        (["-"], "", "DATA is no JSON"),
        (["[" * 5000], "", "DATA"),
        (["12345678901234567890123"], "", "64"),
        (["--lines"], "1\nx\n", "line 2 is no JSON"),
        (["--lines", "1"], "", "DATA is given too"),
        (["--lines", "--jid", "one"], "", "--jid names one"),
        (["1", "--delay", "soon"], "", "'soon' is no length of time"),
        (["1", "--delay", "-5"], "", "'-5' is no length of time"),
        (["1", "--at", "tomorrow"], "", "'tomorrow' is no moment"),
        (["1", "--delay", "1e300"], "", "delay: 1e+300 seconds are too many"),
        (["1", "--priority", "9" * 20], "", "does not fit into 64 bits"),
        (["1", "--retries", "many"], "", "--retries"),
        (["1", "--retries", "70000"], "", "retries: 70000 is not between 0 and 65535"),
        (["1", "--if-exists", "keep"], "", "if_exists: goes with a jid of your own"),
        (["1", "--missing", "refuse", "--depends", "nobody"], "", "nobody"),
        (["1", "--klass", "no path"], "", "klass: 'no path' is not an import path"),
        (["1", "--context", "trace"], "", "'trace' is not NAME=VALUE"),
    ],
)
def test_what_cannot_be_put_is_said_in_a_line(
    pyjobs: Run, client: Client, at: None, arguments: list[str], given: str, said: str
) -> None:
    done = pyjobs("put", "underpants", *arguments, input=given)

    assert (2, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert said in done.stderr
    assert 0 == client.queue("underpants").counts.waiting


def test_standard_input_that_is_no_text_is_refused(pyjobs: Run, at: None) -> None:
    for given in ("\udcff", '"\udcff"'):
        done = pyjobs("put", "underpants", "-", input=given, errors="surrogateescape")
        assert (2, "") == (done.returncode, done.stdout)
        assert 1 == len(done.stderr.splitlines())
