"""deadlines: until when a job may be started, and until when it has to be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def deadlines(rule: Callable[[str], Any]) -> Any:
    return rule("deadlines")


@pytest.mark.parametrize(
    ("given", "due", "start", "finish"),
    [
        ({}, None, None, None),
        ({"start_within": 10}, None, 110, None),
        ({"start_within": 10}, 500, 510, None),
        ({"finish_within": 10}, None, None, 110),
        ({"finish_within": 10, "start_within": 5}, 103, 108, 110),
    ],
)
def test_the_moments_count_from_the_put_and_the_start_from_its_delay(
    deadlines: Any, lua: Any, given: dict[str, int], due: int | None, start: Any, finish: Any
) -> None:
    kept = deadlines.set(lua.table_from({}), lua.table_from(given), 100, due)

    assert (start, finish) == (kept.start_by, kept.finish_by)


@pytest.mark.parametrize(
    ("kept", "attempt", "now", "passed"),
    [
        ({"start_by": 10}, 0, 9, None),
        ({"start_by": 10}, 0, 10, "start_within"),
        ({"start_by": 10}, 1, 10, None),
        ({"start_by": 10, "attempted": 1}, 1, 10, "start_within"),
        ({"start_by": 10, "attempted": 1}, 2, 10, None),
        ({"finish_by": 10}, 3, 10, "finish_within"),
        ({"start_by": 9, "finish_by": 10}, 0, 10, "finish_within"),
    ],
)
def test_only_the_first_start_can_be_late(
    deadlines: Any, lua: Any, kept: dict[str, int], attempt: int, now: int, passed: str | None
) -> None:
    assert passed == deadlines.passed(lua.table_from(kept), attempt, now)


@pytest.mark.parametrize(
    ("kept", "attempt", "moment"),
    [
        ({}, 0, None),
        ({"start_by": 10, "finish_by": 20}, 0, 10),
        ({"start_by": 10, "finish_by": 20}, 1, 20),
        ({"start_by": 10, "finish_by": 20, "if_late": "jobs.Sorry"}, 0, 20),
        ({"start_by": 10, "if_late": "jobs.Sorry"}, 0, None),
        ({"start_by": 10, "if_late": "fail"}, 0, 10),
    ],
)
def test_the_next_moment_is_the_one_at_which_the_job_would_end(
    deadlines: Any, lua: Any, kept: dict[str, Any], attempt: int, moment: int | None
) -> None:
    assert moment == deadlines.upcoming(lua.table_from(kept), attempt)
