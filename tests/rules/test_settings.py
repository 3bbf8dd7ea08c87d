"""settings: the table of all of them, and whether a value is one for a setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="session")
def rules(rule: Callable[[str], Any]) -> Any:
    return rule("settings")


@pytest.fixture(scope="session")
def check(lua: Any, rule: Callable[[str], Any]) -> Callable[[str, str], tuple[str, str]]:
    """Return a function that gives ("value", value) or ("INVALID", why)."""
    attempt = lua.eval(
        """function(f, name, value)
             local fine, result = pcall(f, name, value)
             if fine then return "value", result end
             if type(result) ~= "table" then error(result) end
             return result.word, result.text
           end"""
    )
    return lambda name, value: attempt(rule("setting").value, name, value)


def test_each_default_is_a_value_of_its_setting(rules: Any, check: Any, rule: Any) -> None:
    for name, setting in rules.items():
        default = setting.default
        text = default if isinstance(default, str) else rule("setting").text(default)
        assert ("value", text) == check(name, text)


def test_each_limit_is_a_value_and_what_is_beyond_it_is_none(
    rules: Any, check: Any, rule: Any
) -> None:
    for name, setting in rules.items():
        if setting.low is None:
            continue
        low, high = (rule("setting").text(limit) for limit in (setting.low, setting.high))
        assert [("value", low), ("value", high)] == [check(name, low), check(name, high)]
        for beyond in (float(setting.low) - 1, float(setting.high) + 1):
            word, why = check(name, f"{beyond:.3f}")
            assert word == "INVALID"
            assert why.startswith(f"{name}: must be ")
            assert f" from {low} to {high}, not " in why


@pytest.mark.parametrize(
    ("value", "stored"),
    [("60", "60"), ("60.0", "60"), ("060", "60"), ("+5", "5"), ("0.250", "0.25"), (".5", "0.5")],
)
def test_a_number_is_stored_in_its_shortest_form(check: Any, value: str, stored: str) -> None:
    assert ("value", stored) == check("heartbeat", value)


@pytest.mark.parametrize(
    "value", ["abc", "", " 5", "5 ", "1e3", "0x10", "nan", "inf", "-inf", "1,5", "--1", ".", "5\0"]
)
def test_what_is_no_plain_number_is_refused(check: Any, value: str) -> None:
    assert "INVALID" == check("heartbeat", value)[0]


def test_an_integer_has_no_fraction(check: Any) -> None:
    assert "INVALID" == check("jobs-history-count", "1.5")[0]
    assert ("value", "2") == check("jobs-history-count", "2.0")


def test_a_word_is_one_of_those_that_the_refusal_lists(check: Any) -> None:
    assert ("value", "tracked") == check("events", "tracked")
    assert ("INVALID", "events: is one of all, none, tracked, not ALL") == check("events", "ALL")


def test_a_queues_heartbeat_has_the_limits_of_the_heartbeat(check: Any) -> None:
    assert ("value", "5") == check("heartbeat-heartbeat-q", "5")
    assert "INVALID" == check("heartbeat-q", "0")[0]
    assert "INVALID" == check("heartbeat-", "5")[0]
    assert "INVALID" == check("heartbeat-" + 256 * "q", "5")[0]


@given(value=st.text())
def test_any_text_is_either_a_value_or_refused(check: Any, value: str) -> None:
    assert check("jobs-history", value)[0] in {"value", "INVALID"}
