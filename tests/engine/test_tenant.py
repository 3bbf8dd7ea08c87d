"""tenant: whose turn it is, by weight."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from tests.engine.conftest import Engine, options, refused


def put(engine: Engine, tenant: str, count: int, **given: Any) -> None:
    for n in range(count):
        engine.put(f"{tenant}{n}", tenant=tenant, **given)


def turns(engine: Engine, count: int, at_once: int = 1) -> str:
    """Return the first letters of the next jobs."""
    popped: list[str] = []
    while len(popped) < count:
        popped += [lease.jid[0] for lease in engine.pop(count=at_once)]
    return "".join(popped)


@pytest.mark.parametrize("at_once", [1, 4, 12])
def test_tenants_take_turns(engine: Engine, at_once: int) -> None:
    put(engine, "a", 6)
    put(engine, "b", 3)
    put(engine, "c", 3)

    assert "abcabcabcaaa" == turns(engine, 12, at_once)


@pytest.mark.parametrize("at_once", [1, 4, 12])
def test_a_tenant_of_weight_three_has_three_turns_for_one(engine: Engine, at_once: int) -> None:
    assert 3 == engine.call("tenant", "b", 3)
    put(engine, "a", 12)
    put(engine, "b", 12)
    seen = turns(engine, 12, at_once)

    assert ("a" * 3, "b" * 9) == tuple("".join(sorted(seen)).partition("b" * 9)[:2])
    assert all(len(list(run)) <= 3 for _, run in groupby(seen))


def test_a_weight_acts_on_the_next_turns_and_ends(engine: Engine) -> None:
    put(engine, "a", 20)
    put(engine, "b", 20)
    assert "abab" == turns(engine, 4)
    engine.call("tenant", "a", 1000)
    assert 8 <= turns(engine, 10).count("a")
    assert 1 == engine.call("tenant", "a", "")

    assert "abab" in turns(engine, 8) + "abab"


def test_priority_counts_within_a_tenant(engine: Engine) -> None:
    put(engine, "a", 2, priority=5)
    engine.put("b0", tenant="b", priority=9)
    engine.put("b1", tenant="b", priority=-9)

    assert ["a0", "b1", "a1", "b0"] == engine.order()


def test_jobs_without_a_tenant_are_one_more(engine: Engine) -> None:
    for n in range(3):
        engine.put(f"-{n}")
    put(engine, "a", 3)

    assert sorted("-a-a-a") == sorted(turns(engine, 6, 2))
    assert {"running": 6} == engine.counts()


def test_a_hundred_thousand_jobs_of_one_do_not_delay_another_s_one(engine: Engine) -> None:
    packed = options(tenant="loud")
    for first in range(0, 100_000, 100):
        members = [("put", "q", f"l{n}", "", b"", packed) for n in range(first, first + 100)]
        engine.step(*members)
    engine.pop()
    engine.put("quiet", tenant="quiet")

    assert "quiet" in [lease.jid for lease in engine.pop(count=3)]
    assert 99_997 == engine.counts()["waiting"]


def test_who_comes_late_has_no_turns_saved_up(engine: Engine) -> None:
    put(engine, "a", 30)
    turns(engine, 10)
    put(engine, "b", 10)

    assert 3 <= turns(engine, 8).count("a") <= 5


def test_the_same_calls_give_the_same_order(engine: Engine) -> None:
    orders = []
    for queue in ("one", "two"):
        for n in range(40):
            tenant = "abcde"[n * n % 5]
            engine.put(f"{queue}{n}", queue, tenant=tenant, priority=n % 3)
        orders.append([jid[3:] for jid in engine.order(queue, count=7)])

    assert orders[0] == orders[1]


def test_a_lane_that_was_emptied_by_hand_hides_no_other(engine: Engine) -> None:
    for n in range(300):
        engine.put(f"gone{n}", tenant=f"t{n:03}")
    engine.put("there", tenant="zz")
    for first in range(0, 300, 100):
        engine.cancel(*(f"gone{n}" for n in range(first, first + 100)))
    found = [found for _ in range(5) for found in engine.pop()]

    assert ["there"] == [lease.jid for lease in found]
    assert [b""] == engine.call("tenants", "q", "", 100)


def test_looking_at_a_fair_queue(engine: Engine) -> None:
    put(engine, "a", 3)
    put(engine, "b", 2)
    put(engine, "c", 1)
    engine.cancel("c0")
    peeked = [each[1].decode() for each in engine.call("peek", "q", 0, 10)]

    assert sorted(["a0", "a1", "a2", "b0", "b1"]) == sorted(engine.waiting())
    assert {"waiting": 5} == engine.counts()
    assert peeked == engine.order()


def test_tenants_under_limits(engine: Engine) -> None:
    engine.call("limit", "smtp", 1, "", "", "")
    for n in range(3):
        engine.put(f"a{n}", tenant="a", limits=["smtp"])
        engine.put(f"b{n}", tenant="b")
    held = engine.pop(count=10)

    assert ["a0", "b0", "b1", "b2"] == sorted(lease.jid for lease in held)
    engine.complete(next(lease for lease in held if lease.jid == "a0"))
    assert ["a1"] == [lease.jid for lease in engine.pop(count=10)]


def test_what_is_refused(engine: Engine) -> None:
    for args, why in (
        (("a", 0), "weight"),
        (("a", 1001), "weight"),
        (("", 1), "tenant"),
        (("a",), "arguments"),
    ):
        assert why in refused(engine, "tenant", *args)
