"""The ids that the client makes for jobs."""

from __future__ import annotations

import re
import time

import pytest

from pyjobs import jids


def test_a_jid_is_twenty_digits_and_begins_with_its_partition() -> None:
    assert re.fullmatch(r"00[0-9A-Za-z]{18}", jids.new())


def test_no_two_are_the_same() -> None:
    assert 20_000 == len({jids.new() for _ in range(20_000)})


@pytest.mark.parametrize("later", [1, 61, 62, 3843, 3844, 62**3, 10**11])
def test_they_sort_by_the_time_at_which_they_were_made(
    monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    now = 1_763_700_000_000
    made = []
    for milliseconds in (now, now + later):
        monkeypatch.setattr(time, "time_ns", lambda at=milliseconds: at * 1_000_000)
        made.append(jids.new())

    assert made == sorted(made)
    assert made[0][:9] != made[1][:9]
