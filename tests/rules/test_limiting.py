"""limiting: the names of limits, and which options of a job do not go with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def limiting(rule: Callable[[str], Any]) -> Any:
    return rule("limiting")


@pytest.mark.parametrize(
    ("name", "family"),
    [("customer:42", "customer:*"), ("a:b:c", "a:*"), ("smtp", None), (":x", ":*")],
)
def test_the_family_of_a_name(limiting: Any, name: str, family: str | None) -> None:
    assert family == limiting.family(name)


def test_what_is_a_family(limiting: Any) -> None:
    assert limiting.is_family("customer:*")
    assert not limiting.is_family("customer:1")
    assert not limiting.is_family("*")


def test_the_queue_in_a_name(limiting: Any) -> None:
    assert "mail" == limiting.of("queue:mail", limiting.QUEUE)
    assert limiting.of("klass:mail", limiting.QUEUE) is None
