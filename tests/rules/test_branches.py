"""What the end of a parent means to a job that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Rule = Callable[[str], Any]


@pytest.mark.parametrize(
    ("ended", "verdicts"),
    [
        ("complete", {"wait": "met", "run": "met", "failed": "skip"}),
        ("failed", {"wait": "wait", "run": "met", "failed": "met"}),
        ("cancelled", {"wait": "skip", "run": "met", "failed": "skip"}),
    ],
)
def test_each_end_means_something_to_each_way(
    rule: Rule, ended: str, verdicts: dict[str, str]
) -> None:
    verdict = rule("branches").verdict
    assert verdicts == {way: verdict(ended, way) for way in verdicts}


def test_what_fails_or_goes_with_its_parent_waits_for_it_else(rule: Rule) -> None:
    verdict = rule("branches").verdict
    for way in ("fail", "cancel"):
        assert ["met", way, "skip"] == [
            verdict(ended, way) for ended in ("complete", "failed", "cancelled")
        ]


def test_options_say_which_way(rule: Rule) -> None:
    policy = rule("branches").policy
    assert "wait" == policy(None, None)
    assert "wait" == policy("complete", None)
    assert "fail" == policy("complete", "fail")
    assert "cancel" == policy(None, "cancel")
    assert ("failed", "run") == (policy("failed", None), policy("ended", None))
