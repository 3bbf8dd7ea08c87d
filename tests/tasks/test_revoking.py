"""Jobs that are kept from running, and are let run again."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone
from typing import Any

import pytest

import pyjobs
from pyjobs import InvalidArgument
from tests.tasks import jobs
from tests.tasks.conftest import Run


def test_no_job_of_a_revoked_function_runs_until_it_is_restored(run: Run) -> None:
    handles = jobs.resize.later_many([("a", 1), ("b", 2)])
    other = jobs.fetch.later("abc")
    jobs.resize.revoke()
    assert (jobs.resize.revoked, jobs.fetch.revoked) == (True, False)

    run()

    assert [handle.status for handle in handles] == ["cancelled"] * 2
    assert other.result() == 3
    assert (jobs.resize.restore(), jobs.resize.revoked) == (True, False)
    handle = jobs.resize.later("c")
    run()
    assert handle.result() == "c 100"


@pytest.mark.parametrize("until", [datetime(2100, 1, 1, tzinfo=timezone.utc), 4_000_000_000])
def test_until_a_moment(until: Any, run: Run) -> None:
    jobs.resize.revoke(until)
    handle = jobs.resize.later("a")

    run()

    assert handle.status == "cancelled"


def test_a_moment_that_is_past_revokes_nothing(run: Run) -> None:
    jobs.resize.revoke(time.time() - 1)
    handle = jobs.resize.later("a")

    run()

    assert (handle.status, jobs.resize.restore()) == ("complete", False)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="until: a datetime must say its time zone"):
        jobs.resize.revoke(datetime(2040, 1, 1))  # noqa: DTZ001 - that is what is refused


def test_once(run: Run) -> None:
    jobs.resize.revoke(once=True)
    handles = jobs.resize.later_many([("a", 1), ("b", 2)])

    run()

    assert [handle.status for handle in handles] == ["cancelled", "complete"]


def test_one_job(run: Run) -> None:
    handles = jobs.resize.later_many([("a", 1), ("b", 2), ("c", 3)])
    handles[0].revoke()
    handles[1].revoke()
    assert handles[1].restore()
    assert not handles[1].restore()

    run()

    assert [handle.status for handle in handles] == ["cancelled", "complete", "complete"]


def test_many_revoked_jobs_do_not_hide_others(run: Run) -> None:
    jobs.resize.later_many([("a", number) for number in range(150)])
    other = jobs.fetch.later("abc")
    jobs.resize.revoke()

    run()

    assert other.result() == 3


def test_what_has_ended_cannot_be_revoked(run: Run) -> None:
    handle = jobs.resize.later("a")
    run()

    with pytest.raises(pyjobs.WrongState, match=r"revoke: job .* is complete"):
        handle.revoke()


def test_from_async_code(run: Run) -> None:
    async def revoke() -> list[str]:
        await jobs.fetch.arevoke(once=True)
        assert await jobs.fetch.arestore()
        handles = await jobs.fetch.alater_many([("a",), ("b",)])
        await handles[0].revoke()
        await handles[1].revoke()
        assert await handles[1].restore()
        jids = [handle.jid for handle in handles]
        await jobs.tasks.aclose()
        return jids

    jids = asyncio.run(revoke())
    run()

    assert [jobs.fetch.handle(jid).status for jid in jids] == ["cancelled", "complete"]
