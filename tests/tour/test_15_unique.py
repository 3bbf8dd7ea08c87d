"""One job for many puts, and jobs that are too late or make their workers die."""

from __future__ import annotations

import pytest

import pyjobs
from tests.tour.conftest import Clock


def test_a_second_put_of_the_same_key_makes_no_job(client: pyjobs.Client) -> None:
    queue = client.queue("index")
    first = queue.put(None, {"page": 7}, unique="page:7")
    second = queue.put(None, {"page": 7}, unique="page:7")

    assert ("created", "merged") == (first.outcome, second.outcome)
    assert first == second
    assert 1 == queue.counts.waiting


def test_the_key_is_free_when_the_job_is_done_or_has_started(client: pyjobs.Client) -> None:
    queue = client.queue("index")
    done = queue.put(None, unique="a")
    started = queue.put(None, unique="b", unique_until="started")
    jobs = queue.pop(2)
    assert "merged" == queue.put(None, unique="a").outcome
    assert "created" == queue.put(None, unique="b").outcome

    queue.complete(jobs)
    assert [done, started] == [job.jid for job in jobs]
    assert "created" == queue.put(None, unique="a").outcome


def test_or_for_a_time_whatever_becomes_of_the_job(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("mail")
    for minute in range(180):
        queue.put(None, minute, unique="reminder:7", unique_for=3600)
        queue.complete(queue.pop(1))
        clock.turn(60)

    assert 3 == queue.counts.complete


def test_a_key_can_be_made_of_queue_class_and_data(client: pyjobs.Client) -> None:
    put = client.queue("index").put

    assert put("shop.Index", {"a": 1, "b": 2}, unique=True) == put(
        "shop.Index", {"b": 2, "a": 1}, unique=True
    )
    assert "created" == put("shop.Index", {"a": 1, "b": 3}, unique=True).outcome


def test_the_second_may_replace_the_data_or_be_refused(client: pyjobs.Client) -> None:
    queue = client.queue("index")
    jid = queue.put(None, "old", unique="page:7", unique_until="started")
    queue.put(None, "new", unique="page:7", if_duplicate="replace")
    with pytest.raises(pyjobs.JobExists, match=jid):
        queue.put(None, unique="page:7", if_duplicate="refuse")

    job = queue.pop()
    assert job
    assert (jid, "new") == (job.jid, job.data)


def test_a_burst_of_puts_makes_one_job_when_it_is_over(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("index")
    for key_press in "hello":
        queue.put(None, key_press, unique="draft:7", debounce=5)
        clock.turn(2)
    assert queue.pop() is None
    clock.turn(3)

    job = queue.pop()
    assert job
    assert "o" == job.data


def test_and_no_put_waits_for_too_long(client: pyjobs.Client, clock: Clock) -> None:
    queue, runs = client.queue("index"), []
    for second in range(60):
        queue.put(None, second, unique="draft:7", debounce=5, debounce_at_most=20)
        clock.turn(1)
        runs += [job.data for job in queue.pop(9)]

    assert [19, 39, 59] == runs


def test_or_the_first_of_a_burst_runs_at_once(client: pyjobs.Client, clock: Clock) -> None:
    for mode, data in (("leading", ["h"]), ("both", ["h", "o"])):
        queue, runs = client.queue(mode), []
        for key_press in "hello":
            queue.put(None, key_press, unique=mode, debounce=5, debounce_mode=mode)  # type: ignore[arg-type]
            runs += [job.data for job in queue.pop(9)]
            clock.turn(2)
        clock.turn(5)
        runs += [job.data for job in queue.pop(9)]

        assert data == runs


def test_a_job_that_is_not_started_in_time_is_dropped(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("mail")
    dropped = queue.put(None, start_within=60)
    failed = queue.put(None, start_within=60, if_late="fail")
    other = queue.put("shop.SendCode", {"to": "gnome"}, start_within=60, if_late="shop.Apologise")
    clock.turn(60)
    job = queue.pop()

    assert job
    assert (other, "shop.Apologise", {"to": "gnome"}) == (job.jid, job.klass_name, job.data)
    assert ("cancelled", "failed") == (client.jobs[dropped].state, client.jobs[failed].state)
    assert {"failed-start-within-mail": 1} == client.jobs.failed()


def test_a_job_that_is_not_done_in_time_fails(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("report")
    queue.put(None, finish_within=90)
    job = queue.pop(lease=600)
    assert job
    assert job.finish_by == job.expires == clock.seconds + 90, "no lease is longer"
    clock.turn(80)
    assert "failed" == job.retry(delay=30), "no retry is made past it"


def test_a_job_that_makes_its_workers_die_is_stopped(client: pyjobs.Client, clock: Clock) -> None:
    queue = client.queue("images")
    jid = queue.put(None, retries=20, poison_after=2)
    for _ in range(2):
        assert queue.pop(lease=10)
        clock.turn(11)
    assert queue.pop() is None

    job = client.jobs[jid]
    assert isinstance(job, pyjobs.Job)
    assert job.failure
    assert "failed-poison-images" == job.failure.group
