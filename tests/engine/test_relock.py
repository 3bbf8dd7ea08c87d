"""relock: the holder of a lock prolongs its lease, counted from now."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def test_the_lease_begins_anew_and_the_number_stays(engine: Engine) -> None:
    fence, _ = engine.call("lock", "door", "a", 1000, 0)

    assert engine.call("relock", "door", "a", 1000, now=900) == 1900
    assert engine.call("locked", "door", now=1800) == [b"a", fence, 1900]


def test_a_lease_that_ran_out_unnoticed_can_be_prolonged(engine: Engine) -> None:
    engine.call("lock", "door", "a", 1000, 0)

    assert engine.call("relock", "door", "a", 1000, now=1500) == 2500


def test_what_somebody_else_has_taken_is_lost(engine: Engine) -> None:
    engine.call("lock", "door", "a", 1000, 0)
    fence, _ = engine.call("lock", "door", "b", 1000, 0, now=1000)

    assert engine.call("relock", "door", "a", 5000, now=1001) == 0
    assert engine.call("locked", "door", now=1001) == [b"b", fence, 2000]


def test_what_was_given_back_or_never_held_is_lost(engine: Engine) -> None:
    assert engine.call("relock", "door", "a", 1000) == 0
    engine.call("lock", "door", "a", 1000, 0)
    engine.call("unlock", "door", "a")

    assert engine.call("relock", "door", "a", 1000) == 0


def test_what_it_does_not_take(engine: Engine) -> None:
    assert "lease" in refused(engine, "relock", "door", "a", 0)
    assert "holder" in refused(engine, "relock", "door", "", 1)
    assert "name" in refused(engine, "relock", "", "a", 1)
