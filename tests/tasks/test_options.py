"""Every option of the engine passes through tasks: in a decorator, and for a call."""

from __future__ import annotations

from typing import Any

import pytest

import pyjobs
from pyjobs import Tasks
from tests.tasks import jobs
from tests.tasks.conftest import Run

GIVEN: dict[str, Any] = {
    "limits": ["smtp"],
    "order_key": "account:7",
    "tenant": "acme",
    "unique": "k",
    "start_within": 60,
    "if_late": "fail",
    "finish_within": 600,
    "priority": 3,
    "tags": ["a"],
    "retries": 1,
    "keep_result": 9,
}


def shown(job: Any) -> dict[str, Any]:
    return {
        **{name: getattr(job, name) for name in ("limits", "order_key", "tenant", "unique")},
        **{name: getattr(job, name) for name in ("priority", "tags", "keep_result")},
        "start_within": job.start_by is not None,
        "finish_within": job.finish_by is not None,
        "retries": job.retries_left,
        "if_late": "fail",
    }


@pytest.mark.parametrize("where", ["defaults", "decorator", "call"])
def test_they_arrive(client: pyjobs.Client, where: str) -> None:
    tasks = Tasks(client, **(GIVEN if where == "defaults" else {}))
    task: Any = tasks.task(**(GIVEN if where == "decorator" else {}))(jobs.resize.function)

    job = task.options(**(GIVEN if where == "call" else {})).later("a").job

    assert shown(job) == {**GIVEN, "start_within": True, "finish_within": True}


def test_a_unique_call_is_the_job_that_there_is() -> None:
    task = jobs.resize.options(unique=True)

    one, two, other = task.later("a", 1), task.later("a", 1), task.later("a", 2)

    assert (one.outcome, two.outcome, other.outcome) == ("created", "merged", "created")
    assert two == one
    assert other != one


def test_a_throttled_job_says_so(client: pyjobs.Client, run: Run) -> None:
    client.limits["smtp"].set(1)
    task = jobs.resize.options(limits=["smtp"])
    handles = [task.later("a"), task.later("b")]
    held = client.queue("default").pop()
    assert held
    assert [handle.status for handle in handles] == ["running", "throttled"]
    held.complete()
    run()

    assert handles[1].result() == "b 100"


def test_flow_and_run_when_pass_through_too(client: pyjobs.Client, run: Run) -> None:
    flow = client.flow()
    first = jobs.breaks.options(flow=flow).later(1)
    then = jobs.note.options(flow=flow, depends=[first], run_when="failed").later("failed")
    flow.seal()
    run()

    assert (first.status, then.result()) == ("failed", "failed")
