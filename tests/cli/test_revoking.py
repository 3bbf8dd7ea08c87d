"""`pyjobs revoke`, `restore`, `revoked`, and what `explain` says of it."""

from __future__ import annotations

import json

from pyjobs import Client
from tests.cli.conftest import Run

WAIT = "tests.worker.jobs.say"


def test_jobs_are_revoked_explained_and_restored(pyjobs: Run, client: Client, at: None) -> None:
    queue = client.queue("q")
    one, two = (queue.put(WAIT, {"n": n}) for n in (1, 2))
    assert "revoked 2 jobs" in pyjobs("revoke", one, two).stdout
    assert "restored 1 job" in pyjobs("restore", two).stdout

    assert "it is revoked: a worker that comes to it cancels it" in (
        why := pyjobs("explain", one).stdout
    )
    assert f"pyjobs restore {one}" in why
    assert "revoked" not in pyjobs("explain", two).stdout
    found = queue.pop(5)
    assert [two] == [job.jid for job in found]


def test_a_class_is_revoked_listed_explained_and_restored(
    pyjobs: Run, client: Client, at: None
) -> None:
    jid = client.queue("q").put(WAIT)
    assert "no class is revoked\n" == pyjobs("revoked").stdout
    assert f"revoked {WAIT}\n" == pyjobs("revoke", "--klass", WAIT, "--until", "2100-01-01").stdout

    assert "all jobs of its class are revoked until 2100-01-01" in pyjobs("explain", jid).stdout
    (listed,) = json.loads(pyjobs("revoked", "--json").stdout)
    assert (WAIT, False) == (listed["klass"], listed["once"])
    assert listed["until"] > 4_000_000_000
    assert [WAIT, "2100-01-01"] == pyjobs("revoked").stdout.splitlines()[2].split()[:2]
    assert f"restored {WAIT}\n" == pyjobs("restore", "--klass", WAIT).stdout
    again = pyjobs("restore", "--klass", WAIT)
    assert (1, f"was not revoked: {WAIT}\n") == (again.returncode, again.stdout)


def test_the_next_one_of_a_class(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("q").put(WAIT)
    told = json.loads(pyjobs("revoke", "--klass", WAIT, "--once", "--json").stdout)

    assert {"klass": WAIT, "until": None, "once": True} == told
    assert "the next job of its class is revoked" in pyjobs("explain", jid).stdout
    assert "the next one" in pyjobs("revoked").stdout


def test_what_makes_no_sense_is_refused_in_a_line(pyjobs: Run, at: None) -> None:
    for args in (("--once", "a"), ("--klass", WAIT, "a"), ("nobody",), ("--klass", "")):
        done = pyjobs("revoke", *args)
        assert (2, 1) == (done.returncode, len(done.stderr.splitlines())), args
