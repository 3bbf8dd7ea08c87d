"""What has ended is kept as long and as many as the settings say, and then leaves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Lease, Refused

DAY = 86_400_000
MINUTE = 60_000


def complete(engine: Engine, jid: str, now: int) -> Lease:
    """Put, pop and complete one job."""
    engine.put(jid, now=now)
    (lease,) = engine.pop(now=now)
    engine.complete(lease, now=now)
    return lease


def fail(engine: Engine, jid: str, now: int, group: str = "group") -> Lease:
    """Put, pop and fail one job."""
    engine.put(jid, now=now)
    (lease,) = engine.pop(now=now)
    engine.fail(lease, group, now=now)
    return lease


def lasting(engine: Engine, jid: str) -> list[str]:
    """Return the job's own keys that do not expire by themselves."""
    keys: Any = engine.server.keys(f"{engine.root}*:{jid}")
    return [key.decode().split("}")[1] for key in keys if engine.server.pttl(key) < 0]


def tick(engine: Engine, now: int) -> int:
    """Do what is due until nothing is left; returns the number of calls that had more to do."""
    for count in range(100):
        if engine.call("tick", now=now) > 0:
            return count
    pytest.fail("there is always more to do")


# By age


def test_a_complete_job_stays_for_jobs_history_and_then_leaves_no_key(engine: Engine) -> None:
    engine.put("a", payload=b"p" * 5000, tags=["x", "y"], now=0)
    engine.call("track", "a")
    engine.complete(engine.pop(now=0)[0], now=1000)
    tick(engine, 7 * DAY + 999)
    assert "complete" == engine.state("a")

    tick(engine, 7 * DAY + 1000)
    assert engine.get("a") is None
    assert [] == engine.server.keys(engine.root + "*:a")
    assert {} == engine.counts()
    assert [] == engine.call("tags", 0, 10)
    assert [b""] == engine.call("tracked", "", 10)


def test_a_failed_job_stays_for_failed_history_and_then_leaves_no_key(engine: Engine) -> None:
    engine.call("configure", "failed-history", 3600)
    engine.put("a", payload=b"p" * 5000, tags=["x"], now=0)
    engine.fail(engine.pop(now=0)[0], "web", now=1000)
    tick(engine, 3_600_999)
    assert "failed" == engine.state("a")

    tick(engine, 3_601_000)
    assert [] == engine.server.keys(engine.root + "*:a")
    assert [b""] == engine.call("groups", "", 10)
    assert [] == engine.call("tags", 0, 10)


def test_a_pop_of_any_queue_takes_aged_jobs_off(engine: Engine) -> None:
    complete(engine, "a", now=0)
    engine.pop("unrelated", now=7 * DAY)

    assert engine.get("a") is None


def test_aged_jobs_leave_in_slices(engine: Engine) -> None:
    for n in range(50):
        complete(engine, f"j{n}", now=0)
    engine.call("deregister", "w")
    left = []
    for _ in range(3):
        engine.call("tick", now=7 * DAY)
        left.append(engine.counts().get("complete", 0))

    assert [30, 10, 0] == left


def test_complete_and_failed_jobs_of_a_queue_age_each_at_their_own_time(engine: Engine) -> None:
    engine.call("configure", "jobs-history", 60)
    engine.call("configure", "failed-history", 120)
    complete(engine, "a", now=0)
    fail(engine, "b", now=0)

    seen = []
    for now in (MINUTE - 1, MINUTE, 2 * MINUTE - 1, 2 * MINUTE):
        tick(engine, now)
        seen.append((engine.state("a"), engine.state("b")))
    assert [
        ("complete", "failed"),
        (None, "failed"),
        (None, "failed"),
        (None, None),
    ] == seen


def test_a_job_that_was_put_again_ages_from_its_new_end(engine: Engine) -> None:
    complete(engine, "a", now=0)
    complete(engine, "a", now=DAY)
    tick(engine, 7 * DAY)
    assert "complete" == engine.state("a")

    tick(engine, 8 * DAY)
    assert engine.get("a") is None


def test_jobs_that_fail_in_the_very_tick_that_takes_the_last_old_one_are_not_forgotten(
    engine: Engine,
) -> None:
    engine.call("configure", "jobs-history", 60)
    engine.call("configure", "failed-history", 60)
    complete(engine, "old", now=0)
    engine.put("new", retries=0, now=0)
    engine.pop(lease=MINUTE, now=0)
    tick(engine, MINUTE)
    assert (None, "failed") == (engine.state("old"), engine.state("new"))

    tick(engine, 2 * MINUTE)
    assert engine.get("new") is None


# By count


def test_of_complete_jobs_the_newest_are_kept(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 3)
    for n in range(6):
        complete(engine, f"j{n}", now=n)

    assert {"complete": 3} == engine.counts()
    assert [None] * 3 + ["complete"] * 3 == [engine.state(f"j{n}") for n in range(6)]
    assert [] == [key for n in range(3) for key in lasting(engine, f"j{n}")]


