"""Tasks by clients whose jobs run when they are put, and on a workbench."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import testing
from tests.tasks import jobs as tasks


@pytest.fixture(autouse=True)
def _nothing_ran() -> Iterator[None]:
    tasks.ran.clear()
    yield
    tasks.ran.clear()


@pytest.fixture
def immediate(immediate_jobs: testing.Workbench) -> testing.Workbench:
    """Give a workbench in which tasks run when they are put."""
    immediate_jobs.adopt(tasks.tasks)
    return immediate_jobs


def test_a_task_has_run_when_later_returns(immediate: testing.Workbench) -> None:
    handle = tasks.point.later(3)

    assert (handle.status, handle.result()) == ("complete", tasks.point(3))


def test_a_coroutine_too(immediate: testing.Workbench) -> None:
    assert [each.result() for each in tasks.fetch.later_many([("a",), ("bc",)])] == [1, 2]


def test_arguments_go_the_same_way_as_to_a_worker(immediate: testing.Workbench) -> None:
    wrong: Any = tasks.resize
    with pytest.raises(pyjobs.InvalidArgument, match="width: must be int"):
        wrong.later("a", "wide")
    assert tasks.echo.later((1, {2})).result() == (1, {2})
    with pytest.raises(pyjobs.JobFailed, match="EncodingError"):
        tasks.unkeepable.later().result()
    assert tasks.ran == ["unkeepable"]


def test_from_async_code(immediate: testing.Workbench) -> None:
    async def main() -> list[Any]:
        one = await tasks.fetch.alater("abc")
        many = await tasks.resize.alater_many([("a", 1)])
        whole = await tasks.double.prepare(1).then(tasks.plus.step()).alater()
        found = [await one.result(), await many[0].result(), await whole.result()]
        await tasks.tasks.aclose()
        return found

    assert asyncio.run(main()) == [3, "a 1", 3]


def test_what_is_put_together_runs_too(immediate: testing.Workbench) -> None:
    many = tasks.double.map(range(120)).then(tasks.total.step())
    bad = tasks.breaks.prepare(1).on_failure(tasks.apologise.step())

    assert many.later().result() == 14_280
    assert bad.later().status == "failed"
    assert tasks.ran == ["LookupError: no 1"]


def test_a_task_puts_tasks_within_it(immediate: testing.Workbench) -> None:
    jids = tasks.fan_out.later(["a", "bc"]).result()

    assert [tasks.fetch.handle(jid).result() for jid in jids] == [1, 2]
    assert tasks.fetch.handle(tasks.fan_out_async.later("abc").result()).result() == 3


def test_it_is_refused_inside_a_transaction(immediate: testing.Workbench) -> None:
    with (
        pytest.raises(pyjobs.InvalidArgument, match="immediate client runs a job when it is put"),
        immediate.client.transaction() as transaction,
    ):
        tasks.resize.prepare("a").within(transaction)

    assert immediate.puts == []


def test_what_tasks_have_put_can_be_asserted(jobs_server: str) -> None:
    before = dict(vars(tasks.tasks))
    with testing.Workbench(jobs_server) as bench:
        bench.adopt(tasks.tasks)
        tasks.resize.later("a", 3)
        tasks.double.options(queue="low", tags=["far"]).later(3)
        bench.assert_put(tasks.resize.prepare("a", 3), count=1)
        bench.assert_put(tasks.double, queue="low", tags=["far"])
        bench.assert_put(tasks.fetch, count=0)
        assert bench.run_until_idle() == 2
    assert vars(tasks.tasks) == before


def test_a_delay_is_waited_for_by_the_clock(jobs: testing.Workbench) -> None:
    jobs.adopt(tasks.tasks)
    handle = tasks.resize.options(delay=3 * 86_400).later("a")
    assert (jobs.advance(days=2), handle.status) == (0, "scheduled")

    assert jobs.advance(days=1) == 1
    assert handle.result() == "a 100"
