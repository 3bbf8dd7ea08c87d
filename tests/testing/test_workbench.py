"""The workbench as tests of an application use it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest

import pyjobs
from pyjobs import testing
from pyjobs.testing import ANY
from tests.testing import app


def test_what_was_put_can_be_asserted(mail: testing.Workbench) -> None:
    jid = app.sign_up("ann")

    (put,) = mail.assert_put(app.Welcome, {"to": "ann", "on": ("mon", "tue")}, queue="mail")
    assert (put.jid, put.priority, put.tags) == (jid, -5, ("new",))
    mail.assert_put("tests.testing.app.Welcome", {"to": ANY, "on": ANY}, count=1, tags=["new"])
    mail.assert_put(count=2)
    mail.assert_put(app.Report, count=0)
    assert [put.klass.rpartition(".")[2] for put in mail.puts] == ["Welcome", "Remind"]


def test_an_assertion_that_fails_names_what_was_put(mail: testing.Workbench) -> None:
    with pytest.raises(AssertionError, match=r"at least one job expected, 0 put. .*\n  nothing"):
        mail.assert_put()
    app.sign_up("ann")
    with pytest.raises(AssertionError) as caught:
        mail.assert_put(app.Welcome, {"to": "bob"}, priority=-5)

    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "at least one job expected with klass='tests.testing.app.Welcome', data={'to': 'bob'}, "
        "priority=-5, 0 put. Put were:"
    )
    assert lines[1] == "  tests.testing.app.Welcome {'to': 'ann', 'on': ['mon', 'tue']} in 'mail'"
    with pytest.raises(AssertionError, match="0 jobs expected, 2 put"):
        mail.assert_nothing_put()
    with pytest.raises(AssertionError, match="2 jobs expected with queue='mail', 0 put"):
        mail.assert_put(queue="mail", tags=["old"], count=2)


def test_a_long_list_is_cut(mail: testing.Workbench) -> None:
    app.outgoing.put_data(range(30))

    with pytest.raises(AssertionError, match="and 10 more"):
        mail.assert_nothing_put()


def test_noting_begins_anew(mail: testing.Workbench) -> None:
    app.sign_up("ann")
    mail.forget_puts()
    mail.assert_nothing_put()
    app.outgoing.put(app.Report)

    mail.assert_put(app.Report, None, count=1)


def test_what_can_be_run_is_run_with_all_that_it_puts(mail: testing.Workbench) -> None:
    app.outgoing.put(app.Parent, {"to": "ann", "waits": False})
    app.outgoing.put(app.Report, keep_result=60, jid="report")

    assert mail.run_until_idle() == 3
    assert app.sent == ["report", "welcome ann"]
    assert app.client.result("report") == "reported"
    mail.assert_put(app.Welcome, {"to": "ann"}, count=1)
    assert mail.run_until_idle() == 0


def test_only_the_queues_that_are_named(mail: testing.Workbench) -> None:
    app.outgoing.put(app.Welcome, {"to": "ann"})
    app.client.queue("other").put(app.Report)

    assert mail.run_until_idle(["other"]) == 1
    assert app.sent == ["report"]


def test_data_items_are_left_to_whom_they_are_for(mail: testing.Workbench) -> None:
    app.client.queue("data").put_data([1, 2])

    assert mail.run_until_idle() == 0
    assert mail.assert_put(None, 1, queue="data")
    assert [item.data for item in app.client.queue("data").take(5)] == [1, 2]


def test_a_paused_queue_is_idle(mail: testing.Workbench) -> None:
    app.sign_up("ann")
    app.outgoing.pause()

    assert mail.run_until_idle() == 0


def test_what_failed_can_be_looked_at(mail: testing.Workbench) -> None:
    app.outgoing.put(app.Broken)
    mail.run_until_idle()
    (job,) = mail.failed()

    assert job.failure is not None
    assert job.failure.group == "mail-LookupError"
    assert "no such customer" in job.failure.message


def test_jobs_without_end_are_noticed(
    mail: testing.Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyjobs.immediate.LIMIT", 20)
    app.outgoing.put(app.Endless)
    with pytest.raises(pyjobs.NotFinished, match="20 jobs have run"):
        mail.run_until_idle()


def test_time_passes_by_hand_and_what_is_due_runs_at_its_moment(mail: testing.Workbench) -> None:
    app.sign_up("ann")

    assert mail.advance(days=2, hours=23) == 1
    assert app.sent == ["welcome ann"]
    assert mail.advance(3600) == 1
    assert app.sent == ["welcome ann", "remind ann"]


def test_a_week_of_schedules_passes_in_a_moment(jobs: testing.Workbench) -> None:
    began = jobs.clock.time
    jobs.client.queue("mail").recur(app.Remind, {"to": "all"}, interval=6 * 3600)
    assert jobs.advance(days=7) == 29

    assert jobs.clock.time == pytest.approx(began + 7 * 86_400)
    assert jobs.assert_put(app.Remind, {"to": "all"}, count=29)
    starts = [
        event.time for event in jobs.client.events.read(count=10_000) if event.what == "popped"
    ]
    assert [round(when - began) for when in starts] == [n * 6 * 3600 for n in range(29)]


def test_retries_are_run_when_their_delay_is_over(jobs: testing.Workbench) -> None:
    jid = jobs.client.queue("mail").put(
        app.Flaky, backoff="fixed", backoff_base=60, backoff_jitter=0, keep_result=3600
    )
    assert jobs.run_until_idle() == 1
    assert jobs.advance(minutes=1) == 1
    assert jobs.advance(minutes=1) == 1

    assert jobs.client.result(jid) == "attempt 3"


def test_a_lease_ends_by_the_clock(jobs: testing.Workbench) -> None:
    queue = jobs.client.queue("data")
    queue.put_data(["a"], retries=1)
    queue.get(lease=60)
    jobs.advance(minutes=2)

    assert [item.data for item in queue.get()] == ["a"]


def test_the_clock_shows_what_it_was_set_to(jobs_server: str) -> None:
    start = datetime(2030, 1, 1, tzinfo=timezone.utc)
    with testing.Workbench(jobs_server, start=start) as jobs:
        then = datetime(2030, 1, 3, tzinfo=timezone.utc)
        jid = jobs.client.queue("mail").put(app.Report, at=then)
        jobs.advance(days=1, hours=23)
        assert jobs.client.jobs[jid].state == "scheduled"
        jobs.advance(hours=1)
        assert jobs.client.jobs[jid].state == "complete"
        assert jobs.clock.time == then.timestamp()
    assert "2030" in repr(jobs.clock)


def test_time_does_not_go_back(jobs: testing.Workbench) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match="has passed"):
        jobs.clock.set(5)
    with pytest.raises(pyjobs.InvalidArgument, match="has passed"):
        jobs.advance(-1)


def test_async_code_does_the_same(mail: testing.Workbench) -> None:
    async def main() -> None:
        async with app.aio:
            await app.sign_up_async("ann")
            await app.aio.queue("mail").put(app.Report, delay=60)
            mail.assert_put(app.Welcome, {"to": "ann", "on": []}, count=1)
            assert await mail.arun_until_idle() == 1
            assert await mail.aadvance(minutes=1) == 1

    asyncio.run(main())
    assert app.sent == ["welcome ann", "report"]


def test_an_adopted_client_is_given_back(jobs_server: str) -> None:
    with testing.Workbench(jobs_server) as jobs:
        before = dict(vars(app.client))
        jobs.adopt(app.client)
        assert app.client.namespace == jobs.namespace
        app.sign_up("ann")
        assert [event.what for event in app.client.events.read()] == ["put", "put"]
        assert repr(jobs) == f"<Workbench '{jobs.namespace}'>"

    assert dict(vars(app.client)) == before


def test_what_is_bound_to_a_client_is_bound_to_this_one_until_the_end(jobs_server: str) -> None:
    class Bound:
        def __init__(self) -> None:
            self.client: pyjobs.Client | None = app.client

        def init(self, client: pyjobs.Client) -> None:
            self.client = client

    bound = Bound()
    with testing.Workbench(jobs_server) as jobs:
        jobs.adopt(bound)
        assert bound.client is jobs.client

    assert bound.client is app.client


def test_a_bench_brings_a_server_of_its_own() -> None:
    with testing.Workbench() as jobs:
        jobs.client.queue("mail").put(app.Report)
        assert jobs.run_until_idle() == 1
