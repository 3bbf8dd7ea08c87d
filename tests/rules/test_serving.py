"""serving: in which order a pop serves its queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

Order = Callable[[str, str, Sequence[int], int], str]


@pytest.fixture(scope="session")
def order(lua: Any, rule: Callable[[str], Any]) -> Order:
    """The function, on queues of one letter."""
    serving = rule("serving")

    def called(policy: str, names: str, weights: Sequence[int], turn: int) -> str:
        found = serving.order(policy, lua.table_from(names), lua.table_from(weights), turn)
        return "".join(found.values())

    return called


def test_ordered_queues_stay_as_they_are_named(order: Order) -> None:
    assert {"abc"} == {order("ordered", "abc", [1, 1, 1], turn) for turn in range(9)}


def test_rotating_queues_come_first_in_turns(order: Order) -> None:
    found = [order("rotating", "abc", [1, 1, 1], turn) for turn in range(4)]
    assert ["abc", "bca", "cab", "abc"] == found


@given(turn=st.integers(0, 2**31 - 1), policy=st.sampled_from(["rotating", "weighted"]))
def test_no_queue_is_left_out(order: Order, turn: int, policy: str) -> None:
    assert list("abcd") == sorted(order(policy, "abcd", [1, 1000, 3, 7], turn))


@pytest.mark.parametrize("start", [0, 2**31 - 1 - 1000])
def test_weighted_queues_come_first_as_often_as_they_weigh(order: Order, start: int) -> None:
    firsts = [order("weighted", "abc", [6, 3, 1], turn)[0] for turn in range(start, start + 1000)]
    assert Counter(firsts) == pytest.approx({"a": 600, "b": 300, "c": 100}, abs=3)
    for at in range(0, 1000, 20):
        # Evenly: every twenty turns have their share.
        assert 11 <= firsts[at : at + 20].count("a") <= 13
