"""`pyjobs flow`: flows, one of them, and what is done to one as a whole."""

from __future__ import annotations

import json

from pyjobs import Client
from tests.cli.conftest import Run


def build(client: Client, flow_id: str = "nightly") -> list[str]:
    """Put a flow of three."""
    with client.flow(flow_id) as flow:
        first = flow.put("underpants", "gnomes.Collect")
        second = flow.put("underpants", "gnomes.Sort", depends=[first])
        third = flow.put("profit", "gnomes.Sell", depends=[second])
    return [first, second, third]


def test_flows_are_listed_newest_first(pyjobs: Run, client: Client, at: None) -> None:
    assert "no flows\n" == pyjobs("flow").stdout
    for flow_id in ("nightly", "weekly"):
        build(client, flow_id)
    lines = [line.split() for line in pyjobs("flow").stdout.splitlines()][2:]
    assert {("nightly", "running", "3"), ("weekly", "running", "3")} == {
        (words[0], words[1], words[-1]) for words in lines
    }
    found = json.loads(pyjobs("flow", "--json", "--count", "1").stdout)
    assert [3] == [each["total"] for each in found]


def test_one_flow_is_told_with_its_members(pyjobs: Run, client: Client, at: None) -> None:
    jids = build(client)
    job = client.queue("underpants").pop()
    assert job
    job.complete()
    shown = pyjobs("flow", "nightly", "--count", "2")
    assert "3, of which 33% have ended" in shown.stdout
    assert f"{jids[1]}  underpants  Sort   waiting" in shown.stdout
    assert "3 in all" in shown.stderr

    found = json.loads(pyjobs("flow", "nightly", "--state", "complete", "--json").stdout)
    assert (jids[:1], 1, "running") == (found["members"], found["complete"], found["state"])


def test_a_flow_is_retried_and_cancelled_as_a_whole(pyjobs: Run, client: Client, at: None) -> None:
    build(client)
    job = client.queue("underpants").pop()
    assert job
    job.fail("group")
    assert "failed" == json.loads(pyjobs("flow", "nightly", "--json").stdout)["state"]
    assert "running" in pyjobs("flow", "nightly", "--retry").stdout
    found = json.loads(pyjobs("flow", "nightly", "--cancel", "--json").stdout)
    assert ("cancelled", 3) == (found["state"], found["cancelled"])


def test_a_flow_is_sealed_by_hand(pyjobs: Run, client: Client, at: None) -> None:
    jid = client.queue("underpants").put("gnomes.Collect", flow="loose")
    assert "not yet" in pyjobs("flow", "loose").stdout
    assert "it is held until its flow is sealed" in pyjobs("explain", jid).stdout
    assert "running" in pyjobs("flow", "loose", "--seal").stdout
    assert client.queue("underpants").pop()


def test_an_unknown_flow_is_said_in_a_line(pyjobs: Run, at: None) -> None:
    done = pyjobs("flow", "nothing")
    assert (2, "", "pyjobs: flow: no flow nothing\n") == (done.returncode, done.stdout, done.stderr)
    assert 2 == pyjobs("flow", "--retry").returncode
