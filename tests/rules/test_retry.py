"""retry: another attempt, or why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def again(rule: Callable[[str], Any], lua: Any) -> Callable[..., tuple[int, str | None]]:
    """Return the rule as a function: what is left, and why there is no other attempt."""

    def again(left: int, losses: int = 0, **ending: Any) -> tuple[int, str | None]:
        job = lua.table_from({"left": left, "lost": losses})
        known = lua.table_from({"poison_after": 3, "due": 100, **ending})
        found = rule("retry").again(job, known)
        return found if isinstance(found, tuple) else (found, None)

    return again


@pytest.mark.parametrize(
    ("left", "lost", "ending", "expected"),
    [
        (2, 0, {}, (1, None)),
        (0, 0, {}, (0, "retries")),
        (2, 2, {"lost": True}, (1, None)),
        (2, 3, {"lost": True}, (2, "poison")),
        (2, 3, {}, (1, None)),
        (0, 3, {"lost": True}, (0, "poison")),
        (2, 9, {"lost": True, "poison_after": 0}, (1, None)),
        (2, 0, {"finish_by": 101}, (1, None)),
        (2, 0, {"finish_by": 100}, (2, "finish-within")),
        (2, 0, {"given_up": True, "finish_by": 101}, (2, "given-up")),
    ],
)
def test_there_is_another_attempt_unless_a_limit_is_reached(
    again: Callable[..., Any],
    left: int,
    lost: int,
    ending: dict[str, Any],
    expected: tuple[int, str | None],
) -> None:
    assert expected == again(left, lost, **ending)


@pytest.mark.parametrize("otherwise", [True, False])
def test_what_is_given_up_on_comes_before_what_is_retried(
    rule: Callable[[str], Any], lua: Any, otherwise: bool
) -> None:
    def wanted(*names: str, **lists: list[str]) -> bool:
        own = lua.table_from({name: lua.table_from(each) for name, each in lists.items()})
        found: bool = rule("retry").wanted(own, lua.table_from(names), otherwise)
        return found

    lists = {"retry_on": ["OSError"], "give_up_on": ["Refused"]}
    assert wanted("Reset", "OSError", **lists)
    assert not wanted("Refused", "OSError", **lists)
    assert otherwise == wanted("ValueError", **lists)
    assert otherwise == wanted("ValueError")
    assert otherwise == wanted(**lists)
