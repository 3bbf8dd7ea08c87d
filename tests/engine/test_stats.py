"""stats: what happened in a queue on one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused

DAY = 86_400_000
NOTHING: tuple[int, int, dict[int, int]] = (0, 0, {})


@dataclass
class Day:
    """The answer, with bins as a dict."""

    retries: int
    failures: int
    failed: int
    wait: tuple[int, int, dict[int, int]]
    run: tuple[int, int, dict[int, int]]
    failed_run: tuple[int, int, dict[int, int]]


def stats(engine: Engine, queue: str = "q", day: Any = 0, now: int = 0) -> Day:
    """Return a queue's day."""
    *counts, wait, run, failed_run = engine.call("stats", queue, day, now=now)
    times = [
        (count, total, dict(zip(bins[::2], bins[1::2], strict=True)))
        for count, total, bins in (wait, run, failed_run)
    ]
    return Day(*counts, *times)


def middle(bin_number: int) -> float:
    """Return the time, in milliseconds, that a bin stands for."""
    return 1.05 * float(1.1**bin_number)


def test_a_completed_job_has_waited_and_run(engine: Engine) -> None:
    engine.put("a", now=1000)
    (lease,) = engine.pop(now=3000)
    engine.complete(lease, now=8000)
    day = stats(engine)

    assert (1, 2000) == day.wait[:2]
    assert (1, 5000) == day.run[:2]
    assert NOTHING == day.failed_run
    (wait,), (run,) = day.wait[2], day.run[2]
    assert middle(wait) == pytest.approx(2000, rel=0.05)
    assert middle(run) == pytest.approx(5000, rel=0.05)


def test_bins_come_in_their_order(engine: Engine) -> None:
    for n, wait in enumerate((100_000, 1, 5000, 70)):
        engine.put(f"j{n}", f"q{n}", now=1_000_000 - wait)
    for n in range(4):
        engine.complete(engine.pop(f"q{n}", now=1_000_000)[0], "q", now=1_000_000)
    for n in range(4):
        engine.complete(engine.pop(now=1_000_000 + 10 * 3**n)[0], now=1_000_000 + 10 * 3**n)
    _, _, _, (_, _, bins), _, _ = engine.call("stats", "q", 0)

    assert sorted(bins[::2]) == bins[::2]
    assert 4 == sum(bins[1::2])


def test_waiting_begins_when_a_job_becomes_runnable_not_before(engine: Engine) -> None:
    engine.put("delayed", "delays", delay=60_000, now=0)
    engine.put("parent", "parents", now=0)
    engine.put("child", "children", depends=["parent"], now=0)
    engine.complete(engine.pop("parents", now=70_000)[0], now=90_000)
    engine.complete(engine.pop("delays", now=61_000)[0], now=61_000)
    engine.complete(engine.pop("children", now=90_500)[0], now=90_500)

    assert (1, 1000) == stats(engine, "delays").wait[:2]
    assert (1, 500) == stats(engine, "children").wait[:2]


def test_after_a_retry_the_wait_is_that_of_the_new_attempt(engine: Engine) -> None:
    engine.put("a", now=0)
    (lease,) = engine.pop(now=100)
    engine.retry(lease, now=10_100)
    (lease,) = engine.pop(now=10_300)
    engine.complete(lease, now=10_700)
    day = stats(engine)

    assert 1 == day.retries
    assert (2, 100 + 200) == day.wait[:2]
    assert (1, 400) == day.run[:2]
    assert (1, 10_000) == day.failed_run[:2]


