"""Functions that run by a cron expression, while weeks pass by a clock that is turned."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import pyjobs
from pyjobs import InvalidArgument, RecurringJob, Tasks, testing
from pyjobs.tasks.periodic import jid_of
from pyjobs.testing.clock import Clock
from pyjobs.worker import Worker
from tests.tasks import jobs

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 23, tzinfo=timezone.utc)
"""Of the week at whose end the clocks of Berlin are put forward."""


@pytest.fixture
def clock(client: pyjobs.Client) -> Clock:
    return Clock(MONDAY)


@pytest.fixture
def turned(client: pyjobs.Client, clock: Clock) -> Tasks:
    """Tasks of a client whose time is turned by hand."""
    there = pyjobs.Client(client.server, namespace=client.namespace, now=clock)
    return Tasks(there, queue="clock")


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let this module have what a test declares, as if it stood here."""
    return lambda task: monkeypatch.setattr(f"{__name__}.ring", task)


def ring() -> None:
    jobs.ran.append(datetime.fromtimestamp(NOW[0](), BERLIN).strftime("%a %d %H:%M"))


NOW: list[Any] = []


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("0 5 * * tues", r"cron: .*tues"),
        ("0 25 * * *", r"cron: .*25"),
        ("0 5 * *", r"cron: "),
        ("", r"cron: "),
    ],
)
def test_a_wrong_expression_says_where_at_the_decoration(expression: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        Tasks().cron(expression)


def test_an_unknown_time_zone_is_named_at_the_decoration() -> None:
    with pytest.raises(InvalidArgument, match="Europe/Bonn"):
        Tasks().cron("0 5 * * tue", tz="Europe/Bonn")


def test_a_worker_runs_it_at_its_moments_by_the_clocks_of_its_zone(
    turned: Tasks, clock: Clock, declared: Any
) -> None:
    NOW[:] = [lambda: clock.time]
    declared(turned.cron("0 5 * * tue,sun", tz="Europe/Berlin")(ring))
    turned.sync()
    for _ in range(15 * 24):
        clock.advance(3600)
        Worker(turned.client, "clock").run_until_idle()

    assert jobs.ran == ["Tue 24 05:00", "Sun 29 05:00", "Tue 31 05:00", "Sun 05 05:00"]


@pytest.mark.parametrize(("missed", "ran"), [("skip", 0), ("one", 1), ("all", 3)])
def test_what_becomes_of_moments_that_were_missed(
    turned: Tasks, clock: Clock, declared: Any, missed: Any, ran: int
) -> None:
    NOW[:] = [lambda: clock.time]
    declared(turned.cron("0 5 * * *", missed=missed)(ring))
    turned.sync()
    clock.advance(days=2, hours=6)
    Worker(turned.client, "clock").run_until_idle()

    assert len(jobs.ran) == ran


def test_a_moment_while_the_job_before_has_not_ended(turned: Tasks, clock: Clock) -> None:
    task = turned.cron("0 * * * *", overlap="skip", lease=86_400)(ring)
    turned.sync()
    queue = turned.client.queue("clock")
    clock.advance(hours=1)
    assert len(queue.pop(5)) == 1
    clock.advance(hours=1)

    assert queue.pop(5) == []
    job = turned.client.jobs[jid_of(task)]
    assert isinstance(job, RecurringJob)
    assert job.overlap == "skip"


def test_one_that_is_declared_no_more_is_ended(turned: Tasks) -> None:
    task = turned.cron("0 5 * * tue", tz="Europe/Berlin")(ring)
    assert turned.sync() == ([jid_of(task)], [])
    del turned.all[task.path]

    assert turned.sync() == ([], [jid_of(task)])
    assert turned.client.queue("clock").jobs.recurring() == []


def test_a_week_passes_in_a_moment(server: Any, declared: Any) -> None:
    with testing.Workbench(server.url, start=MONDAY) as bench:
        tasks = Tasks(bench.client, queue="clock")
        NOW[:] = [lambda: bench.clock.time]
        declared(tasks.cron("30 9 * * mon-fri", tz="Europe/Berlin")(ring))
        tasks.every(86_400)(jobs.ring_daily.function)
        tasks.sync()
        assert bench.advance(days=7) == 5 + 7

    assert [each for each in jobs.ran if each != "daily"] == [
        f"{day} 09:30" for day in ("Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27")
    ]
