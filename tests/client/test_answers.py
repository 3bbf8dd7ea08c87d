"""Answers of the engine as typed values: why a job does not run, its result, a worker's report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pyjobs
from pyjobs import calls, codec
from tests.conftest import Server


@pytest.fixture
def client(server: Server, namespace: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, worker_name="me") as client:
        yield client


def test_a_waiting_job_is_behind_others_in_a_paused_queue_that_nobody_serves(
    client: pyjobs.Client,
) -> None:
    queue = client.queue("q")
    queue.put(None)
    jid = queue.put(None)
    queue.pause()

    found = client.run(calls.explain(jid))
    assert found.since
    assert 0 <= found.now - found.since < 60
    assert found == calls.Explanation(
        now=found.now, state="waiting", queue="q", paused=True, since=found.since, ahead=1
    )


def test_a_worker_that_reported_the_queue_serves_it(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None)
    client.run(calls.report("busy", b"", ["q", "r"]))
    client.run(calls.report("silent", b""))

    found = client.run(calls.explain(jid))
    assert (found.workers, found.silent) == (1, 1)


def test_a_dependent_job_waits_for_others(client: pyjobs.Client) -> None:
    queue = client.queue("q")
    parents = [queue.put(None), queue.put(None, delay=60)]
    jid = queue.put(None, depends=parents)

    found = client.run(calls.explain(jid))
    assert (found.state, found.waits, found.held) == ("depends", 2, False)
    assert found.parents == dict(zip(parents, ("waiting", "scheduled"), strict=True))


def test_a_scheduled_job_is_due(client: pyjobs.Client) -> None:
    found = client.run(calls.explain(client.queue("q").put(None, delay=60)))

    assert (found.state, found.since) == ("scheduled", None)
    assert found.due
    assert 0 < found.due - found.now <= 60


def test_a_running_job_is_in_somebody_s_hands(client: pyjobs.Client) -> None:
    client.queue("q").put(None)
    job = client.queue("q").pop(lease=60)
    assert job

    found = client.run(calls.explain(job.jid))
    assert (found.state, found.worker, found.ends, found.stalled) == (
        "running",
        "me",
        job.expires,
        False,
    )


def test_a_failed_job_is_in_a_group(client: pyjobs.Client) -> None:
    client.queue("q").put(None)
    job = client.queue("q").pop()
    assert job
    job.fail("bad input")

    assert client.run(calls.explain(job.jid)).group == "bad input"


def test_an_unknown_job_cannot_be_explained(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.JobNotFound):
        client.run(calls.explain("nobody"))


def test_a_result_is_read_once_the_job_is_done(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, keep_result=60)
    assert client.run(calls.result(jid)) == calls.Result("waiting")
    job = client.queue("q").pop()
    assert job
    client.run(calls.complete(job.lease, result=b"\xff"))

    assert client.run(calls.result(jid)) == calls.Result("complete", b"\xff")


@pytest.mark.parametrize(("kept", "expected"), [(60, {"sum": 3}), (0, None)])
def test_a_result_goes_with_the_call_that_completes_a_job_put_so(
    client: pyjobs.Client, kept: float, expected: object
) -> None:
    client.queue("q").put(None, keep_result=kept)
    job = client.queue("q").pop()
    assert job
    client.run(job.completing(result={"sum": 3}))

    found = client.run(calls.result(job.jid)).result
    assert expected == (codec.decode(found) if found else None)


def test_the_result_of_a_failed_job_is_its_failure(client: pyjobs.Client) -> None:
    jid = client.queue("q").put(None, keep_result=60)
    job = client.queue("q").pop()
    assert job
    job.fail("group", "why")

    found = client.run(calls.result(jid))
    assert (found.state, found.result) == ("failed", None)
    assert found.failure == client.jobs[jid].failure  # type: ignore[union-attr]


def test_an_unknown_job_has_no_result(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.JobNotFound):
        client.run(calls.result("nobody"))


def test_a_worker_s_report_is_listed_with_what_it_holds(client: pyjobs.Client) -> None:
    client.queue("q").put(None)
    job = client.queue("q").pop()
    assert job
    client.run(calls.report("me", b"\x81\xff", ["q"]))

    (listed,) = client.workers.counts
    assert (listed.name, listed.held, listed.about) == ("me", 1, b"\x81\xff")
    page = client.workers["me"]
    assert (page.about, [held.jid for held in page.jobs]) == (b"\x81\xff", [job.jid])
    client.workers.deregister("me")
    assert client.workers["me"].about == b""
