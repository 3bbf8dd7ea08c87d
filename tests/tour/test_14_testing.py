"""Tests of code that uses pyjobs: what was put, time that is turned, jobs that run at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import testing
from pyjobs.testing import ANY

said: list[str] = []


def greet(job: pyjobs.Job) -> str:
    said.append(f"hello {job['name']}")
    return said[-1]


async def greet_later(job: pyjobs.AsyncJob) -> None:
    await job.client.queue("mail").put(greet, job.data, delay=60)


@pytest.fixture
def jobs(server: Any) -> Iterator[testing.Workbench]:
    """As the fixture of `pyjobs.testing.plugin` does it."""
    said.clear()
    with testing.Workbench(server.url) as bench:
        yield bench


def test_what_was_put_is_asserted(jobs: testing.Workbench) -> None:
    jobs.client.queue("mail").put(greet, {"name": "ann"}, priority=-5)

    jobs.assert_put(greet, {"name": "ann"}, queue="mail", priority=-5, count=1)
    jobs.assert_put(greet, {"name": ANY})
    with pytest.raises(AssertionError, match="0 put"):
        jobs.assert_put(greet, {"name": "bob"})


def test_jobs_run_when_the_test_says_so(jobs: testing.Workbench) -> None:
    jid = jobs.client.queue("mail").put(greet, {"name": "ann"}, keep_result=60)
    assert jobs.run_until_idle() == 1

    assert jobs.client.result(jid) == "hello ann"


def test_time_is_turned_and_what_is_due_runs_on_the_way(jobs: testing.Workbench) -> None:
    jobs.client.queue("mail").put(greet_later, {"name": "ann"}, delay=60)
    jobs.client.queue("mail").recur(greet, {"name": "all"}, interval=86_400, offset=86_400)
    jobs.advance(days=7)

    assert said == ["hello ann", *["hello all"] * 7]


def test_an_immediate_client_runs_a_job_when_it_is_put(server: Any) -> None:
    said.clear()
    with pyjobs.ImmediateClient(server.url) as client:
        jid = client.queue("mail").put(greet, {"name": "ann"}, keep_result=60)
        assert said == ["hello ann"]
        assert client.result(jid) == "hello ann"
        with pytest.raises(pyjobs.EncodingError):
            client.queue("mail").put(greet, {"name": object()})


def test_a_client_that_is_there_already_can_be_adopted(jobs: testing.Workbench) -> None:
    with pyjobs.Client("redis://nobody.invalid:1") as client:
        jobs.adopt(client)
        client.queue("mail").put(greet, {"name": "ann"})
        jobs.run_until_idle()

    assert said == ["hello ann"]
