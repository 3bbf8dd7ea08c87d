"""flow_wait: looks at a flow, and has its end told."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Engine, refused, told
from tests.engine.test_seal import member, sound


def ring(engine: Engine, flow: str = "f") -> str:
    """Return the ring of a flow that goes on."""
    answer: list[Any] = engine.call("flow_wait", flow)
    found: bytes = answer[0]
    return found.decode()


def test_a_flow_that_goes_on_is_told_with_its_ring(engine: Engine) -> None:
    engine.step(member("a"), ("seal", "f"))
    answer = engine.call("flow_wait", "f")
    assert f"{engine.root}flow-ring:f".encode() == answer[0]
    assert engine.flow() == told(answer[1:])


def test_the_ring_has_an_entry_once_the_flow_has_ended(engine: Engine) -> None:
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"), now=1)
    name = ring(engine)
    engine.complete(engine.pop(now=1)[0], now=1)
    assert 0 == engine.server.xlen(name)
    engine.complete(engine.pop(now=1)[0], now=1)
    assert 1 == engine.server.xlen(name)
    assert 0 < engine.server.pttl(name) <= 2000

    assert b"" == engine.call("flow_wait", "f")[0]
    sound(engine, 1)


def test_it_has_one_when_a_failed_member_holds_the_flow_up(engine: Engine) -> None:
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"))
    name = ring(engine)
    engine.fail(engine.pop()[0])

    assert 1 == engine.server.xlen(name)
    assert b"" == engine.call("flow_wait", "f")[0]


def test_it_has_one_when_the_flow_is_cancelled(engine: Engine) -> None:
    engine.put("a", flow="f")
    name = ring(engine)
    engine.call("flow_cancel", "f")

    assert 1 == engine.server.xlen(name)
    assert "cancelled" == told(engine.call("flow_wait", "f")[1:])["state"]


def test_a_stale_entry_is_taken_off(engine: Engine) -> None:
    engine.step(member("a"), ("seal", "f"))
    name = ring(engine)
    engine.fail(engine.pop()[0])
    engine.call("unfail", "a", "")

    assert name == ring(engine)
    assert 0 == engine.server.xlen(name)


def test_it_is_no_member_of_a_step(engine: Engine) -> None:
    answer = refused(engine, "step", "all", "flow_wait", 1, "f")
    assert "INVALID member: flow_wait is not a command for a step" == answer


def test_an_unknown_flow_is_refused(engine: Engine) -> None:
    assert "NOJOB no flow f" == refused(engine, "flow_wait", "f")
    assert refused(engine, "flow_wait").startswith("INVALID arguments")
