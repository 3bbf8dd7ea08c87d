"""revocation: klasses whose jobs are not to run, as a text among the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

numbers = st.integers(1, 2**24 - 1)
entries = st.tuples(st.integers(0, 2**48 - 1), st.booleans())


@pytest.fixture(scope="session")
def revocation(rule: Callable[[str], Any]) -> Any:
    return rule("revocation")


def as_python(found: Any) -> dict[int, tuple[int, bool]]:
    return {number: (entry.ending, entry.once) for number, entry in found.items()}


@given(found=st.dictionaries(numbers, entries, min_size=1), now=st.integers(0, 2**48))
def test_what_holds_is_kept_in_the_text_and_nothing_else(
    revocation: Any, lua: Any, found: dict[int, tuple[int, bool]], now: int
) -> None:
    table = lua.table_from(
        {
            number: lua.table_from({"ending": ending, "once": once})
            for number, (ending, once) in found.items()
        }
    )
    text = revocation.text(table, now)

    holds = {number: each for number, each in found.items() if each[0] == 0 or each[0] > now}
    assert holds == (as_python(revocation.read(text)) if text else {})


def test_no_text_is_none(revocation: Any) -> None:
    assert revocation.read(None) is None
