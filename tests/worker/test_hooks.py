"""What is called around each job."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Hooks, Worker, current_job
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import find

J = "tests.worker.jobs"


def note(what: str) -> Any:
    """Return a hook that says when it is called."""
    return lambda job, *error: jobs.heard.put((what, *map(repr, error), current_job() is job))


def note_async(what: str) -> Any:
    async def hook(job: Any, *error: Any) -> None:
        await asyncio.sleep(0)
        note(what)(job, *error)

    return hook


def heard() -> list[Any]:
    return [jobs.heard.get() for _ in range(jobs.heard.qsize())]


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_before_and_after_a_job(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    queue.put(f"{J}.{kind}", {"n": 1})
    outer = Hooks(before=make("outer before"), after=make("outer after"))
    inner = Hooks(before=make("inner before"), after=make("inner after"))

    Worker(client, "mail", pool=pool, hooks=[outer, inner]).run_until_idle()

    assert heard() == [
        ("outer before", True),
        ("inner before", True),
        1,
        ("inner after", True),
        ("outer after", True),
    ]


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["bad", "bad_async"])
def test_when_a_job_fails(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    queue.put(f"{J}.{kind}", {"n": 1})
    hooks = Hooks(after=make("after"), on_failure=make("failure"), on_retry=make("retry"))

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    assert heard() == [("failure", "ValueError('no 1')", True), ("after", True)]


def test_when_it_is_tried_again_and_when_it_is_not(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.Stubborn", {"n": "name"}, retries=1)
    hooks = Hooks(on_failure=note("failure"), on_retry=note("retry"))

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    error = "Flaky('flaky')"
    assert heard() == [1, ("retry", error, True), 2, ("failure", error, True)]


@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_an_error_before_is_the_jobs(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    def refuse(job: Any) -> None:
        raise PermissionError("not today")

    Worker(client, "mail", pool=pool, hooks=[Hooks(before=refuse)]).run_until_idle()

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-PermissionError"
    assert jobs.heard.empty()


@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_an_error_afterwards_changes_nothing(
    client: pyjobs.Client,
    queue: pyjobs.Queue,
    pool: PoolName,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    def fail(job: Any) -> None:
        raise PermissionError("not today")

    with caplog.at_level(logging.ERROR):
        Worker(client, "mail", pool=pool, hooks=[Hooks(after=fail)]).run_until_idle()

    assert find(client, jid).state == "complete"
    assert "not today" in caplog.text


def test_what_was_put_with_a_job_is_there(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.say", {"n": 1}, context={"tenant": "acme", "trace": "17"})

    def before(job: Any) -> None:
        jobs.heard.put(current_job().context)

    Worker(client, "mail", pool=pool, hooks=[Hooks(before=before)]).run_until_idle()

    assert jobs.hear() == {"tenant": "acme", "trace": "17"}


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_not_even_a_hook_that_exits(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    jids = queue.put_many([{"klass": f"{J}.{kind}", "data": {"n": n}} for n in range(2)])
    leave: Any = lambda job: sys.exit(3)  # noqa: E731

    async def leave_async(job: Any) -> None:
        leave(job)

    hooks = Hooks(after=leave if make is note else leave_async)

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    assert {find(client, jid).state for jid in jids} == {"complete"}
