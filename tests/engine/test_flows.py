"""flows: the flows that there are."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def test_flows_come_newest_first_in_pages(engine: Engine) -> None:
    for n in range(5):
        engine.put(f"j{n}", flow=f"f{n}", now=n)
    cursor, *first = engine.call("flows", "", 3)
    assert [b"f4", b"f3", b"f2"] == first
    assert [b"", b"f1", b"f0"] == engine.call("flows", cursor, 3)


def test_a_flow_that_has_gone_is_not_among_them(engine: Engine) -> None:
    engine.put("a", flow="f")
    engine.cancel("a")
    assert [b""] == engine.call("flows", "", 3)


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert refused(engine, "flows", "", 0).startswith("INVALID count")
    assert refused(engine, "flows", "", 101).startswith("INVALID count")
    assert refused(engine, "flows").startswith("INVALID arguments")