def test_of_failed_jobs_the_newest_are_kept(engine: Engine) -> None:
    engine.call("configure", "failed-history-count", 2)
    for n in range(4):
        fail(engine, f"j{n}", now=n, group=f"g{n}")

    assert {"failed": 2} == engine.counts()
    assert [b"", b"g2", 1, b"g3", 1] == engine.call("groups", "", 10)
    assert [] == [key for n in range(2) for key in lasting(engine, f"j{n}")]


def test_each_queue_has_its_own_count(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 1)
    for n in range(3):
        for queue in ("q", "r"):
            engine.put(f"{queue}{n}", queue, now=n)
            engine.complete(engine.pop(queue, now=n)[0], now=n)

    assert ["complete", "complete"] == [engine.state("q2"), engine.state("r2")]
    assert {"complete": 1} == engine.counts("q") == engine.counts("r")


def test_a_large_count_is_exceeded_by_no_more_than_a_slice(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 100)
    most = 0
    for n in range(150):
        complete(engine, f"j{n}", now=n)
        most = max(most, engine.counts()["complete"])

    assert 100 <= engine.counts()["complete"] <= most <= 110


def test_completions_of_a_hundred_a_call_do_not_outrun_retention(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 10)
    for turn in range(4):
        for n in range(100):
            engine.put(f"j{turn}-{n}", now=turn)
        members: list[object] = []
        for lease in engine.pop(count=100, now=turn):
            members += ["complete", 6, *lease.key, "", "", ""]
        engine.call("drain", "all", *members, now=turn)

    assert {"complete": 10} == engine.counts()


# Nothing kept at all


@pytest.mark.parametrize("setting", ["jobs-history", "jobs-history-count"])
def test_with_nothing_kept_a_complete_job_is_gone_at_once(engine: Engine, setting: str) -> None:
    engine.call("configure", setting, 0)
    engine.put("a", payload=b"p" * 5000, tags=["x"])
    engine.call("track", "a")
    (lease,) = engine.pop(now=1)
    assert "complete" == engine.complete(lease, now=2)

    assert engine.get("a") is None
    assert {} == engine.counts()
    assert [] == lasting(engine, "a")
    assert [] == engine.call("tags", 0, 10)
    assert "created" == engine.put("a", now=3)


@pytest.mark.parametrize("setting", ["jobs-history", "jobs-history-count"])
def test_with_nothing_kept_a_repeated_complete_is_answered_for_a_minute(
    engine: Engine, setting: str
) -> None:
    engine.call("configure", setting, 0)
    lease = complete(engine, "a", now=0)

    assert "complete" == engine.complete(lease, now=MINUTE - 1)
    assert 0 < engine.server.pttl(engine.root + "job:a") <= MINUTE


@pytest.mark.parametrize("setting", ["jobs-history", "jobs-history-count"])
@pytest.mark.parametrize("dependents", [1, 20, 50])
def test_with_nothing_kept_a_job_goes_as_soon_as_its_dependents_are_told(
    engine: Engine, setting: str, dependents: int
) -> None:
    engine.call("configure", setting, 0)
    engine.put("parent")
    for n in range(dependents):
        engine.put(f"child{n}", "children", depends=["parent"])
    (lease,) = engine.pop(now=1)
    engine.complete(lease, now=1)
    tick(engine, 1)

    assert {"waiting": dependents} == engine.counts("children")
    assert {} == engine.counts()
    assert [] == lasting(engine, "parent")
    assert "complete" == engine.complete(lease, now=2)


def test_a_failed_job_is_kept_when_nothing_is_kept_of_complete_ones(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 0)
    engine.call("configure", "jobs-history", 0)
    fail(engine, "a", now=0)
    tick(engine, DAY)

    assert "failed" == engine.state("a")


# Repeats


def test_a_job_that_has_only_just_ended_answers_repeats_though_retention_took_it(
    engine: Engine,
) -> None:
    engine.call("configure", "jobs-history-count", 1)
    engine.call("configure", "failed-history-count", 1)
    done, failed = complete(engine, "a", now=0), fail(engine, "b", now=0)
    complete(engine, "c", now=1000)
    fail(engine, "d", now=1000)
    assert [None, None] == [engine.get("a"), engine.get("b")]

    assert "complete" == engine.complete(done, now=2000)
    assert "failed" == engine.fail(failed, now=2000)
    assert 0 < engine.server.pttl(engine.root + "job:a") <= MINUTE


def test_a_job_that_ended_more_than_a_minute_ago_leaves_no_trace(engine: Engine) -> None:
    engine.call("configure", "jobs-history-count", 1)
    lease = complete(engine, "a", now=0)
    complete(engine, "b", now=MINUTE)

    assert not engine.server.exists(engine.root + "job:a")
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.complete(lease, now=MINUTE + 1)


# Pinned


