"""Options of the work on a job: from the putter to the code that runs it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import pyjobs
from tests.conftest import Server


@pytest.fixture
def client(server: Server, namespace: str) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace) as client:
        yield client


def popped(client: pyjobs.Client, **given: Any) -> pyjobs.Job:
    """Put a job with these options, and pop it."""
    client.queue("q").put(None, **given)
    job = client.queue("q").pop()
    assert job
    return job


def test_limits_of_time_come_with_the_job_in_seconds(client: pyjobs.Client) -> None:
    job = popped(client, run_within=1.5, kill_within=timedelta(minutes=1), keep_result=60)

    assert (1.5, 60.0, 60.0) == (job.run_within, job.kill_within, job.keep_result)


def test_no_limit_is_told_from_none_given(client: pyjobs.Client) -> None:
    assert popped(client, run_within=0).run_within == 0
    assert popped(client).run_within is None


CONTEXT: dict[str, str | int | float] = {
    "trace": "00-4bf92f3577b34da6-01",
    "é": "ü\0\ud7ff",
    "tenant": 2**63,
    "share": 0.5,
    "whole": 1.0,
}


def test_the_context_comes_as_it_was_put(client: pyjobs.Client) -> None:
    job = popped(client, context=CONTEXT)

    assert job.context == CONTEXT
    assert isinstance(job.context["whole"], float)
    assert job.refresh().context == CONTEXT


def test_the_context_stays_when_the_job_goes_on(client: pyjobs.Client) -> None:
    popped(client, context=CONTEXT, run_within=3).complete("next")
    job = client.queue("next").pop()

    assert job
    assert (job.context, job.run_within) == (CONTEXT, 3)


def test_without_a_context_there_is_an_empty_one(client: pyjobs.Client) -> None:
    assert popped(client, context={}).context == {}


def test_children_of_a_recurring_job_have_its_context_and_limits(client: pyjobs.Client) -> None:
    jid = client.queue("q").recur(None, interval=60, context=CONTEXT, run_within=3)
    job = client.queue("q").pop()
    assert job
    assert (job.context, job.run_within) == (CONTEXT, 3)

    template = client.jobs[jid]
    assert isinstance(template, pyjobs.RecurringJob)
    template.update(context={}, run_within=0, interval=0.001)
    job = client.queue("q").pop(wait=5)
    assert job
    assert (job.context, job.run_within) == ({}, 0)
    template.cancel()


def test_a_retry_without_a_delay_waits_as_the_job_s_backoff_says(client: pyjobs.Client) -> None:
    job = popped(client, retries=4, backoff="exponential", backoff_base=50, backoff_jitter=0)

    assert job.retry(group="flaky") == "scheduled"
    job.refresh()
    assert job.since - job.history[-1].when == pytest.approx(50)


def test_a_retry_of_a_job_without_backoff_runs_at_once(client: pyjobs.Client) -> None:
    assert popped(client).retry() == "waiting"
    assert popped(client, backoff="fixed").retry(delay=0) == "waiting"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_within", -1),
        ("kill_within", "a minute"),
        ("keep_result", math.inf),
        ("backoff", "quadratic"),
        ("backoff", 3),
        ("backoff_base", 0),
        ("backoff_cap", -1),
        ("backoff_jitter", 1.5),
        ("backoff_jitter", True),
        ("context", "trace"),
        ("context", {"trace": None}),
        ("context", {"trace": ["a"]}),
        ("context", {"flag": True}),
        ("context", {1: "one"}),
        ("context", {"count": 2**64}),
        ("context", {"text": "\ud800"}),
        ("context", {"text": "x" * 4096}),
    ],
)
def test_what_no_option_can_be_is_refused_by_name(
    client: pyjobs.Client, name: str, value: Any
) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=f"^(put: )?{name}: "):
        client.queue("q").put(None, **{name: value})


@pytest.mark.parametrize("name", ["limits", "tags", "flow", "retry_on", "give_up_on"])
def test_what_cannot_be_listed_or_named_is_refused_by_name(
    client: pyjobs.Client, name: str
) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=f"^{name}: "):
        popped(client, **{name: 7})


@pytest.mark.parametrize("value", [None, 7, b"jid", []])
def test_what_is_no_job_is_refused_where_a_jid_is_wanted(client: pyjobs.Client, value: Any) -> None:
    for call in (client.result, client.explain, client.jobs.cancel):
        with pytest.raises(pyjobs.InvalidArgument, match=r"^jid: must be a jid or a job"):
            call(value)
    with pytest.raises(pyjobs.InvalidArgument, match=r"^jid: must be a jid or a job"):
        client.wait([value])


@pytest.mark.parametrize("value", ["cancle", 7, ""])
def test_a_fate_of_late_jobs_that_is_no_class_is_refused(client: pyjobs.Client, value: Any) -> None:
    with pytest.raises(pyjobs.NotAJobClass, match=r"^if_late: cancel, fail or a job class"):
        popped(client, start_within=1, if_late=value)


def test_a_period_without_a_rate_is_refused(client: pyjobs.Client) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=r"^per: goes with rate"):
        client.limits["smtp"].set(3, per=60)
    client.limits["smtp"].set(3, rate=2)

    assert client.limits["smtp"].state.per == 1.0
