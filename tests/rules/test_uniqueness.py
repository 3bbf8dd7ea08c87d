"""uniqueness: which options do not go with a key, and with each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def uniqueness(rule: Callable[[str], Any]) -> Any:
    return rule("uniqueness")


TOGETHER: list[dict[str, Any]] = [
    {"unique": "k"},
    {"unique": "k", "flow": "f", "if_duplicate": "refuse"},
    {"unique": "k", "unique_until": "started", "if_duplicate": "replace"},
    {"unique": "k", "debounce": 5, "debounce_mode": "both", "debounce_at_most": 5},
    {"flow": "f"},
]

APART: list[tuple[str, dict[str, Any]]] = [
    ("unique_for: goes with unique", {"unique_for": 5}),
    ("unique: is empty", {"unique": ""}),
    ("unique: does not go with flow, as", {"unique": "k", "flow": "f"}),
    ("unique: does not go with flow, as", {"unique": "k", "flow": "f", "debounce": 5}),
    ("debounce: is needed", {"unique": "k", "if_duplicate": "postpone"}),
    ("debounce: does not go with delay, as", {"unique": "k", "debounce": 5, "delay": 5}),
    ("debounce_at_most: is less", {"unique": "k", "debounce": 5, "debounce_at_most": 4}),
    (
        "unique_for: does not go with unique_until, as",
        {"unique": "k", "unique_for": 5, "unique_until": "done"},
    ),
    (
        "if_duplicate=replace: does not go with unique_until=done, as",
        {"unique": "k", "if_duplicate": "replace", "unique_until": "done"},
    ),
]


@pytest.mark.parametrize("options", TOGETHER, ids="+".join)
def test_what_goes_together(uniqueness: Any, lua: Any, options: dict[str, Any]) -> None:
    uniqueness.check(lua.table_from(options))


@pytest.mark.parametrize(("begins", "options"), APART)
def test_what_does_not(uniqueness: Any, lua: Any, begins: str, options: dict[str, Any]) -> None:
    said, refusal = lua.globals().pcall(uniqueness.check, lua.table_from(options))

    assert not said
    assert "INVALID" == refusal.word
    assert refusal.text.startswith(begins)
