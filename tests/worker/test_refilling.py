"""Every worker reads calendars on for the engine, beside its jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs
from pyjobs import calls, options
from pyjobs.calendars import Calendar
from pyjobs.worker import Worker
from tests.worker import jobs
from tests.worker.conftest import SOON

J = "tests.worker.jobs"
MINUTE = 60_000


class Clock:
    """Milliseconds since the epoch, turned by hand."""

    now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: Any, namespace: str, delivery: str, clock: Clock) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery, now=clock) as client:
        yield client


def by_cron(client: pyjobs.Client, jid: str, calendar: str, **given: str) -> None:
    """Make a recurring job of which no moment is told yet, as a client that dies does."""
    packed = options.pack({"calendar": calendar, **given})
    client.run(calls.recur("mail", jid, f"{J}.say", b"\x81\xa1n\x01", 0, 0, packed))


def template(client: pyjobs.Client, jid: str) -> pyjobs.RecurringJob:
    found = client.jobs[jid]
    assert isinstance(found, pyjobs.RecurringJob)
    return found


def test_what_a_client_has_not_told_a_worker_tells(client: pyjobs.Client, clock: Clock) -> None:
    by_cron(client, "t", Calendar(cron="* * * * *").text)
    assert template(client, "t").waits_for_refill
    Worker(client, "mail").run_until_idle()

    assert [(clock.now + n * MINUTE) / 1000 for n in range(1, 11)] == template(client, "t").moments
    assert jobs.hear() == 1


def test_many_are_told_turn_by_turn(client: pyjobs.Client) -> None:
    for n in range(25):
        by_cron(client, f"t{n}", Calendar(cron=f"{n} 5 * * *", tz="Europe/Berlin").text)
    Worker(client, "mail").run_until_idle()

    assert all(template(client, f"t{n}").next for n in range(25))


def test_a_worker_that_was_away_makes_up_for_the_newest(
    client: pyjobs.Client, clock: Clock
) -> None:
    client.queue("mail").cron(f"{J}.say", {"n": 7}, "*/5 * * * *", jid="t")
    clock.now += 7 * 86_400_000
    assert Worker(client, "mail").run_until_idle() == 1

    assert jobs.hear() == 7
    assert (1, clock.now / 1000 + 300) == (template(client, "t").count, template(client, "t").next)


def test_a_slot_is_used_once_by_workers_that_come_together(
    client: pyjobs.Client, clock: Clock
) -> None:
    queue = client.queue("mail")
    queue.cron(f"{J}.say", {"n": 1}, "*/5 * * * *", jid="t", missed="all")
    for _ in range(6):
        clock.now += 3_600_000
        workers = [
            threading.Thread(target=Worker(client, "mail", pool="threads").run_until_idle)
            for _ in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(SOON)

    Worker(client, "mail").run_until_idle()
    assert 6 * 12 + 1 == template(client, "t").count


def test_a_calendar_that_cannot_be_read_here_is_left_to_others(
    client: pyjobs.Client, caplog: pytest.LogCaptureFixture
) -> None:
    by_cron(client, "moon", '{"moon": "full"}')
    by_cron(client, "wrong", '{"cron": "a b c d e"}')
    by_cron(client, "t", Calendar(cron="0 0 * * *").text)
    with caplog.at_level(logging.WARNING):
        Worker(client, "mail").run_until_idle()

    assert template(client, "t").next
    assert template(client, "moon").waits_for_refill
    assert {"moon", "wrong"} == {
        jid for jid in ("moon", "wrong", "t") if f"recurring job {jid}:" in caplog.text
    }
