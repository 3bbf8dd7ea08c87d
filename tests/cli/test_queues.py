"""`pyjobs queues`, `pause` and `unpause`."""

from __future__ import annotations

import json

from pyjobs import Client
from tests.cli.conftest import Run


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


def test_queues_by_name(pyjobs: Run, client: Client, at: None) -> None:
    for name in ("underpants", "socks", "profit"):
        client.queue(name).put(None)
    found = json.loads(pyjobs("queues", "socks", "profit", "--json").stdout)
    assert ["socks", "profit"] == [each["name"] for each in found]
    done = pyjobs("queues", "socks", "nowhere")
    assert (2, "") == (done.returncode, done.stdout)
    assert "there is no queue 'nowhere'" in done.stderr


def test_queues_are_paused_and_served_again(pyjobs: Run, client: Client, at: None) -> None:
    client.queue("underpants").put(None)
    assert "paused underpants, socks\n" == pyjobs("pause", "underpants", "socks").stdout
    assert 1 == pyjobs("pop", "underpants").returncode
    found = json.loads(pyjobs("unpause", "underpants", "--json").stdout)
    assert {"unpaused": ["underpants"]} == found
    assert 0 == pyjobs("pop", "underpants").returncode
    client.queues.unpause("socks")


def test_more_queues_than_one_call_takes_are_paused(pyjobs: Run, client: Client, at: None) -> None:
    names = [f"queue-{number}" for number in range(120)]
    assert 0 == pyjobs("pause", *names).returncode
    assert set(names) == {each.name for each in client.queues.counts if each.paused}
    assert 0 == pyjobs("unpause", *names).returncode


def test_queues_are_weighed_from_a_sample_or_exactly(pyjobs: Run, client: Client, at: None) -> None:
    client.queue("underpants").put_many([{"data": "x" * 98} for _ in range(1100)])
    client.queue("socks").put("a.B", "x" * 8)
    client.queues.pause("empty")
    lines = [line.split() for line in pyjobs("queues", "--bytes").stdout.splitlines()]
    assert ["queue", "jobs", "payload", "stored"] == lines[0]
    assert ["underpants", "1,100", "~110,000"] == lines[2][:3]
    assert [["empty", "0", "0"], ["socks", "1", "9"]] == sorted(line[:3] for line in lines[3:])
    (found,) = json.loads(pyjobs("queues", "underpants", "--bytes", "--exact", "--json").stdout)
    assert ("underpants", 1100, 110_000, True) == tuple(
        found[name] for name in ("name", "jobs", "payload", "exact")
    )
