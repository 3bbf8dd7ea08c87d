"""rate: so many starts in so much time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_800_000_000_000
DAY = 86_400_000

counts = st.integers(1, 10_000)
periods = st.integers(1, DAY)
bursts = st.integers(1, 1000)
steps = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 5)), max_size=60)


@pytest.fixture(scope="session")
def rate(rule: Callable[[str], Any]) -> Any:
    """Return the module."""
    return rule("rate")


@pytest.mark.parametrize(
    ("count", "period", "expected"),
    [(10, 60_000, 6000), (1000, 1000, 1), (4, 1000, 250), (1, DAY, DAY), (3, 100, 33.3330078125)],
)
def test_the_time_between_two_tokens(rate: Any, count: int, period: int, expected: float) -> None:
    assert expected == rate.interval(count, period)


def test_a_new_bucket_is_full(rate: Any) -> None:
    assert rate.open(None, NOW, 100, 5) == 5
    assert rate.open(NOW - 1, NOW, 100, 5) == 5


def test_each_start_takes_one_and_time_brings_them_back_one_by_one(rate: Any) -> None:
    tat, seen = None, []
    for _ in range(3):
        tat = rate.take(tat, NOW, 100)
        seen.append(rate.open(tat, NOW, 100, 3))

    assert seen == [2, 1, 0]
    assert [rate.open(tat, NOW + later, 100, 3) for later in (99, 100, 199, 200, 300, 900)] == [
        *(0, 1, 1, 2, 3, 3)
    ]


def test_several_at_once_are_as_many_one_by_one(rate: Any) -> None:
    one_by_one = rate.take(rate.take(None, NOW, 100), NOW, 100)

    assert one_by_one == rate.take(None, NOW, 100, 2)


def test_a_burst_of_one_is_even(rate: Any) -> None:
    tat = rate.take(None, NOW, 250)

    assert rate.open(tat, NOW + 249, 250, 1) == 0
    assert rate.open(tat, NOW + 250, 250, 1) == 1
    assert rate.moment(tat, 250, 1, 1) == NOW + 250


def test_a_lower_rate_or_burst_holds_from_the_next_question_on(rate: Any) -> None:
    tat = rate.take(None, NOW, 100, 5)

    assert rate.open(tat, NOW, 100, 10) == 5
    assert rate.open(tat, NOW, 100, 2) == 0
    assert rate.moment(tat, 100, 2, 1) == NOW + 400


def test_the_moment_of_a_bucket_that_is_full_has_passed(rate: Any) -> None:
    assert rate.moment(None, 100, 5, 5) <= NOW


@given(count=counts, period=periods, taken=st.integers(0, 1000))
def test_after_a_period_all_that_the_rate_allows_is_there_again(
    rate: Any, count: int, period: int, taken: int
) -> None:
    interval = rate.interval(count, period)
    tat = None
    for _ in range(min(count, taken)):
        tat = rate.take(tat, NOW, interval)

    assert rate.open(tat, NOW, interval, count) == count - min(count, taken)
    assert rate.open(tat, NOW + period, interval, count) == count


@given(count=counts, period=periods, burst=bursts, steps=steps)
def test_what_is_taken_never_exceeds_the_burst_and_what_time_has_brought(
    rate: Any, count: int, period: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    interval = rate.interval(count, period)
    tat, now, taken = None, NOW, 0
    for later, wanted in steps:
        now += later
        given = min(wanted, rate.open(tat, now, interval, burst))
        if given:
            tat = rate.take(tat, now, interval, given)
        taken += given

    assert taken <= burst + (now - NOW) / interval


@given(count=counts, period=periods, burst=bursts, taken=bursts, wanted=bursts)
def test_the_moment_is_the_first_millisecond_at_which_so_many_are_there(
    rate: Any, count: int, period: int, burst: int, taken: int, wanted: int
) -> None:
    wanted = min(wanted, burst)
    interval = rate.interval(count, period)
    tat = rate.take(None, NOW, interval, taken)
    moment = max(rate.moment(tat, interval, burst, wanted), NOW)

    assert rate.open(tat, moment, interval, burst) >= wanted
    assert moment == NOW or rate.open(tat, moment - 1, interval, burst) < wanted


def test_a_changed_rate_keeps_the_number_of_missing_tokens(rate: Any) -> None:
    tat = rate.take(rate.take(None, NOW, 1000), NOW, 1000)
    changed = rate.changed(tat, NOW, 1000, 10, 5)

    assert 3 == rate.open(changed, NOW, 10, 5)
    assert 4 == rate.open(changed, NOW + 10, 10, 5)


def test_of_a_smaller_bucket_no_more_is_missing_than_it_holds(rate: Any) -> None:
    tat = rate.take(None, NOW, 1000, 50)
    changed = rate.changed(tat, NOW, 1000, 10, 5)

    assert 0 == rate.open(changed, NOW, 10, 5)
    assert NOW + 10 == rate.moment(changed, 10, 5, 1)


def test_a_full_bucket_stays_full(rate: Any) -> None:
    assert 5 == rate.open(rate.changed(NOW - 1, NOW, 1000, 10, 5), NOW, 10, 5)
