"""undepend: a job no longer waits for these jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, dump, options, refused


def family(engine: Engine, **given: object) -> None:
    for jid in ("one", "two"):
        engine.put(jid, queue="p")
    engine.put("child", depends=["one", "two"], **given)  # type: ignore[arg-type]


def test_without_one_of_its_dependencies_it_waits_for_the_others(engine: Engine) -> None:
    family(engine)
    assert b"depends" == engine.call("undepend", "child", 0, "one")

    found = engine.get("child")
    assert found
    assert {"two"} == found.dependencies
    parent = engine.get("one")
    assert parent
    assert [] == parent.dependents
    engine.complete(engine.pop("p", count=2)[1])
    assert "waiting" == engine.state("child")


def test_without_any_it_can_run(engine: Engine) -> None:
    family(engine)
    assert b"waiting" == engine.call("undepend", "child", 0, "one", "two")

    assert ("unblocked", "child", "waiting") in engine.events()
    assert ["child"] == engine.order()


def test_all_drops_every_dependency_and_the_hold(engine: Engine) -> None:
    family(engine, hold=True)
    assert b"depends" == engine.call("undepend", "child", 0, "one", "two")
    engine.depend("child", "more", depends=["one"])
    assert b"waiting" == engine.call("undepend", "child", 1)

    assert 1 == engine.cancel("one")


def test_all_drops_more_than_one_slice_at_once(engine: Engine) -> None:
    parts = [[f"p{n}" for n in range(start, start + 100)] for start in (0, 100)]
    for part in parts:
        engine.step(*(("put", "p", jid, "", b"", b"") for jid in part))
    engine.put("child", depends=parts[0], hold=True)
    engine.depend("child", "last", depends=parts[1])
    assert b"waiting" == engine.call("undepend", "child", 1)

    for _ in range(200):
        engine.complete(engine.pop("p")[0])
    engine.ticks()
    assert {"waiting": 1} == engine.counts()
    assert ["put", "unblocked"] == engine.history("child")


def test_a_delay_counts_from_its_put(engine: Engine) -> None:
    family(engine, at=5000)
    assert b"scheduled" == engine.call("undepend", "child", 1, now=1000)

    assert [] == engine.pop(now=4999)
    assert ["child"] == engine.order(now=5000)


def test_others_than_its_dependencies_are_passed_over(engine: Engine) -> None:
    family(engine)

    assert b"depends" == engine.call("undepend", "child", 0, "nobody", "child")


def test_a_job_that_does_not_wait_stays_as_it_is(engine: Engine) -> None:
    engine.put("a")
    before = dump(engine)

    assert b"waiting" == engine.call("undepend", "a", 1)
    assert b"waiting" == engine.call("undepend", "a", 0, "b")
    assert before == dump(engine)


@pytest.mark.parametrize("given", [{"limits": ["a"]}, {"order_key": "k"}])
def test_it_says_so_when_the_job_is_throttled(engine: Engine, given: dict[str, Any]) -> None:
    engine.limit("a", 1)
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"], **given)
    engine.put("before", **given)
    engine.pop()

    assert ["throttled", "throttled"] == [engine.undepend("a") for _ in "12"]
    assert "throttled" == engine.state("a")


def test_it_says_so_when_a_limit_lets_the_job_start_after_all(engine: Engine) -> None:
    engine.call("limit", "a", "", 2, 1000, "")
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"], limits=["a"])
    for jid in "bcd":
        engine.put(jid, limits=["a"])
    engine.pop(count=2)
    assert "throttled" == engine.state("d")

    assert ["waiting", "waiting"] == [engine.undepend("a", now=1000) for _ in "12"]
    assert ("waiting", "waiting") == (engine.state("a"), engine.state("d"))


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    family(engine)
    for argument, args in {
        "jid": ("", 1),
        "jids": ("child", 1, "one"),
        "jids:": ("child", 0),
        "jid:": ("child", 0, ""),
        "arguments": ("child",),
        "arguments:": ("child", 0, *(str(n) for n in range(101))),
    }.items():
        answer = refused(engine, "undepend", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "undepend", "b", 1)


def test_the_same_job_may_then_depend_on_something_else(engine: Engine) -> None:
    family(engine)
    engine.call("undepend", "child", 1)
    answer = engine.call("depend", "child", "", options(depends=["two"]))

    assert b"depends" == answer
