"""due: when something is due next, whatever the queue."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_nothing_is_due_in_an_empty_namespace(engine: Engine) -> None:
    assert engine.call("due") == 0


def test_the_first_of_delays_and_leases(engine: Engine) -> None:
    engine.put("late", queue="a", delay=9000)
    engine.put("early", queue="b", delay=5000)
    assert engine.call("due") == 5000

    engine.put("now", queue="c")
    engine.pop("c", lease=700)
    assert engine.call("due") == 700


def test_a_tick_sets_right_what_has_come_to_nothing(engine: Engine) -> None:
    engine.put("a", delay=5000)
    engine.cancel("a")
    assert engine.call("due", now=5000) == 5000
    engine.ticks(now=5000)

    assert engine.call("due", now=5000) == 0


def test_it_writes_nothing(engine: Engine) -> None:
    engine.put("a", delay=5000)
    before = dump(engine)
    engine.call("due", now=6000)

    assert before == dump(engine)
    assert "arguments" in refused(engine, "due", "x")
