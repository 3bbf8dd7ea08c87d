"""lock: takes a named lock for some time, unless somebody else holds it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, refused


def lock(engine: Engine, holder: str, wait: int = 0, now: int = 0, lease: int = 1000) -> list[Any]:
    answer: list[Any] = engine.call("lock", "door", holder, lease, wait, now=now)
    return answer


def ring(engine: Engine) -> str:
    return engine.root + "lock-ring:door"


def test_who_comes_first_gets_it_and_the_others_are_told_when_to_ask_again(engine: Engine) -> None:
    fence, ends = lock(engine, "a")

    assert fence > 0
    assert ends == 1000
    assert lock(engine, "b", now=400) == [0, 600]
    assert lock(engine, "b", now=400, lease=9) == [0, 600]


def test_nobody_is_told_to_wait_for_longer_than_a_wait_lasts(engine: Engine) -> None:
    lock(engine, "a", lease=60_000)

    assert lock(engine, "b") == [0, 4000]


def test_each_acquisition_has_a_greater_number(engine: Engine) -> None:
    first, _ = lock(engine, "a")
    other, _ = engine.call("lock", "window", "a", 1000, 0)
    second, _ = lock(engine, "b", now=1000)
    engine.call("unlock", "door", "b", now=1001)
    third, _ = lock(engine, "b", now=1001)

    assert first < other < second < third


def test_a_lease_that_has_run_out_is_anybody_s(engine: Engine) -> None:
    lock(engine, "a")

    assert lock(engine, "b", now=999)[0] == 0
    assert lock(engine, "b", now=1000)[1] == 2000
    assert lock(engine, "a", now=1001) == [0, 999]


def test_a_repeat_is_answered_with_the_same_number(engine: Engine) -> None:
    fence, _ = lock(engine, "a")

    assert lock(engine, "a", now=300) == [fence, 1300]


def test_who_is_going_to_wait_is_told_on_what(engine: Engine) -> None:
    lock(engine, "a")
    engine.server.rpush(ring(engine), "stale")

    assert lock(engine, "b", wait=1) == [0, 1000, ring(engine).encode()]
    assert not engine.server.exists(ring(engine))


def test_who_still_waits_is_remembered_by_the_next_holder(engine: Engine) -> None:
    lock(engine, "a")
    lock(engine, "b", wait=1)
    lock(engine, "c", wait=1)
    engine.call("unlock", "door", "a", now=10)
    engine.server.lpop(ring(engine))
    lock(engine, "b", wait=1, now=11)
    engine.call("unlock", "door", "b", now=12)

    assert engine.server.llen(ring(engine)) == 1


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("", "a", 1000, 0), "name"),
        (("door", "", 1000, 0), "holder"),
        (("door", "a" * 256, 1000, 0), "holder"),
        (("door", "a", 0, 0), "lease"),
        (("door", "a", "x", 0), "lease"),
        (("door", "a", 1000, 2), "wait"),
        (("door", "a", 1000), "arguments"),
    ],
)
def test_what_it_does_not_take(engine: Engine, args: Any, text: str) -> None:
    assert text in refused(engine, "lock", *args)
