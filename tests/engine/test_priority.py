"""priority: changes a job's priority; it keeps its place by age among its new equals."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, dump, refused

MOST = 2**53 - 1


def test_a_lower_priority_runs_sooner(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid)
    assert b"-1" == engine.call("priority", "c", -1)

    assert ["c", "a", "b"] == engine.order()


def test_the_job_keeps_its_place_by_age_among_its_new_equals(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid, priority=5 if jid == "b" else 0)
    engine.call("priority", "b", 0)

    assert ["a", "b", "c"] == engine.order()


def test_there_and_back_changes_nothing(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid, priority=1)
    before = dump(engine)
    engine.call("priority", "b", -5)
    engine.call("priority", "b", 1)

    assert before == dump(engine)


@pytest.mark.parametrize("priority", [-MOST, -1, 0, 1, 2**52 + 1, MOST])
def test_every_priority_is_exact(engine: Engine, priority: int) -> None:
    engine.put("a")
    assert str(priority).encode() == engine.call("priority", "a", priority)

    (lease,) = engine.pop()
    assert priority == lease.record.priority


def test_a_scheduled_job_is_promoted_by_its_new_priority(engine: Engine) -> None:
    for jid in "abc":
        engine.put(jid, delay=1000)
    engine.call("priority", "c", -1)
    assert {"scheduled": 3} == engine.counts()

    assert ["c", "a", "b"] == engine.order(now=1000)


def test_a_job_in_another_state_is_given_it_for_later(engine: Engine) -> None:
    engine.put("parent", queue="p")
    engine.put("a", depends=["parent"])
    engine.put("b")
    engine.call("priority", "a", -3)
    engine.complete(engine.pop("p")[0])

    assert ["a", "b"] == engine.order()


@pytest.mark.parametrize("value", ["", "high", "nan", "inf", "-inf", 1.5, MOST + 1, -MOST - 1])
def test_bad_priorities_are_refused_and_nothing_is_written(engine: Engine, value: object) -> None:
    engine.put("a")

    assert refused(engine, "priority", "a", value).startswith("INVALID priority")


def test_bad_arguments_are_named(engine: Engine) -> None:
    engine.put("a")
    assert refused(engine, "priority", "", 1).startswith("INVALID jid")
    assert refused(engine, "priority", "a").startswith("INVALID arguments")
    assert refused(engine, "priority", "b", 1) == "NOJOB no job b"
