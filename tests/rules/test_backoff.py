"""backoff: how long a job waits before its next attempt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

HOUR = 3_600_000

policies = st.fixed_dictionaries(
    {},
    optional={
        "backoff": st.sampled_from(["fixed", "linear", "exponential", "padded"]),
        "backoff_base": st.integers(1, HOUR),
        "backoff_cap": st.integers(1, HOUR),
        "backoff_jitter": st.integers(0, 1000),
    },
)
retries = st.integers(1, 65535)
dice = st.floats(0, 1, exclude_max=True)


@pytest.fixture(scope="session")
def delay(rule: Callable[[str], Any], lua: Any) -> Callable[..., float]:
    """Return the rule as a function of dictionaries."""
    backoff = rule("backoff")

    def delay(own: dict[str, Any], policy: dict[str, Any], retry: int, dice: float = 0) -> float:
        found: float = backoff.delay(lua.table_from(own), lua.table_from(policy), retry, dice)
        return found

    return delay


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("fixed", [100, 100, 100, 100, 100]),
        ("linear", [100, 200, 300, 400, 500]),
        ("exponential", [100, 200, 400, 800, 1000]),
        ("padded", [200, 300, 500, 900, 1000]),
    ],
)
def test_the_delay_grows_from_retry_to_retry_up_to_the_cap(
    delay: Any, word: str, expected: list[int]
) -> None:
    own = {"backoff": word, "backoff_base": 100, "backoff_cap": 1000}

    assert expected == [delay(own, {}, retry) for retry in range(1, 6)]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, [0, 0, 0]),
        ({"backoff": "fixed"}, [1000, 1000, 1000]),
        ({"backoff": "linear"}, [1000, 2000, 3000]),
        ({"backoff": "exponential"}, [1000, 2000, 4000]),
        ({"backoff_base": 50}, [50, 100, 200]),
        ({"backoff_cap": 1500}, [1000, 1500, 1500]),
        ({"backoff_jitter": 0}, [1000, 2000, 4000]),
    ],
)
def test_what_is_not_said_has_a_default_and_nothing_said_is_no_delay(
    delay: Any, own: dict[str, Any], expected: list[int]
) -> None:
    assert expected == [delay(own, {}, retry) for retry in range(1, 4)]


def test_the_default_cap_is_an_hour(delay: Any) -> None:
    assert HOUR == delay({"backoff": "exponential"}, {}, 13)


@pytest.mark.parametrize(
    ("jitter", "dice", "expected"),
    [
        (0, 0.999999, 1000),
        (100, 0, 1000),
        (100, 0.5, 950),
        (500, 0.5, 750),
        (1000, 0, 1000),
        (1000, 0.999999, 0),
    ],
)
def test_chance_shortens_the_delay_by_up_to_the_jitter(
    delay: Any, jitter: int, dice: float, expected: int
) -> None:
    own = {"backoff": "fixed", "backoff_base": 1000, "backoff_jitter": jitter}

    assert expected == delay(own, {}, 1, dice)


def test_each_option_of_the_job_counts_before_the_worker_s(delay: Any) -> None:
    policy = {"backoff": "linear", "backoff_base": 300, "backoff_cap": 700, "backoff_jitter": 0}

    assert [300, 600, 700] == [delay({}, policy, retry) for retry in range(1, 4)]
    assert [7, 14, 21] == [delay({"backoff_base": 7}, policy, retry) for retry in range(1, 4)]
    assert [300] * 3 == [delay({"backoff": "fixed"}, policy, retry) for retry in range(1, 4)]


@given(own=policies, policy=policies, retry=retries, dice=dice)
def test_a_delay_is_a_whole_number_between_nothing_and_the_cap(
    delay: Any, own: dict[str, Any], policy: dict[str, Any], retry: int, dice: float
) -> None:
    found = delay(own, policy, retry, dice)

    assert found == int(found)
    assert 0 <= found <= {"backoff_cap": HOUR, **policy, **own}["backoff_cap"]


@given(own=policies, policy=policies, retry=retries, dice=dice)
def test_a_later_retry_never_waits_for_a_shorter_time(
    delay: Any, own: dict[str, Any], policy: dict[str, Any], retry: int, dice: float
) -> None:
    assert delay(own, policy, retry, dice) <= delay(own, policy, retry + 1, dice)
