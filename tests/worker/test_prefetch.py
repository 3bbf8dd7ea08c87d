"""Short jobs lie ready in some number; no job waits behind a slow one."""

from __future__ import annotations

from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName
from pyjobs.worker.turns import Pace
from tests.worker import jobs
from tests.worker.conftest import find, running

J = "tests.worker.jobs"


@pytest.mark.parametrize("pool", ["sync", "asyncio"])
def test_jobs_behind_a_slow_one_go_back_and_keep_their_attempt(
    server: Any, client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put_many([{"klass": f"{J}.say_async", "data": {"n": 0}}] * 200)
    hold = queue.put(jobs.HOLD[pool])
    behind = queue.put_many([{"klass": f"{J}.say_async", "data": {"n": 1}}] * 5)
    # What is put later must not be taken in their place.
    with (
        running(Worker(client, "mail", pool=pool, concurrency=1)),
        pyjobs.Client(server.url, namespace=client.namespace) as other,
    ):
        while jobs.hear() != ("begun", hold):
            pass
        ran = 0
        while ran < len(behind):
            ran += Worker(other, "mail").run_until_idle()

        assert [jobs.hear() for _ in behind] == [1] * 5
        assert find(client, hold).state == "running"
        assert {find(client, jid).retries_left for jid in behind} == {5}


def test_nothing_lies_ready_before_anything_was_measured() -> None:
    assert Pace(slots=8, most=100).ready == 0


def test_so_many_lie_ready_as_are_begun_within_ten_milliseconds() -> None:
    pace = Pace(slots=4, most=100)
    for _ in range(100):
        pace.ran(0.002)

    assert pace.ready == 20


def test_but_not_more_than_the_limit() -> None:
    pace = Pace(slots=4, most=30)
    pace.ran(0.0)

    assert pace.ready == 30


def test_none_after_a_slow_job_has_held_others_up() -> None:
    pace = Pace(slots=4, most=100)
    pace.ran(0.0001)
    pace.slow()

    assert pace.ready == 0


def test_short_jobs_make_that_forgotten() -> None:
    pace = Pace(slots=4, most=100)
    pace.slow()
    for _ in range(200):
        pace.ran(0.0001)

    assert pace.ready == 100
