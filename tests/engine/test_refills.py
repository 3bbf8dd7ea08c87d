"""refills: which templates of calendars want further moments, and what of them."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Engine, dump, refused
from tests.engine.templates import Wanted, recur, refill, schedule, update, wanted


def test_a_template_of_a_calendar_is_wanted_until_it_is_refilled(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand", offset=500, now=1000)

    assert [Wanted("t", "by hand", 1500, 1499, 1499, 1000, 0)] == wanted(engine, now=1000)
    refill(engine, *range(2000, 18000, 1000), now=1000)
    assert [] == wanted(engine, now=100_000)


def test_of_an_interval_nothing_is_wanted(engine: Engine) -> None:
    recur(engine)

    assert [] == wanted(engine, now=10)


def test_who_was_asked_has_ten_seconds_before_another_is(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")

    assert 1 == len(wanted(engine))
    assert [] == wanted(engine, now=9_999)
    assert 1 == len(wanted(engine, now=10_000))


def test_a_template_that_is_named_is_handed_out_again(engine: Engine) -> None:
    recur(engine, interval=0, calendar="by hand")
    recur(engine, "u", interval=0, calendar="by hand")
    recur(engine, "of-interval")
    wanted(engine)

    assert ["t"] == [one.jid for one in wanted(engine, "t", "of-interval", "nobody")]


def test_those_that_have_waited_longest_come_first(engine: Engine) -> None:
    recur(engine, "a", interval=0, calendar="by hand", now=5)
    recur(engine, "b", interval=0, calendar="by hand", now=3)

    assert ["b"] == [one.jid for one in wanted(engine, count=1, now=9)]
    assert ["a"] == [one.jid for one in wanted(engine, count=1, now=9)]


def test_more_is_wanted_when_few_moments_are_left(engine: Engine) -> None:
    schedule(engine, *range(100, 1800, 100))  # 17 of them
    engine.ticks(now=100)
    assert [] == wanted(engine, now=100)
    engine.ticks(now=200)

    assert [(1700, 1700)] == [(one.known, one.after) for one in wanted(engine, now=200)]


def test_which_missed_moments_are_wanted_is_the_policy_s(engine: Engine) -> None:
    now = 500_000
    policies: dict[str, dict[str, Any]] = {
        "all": {},
        "ten": {"backlog": 10},
        "many": {"backlog": 50},
        "one": {"missed": "one"},
        "skip": {"missed": "skip"},
        "unless": {"overlap": "skip"},
        "ends": {"missed": "one", "until": 300_000},
    }
    for jid, policy in policies.items():
        schedule(engine, 1000, jid=jid, **policy)
        engine.ticks(now=1000)
    found = {one.jid: (one.after, one.upto, one.newest) for one in wanted(engine, now=now)}

    assert found == {
        "all": (1000, now, 0),
        "ten": (1000, now, 10),
        "many": (1000, now, 50),
        "one": (1000, now, 1),
        "skip": (now - 60_001, now, 1),
        "unless": (1000, now, 1),
        "ends": (1000, 300_000, 1),
    }


def test_nothing_is_wanted_of_a_template_that_is_gone_over_or_of_an_interval_now(
    engine: Engine,
) -> None:
    for jid in ("gone", "over", "interval", "replaced"):
        recur(engine, jid, interval=0, calendar="by hand")
    engine.call("unrecur", "gone")
    update(engine, "over", until=1, now=5)
    update(engine, "interval", interval=1000)
    recur(engine, "replaced", interval=50)

    assert ["over"] == [one.jid for one in wanted(engine, now=5)]
    refill(engine, 10, jid="over", now=5)
    assert [] == wanted(engine, now=100_000)
    assert b"refills" not in b" ".join(dump(engine))


def test_a_template_that_is_paused_wants_more_when_it_goes_on(engine: Engine) -> None:
    schedule(engine, *range(1000, 20_000, 1000))
    update(engine, paused=True, now=500)
    update(engine, paused=False, now=50_000)

    (one,) = wanted(engine, now=50_000)
    assert (49_999, 49_999) == (one.known, one.after)


def test_bad_input_is_refused_by_name(engine: Engine) -> None:
    assert refused(engine, "refills", 0).startswith("INVALID count: ")
    assert refused(engine, "refills", 101).startswith("INVALID count: ")
    assert refused(engine, "refills", 1, "").startswith("INVALID jid: ")
    assert refused(engine, "refills").startswith("INVALID arguments: ")
