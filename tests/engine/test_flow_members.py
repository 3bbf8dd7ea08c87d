"""flow_members: the members of a flow in one class."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused
from tests.engine.test_seal import member


def members(engine: Engine, kind: str = "", flow: str = "f") -> list[str]:
    """Return all members of a class, read in pages of two."""
    found: list[str] = []
    cursor = b""
    while True:
        cursor, *jids = engine.call("flow_members", flow, kind, cursor, 2)
        found += [jid.decode() for jid in jids]
        if not cursor:
            return found


def test_members_come_by_class_and_by_the_time_at_which_they_came_there(engine: Engine) -> None:
    engine.put("parent", queue="p", now=1)
    for n, jid in enumerate(("z", "y", "x", "w", "v")):
        engine.step(member(jid), ("seal", "f"), now=10 + n)
    engine.put("c", flow="f", depends=["parent"], now=20)
    engine.put("b", flow="f", depends=["parent"], now=21)
    leases = engine.pop(count=4, now=30)
    engine.fail(leases[0], now=40)
    engine.fail(leases[1], now=39)
    engine.complete(leases[2], now=41)

    assert ["c", "b"] == members(engine, "depends")
    assert ["w", "v"] == members(engine, "open")
    assert ["y", "z"] == members(engine, "failed")
    assert ["x"] == members(engine, "complete")
    assert [] == members(engine, "held")
    assert ["c", "b", "w", "v", "y", "z", "x"] == members(engine)


def test_held_members_come_in_the_order_of_their_puts(engine: Engine) -> None:
    for jid in "cab":
        engine.put(jid, flow="f")
    assert ["c", "a", "b"] == members(engine, "held")


def test_an_unknown_flow_has_no_members(engine: Engine) -> None:
    assert [] == members(engine)
    assert [] == members(engine, "open")


def test_bad_arguments_are_named(engine: Engine) -> None:
    for argument, args in {
        "flow": ("", "", "", 1),
        "class": ("f", "waiting", "", 1),
        "count": ("f", "", "", 101),
        "arguments": ("f",),
    }.items():
        assert refused(engine, "flow_members", *args).startswith(f"INVALID {argument}")
