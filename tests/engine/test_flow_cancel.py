"""flow_cancel: cancels all members of a flow that are not complete."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused, options, refused
from tests.engine.test_seal import member, sound, without_moments


def test_members_in_every_state_are_cancelled_and_complete_ones_stay(engine: Engine) -> None:
    engine.step(*(member(jid) for jid in "abcd"), ("seal", "f"), now=1)
    leases = engine.pop(count=3, now=1)
    engine.complete(leases[0], now=2)
    engine.fail(leases[1], now=2)
    engine.put("later", flow="f", delay=9000, now=2)
    engine.put("child", flow="f", depends=["d", "later"], payload=b"x" * 5000, tags=["t"], now=2)
    assert 0 == engine.call("flow_cancel", "f", now=3)
    engine.ticks(now=3)

    assert {"state": "cancelled", "complete": 1, "cancelled": 5} == without_moments(
        engine.flow(now=3)
    )
    with pytest.raises(Refused, match="LEASELOST cancelled"):
        engine.complete(leases[2], now=4)
    assert [] == engine.pop(now=10_000)
    assert "complete" == engine.state("a")
    sound(engine, 10_000)


def test_a_large_flow_is_cancelled_in_slices(engine: Engine) -> None:
    for start in (0, 100, 200):
        engine.step(
            *(member(f"m{n}", depends=["m0"] if n else []) for n in range(start, start + 100))
        )
    engine.seal()
    engine.seal()
    engine.seal()
    assert 200 == engine.call("flow_cancel", "f")
    sound(engine)
    assert [] == [lease for lease in engine.pop(count=100) if lease.jid != "m0"]
    engine.ticks()

    assert {"state": "cancelled", "cancelled": 300} == without_moments(engine.flow())
    sound(engine)


def test_the_same_call_again_does_the_next_slice(engine: Engine) -> None:
    for start in (0, 100):
        engine.step(*(member(f"m{n}") for n in range(start, start + 100)))

    assert [100, 0, 0] == [engine.call("flow_cancel", "f") for _ in range(3)]
    sound(engine)


def test_those_outside_that_wait_for_a_member_go_too_unless_they_run_anyway(
    engine: Engine,
) -> None:
    engine.step(member("a"), ("seal", "f"))
    engine.put("waits", depends=["a"])
    engine.put("fails", depends=["a"], parent_failure="fail")
    engine.put("repairs", depends=["a"], run_when="failed")
    engine.put("below", depends=["waits"])
    engine.put("anyway", depends=["a"], run_when="ended")
    engine.call("flow_cancel", "f")
    engine.ticks()

    states = {jid: engine.state(jid) for jid in ("waits", "fails", "repairs", "below", "anyway")}
    assert {"cancelled"} == {states.pop(jid) for jid in ("waits", "fails", "repairs", "below")}
    assert {"anyway": "waiting"} == states
    sound(engine)


def test_a_member_that_runs_anyway_does_not_run_in_a_cancelled_flow(engine: Engine) -> None:
    engine.step(
        *(member(f"m{n}", depends=["last"]) for n in range(98)),
        member("anyway", depends=["m0", "m97"], run_when="ended"),
        member("last"),
    )
    engine.put("last one", flow="f", depends=["anyway"], run_when="ended")
    engine.call("seal", "f")
    engine.call("flow_cancel", "f")
    while not engine.tick():
        assert [] == engine.pop()
    assert [] == engine.pop()

    assert {"state": "cancelled", "cancelled": 101} == without_moments(engine.flow())
    sound(engine)


def test_a_cancelled_flow_takes_no_more_and_is_not_retried(engine: Engine) -> None:
    engine.step(member("a"), member("b"), ("seal", "f"))
    engine.complete(engine.pop()[0])
    engine.call("flow_cancel", "f")

    assert "STATE flow: f is cancelled" == refused(engine, "flow_retry", "f", 1, "")
    assert "cancelled" == engine.flow()["state"]


def test_a_cancelled_member_with_many_dependents_is_known_until_they_are_told(
    engine: Engine,
) -> None:
    engine.step(member("a"), ("seal", "f"))
    engine.step(*(("put", "q", f"d{n}", "", b"", options(depends=["a"])) for n in range(50)))
    engine.call("flow_cancel", "f")
    assert "cancelled" == engine.state("a")
    for command, args in {
        "move": ("a", "r", ""),
        "unfail": ("a", ""),
        "priority": ("a", 1),
        "tag": ("a", "t"),
    }.items():
        assert "NOJOB no job a" == refused(engine, command, *args)
    sound(engine)

    engine.put("a")
    engine.ticks()
    assert ["a"] == engine.order(now=1)
    sound(engine, 1)


def test_an_unknown_flow_is_refused(engine: Engine) -> None:
    assert "NOJOB no flow f" == refused(engine, "flow_cancel", "f")
    assert refused(engine, "flow_cancel").startswith("INVALID arguments")
