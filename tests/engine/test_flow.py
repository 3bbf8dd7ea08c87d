"""flow: what has become of a flow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import Engine, Lease, options, refused
from tests.engine.test_seal import member, sound, without_moments

ENDS: dict[str, Callable[[Engine, Lease], object]] = {
    "complete": lambda engine, lease: engine.complete(lease, now=5),
    "failed": lambda engine, lease: engine.fail(lease, now=5),
    "cancelled": lambda engine, lease: engine.cancel(lease.jid, now=5),
}


@pytest.mark.parametrize("how", ENDS)
def test_each_end_of_a_member_is_counted(engine: Engine, how: str) -> None:
    engine.step(member("a"), member("b"), ("seal", "f"), now=1)
    ENDS[how](engine, engine.pop(now=2)[0])
    assert {"state": "running", "created": 1, "sealed": 1, "open": 1, how: 1} == engine.flow()
    ENDS[how](engine, engine.pop(now=6)[0])

    assert {"state": how, "created": 1, "sealed": 1, how: 2} == engine.flow()
    sound(engine, 6)


@pytest.mark.parametrize(
    "again",
    [
        lambda engine: engine.call("unfail", "a", ""),
        lambda engine: engine.move("a", "q"),
        lambda engine: engine.move("a", "r"),
        lambda engine: engine.put("a", flow="f"),
        lambda engine: engine.call("unfail_group", "group", "", 10, ""),
    ],
)
def test_a_member_that_comes_back_is_open_again(
    engine: Engine, again: Callable[[Engine], object]
) -> None:
    engine.step(member("a"), ("seal", "f"))
    engine.fail(engine.pop()[0])
    again(engine)

    assert {"state": "running", "open": 1} == without_moments(engine.flow())
    sound(engine)


@pytest.mark.parametrize("leave", ["release", "retry", "timeout", "expire", "next"])
def test_whatever_a_member_does_until_it_ends_is_open(engine: Engine, leave: str) -> None:
    engine.step(member("a"), ("seal", "f"), now=1)
    (lease,) = engine.pop(now=1)
    if leave == "release":
        engine.release(lease, now=2)
    elif leave == "retry":
        engine.retry(lease, delay=1000, now=2)
    elif leave == "timeout":
        engine.call("timeout", "a", now=2)
    elif leave == "expire":
        engine.ticks(now=10**6)
    else:
        engine.complete(lease, "r", now=2)

    assert {"state": "running", "open": 1} == without_moments(engine.flow())
    sound(engine, 10**6 if leave == "expire" else 2)


def test_a_member_without_retries_left_counts_as_failed(engine: Engine) -> None:
    engine.step(member("a", retries=0), member("b", retries=0), ("seal", "f"), now=1)
    engine.retry(engine.pop(now=1)[0], now=2)
    engine.pop(now=2)
    engine.ticks(now=10**6)

    assert {"state": "failed", "failed": 2} == without_moments(engine.flow())
    sound(engine, 10**6)


def test_a_flow_that_a_failed_member_holds_up_has_failed_until_that_is_put_back(
    engine: Engine,
) -> None:
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"))
    engine.fail(engine.pop()[0])
    assert {"state": "failed", "failed": 1, "depends": 1} == without_moments(engine.flow())
    engine.call("unfail", "a", "")

    assert {"state": "running", "open": 1, "depends": 1} == without_moments(engine.flow())


def test_a_flow_that_waits_for_others_outside_runs(engine: Engine) -> None:
    engine.put("outside", queue="p")
    engine.step(member("a", depends=["outside"]), ("seal", "f"))

    assert {"state": "running", "depends": 1} == without_moments(engine.flow())


def test_what_was_told_of_those_that_retention_took_stays(engine: Engine) -> None:
    engine.configure("jobs-history-count", 1)
    engine.step(*(member(f"m{n}") for n in range(4)), member("last"), ("seal", "f"))
    for lease in engine.pop(count=4, now=1):
        engine.complete(lease, now=2)

    found = {"state": "running", "open": 1, "complete": 4}
    assert found == without_moments(engine.flow(now=3))
    engine.put("plain", now=4)
    for lease in engine.pop(count=2, now=5):
        engine.complete(lease, now=5)
    engine.ticks(now=10)
    assert {"state": "complete", "complete": 5} == without_moments(engine.flow(now=10))
    sound(engine, 10)


def test_a_job_of_no_flow_changes_none(engine: Engine) -> None:
    engine.step(member("a"), ("seal", "f"))
    engine.put("b")
    engine.cancel("b")

    assert {"state": "running", "open": 1} == without_moments(engine.flow())


def test_an_unknown_flow_is_refused(engine: Engine) -> None:
    assert "NOJOB no flow f" == refused(engine, "flow", "f")
    assert refused(engine, "flow", "").startswith("INVALID flow")
    assert refused(engine, "put", "q", "a", "K", b"", options(flow="")).startswith("INVALID")
    long = options(flow="f" * 256)
    assert refused(engine, "put", "q", "a", "K", b"", long).startswith("INVALID flow")
