"""unpause: queues are served again."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_what_waited_is_handed_out_in_order(engine: Engine) -> None:
    engine.put("a")
    engine.call("pause", "q")
    engine.put("b")
    engine.put("c", priority=-1)
    assert 1 == engine.call("unpause", "q")

    assert ["c", "a", "b"] == engine.order()
    assert [("paused", "", ""), ("unpaused", "", "")] == [
        event for event in engine.events() if event[0].endswith("paused")
    ]


def test_unpausing_a_queue_that_is_not_paused_changes_nothing(engine: Engine) -> None:
    engine.put("a")
    before = dump(engine)

    assert 1 == engine.call("unpause", "q")
    assert before == dump(engine)


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    assert refused(engine, "unpause").startswith("INVALID arguments")
    assert refused(engine, "unpause", "").startswith("INVALID queue")
