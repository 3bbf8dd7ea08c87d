"""unlock: nobody holds a lock any more, and one of those who wait for it is woken."""

from __future__ import annotations

from tests.engine.conftest import Engine, refused


def test_it_is_free_and_leaves_nothing_behind(engine: Engine) -> None:
    engine.call("lock", "door", "a", 1000, 0)

    assert engine.call("unlock", "door", "a") == 1
    assert list(engine.server.scan_iter(f"{engine.root}lock*")) == []


def test_nobody_gives_back_what_another_holds_and_a_repeat_does_nothing(engine: Engine) -> None:
    assert engine.call("unlock", "door", "a") == 0
    fence, _ = engine.call("lock", "door", "a", 1000, 0)

    assert engine.call("unlock", "door", "b") == 0
    assert engine.call("locked", "door") == [b"a", fence, 1000]
    assert engine.call("unlock", "door", "a") == 1
    assert engine.call("unlock", "door", "a") == 0


def test_an_operator_takes_it_from_whoever_holds_it(engine: Engine) -> None:
    engine.call("lock", "door", "a", 1000, 0)

    assert engine.call("unlock", "door", "") == 1
    assert engine.call("unlock", "door", "") == 0


def test_one_of_those_who_wait_is_woken_by_one_token(engine: Engine) -> None:
    ring = engine.root + "lock-ring:door"
    engine.call("lock", "door", "a", 1000, 0)
    for waiter in ("b", "c"):
        engine.call("lock", "door", waiter, 1000, 1)
    engine.call("unlock", "door", "a", now=10)

    assert engine.server.llen(ring) == 1
    assert 0 < engine.server.pttl(ring) <= 8000
    assert engine.call("locked", "door", now=10) == []
    assert engine.call("unlock", "door", "", now=11) == 0


def test_nobody_is_woken_when_the_last_to_wait_has_long_gone(engine: Engine) -> None:
    engine.call("lock", "door", "a", 60_000, 0)
    engine.call("lock", "door", "b", 1000, 1)
    engine.call("unlock", "door", "a", now=5000)

    assert list(engine.server.scan_iter(f"{engine.root}lock*")) == []


def test_what_it_does_not_take(engine: Engine) -> None:
    assert "name" in refused(engine, "unlock", "", "a")
    assert "holder" in refused(engine, "unlock", "door", "a" * 256)
    assert "arguments" in refused(engine, "unlock", "door")
