"""`pyjobs limits`, `limit`, `tenants`, `tenant`, and what `explain` and `jobs` say of them."""

from __future__ import annotations

import json

from pyjobs import Client
from tests.cli.conftest import Run


def test_a_limit_is_set_shown_and_removed(pyjobs: Run, client: Client, at: None) -> None:
    args = ("--at-once", 3, "--rate", 100, "--per", "1m", "--burst", 10)
    assert "set smtp\n" == pyjobs("limit", "smtp", *args).stdout
    client.queue("mail").put(None, limits=["smtp"])
    shown = pyjobs("limits").stdout.splitlines()

    assert ["limit", "at", "once", "rate", "burst", "running", "open", "parked"] == shown[0].split()
    assert ["smtp", "3", "100", "in", "1", "min", "0", "s", "10", "0", "3", "0"] == shown[2].split()
    (found,) = json.loads(pyjobs("limits", "smtp", "--json").stdout)
    assert (3, 100, 60.0, 10) == tuple(found[n] for n in ("at_once", "rate", "per", "burst"))
    assert "removed smtp\n" == pyjobs("limit", "smtp", "--remove").stdout
    assert "nothing is limited\n" == pyjobs("limits").stdout


def test_bad_limits_are_refused_in_a_line(pyjobs: Run, at: None) -> None:
    for args in (("a",), ("a", "--remove", "--at-once", 1), ("order:x", "--at-once", 2)):
        done = pyjobs("limit", *args)
        assert (2, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))


def test_tenants_are_weighed_and_shown(pyjobs: Run, client: Client, at: None) -> None:
    assert "acme has 3 turns\n" == pyjobs("tenant", "acme", "--weight", 3).stdout
    queue = client.queue("mail")
    queue.put(None)
    assert "no jobs of tenants wait there\n" == pyjobs("tenants", "mail").stdout
    queue.put(None, tenant="acme")

    assert [["(none)", "1", "1"], ["acme", "3", "1"]] == [
        line.split() for line in pyjobs("tenants", "mail").stdout.splitlines()[2:]
    ]
    assert 2 == len(json.loads(pyjobs("tenants", "mail", "--json").stdout))


def test_throttled_jobs_are_put_listed_and_explained(pyjobs: Run, client: Client, at: None) -> None:
    client.limits["smtp"].set(1, rate=1, per=60)
    put = ("put", "mail", "--limit", "smtp", "--order-key", "k", "--tenant", "acme")
    first, second = (pyjobs(*put).stdout.strip() for _ in range(2))
    third = pyjobs("put", "mail", "--limit", "smtp").stdout.strip()
    job = client.queue("mail").pop()

    assert job
    assert (first, ["smtp"], "k", "acme") == (job.jid, job.limits, job.order_key, job.tenant)
    listed = pyjobs("jobs", "mail", "--state", "throttled", "--jids").stdout.split()
    assert {second, third} == set(listed)
    why = pyjobs("explain", second).stdout
    assert f"1 job of its order key 'k' comes first: {first} (running)" in why
    why = pyjobs("explain", third).stdout
    assert "the limit 'smtp', 1 of 1 at once run, 1 start in 1 min 0 s" in why
    (limit,) = json.loads(pyjobs("explain", third, "--json").stdout)["limits"]
    assert ("smtp", 1, 0) == (limit["name"], limit["running"], limit["ahead"])


def test_whose_turn_it_is_is_explained(pyjobs: Run, client: Client, at: None) -> None:
    jids = client.queue("mail").put_many([{"tenant": "acme"} for _ in range(2)])

    assert "1 job of its tenant 'acme' comes first" in pyjobs("explain", jids[1]).stdout