def test_a_failed_job_that_others_wait_for_is_kept_until_they_do_not(engine: Engine) -> None:
    engine.call("configure", "failed-history", 60)
    engine.put("parent")
    engine.put("child", "children", depends=["parent"])
    engine.fail(engine.pop(now=0)[0], now=0)
    for now in (MINUTE, 2 * MINUTE, 3 * MINUTE):
        assert 0 == tick(engine, now)
    assert "failed" == engine.state("parent")

    engine.call("cancel", "child", now=3 * MINUTE)
    tick(engine, 4 * MINUTE)
    assert engine.get("parent") is None


def test_pinned_jobs_do_not_keep_the_others(engine: Engine) -> None:
    engine.call("configure", "failed-history-count", 1)
    engine.put("parent")
    engine.put("child", "children", depends=["parent"])
    engine.fail(engine.pop(now=0)[0], now=0)
    for n in range(1, 5):
        fail(engine, f"j{n}", now=n)

    assert {"failed": 2} == engine.counts()
    assert ["failed", "failed"] == [engine.state("parent"), engine.state("j4")]


# History


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_a_history_keeps_its_first_entry_and_the_newest(engine: Engine, most: int) -> None:
    engine.call("configure", "max-job-history", most)
    engine.put("a")
    for n in range(120):
        engine.call("log", "a", str(n), "", "", now=n)
    found = engine.get("a")
    assert found
    entries = found.record.history(found.queue)

    logged = [str(n) for n in range(120)]
    expected = ["119"] if most == 1 else ["put", *logged[1 - most :]]
    assert expected == [e.detail[1:].decode() if e.what == "log" else e.what for e in entries]
    assert most == found.record.entries


def test_a_smaller_history_is_cut_at_the_next_entry(engine: Engine) -> None:
    engine.put("a")
    for n in range(50):
        engine.call("log", "a", str(n), "", "", now=n)
    engine.call("configure", "max-job-history", 3)
    engine.pop(now=100)

    found = engine.get("a")
    assert found
    entries = found.record.history(found.queue)
    assert [b"q", b"\x0249", b"w"] == [entry.detail for entry in entries]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_job_lives_with_the_shortest_histories(engine: Engine, most: int) -> None:
    engine.call("configure", "max-job-history", most)
    engine.put("a")
    (lease,) = engine.pop(now=1)
    engine.retry(lease, now=2)
    (lease,) = engine.pop(now=3)
    engine.complete(lease, "next", now=4)
    assert "waiting" == engine.complete(lease, "next", now=5)
    (lease,) = engine.pop("next", now=6)
    engine.complete(lease, now=7)

    assert "complete" == engine.complete(lease, now=8)


# A queue's own


def test_a_queue_keeps_its_jobs_as_long_as_its_own_settings_say(engine: Engine) -> None:
    engine.configure("jobs-history-q", 60)
    engine.configure("failed-history-q", 120)
    complete(engine, "a", now=0)
    fail(engine, "b", now=0)
    engine.put("c", "other")
    engine.complete(engine.pop("other")[0])
    tick(engine, 60_000)
    assert [None, "failed", "complete"] == [engine.state(jid, now=60_000) for jid in "abc"]
    tick(engine, 120_000)

    assert [None, None, "complete"] == [engine.state(jid, now=120_000) for jid in "abc"]


def test_a_queue_keeps_as_many_jobs_as_its_own_settings_say(engine: Engine) -> None:
    engine.configure("jobs-history-count-q", 5)
    for n in range(20):
        complete(engine, f"a{n}", now=n)
        engine.put(f"b{n}", "other", now=n)
        engine.complete(engine.pop("other", now=n)[0], now=n)

    assert ({"complete": 5}, {"complete": 20}) == (engine.counts(), engine.counts("other"))


def test_a_queue_of_its_own_may_keep_nothing_or_more_than_others(engine: Engine) -> None:
    engine.configure("jobs-history", 0)
    engine.configure("jobs-history-q", 60)
    engine.configure("jobs-history-count-none", 0)
    complete(engine, "a", now=0)
    engine.put("b", "none")
    engine.complete(engine.pop("none")[0])
    engine.put("c", "other")
    engine.complete(engine.pop("other")[0])

    assert ({"complete": 1}, {}, {}) == tuple(
        engine.counts(name) for name in ("q", "none", "other")
    )


def test_a_shorter_retention_of_a_queue_s_own_begins_at_the_next_ticks(engine: Engine) -> None:
    for n in range(50):
        complete(engine, f"a{n}", now=n)
    engine.configure("jobs-history-q", 60, now=120_000)

    assert 2 <= tick(engine, 120_000) <= 5
    assert {} == engine.counts(now=120_000)
    engine.configure("jobs-history-q", "", now=120_000)
    complete(engine, "kept", now=120_000)
    tick(engine, 300_000)
    assert {"complete": 1} == engine.counts(now=300_000)
