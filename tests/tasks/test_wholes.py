"""Calls that are put together: chains, what runs side by side, joins, and branches for errors."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from typing import Any

import pytest

import pyjobs
from pyjobs import Hooks, InvalidArgument, JobFailed, NotFinished, Tasks, WrongState
from tests.tasks import jobs
from tests.tasks.conftest import Run
from tests.tasks.jobs import Point, double, plus, total

ONE = double.prepare(1)


def test_a_step_takes_what_the_one_before_it_returned(run: Run, pool: Any) -> None:
    handle = ONE.then(plus.step(other=3)).then(double.step()).later()
    assert (handle.status, handle.state.total) == ("running", 3)

    run(pool=pool)

    assert handle.result() == 10
    assert (handle.status, handle.state.progress, handle.wait()) == ("complete", 1, True)
    assert [each.result() for each in handle.jobs] == [2, 5, 10]


def test_a_call_that_is_complete_takes_nothing(run: Run) -> None:
    handle = jobs.tasks.chain(ONE, jobs.note.prepare("own"), jobs.note.prepare("last")).later()

    run()

    assert (handle.result(), jobs.ran) == ("last", ["own", "last"])


def test_side_by_side_and_joined(run: Run) -> None:
    both = jobs.tasks.parallel([ONE, plus.prepare(4), ONE.then(plus.step())])
    handles = [both.later(), both.then(total.step(start=100)).later()]

    run()

    assert [each.result() for each in handles] == [[2, 5, 3], 110]


def test_a_call_for_each_item(run: Run) -> None:
    each = plus.map(range(150)).later()
    joined = double.map([7]).then(total.step()).then(double.step()).later()

    run()

    assert each.result() == list(range(1, 151))
    assert joined.result() == 28


def test_what_runs_side_by_side_takes_what_was_before(run: Run) -> None:
    handle = ONE.then(jobs.tasks.parallel([double.step(), plus.step()])).later()

    run()

    assert handle.result() == [4, 3]


def test_models_travel_from_job_to_job(run: Run) -> None:
    points = [jobs.point.prepare(x).then(jobs.moved.step(by=1)) for x in (1, 3)]
    handles = [points[0].later(), jobs.tasks.parallel(points).then(jobs.middle.step()).later()]

    run()

    assert handles[0].result() == Point(2, Decimal("0.5"), jobs.Color.BLUE)
    assert handles[1].result() == 3


def test_other_codecs_take_results_too(run: Run) -> None:
    handle = jobs.pickled.prepare(1).then(jobs.unpickled.step()).later()

    run()

    assert handle.result() == 2 + 2j


def test_a_failure_holds_up_what_follows_until_it_is_put_back(run: Run) -> None:
    handle = jobs.breaks.prepare(3).then(double.step()).later()
    with pytest.raises(NotFinished):
        handle.result()
    run()

    with pytest.raises(JobFailed, match="LookupError: no 3"):
        handle.result()
    assert (handle.status, handle.wait()) == ("failed", True)
    jobs.ran.append("mended")
    assert handle.retry() == 1
    run()
    assert handle.result() == 6


def test_a_branch_for_errors_runs_where_one_fails(run: Run) -> None:
    bad = jobs.breaks.prepare(3).then(double.step()).on_failure(jobs.apologise.step()).later()
    told = jobs.breaks.prepare(4).on_failure(jobs.note.prepare("told")).later()
    run()

    assert sorted(jobs.ran) == ["LookupError: no 3", "told"]
    for handle in (bad, told):
        with pytest.raises(JobFailed, match=r"no [34]"):
            handle.result()


def test_a_branch_for_errors_vanishes_when_all_goes_well(run: Run) -> None:
    handle = jobs.tasks.parallel([ONE, ONE]).on_failure(jobs.apologise.step()).later()
    run()

    assert (handle.result(), handle.status, handle.state.cancelled) == ([2, 2], "complete", 2)


def test_a_whole_is_cancelled(run: Run) -> None:
    handle = ONE.then(double.step()).later()
    handle.cancel()
    run()

    assert (handle.status, handle.wait()) == ("cancelled", True)
    with pytest.raises(WrongState):
        handle.result()


def test_a_whole_that_is_gone_is_unknown(client: pyjobs.Client) -> None:
    handle = ONE.then(double.step()).later()
    handle.cancel()
    for key in client.server.scan_iter(f"{{{client.namespace}/*"):
        client.server.delete(key)

    assert handle.status == "unknown"


def test_each_part_has_its_own_options(run: Run) -> None:
    first = double.options(tags=["one"]).prepare(1)
    handle = first.then(plus.step().options(queue="other", priority=3)).later()
    run()

    job = handle.jobs[1].job
    assert (job.queue_name, job.priority) == ("other", 3)
    assert handle.jobs[0].job.tags == ["one"]


def test_it_also_waits_for_jobs_that_were_put_before(run: Run) -> None:
    outside = double.options(queue="other").later(21)
    handle = ONE.then(plus.options(depends=[outside]).step()).later()
    run()
    assert handle.jobs[1].status == "depends"
    run("other")
    run()

    assert handle.result() == 3


def test_methods_and_partial_calls_are_steps(run: Run) -> None:
    letter = jobs.Mail("ann").send
    handles = [
        jobs.note.prepare("hello").then(letter.step()).later(),
        ONE.then(plus.partial(other=5).step()).later(),
    ]
    run()

    assert [each.result() for each in handles] == ["hello to ann", 7]


def test_hooks_hear_of_each_job() -> None:
    put: list[str] = []
    tasks = Tasks(jobs.tasks.client, hooks=[Hooks(on_enqueue=lambda each: put.append(each.jid))])
    task = tasks.task(double.function)
    handle = task.prepare(1).then(task.step()).later()

    assert put == [each.jid for each in handle.jobs]


def test_from_async_code(client: pyjobs.Client, run: Run) -> None:
    async def put() -> Any:
        handle = await ONE.then(plus.step()).on_failure(jobs.apologise.step()).alater()
        state = await handle.state
        await asyncio.to_thread(run)
        found = [await handle.result(wait=5), await handle.status, await handle.wait()]
        bad = await jobs.breaks.prepare(1).then(double.step()).alater()
        await asyncio.to_thread(run)
        jobs.ran.append("mended")
        found += [await bad.retry()]
        await bad.cancel()
        found += [await bad.status, state.total]
        await jobs.tasks.aclose()
        return found

    assert asyncio.run(put()) == [3, "complete", True, 1, "cancelled", 4]


def test_wrong_parts_are_refused() -> None:
    wrong: Any = jobs.tasks
    wrong_step: Any = plus.step
    for make, why in {
        wrong.chain: "chain: there is nothing in it",
        lambda: wrong.parallel([]): "parallel: there is nothing in it",
        lambda: wrong.chain(double): "chain: a call of a task, .* not Task",
        lambda: wrong.chain(ONE, ONE).on_failure(3): "on_failure: a call of a task",
        lambda: ONE.on_failure(wrong.chain(ONE, ONE)): "on_failure: one call or step",
        lambda: wrong.chain(double.step(), ONE).later(): "no step before this one",
        lambda: wrong.parallel([wrong.parallel([ONE])]).later(): "must end in one job",
        lambda: wrong.chain(ONE, ONE).then(wrong_step(2, 3)): "too many positional arguments",
    }.items():
        with pytest.raises(InvalidArgument, match=why):
            make()
    assert jobs.tasks.client.flows() == []


def test_one_jid_names_one_job() -> None:
    named = double.options(jid="a").prepare(1)
    with pytest.raises(InvalidArgument, match="jid: a is named twice"):
        named.then(named).later()


def test_a_step_s_result_of_the_wrong_type_fails_the_step(run: Run) -> None:
    text: Any = jobs.note.prepare("three")
    handle = text.then(double.step()).later()
    run()

    with pytest.raises(JobFailed, match="must be int, not str 'three'"):
        handle.result()


def test_a_result_that_was_not_kept_fails_the_step(run: Run) -> None:
    handle = double.options(keep_result=0).prepare(1).then(double.step()).later()
    run()

    with pytest.raises(JobFailed, match="its result is not kept"):
        handle.result()


@pytest.mark.parametrize("refused", [False, True])
def test_a_whole_within_a_transaction_is_put_with_it_or_not_at_all(
    client: pyjobs.Client, run: Run, refused: bool
) -> None:
    whole = jobs.fetch.map(["a", "bcd"]).then(jobs.echo.step())
    with contextlib.suppress(pyjobs.JobNotFound), client.transaction() as transaction:
        handle = whole.within(transaction)
        if refused:
            transaction.cancel("a job that is not there")

    run()

    assert handle.status == ("unknown" if refused else "complete")
    assert refused or handle.result() == [1, 3]
