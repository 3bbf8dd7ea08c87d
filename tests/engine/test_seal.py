"""seal: a flow is whole, and its members may run. Here too: what a put makes of a member."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Refused, options, refused
from tests.laws.invariants import Keys, broken


def member(jid: str, queue: str = "q", flow: str = "f", **given: Any) -> tuple[Any, ...]:
    """Return a put into a flow, for a step."""
    return ("put", queue, jid, "K", b"", options(flow=flow, **given))


def sound(engine: Engine, now: int = 0) -> None:
    assert [] == broken(Keys(engine.server, engine.root), now)


def test_a_graph_and_its_seal_in_one_step_runs_at_once(engine: Engine) -> None:
    answers = engine.step(member("a"), member("b", queue="r", depends=["a"]), ("seal", "f"))
    assert [b"created", b"created", 0] == answers
    assert {"state": "running", "open": 1, "depends": 1} == without_moments(engine.flow())
    sound(engine)

    engine.complete(engine.pop()[0])
    engine.complete(engine.pop("r")[0])
    assert {"state": "complete", "complete": 2} == without_moments(engine.flow())
    sound(engine)


def test_no_member_starts_before_the_seal(engine: Engine) -> None:
    engine.put("a", flow="f", now=1)
    engine.put("b", flow="f", depends=["a"], now=1)
    engine.put("c", flow="f", delay=50, now=1)
    assert [] == engine.pop(now=99)
    assert {"state": "unsealed", "held": 3, "created": 1} == engine.flow(now=99)
    sound(engine)

    assert 0 == engine.seal(now=100)
    assert ["a"] == [lease.jid for lease in engine.pop(count=9, now=100)]
    assert ["c"] == [lease.jid for lease in engine.pop(count=9, now=200)]
    assert {"depends": 1, "open": 2} == {
        name: n for name, n in engine.flow(now=200).items() if name in {"held", "depends", "open"}
    }
    assert ["put", "unblocked", "popped"] == engine.history("a")
    sound(engine)


def without_moments(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in told if name not in {"created", "sealed", "stopped"}}


def test_members_are_freed_in_the_order_in_which_they_were_put(engine: Engine) -> None:
    jids = ["z", "b", "y", "a"]
    for jid in jids:
        engine.put(jid, flow="f")
    engine.seal()

    assert jids == engine.order()


def test_members_of_a_large_flow_are_freed_in_slices_and_once_each(engine: Engine) -> None:
    jids = [f"m{n:03}" for n in range(250)]
    for start in range(0, 250, 50):
        engine.step(*(member(jid) for jid in jids[start : start + 50]))
    assert 150 == engine.seal()
    assert (150, 100) == (engine.flow()["held"], engine.flow()["open"])
    sound(engine)
    assert "running" == engine.flow()["state"]
    engine.ticks()

    assert jids == engine.order(now=1)
    assert 0 == engine.seal(now=1)
    sound(engine, 1)


def test_the_same_call_again_frees_the_next_slice(engine: Engine) -> None:
    for start in range(0, 250, 50):
        engine.step(*(member(f"m{n}") for n in range(start, start + 50)))

    assert [150, 50, 0, 0] == [engine.seal() for _ in range(4)]
    sound(engine)


def test_a_member_with_many_dependencies_is_held_until_all_are_named_and_it_is_sealed(
    engine: Engine,
) -> None:
    engine.put("parent", queue="p")
    engine.put("a", flow="f", depends=["nobody"], hold=True)
    engine.seal()
    assert "depends" == engine.depend("a", "more", depends=["parent"])
    assert "depends" == engine.depend("a", "last", depends=["nobody"])
    engine.complete(engine.pop("p")[0])
    assert "waiting" == engine.state("a")

    engine.put("b", flow="g", hold=True)
    assert "depends" == engine.depend("b", "last")
    assert "depends" == engine.state("b")
    engine.seal("g")
    assert "waiting" == engine.state("b")
    sound(engine)


@pytest.mark.parametrize("how", ["undepend", "move", "unfail", "put"])
def test_no_other_way_leads_past_the_seal(engine: Engine, how: str) -> None:
    engine.put("bad", queue="p")
    engine.fail(engine.pop("p")[0])
    policy = "fail" if how == "unfail" else "wait"
    engine.put("a", flow="f", depends=["bad"], parent_failure=policy)
    if how == "undepend":
        engine.call("undepend", "a", 1)
    elif how == "move":
        engine.call("undepend", "a", 1)
        engine.move("a", "r")
    elif how == "unfail":
        assert "failed" == engine.state("a")
        assert b"depends" == engine.call("unfail", "a", "")
    else:
        engine.put("a", flow="f")
    assert "depends" == engine.state("a")
    assert [] == engine.pop("q", "r")
    sound(engine)

    engine.seal()
    assert "waiting" == engine.state("a")
    sound(engine)


def test_a_member_that_failed_before_the_seal_can_be_put_back_after_it(engine: Engine) -> None:
    engine.put("bad", queue="p")
    engine.fail(engine.pop("p")[0])
    engine.put("a", flow="f", depends=["bad"], parent_failure="fail")
    engine.seal()
    assert {"state": "failed", "failed": 1} == without_moments(engine.flow())

    assert b"waiting" == engine.call("unfail", "a", "")
    sound(engine)


def test_a_running_flow_takes_further_members(engine: Engine) -> None:
    engine.step(member("a"), ("seal", "f"))
    (lease,) = engine.pop()
    engine.put("b", flow="f")
    assert "waiting" == engine.state("b")

    engine.step(
        ("complete", *lease.key, b"", "", b""), member("c"), member("d", depends=["a", "c"])
    )
    assert {"state": "running", "open": 2, "depends": 1, "complete": 1} == without_moments(
        engine.flow()
    )
    sound(engine)


def test_a_flow_that_has_ended_takes_no_further_members(engine: Engine) -> None:
    engine.step(member("a"), ("seal", "f"))
    engine.complete(engine.pop()[0])

    answer = refused(engine, "put", "q", "b", "K", b"", options(flow="f"))
    assert "STATE flow: f is sealed, and its members have ended" == answer
    engine.put("a", flow="f")
    assert "running" == engine.flow()["state"]
    sound(engine)


def test_a_flow_that_is_not_sealed_in_time_is_cancelled(engine: Engine) -> None:
    engine.configure("flow-grace", 10)
    engine.put("a", flow="f", now=1000)
    engine.put("b", flow="f", depends=["a"], now=6000)
    engine.ticks(now=15_999)
    assert 2 == engine.flow(now=15_999)["held"]

    engine.ticks(now=16_000)
    found = {"state": "cancelled", "cancelled": 2, "created": 1000, "stopped": 16_000}
    assert found == engine.flow(now=16_000)
    assert "cancelled" == engine.state("a")
    assert [] == engine.call("flows", "", 10, now=16_000)[1:]
    sound(engine, 16_000)


def test_a_job_leaves_its_flow_when_it_is_put_again_without_it(engine: Engine) -> None:
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"))
    engine.put("b")
    assert {"state": "running", "open": 1} == without_moments(engine.flow())
    sound(engine)

    engine.put("a", flow="g")
    assert {"state": "unsealed", "held": 1} == without_moments(engine.flow("g"))
    sound(engine)


def test_a_flow_goes_with_its_last_member(engine: Engine) -> None:
    engine.configure("jobs-history", 0)
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"))
    engine.complete(engine.pop(now=1)[0], now=1)
    assert {"state": "running", "complete": 1, "open": 1} == without_moments(engine.flow(now=1))
    engine.complete(engine.pop(now=2)[0], now=2)

    assert {"state": "complete", "complete": 2} == without_moments(engine.flow(now=2))
    engine.ticks(now=3)
    assert set() == {
        key
        for key in engine.server.scan_iter(match=engine.root + "*")
        if b"f" in key.partition(b":")[2] or key.endswith((b"flows", b"pending"))
        if engine.server.pttl(key) < 0
    }
    sound(engine, 3)


def test_an_unsealed_flow_whose_members_have_all_gone_can_begin_again(engine: Engine) -> None:
    engine.put("a", flow="f")
    engine.cancel("a")
    sound(engine)
    engine.put("b", flow="f")
    sound(engine)
    engine.seal()

    assert {"state": "running", "open": 1, "cancelled": 1} == without_moments(engine.flow())
    assert ["b"] == engine.order(now=1)


def test_a_seal_is_refused_for_what_is_no_flow(engine: Engine) -> None:
    assert "NOJOB no flow f" == refused(engine, "seal", "f")
    assert refused(engine, "seal", "").startswith("INVALID flow")
    assert refused(engine, "seal").startswith("INVALID arguments")


def test_a_cancelled_flow_is_not_sealed(engine: Engine) -> None:
    for start in (0, 100):
        engine.step(*(member(f"m{n}") for n in range(start, start + 100)))
    engine.call("flow_cancel", "f")

    assert "STATE flow: f is cancelled" == refused(engine, "seal", "f")
    answer = refused(engine, "put", "q", "late", "K", b"", options(flow="f"))
    assert "STATE flow: f is cancelled" == answer


def test_what_is_refused_in_a_step_seals_nothing(engine: Engine) -> None:
    with pytest.raises(Refused, match="NOJOB"):
        engine.step(member("a"), member("b", depends=["x"], missing="refuse"), ("seal", "f"))
    assert "NOJOB no flow f" == refused(engine, "flow", "f")


def test_a_name_of_any_bytes_is_a_flow(engine: Engine) -> None:
    name = b"\x00\xff{*}:".decode("latin-1")
    engine.put("a", flow=name)
    assert 0 == engine.seal(name)
    assert ["a"] == engine.order(now=1)
    sound(engine, 1)
