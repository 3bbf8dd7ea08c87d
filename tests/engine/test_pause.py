"""pause: pops of these queues find nothing until they are resumed."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_a_paused_queue_gives_nothing_and_takes_everything(engine: Engine) -> None:
    engine.put("a")
    (held,) = engine.pop()
    engine.put("b")
    assert 1 == engine.call("pause", "q")

    assert [] == engine.pop()
    assert "complete" == engine.complete(held)
    engine.put("c")
    engine.put("d", delay=10)
    assert [] == engine.pop(now=100)
    assert {"waiting": 3, "complete": 1} == engine.counts()


def test_other_queues_go_on(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", queue="other")
    engine.call("pause", "q")

    assert ["b"] == [lease.jid for lease in engine.pop("q", "other", count=2)]


def test_a_queue_may_be_paused_before_its_first_job(engine: Engine) -> None:
    assert 2 == engine.call("pause", "one", "two")
    engine.put("a", queue="one")

    assert [] == engine.pop("one")
    (counts,) = engine.call("queues", "", 0, "one")[1:]
    assert [b"one", 1] == counts[:2]


def test_a_repeated_pause_changes_nothing(engine: Engine) -> None:
    engine.call("pause", "q")
    before = dump(engine)

    assert 1 == engine.call("pause", "q", now=9)
    assert before == dump(engine)
    assert 1 == len([event for event in engine.events() if event[0] == "paused"])


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    assert refused(engine, "pause").startswith("INVALID arguments")
    assert refused(engine, "pause", "").startswith("INVALID queue")
    assert refused(engine, "pause", "q", "x" * 256).startswith("INVALID queue")
    assert refused(engine, "pause", *map(str, range(101))).startswith("INVALID arguments")
