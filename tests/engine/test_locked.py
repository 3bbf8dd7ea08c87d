"""locked: who holds a lock."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_a_lock_that_nobody_holds(engine: Engine) -> None:
    assert engine.call("locked", "door") == []


def test_the_holder_its_number_and_the_end_of_its_lease(engine: Engine) -> None:
    fence, ends = engine.call("lock", "door", "a", 1000, 0, now=5)

    assert engine.call("locked", "door", now=900) == [b"a", fence, ends]
    assert engine.call("locked", "door", now=1005) == []


def test_it_writes_nothing(engine: Engine) -> None:
    engine.call("lock", "door", "a", 1000, 0)
    before = dump(engine)
    engine.call("locked", "door", now=2000)

    assert before == dump(engine)


def test_what_it_does_not_take(engine: Engine) -> None:
    assert "name" in refused(engine, "locked", "")
