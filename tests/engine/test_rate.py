"""rate: starts something that may happen so often in so much time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, refused

MAY, MAY_NOT = 1, 0


def rate(
    engine: Engine,
    now: int = 0,
    count: int = 3,
    period: int = 300,
    burst: int | str = "",
    tokens: int = 1,
    wait: int = 0,
) -> tuple[int, int]:
    taken, delay = engine.call("rate", "sms", count, period, burst, tokens, wait, now=now)
    return taken, delay


def test_so_many_at_once_and_then_one_by_one(engine: Engine) -> None:
    assert [rate(engine) for _ in range(4)] == [*[(MAY, 0)] * 3, (MAY_NOT, 100)]
    assert rate(engine, now=99) == (MAY_NOT, 1)
    assert rate(engine, now=100) == (MAY, 0)
    assert rate(engine, now=100) == (MAY_NOT, 100)
    assert [rate(engine, now=1000) for _ in range(4)] == [*[(MAY, 0)] * 3, (MAY_NOT, 100)]


def test_a_burst_of_one_comes_evenly(engine: Engine) -> None:
    assert rate(engine, burst=1) == (MAY, 0)
    assert rate(engine, burst=1) == (MAY_NOT, 100)
    assert rate(engine, burst=1, now=100) == (MAY, 0)


def test_several_tokens_are_taken_together_or_not_at_all(engine: Engine) -> None:
    assert rate(engine, tokens=2) == (MAY, 0)
    assert rate(engine, tokens=2) == (MAY_NOT, 100)
    assert rate(engine) == (MAY, 0)


def test_who_waits_has_its_turn_from_the_start(engine: Engine) -> None:
    rate(engine, tokens=3)

    assert rate(engine, wait=99) == (MAY_NOT, 100)
    assert rate(engine, wait=500) == (MAY, 100)
    assert rate(engine, wait=500) == (MAY, 200)
    assert rate(engine, wait=100) == (MAY_NOT, 300)
    assert rate(engine, now=100) == (MAY_NOT, 200)


def test_names_do_not_know_of_each_other(engine: Engine) -> None:
    rate(engine, tokens=3)

    assert engine.call("rate", "mail", 1, 1000, "", 1, 0) == [MAY, 0]


def test_what_is_kept_goes_by_itself(engine: Engine) -> None:
    rate(engine, tokens=3)

    assert 0 < engine.server.pttl(engine.root + "rate:sms") <= 60_300


def test_a_rate_that_is_no_whole_number_of_milliseconds_is_kept_exactly(engine: Engine) -> None:
    for _ in range(7):
        assert rate(engine, count=7, period=100) == (MAY, 0)
    assert rate(engine, count=7, period=100) == (MAY_NOT, 15)
    assert rate(engine, count=7, period=100, tokens=7, now=99) == (MAY_NOT, 1)
    assert rate(engine, count=7, period=100, tokens=7, now=100) == (MAY, 0)


def test_other_figures_hold_at_once(engine: Engine) -> None:
    rate(engine, count=1, period=1000)

    assert rate(engine, count=1, period=1000) == (MAY_NOT, 1000)
    assert rate(engine, count=10, period=1000, burst=11) == (MAY, 0)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("", 1, 1, "", 1, 0), "name"),
        (("sms", 0, 1, "", 1, 0), "count"),
        (("sms", 1, 0, "", 1, 0), "period"),
        (("sms", 1, 1, 0, 1, 0), "burst"),
        (("sms", 2, 1, "", 3, 0), "tokens: 3 is not between 1 and 2"),
        (("sms", 2, 1, 5, 6, 0), "tokens: 6 is not between 1 and 5"),
        (("sms", 1, 1, "", 0, 0), "tokens"),
        (("sms", 1, 1, "", 1, -1), "wait"),
        (("sms", 1, 1, "", 1), "arguments"),
    ],
)
def test_what_it_does_not_take(engine: Engine, args: Any, text: str) -> None:
    assert text in refused(engine, "rate", *args)
