"""Jobs by cron, in a window of the day, until an end: no scheduler process, any worker does it."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

import pyjobs
from tests.tour.conftest import Clock

BERLIN = ZoneInfo("Europe/Berlin")


def at(clock: Clock, year: int, month: int, day: int, hour: int, minute: int = 0) -> None:
    """Turn the clock to a time in Berlin."""
    clock.seconds = dt.datetime(year, month, day, hour, minute, tzinfo=BERLIN).timestamp()


def made(queue: pyjobs.Queue) -> list[str]:
    """Pop and complete all jobs; returns since when each waited, as clocks in Berlin show it."""
    jobs = queue.pop(100)
    queue.complete(jobs)
    return [f"{dt.datetime.fromtimestamp(job.since, BERLIN):%a %d %H:%M}" for job in jobs]


def recurring(client: pyjobs.Client, jid: str) -> pyjobs.RecurringJob:
    found = client.jobs[jid]
    assert isinstance(found, pyjobs.RecurringJob)
    return found


def test_a_cron_expression_counts_by_the_clocks_of_a_place(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("reports")
    at(clock, 2026, 3, 23, 12)
    jid = queue.cron("reports.Weekly", {"of": "sales"}, "0 5 * * tue", tz="Europe/Berlin")
    at(clock, 2026, 3, 24, 5)
    assert ["Tue 24 05:00"] == made(queue)
    at(clock, 2026, 3, 31, 5)  # summer time has begun
    assert ["Tue 31 05:00"] == made(queue)

    template = recurring(client, jid)
    assert ("0 5 * * tue", "Europe/Berlin", 2) == (template.cron, template.tz, template.count)
    assert dt.datetime(2026, 4, 7, 5, tzinfo=BERLIN).timestamp() == template.next
    assert template.moments[0] == template.next


def test_a_job_is_made_once_on_the_days_when_clocks_change(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("reports")
    at(clock, 2026, 3, 28, 12)
    queue.cron("reports.Nightly", None, "30 2 * * *", tz="Europe/Berlin", missed="all")
    at(clock, 2026, 3, 30, 12)
    assert ["Sun 29 03:00", "Mon 30 02:30"] == made(queue)  # there was no 02:30 on Sunday

    at(clock, 2026, 10, 24, 12)
    queue.cron("reports.Nightly", None, "30 2 * * *", tz="Europe/Berlin", jid="autumn")
    at(clock, 2026, 10, 25, 12)  # 02:30 came twice
    assert 1 == made(queue).count("Sun 25 02:30")


def test_missed_moments_are_made_up_for_by_one_job(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    at(clock, 2026, 6, 1, 0, 5)
    queue.cron("feeds.Fetch", None, "0 * * * *", jid="feeds")
    at(clock, 2026, 6, 9, 0, 5)
    client.tick()
    client.refill()  # as workers do by themselves

    assert ["Tue 09 00:00"] == made(queue)


def test_slots_long_past_are_skipped(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    jid = queue.recur("feeds.Fetch", interval=600, missed="skip")
    clock.turn(659)
    assert 1 == len(made(queue))
    clock.turn(661)
    assert [] == made(queue)
    assert 1 == recurring(client, jid).count


def test_jobs_are_made_in_a_window_of_the_day(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("mail")
    at(clock, 2026, 6, 1, 7, 10)
    queue.recur("mail.Send", interval=2700, between=("08:00", "10:00"), tz="Europe/Berlin")
    at(clock, 2026, 6, 2, 7)

    assert ["Mon 01 08:40", "Mon 01 09:25"] == made(queue)


def test_a_schedule_ends_at_a_moment_or_after_so_many_jobs(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    three = queue.recur("rooms.Sweep", interval=60, count=3)
    short = queue.recur("rooms.Sweep", interval=60, until=clock.seconds + 90)
    clock.turn(3600)
    queue.pop(100)

    assert (3, 0) == (recurring(client, three).count, recurring(client, three).left)
    assert 2 == recurring(client, short).count
    assert recurring(client, short).over == clock.seconds


@pytest.mark.parametrize(("policy", "waiting"), [("allow", 2), ("skip", 0)])
def test_a_job_that_has_not_ended_may_hold_up_the_next(
    client: pyjobs.Client, clock: Clock, policy: str, waiting: int
) -> None:
    queue = client.queue("q")
    queue.recur("rooms.Sweep", interval=60, overlap=policy)  # type: ignore[arg-type]
    assert queue.pop(lease=0)
    clock.turn(120)
    client.tick()

    assert waiting == queue.counts.waiting


def test_the_newest_job_alone_waits_for_the_one_that_runs(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    queue.recur("rooms.Sweep", interval=60, overlap="replace")
    first = queue.pop(lease=0)
    assert first
    for _ in range(3):
        clock.turn(60)
        client.tick()
    assert (0, 1) == (queue.counts.waiting, queue.counts.depends)
    first.complete()

    assert 1 == queue.counts.waiting


def test_the_same_jid_again_replaces_a_schedule_and_loses_no_slot(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("q")
    at(clock, 2026, 6, 1, 4)
    queue.cron("reports.Daily", {"v": 1}, "0 5 * * *", tz="Europe/Berlin", jid="daily")
    at(clock, 2026, 6, 1, 6)  # nobody worked at five: the new version is being deployed
    queue.cron("reports.Daily", {"v": 2}, "0 5 * * *", tz="Europe/Berlin", jid="daily")

    (job,) = queue.pop(10)
    assert {"v": 2} == job.data


def test_a_schedule_is_changed(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("q")
    at(clock, 2026, 6, 1, 4)
    jid = queue.recur("rooms.Sweep", interval=3600, offset=60)
    template = recurring(client, jid)
    template.update(cron="0 6 * * *", tz="Europe/Berlin", missed="one", overlap="queue")
    assert (None, "0 6 * * *", "one") == (template.interval, template.cron, template.missed)
    at(clock, 2026, 6, 1, 6)
    assert ["Mon 01 06:00"] == made(queue)
    template.update(interval=60)

    assert (60, None) == (template.interval, template.cron)


@pytest.mark.parametrize(
    ("expression", "tz", "said"),
    [
        ("0 25 * * *", "Europe/Berlin", "'25' in '0 25 * * *', at character 3, is no hour"),
        ("0 5 * * *", "Europe/Berln", "no time zone 'Europe/Berln'; is it 'Europe/Berlin'"),
        ("0 0 31 2 *", "UTC", "never comes"),
    ],
)
def test_what_is_wrong_is_said(client: pyjobs.Client, expression: str, tz: str, said: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=re.escape(said)):
        client.queue("q").cron(None, None, expression, tz=tz)
    assert not client.queue("q").counts.recurring


def test_all_of_it_with_await(server: object, namespace: str, delivery: str, clock: Clock) -> None:
    async def main() -> None:
        client = pyjobs.AsyncClient(
            server.url,  # type: ignore[attr-defined]
            namespace=namespace,
            delivery=delivery,
            now=clock.milliseconds,
        )
        async with client:
            jid = await client.queue("q").cron("rooms.Sweep", None, "@hourly", count=2)
            template = await client.jobs[jid]
            assert isinstance(template, pyjobs.AsyncRecurringJob)
            await template.update(between=("08:00", "18:00"), cron="@hourly", tz="Asia/Tokyo")
            assert ("08:00", "18:00") == template.between
            assert 0 == await client.refill()
            await template.cancel()

    asyncio.run(main())
