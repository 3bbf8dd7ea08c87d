"""flow_retry: puts the failed members of a flow back."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused
from tests.engine.test_seal import member, sound, without_moments


def test_failed_members_run_again_and_what_waits_for_them_goes_on(engine: Engine) -> None:
    engine.step(member("a", retries=2), member("b", depends=["a"]), member("c"), ("seal", "f"))
    leases = engine.pop(count=2, now=1)
    engine.fail(leases[0], now=1)
    engine.complete(leases[1], now=1)
    assert 1 == engine.call("flow_retry", "f", 100, "", now=2)
    assert "unfailed" in engine.history("a")
    assert {"state": "running", "open": 1, "depends": 1, "complete": 1} == without_moments(
        engine.flow()
    )
    for _ in "ab":
        engine.complete(engine.pop(now=3)[0], now=3)

    assert "complete" == engine.flow()["state"]
    assert 0 == engine.call("flow_retry", "f", 100, "", now=4)
    sound(engine, 4)


def test_members_go_back_in_slices_the_oldest_failure_first(engine: Engine) -> None:
    engine.step(*(member(jid) for jid in "abcde"), ("seal", "f"))
    for n, lease in enumerate(engine.pop(count=5, now=1)):
        engine.fail(lease, now=10 - n)
    assert 2 == engine.call("flow_retry", "f", 2, "", now=20)
    assert ["e", "d"] == engine.waiting()
    assert 3 == engine.call("flow_retry", "f", 100, "", now=20)
    assert ["e", "d", "c", "b", "a"] == engine.waiting()


def test_those_that_have_failed_since_stay_failed(engine: Engine) -> None:
    engine.step(member("a"), member("b"), ("seal", "f"))
    for n, lease in enumerate(engine.pop(count=2, now=1)):
        engine.fail(lease, now=10 + n)

    assert 1 == engine.call("flow_retry", "f", 100, 10, now=20)
    assert 0 == engine.call("flow_retry", "f", 100, 10, now=20)
    assert ["waiting", "failed"] == [engine.state("a"), engine.state("b")]


def test_each_goes_back_into_its_own_queue(engine: Engine) -> None:
    engine.step(member("a"), member("b", queue="r"), ("seal", "f"))
    for lease in engine.pop("q", "r", count=2, now=1):
        engine.fail(lease, now=1)
    engine.call("flow_retry", "f", 100, "", now=2)

    assert (["a"], ["b"]) == (engine.waiting(), engine.waiting("r"))


def test_bad_arguments_are_named(engine: Engine) -> None:
    engine.put("a", flow="f")
    assert "NOJOB no flow g" == refused(engine, "flow_retry", "g", 1, "")
    for argument, args in {
        "flow": ("", 1, ""),
        "count": ("f", 101, ""),
        "before": ("f", 1, "x"),
        "arguments": ("f",),
    }.items():
        assert refused(engine, "flow_retry", *args).startswith(f"INVALID {argument}")
