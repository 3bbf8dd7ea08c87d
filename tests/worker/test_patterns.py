"""Queues by pattern."""

from __future__ import annotations

import pytest

from pyjobs.worker.patterns import expand

KNOWN = ["mail-slow", "mail-fast", "post", "news[old]"]


@pytest.mark.parametrize(
    ("patterns", "queues"),
    [
        (["post"], ["post"]),
        (["unheard-of"], ["unheard-of"]),
        (["mail-*"], ["mail-fast", "mail-slow"]),
        (["mail-slow", "mail-*"], ["mail-slow", "mail-fast"]),
        (["*", "!mail-*"], ["news[old]", "post"]),
        (["!post", "*"], ["mail-fast", "mail-slow", "news[old]"]),
        (["post", "!post"], []),
        (["mail-????"], ["mail-fast", "mail-slow"]),
        (["Post*"], []),
    ],
)
def test_what_is_meant(patterns: list[str], queues: list[str]) -> None:
    assert list(expand(patterns, KNOWN)) == queues


def test_each_with_the_pattern_by_which_it_was_found() -> None:
    assert expand(["post", "*"], KNOWN)["post"] == "post"
    assert expand(["post", "*"], KNOWN)["mail-slow"] == "*"
