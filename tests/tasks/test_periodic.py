"""Functions that run by themselves: schedules that are written, kept, changed and ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import InvalidArgument, RecurringJob, Tasks
from pyjobs.tasks.periodic import jid_of
from pyjobs.worker import Worker
from tests.tasks import jobs, timetable
from tests.tasks.conftest import Run

SWEEP, RING = jid_of(timetable.sweep), jid_of(timetable.ring)


@pytest.fixture(autouse=True)
def bound(client: pyjobs.Client) -> Iterator[None]:
    timetable.tasks.init(client)
    timetable.tasks.packages.clear()
    yield
    timetable.tasks.packages.clear()


def written(client: pyjobs.Client, jid: str) -> RecurringJob:
    """Return the recurring job of this jid."""
    job = client.jobs[jid]
    assert isinstance(job, RecurringJob)
    return job


def test_importing_writes_nothing(client: pyjobs.Client) -> None:
    assert timetable.sweep.schedule
    assert client.queues.counts == []


def test_sync_writes_what_is_declared(client: pyjobs.Client) -> None:
    assert timetable.tasks.sync() == ([RING, SWEEP], [])

    sweep = written(client, SWEEP)
    assert (sweep.klass_name, sweep.queue_name) == ("tests.tasks.timetable.sweep", "low")
    assert (sweep.interval, sweep.retries, sweep.tags) == (25, 1, ["sweep"])
    assert written(client, RING).queue_name == "clock"


def test_once_more_changes_nothing(client: pyjobs.Client) -> None:
    timetable.tasks.sync()
    due = written(client, SWEEP).next

    assert timetable.tasks.sync() == ([], [])
    assert written(client, SWEEP).next == due


def test_the_functions_run(client: pyjobs.Client, run: Run) -> None:
    timetable.tasks.sync()

    run("clock")

    assert jobs.ran == ["ring"]


def test_the_first_time_comes_after_an_interval(server: Any, namespace: str) -> None:
    now = 1_800_000_000_000
    with pyjobs.Client(server.url, namespace=namespace, now=lambda: now) as client:
        timetable.tasks.init(client)
        timetable.tasks.sync()
        assert written(client, SWEEP).next == now / 1000 + 25
        assert client.queue("low").pop() is None
        now += 25_000
        job = client.queue("low").pop()

    assert job
    assert job.origin == SWEEP


def test_a_plain_call_and_later_are_as_of_any_task(client: pyjobs.Client) -> None:
    timetable.sweep()

    assert jobs.ran == ["sweep"]
    assert timetable.sweep.later().job.queue_name == "low"


def test_one_that_was_changed_begins_anew(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    timetable.tasks.sync()
    faster = timetable.tasks.every(10, queue="low")(timetable.sweep.function)
    try:
        assert timetable.tasks.sync() == ([jid_of(faster)], [SWEEP])
        assert written(client, jid_of(faster)).interval == 10
    finally:
        timetable.tasks.all[timetable.sweep.path] = timetable.sweep


def test_one_that_is_gone_from_its_module_is_ended(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    timetable.tasks.sync()
    monkeypatch.delitem(timetable.tasks.all, timetable.sweep.path)

    assert timetable.tasks.sync() == ([], [SWEEP])
    assert client.queue("low").jobs.recurring() == []


def test_those_of_modules_that_are_not_loaded_here_are_somebody_else_s(
    client: pyjobs.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.queue("q").recur("shop.jobs.sell", interval=9, jid="periodic:shop.jobs.sell:0")
    client.queue("q").recur("tests.other.x", interval=9, jid="periodic:tests.other.x:0")
    client.queue("q").recur("tests.tasks.timetable.x", interval=9, jid="of a user's own")

    _, removed = timetable.tasks.sync()

    assert removed == []


def test_of_a_package_that_is_included_all_is_known(client: pyjobs.Client) -> None:
    client.queue("q").recur("shop.jobs.sell", interval=9, jid="periodic:shop.jobs.sell:0")
    timetable.tasks.packages.add("shop")

    _, removed = timetable.tasks.sync()

    assert removed == ["periodic:shop.jobs.sell:0"]


def test_what_is_of_another_namespace_is_left_out(client: pyjobs.Client) -> None:
    elsewhere = Tasks(pyjobs.Client(jobs.tasks.client.server, namespace="elsewhere"))
    elsewhere.every(5)(timetable.sweep.function)

    added, _ = timetable.tasks.sync()

    assert added == [RING, SWEEP]


@pytest.mark.parametrize("seconds", [0, -1, "often"])
def test_an_interval_without_sense_is_refused(seconds: Any) -> None:
    with pytest.raises(InvalidArgument, match="every: "):
        timetable.tasks.every(seconds)


def test_a_function_that_needs_arguments_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"resize\(path, width=100\): needs path"):
        Tasks().every(5)(jobs.resize.function)


@pytest.mark.parametrize("name", ["delay", "at", "depends", "jid", "if_exists"])
def test_options_of_single_jobs_are_refused(name: str) -> None:
    given: Any = {name: "x"}
    with pytest.raises(InvalidArgument, match=f"{name}: is no option of a periodic function"):
        timetable.tasks.every(5, **given)


def test_what_others_declare_is_theirs_to_write(client: pyjobs.Client) -> None:
    others = Tasks(client)
    further = others.every(5, queue="q")(timetable.sweep.function)

    assert timetable.tasks.sync() == ([RING, SWEEP], [])
    assert others.sync() == ([jid_of(further)], [])
    assert timetable.tasks.sync() == ([], [])


def test_a_worker_writes_them_when_it_starts(client: pyjobs.Client) -> None:
    class Stopping(pyjobs.worker.Surroundings):
        def pulse(self) -> None:
            if SWEEP in client.queue("low").jobs.recurring():
                worker.stop(0)

    worker = Worker(client, "clock", surroundings=Stopping())

    worker.run()

    assert written(client, SWEEP).interval == 25
    assert "pyjobs.tasks" in sys.modules
