"""bins: into which bin of a histogram a time falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

WEEK = 7 * 86_400_000


@pytest.fixture(scope="session")
def bins(rule: Callable[[str], Any]) -> Any:
    return rule("bins")


def test_what_is_below_a_millisecond_is_in_the_first_bin(bins: Any) -> None:
    assert [0, 0, 0, 0] == [bins.of(time) for time in (-5, 0, 0.999, 1)]


def test_a_time_that_no_bin_holds_is_in_the_last(bins: Any) -> None:
    assert bins.of(52 * WEEK) < bins.LAST == bins.of(1e300)


def test_each_bin_begins_where_the_one_before_it_ends(bins: Any) -> None:
    for number in range(1, bins.LAST):
        start = bins.RATIO**number
        assert number == bins.of(start * (1 + 1e-7))
        assert number - 1 == bins.of(start * (1 - 1e-7))


@given(time=st.floats(1, 52 * WEEK))
def test_the_middle_of_a_bin_is_within_five_percent_of_every_time_in_it(
    bins: Any, time: float
) -> None:
    middle = bins.RATIO ** bins.of(time) * (1 + bins.RATIO) / 2

    assert time == pytest.approx(middle, rel=0.0501)


@given(one=st.integers(0, 2**48), other=st.integers(0, 2**48))
def test_a_longer_time_is_never_in_an_earlier_bin(bins: Any, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))

    assert bins.of(shorter) <= bins.of(longer)
