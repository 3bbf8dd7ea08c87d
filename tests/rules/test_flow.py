"""What a flow is, by its members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Rule = Callable[[str], Any]

CLASSES = ("held", "depends", "open", "failed", "complete", "cancelled")


def state(
    rule: Rule,
    lua: Any,
    *,
    sealed: bool = True,
    stopped: bool = False,
    telling: bool = False,
    **counts: int,
) -> str:
    """Return the word for a flow with so many members in each class."""
    table = lua.table_from({name: counts.get(name, 0) for name in CLASSES})
    word: str = rule("flow").state(table, sealed or None, stopped or None, telling)
    return word


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ({"open": 1, "failed": 1}, "running"),
        ({"held": 1, "failed": 1}, "running"),
        ({"depends": 1}, "running"),
        ({"depends": 1, "failed": 1}, "failed"),
        ({"failed": 1, "complete": 1}, "failed"),
        ({"complete": 1, "cancelled": 1}, "complete"),
        ({"cancelled": 1}, "cancelled"),
    ],
)
def test_a_sealed_flow_is_what_its_members_are(
    rule: Rule, lua: Any, counts: dict[str, Any], word: str
) -> None:
    assert word == state(rule, lua, **counts)


def test_a_flow_is_unsealed_until_it_is_sealed_or_cancelled(rule: Rule, lua: Any) -> None:
    assert "unsealed" == state(rule, lua, sealed=False, held=2, failed=1)
    assert "unsealed" == state(rule, lua, sealed=False, stopped=True, held=1, cancelled=1)
    assert "cancelled" == state(rule, lua, sealed=False, stopped=True, cancelled=2)


def test_a_flow_that_is_being_cancelled_runs_until_the_last_member_is(rule: Rule, lua: Any) -> None:
    assert "running" == state(rule, lua, stopped=True, open=1, cancelled=1)
    assert "cancelled" == state(rule, lua, stopped=True, complete=3)


def test_while_dependents_are_told_a_failure_is_not_the_end(rule: Rule, lua: Any) -> None:
    assert "running" == state(rule, lua, telling=True, depends=1, failed=1)
    assert "failed" == state(rule, lua, telling=True, failed=1)


def test_a_score_is_the_class_and_then_the_time_in_it(rule: Rule, lua: Any) -> None:
    flow, number = rule("flow"), rule("states").number

    def score(word: str, since: int = 0, unsealed: bool | None = None) -> float:
        record = lua.table_from({"state": number[word], "since": since, "epoch": 7})
        found: float = flow.score(record, unsealed)
        return found

    words = ["depends", "waiting", "failed", "complete"]
    lows = [flow.low(kind) for kind in ("held", "depends", "open", "failed", "complete")]
    assert 7 == score("depends", 10**12, unsealed=True)
    assert [low + 10**12 for low in lows[1:]] == [score(word, 10**12) for word in words]
    assert {score("waiting", 5)} == {
        score(word, 5) for word in ("scheduled", "running", "throttled")
    }
    assert score("scheduled", 2**48 - 1) < lows[3]
    assert [*lows[1:], lows[-1] + 2**44] == [
        flow.above(kind) for kind in ("held", "depends", "open", "failed", "complete")
    ]
    assert score("failed", 3, unsealed=True) == lows[3] + 3