def test_a_failed_run_is_counted_apart(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.fail(engine.pop(now=100)[0], now=400)
    day = stats(engine)

    assert (0, 1, 1) == (day.retries, day.failures, day.failed)
    assert NOTHING == day.run
    assert (1, 300) == day.failed_run[:2]


def test_a_lost_lease_counts_as_a_retry_and_its_run_time_is_not_known(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.pop(lease=1000, now=100)
    engine.complete(engine.pop(now=5000)[0], now=5100)
    day = stats(engine)

    assert 1 == day.retries
    assert (1, 100) == day.run[:2]
    assert NOTHING == day.failed_run


def test_times_of_weeks_are_told_apart(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.put("b", now=0)
    (first,) = engine.pop(lease=0, now=20 * DAY)
    (second,) = engine.pop(lease=0, now=25 * DAY)
    engine.complete(first, now=25 * DAY)
    engine.complete(second, now=25 * DAY)
    shorter, longer = stats(engine, day=25).wait[2]

    assert middle(shorter) == pytest.approx(20 * DAY, rel=0.05)
    assert middle(longer) == pytest.approx(25 * DAY, rel=0.05)


def test_a_clock_that_goes_back_makes_a_time_of_nothing(engine: Engine) -> None:
    engine.put("a", now=5000)
    engine.complete(engine.pop(now=4000)[0], now=3000)

    assert (1, 0, {0: 1}) == stats(engine).wait
    assert (1, 0, {0: 1}) == stats(engine).run


def test_each_day_has_its_own_and_today_is_the_default(engine: Engine) -> None:
    engine.put("a", now=DAY - 1)
    (lease,) = engine.pop(now=DAY - 1)
    engine.complete(lease, now=DAY)

    assert NOTHING == stats(engine, day=0, now=DAY).run
    assert (1, 1) == stats(engine, day="", now=DAY).run[:2]
    assert stats(engine, day=1) == stats(engine, day="", now=DAY)


@pytest.mark.parametrize("mended", ["unfail", "put again", "cancel", "move", "unfail_group"])
def test_failed_goes_down_on_the_day_and_in_the_queue_of_the_failure(
    engine: Engine, mended: str
) -> None:
    engine.put("a", now=0)
    engine.put("other", now=0)
    for lease in engine.pop(count=2, now=0):
        engine.fail(lease, now=0)
    assert (2, 2) == (stats(engine).failures, stats(engine).failed)

    if mended == "unfail":
        engine.call("unfail", "a", "elsewhere", now=3 * DAY)
    elif mended == "put again":
        engine.put("a", "elsewhere", now=3 * DAY)
    elif mended == "cancel":
        engine.call("cancel", "a", now=3 * DAY)
    elif mended == "move":
        engine.call("move", "a", "elsewhere", "", now=3 * DAY)
    else:
        engine.call("unfail_group", "group", "elsewhere", 1, "", now=3 * DAY)

    assert (2, 1) == (stats(engine).failures, stats(engine).failed)
    nothing = Day(0, 0, 0, NOTHING, NOTHING, NOTHING)
    assert nothing == stats(engine, "elsewhere", day=3)
    assert nothing == stats(engine, day=3)


def test_mending_a_job_whose_day_has_expired_leaves_no_key(engine: Engine) -> None:
    engine.put("a", now=0)
    engine.fail(engine.pop(now=0)[0], now=0)
    engine.server.delete(engine.root + "stats:0:1")
    engine.call("unfail", "a", "", now=40 * DAY)

    assert not engine.server.exists(engine.root + "stats:0:1")
    assert 0 == stats(engine).failed


def test_counts_expire_by_stats_history_and_bins_by_histogram_history(engine: Engine) -> None:
    engine.call("configure", "stats-history", 3)
    engine.call("configure", "histogram-history", 2)
    for number in range(65):
        engine.put(f"a{number}", now=0)
        engine.complete(engine.pop(now=1)[0], now=2)
    engine.put("b", now=DAY)
    engine.fail(engine.pop(now=DAY)[0], now=DAY)
    keys: Any = engine.server.keys(engine.root + "*:[01]:1")
    found: dict[str, Any] = {key.decode().split("}")[1]: engine.server.pttl(key) for key in keys}

    assert {"stats:0:1", "histogram:0:1", "samples:0:1", "stats:1:1", "samples:1:1"} == set(found)
    for key, left in found.items():
        days = 2 if key.startswith("histogram") else 3
        assert (days - 0.01) * DAY < left <= days * DAY


@pytest.mark.parametrize("batch", [1, 7, 8, 50])
def test_times_count_at_once_and_exactly_however_they_come(engine: Engine, batch: int) -> None:
    for done in range(batch, 151, batch):
        for number in range(batch):
            engine.put(f"a{done}-{number}", now=0)
        held = engine.pop(count=batch, now=100)
        engine.step(*[("complete", *lease.key, b"", "", b"") for lease in held], now=110)

        day = stats(engine)
        assert (done, done * 100, done * 10) == (*day.wait[:2], day.run[1])
        assert [done] == list(day.wait[2].values()) == list(day.run[2].values())


def test_a_hundred_days_of_a_queue_leave_no_key_without_an_end(engine: Engine) -> None:
    for day in range(100):
        engine.put("a", now=day * DAY)
        engine.complete(engine.pop(now=day * DAY)[0], now=day * DAY)
    keys: Any = engine.server.keys(engine.root + "*:*:1")
    left: list[Any] = [engine.server.pttl(key) for key in keys]

    assert 100 == len(left)
    assert min(left) > 0


def test_an_unknown_queue_or_day_has_zeros(engine: Engine) -> None:
    nothing = Day(0, 0, 0, NOTHING, NOTHING, NOTHING)
    assert nothing == stats(engine, "unknown")
    engine.put("a")
    assert nothing == stats(engine, "q", day=9)


def test_a_day_that_is_no_number_is_refused(engine: Engine) -> None:
    for day in ("yesterday", -1, 1.5):
        with pytest.raises(Refused, match="INVALID day"):
            stats(engine, day=day)
