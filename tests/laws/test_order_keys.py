"""Jobs of one order key run one after another, in the order in which they became runnable."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.conftest import Engine, Lease


def put(engine: Engine, *jids: str, key: str = "k", **given: object) -> None:
    for jid in jids:
        engine.put(jid, order_key=key, **given)  # type: ignore[arg-type]


def jids(leases: list[Lease]) -> list[str]:
    return [lease.jid for lease in leases]


def drained(engine: Engine, *queues: str) -> list[str]:
    """Complete jobs one by one as they come; returns their order."""
    order = []
    while popped := engine.pop(*(queues or "q"), count=10):
        assert 1 == len(popped)
        order.append(popped[0].jid)
        engine.complete(popped[0])
    return order


def test_one_after_another_across_workers_and_queues(engine: Engine) -> None:
    put(engine, "1", "2")
    put(engine, "3", queue="r")
    put(engine, "4", priority=-9)
    (held,) = engine.pop("q", "r", count=10)
    assert ([], []) == (engine.pop("q", worker="other"), engine.pop("r", worker="third"))
    engine.complete(held)

    assert ["2", "3", "4"] == drained(engine, "q", "r")


def test_others_are_not_held_up(engine: Engine) -> None:
    put(engine, "1", "2")
    put(engine, "x", key="other")
    engine.put("free")

    assert ["1", "x", "free"] == jids(engine.pop(count=10))


KEEPS: dict[str, Callable[[Engine, Lease], object]] = {
    "retry": lambda engine, lease: engine.retry(lease),
    "retry later": lambda engine, lease: engine.retry(lease, delay=1000),
    "release": lambda engine, lease: engine.release(lease),
    "release for later": lambda engine, lease: engine.release(lease, delay=1000),
    "timeout": lambda engine, lease: engine.call("timeout", lease.jid),
    "lost lease": lambda engine, lease: engine.tick(now=1000),
    "next queue": lambda engine, lease: engine.complete(lease, next_queue="q"),
    "move": lambda engine, lease: engine.move(lease.jid, "q"),
    "move later": lambda engine, lease: engine.move(lease.jid, "q", delay=1000),
}


@pytest.mark.parametrize("how", KEEPS)
def test_the_key_is_kept_while_the_job_is_to_run_again(engine: Engine, how: str) -> None:
    engine.configure("grace-period", 0)
    put(engine, "1", "2")
    (held,) = engine.pop(lease=1000)
    KEEPS[how](engine, held)
    now = 2000
    (again,) = engine.pop(count=10, now=now)
    assert "1" == again.jid
    engine.complete(again, now=now)

    assert ["2"] == jids(engine.pop(count=10, now=now))


PASSES: dict[str, Callable[[Engine, Lease], object]] = {
    "complete": lambda engine, lease: engine.complete(lease),
    "fail": lambda engine, lease: engine.fail(lease),
    "cancel": lambda engine, lease: engine.cancel(lease.jid),
    "timeout": lambda engine, lease: engine.call("timeout", lease.jid),
    "lost lease": lambda engine, lease: engine.tick(now=1000),
    "put again": lambda engine, lease: engine.put(lease.jid, order_key="k"),
    "put again without": lambda engine, lease: engine.put(lease.jid, queue="r"),
    "wait for others": lambda engine, lease: engine.complete(lease, "q", depends=["2"]),
}


@pytest.mark.parametrize("how", PASSES)
def test_the_key_passes_on_when_the_job_has_ended(engine: Engine, how: str) -> None:
    engine.configure("grace-period", 0)
    put(engine, "1", "2", "3", retries=0)
    (held,) = engine.pop(lease=1000)
    PASSES[how](engine, held)

    assert ["2"] == jids(engine.pop(count=10, now=1000))


def test_one_of_the_middle_goes_and_the_others_keep_their_order(engine: Engine) -> None:
    put(engine, *"12345")
    engine.cancel("3", "1")

    assert ["2", "4", "5"] == drained(engine)


def test_what_is_put_back_after_a_failure_joins_at_the_end(engine: Engine) -> None:
    put(engine, *"123")
    engine.fail(engine.pop()[0])
    engine.call("unfail", "1", "")

    assert ["2", "3", "1"] == drained(engine)


def test_what_was_put_again_joins_at_the_end(engine: Engine) -> None:
    put(engine, *"123")
    put(engine, "1")

    assert ["2", "3", "1"] == drained(engine)


def test_a_job_with_a_delay_or_dependencies_joins_when_it_is_runnable(engine: Engine) -> None:
    put(engine, "late", delay=1000)
    engine.put("parent", queue="p")
    put(engine, "child", depends=["parent"])
    put(engine, "1", "2")
    engine.complete(engine.pop("p")[0])
    assert ["1", "2", "child"] == drained(engine)

    assert ["late"] == jids(engine.pop(now=1000))


@pytest.mark.parametrize("state", ["waiting", "throttled"])
def test_who_begins_to_wait_for_one_behind_it_lets_it_by(engine: Engine, state: str) -> None:
    put(engine, "1", "2", "3")
    jid = "1" if state == "waiting" else "2"
    assert state == engine.state(jid)
    engine.depend(jid, depends=["3"])

    assert [other for other in "123" if other != jid] + [jid] == drained(engine)


def test_an_order_key_under_a_limit(engine: Engine) -> None:
    engine.call("limit", "a", 1, "", "", "")
    put(engine, "1", "2", limits=["a"])
    put(engine, "x", key="other", limits=["a"])

    assert ["1", "2", "x"] == drained(engine)


def test_a_line_of_a_hundred_goes_in_one_step(engine: Engine) -> None:
    put(engine, *map(str, range(101)))

    assert 100 == engine.cancel(*map(str, range(100)))
    assert ["100"] == drained(engine)
