"""A job that makes its workers die is stopped, before it has used up what errors may use up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, Found, options, refused


def lose(engine: Engine, times: int, now: int = 0) -> None:
    """Let the lease of whoever pops the job run out, so many times."""
    for turn in range(times):
        assert engine.pop(lease=10, now=now + 100 * turn)
        engine.ticks(now=now + 100 * turn + 50)


def read(engine: Engine) -> Found:
    found = engine.get("a")
    assert found
    return found


def test_the_setting_says_how_many_leases_may_be_lost(engine: Engine) -> None:
    engine.put("a", retries=100)
    lose(engine, 2)
    assert "waiting" == engine.state("a")
    lose(engine, 1, now=1000)

    found = read(engine)
    assert found.failure
    assert ("failed", 3, 0, 98) == (
        found.record.state,
        found.record.lost,
        found.record.errors,
        found.record.left,
    )
    assert "failed-poison-q" == found.failure["group"]
    assert "poison: 3 leases were lost; attempt 3" in found.failure["message"]


@pytest.mark.parametrize(("option", "lost"), [(1, 1), (2, 2), (5, 5), (0, 7)])
def test_a_job_may_say_so_itself(engine: Engine, option: int, lost: int) -> None:
    engine.put("a", retries=6, poison_after=option)
    lose(engine, lost - 1)
    assert "waiting" == engine.state("a")
    lose(engine, 1, now=5000)

    failure: Any = read(engine).failure
    assert failure["group"] == ("failed-poison-q" if option else "failed-retries-q")


def test_the_setting_can_be_changed_and_be_none(engine: Engine) -> None:
    engine.configure("poison-after", 0)
    engine.put("a", retries=9)
    lose(engine, 9)

    assert "waiting" == engine.state("a")


def test_retries_bound_hand_outs_also_when_leases_are_lost(engine: Engine) -> None:
    engine.put("a", retries=0)
    lose(engine, 1)

    failure: Any = read(engine).failure
    assert "failed-retries-q" == failure["group"]


def test_errors_and_timeouts_are_no_poison(engine: Engine) -> None:
    engine.put("a", retries=9, poison_after=1)
    for _ in range(4):
        (lease,) = engine.pop()
        assert "waiting" == engine.retry(lease)
        engine.pop()
        assert b"waiting" == engine.call("timeout", "a", now=0)

    assert (4, 0) == (read(engine).record.errors, read(engine).record.lost)


def test_the_cause_is_the_last_error(engine: Engine) -> None:
    engine.put("a", poison_after=1)
    (lease,) = engine.pop()
    engine.retry(lease, group="q-OSError", message="Traceback ...")
    lose(engine, 1)

    failure: Any = read(engine).failure
    assert ("failed-poison-q", "q-OSError", "Traceback ...") == (
        failure["group"],
        failure["cause"],
        failure["message"],
    )


@pytest.mark.parametrize("how", ["unfail", "move", "next"])
def test_the_count_begins_anew_with_the_retries(engine: Engine, how: str) -> None:
    engine.put("a", poison_after=2)
    lose(engine, 1)
    if how == "next":
        (lease,) = engine.pop(now=1000)
        engine.complete(lease, "q", now=1000)
    elif how == "move":
        engine.move("a", "r", now=1000)
        engine.move("a", "q", now=1000)
    else:
        lose(engine, 1, now=1000)
        engine.call("unfail", "a", "", now=1000)
    lose(engine, 1, now=2000)
    assert "waiting" == engine.state("a")
    lose(engine, 1, now=3000)

    assert "failed" == engine.state("a")


def test_dependents_learn_of_it(engine: Engine) -> None:
    engine.put("a", poison_after=1)
    engine.put("b", depends=["a"], parent_failure="run")
    lose(engine, 1)

    assert "waiting" == engine.state("b")


def test_more_than_255_are_not_counted(engine: Engine) -> None:
    args = ("q", "a", "", b"", options(poison_after=256))

    assert refused(engine, "put", *args).startswith("INVALID poison_after: ")
