"""peek: the jobs that the next pops of a queue would hand out."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def peek(engine: Engine, offset: int = 0, count: int = 100, queue: str = "q") -> list[str]:
    return [job[1].decode() for job in engine.call("peek", queue, offset, count)]


def test_jobs_are_shown_in_the_order_of_pops(engine: Engine) -> None:
    for jid, priority in {"a": 5, "b": 0, "c": -1, "d": 0}.items():
        engine.put(jid, priority=priority)
    shown = peek(engine)

    assert ["c", "b", "d", "a"] == shown == engine.order()


def test_pages_go_by_offset_and_count(engine: Engine) -> None:
    for jid in "abcde":
        engine.put(jid)

    assert ["b", "c"] == peek(engine, 1, 2)
    assert ["e"] == peek(engine, 4, 100)
    assert [] == peek(engine, 5)
    assert [] == peek(engine, 2**53)


def test_payloads_are_shown_whole(engine: Engine) -> None:
    engine.put("a", payload=b"x" * 5000)

    assert b"x" * 5000 == engine.call("peek", "q", 0, 1)[0][5]


def test_paused_queues_can_be_peeked_and_unknown_ones_are_empty(engine: Engine) -> None:
    engine.put("a")
    engine.call("pause", "q")

    assert ["a"] == peek(engine)
    assert [] == peek(engine, queue="unknown")


def test_reading_writes_nothing(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", delay=1)
    before = dump(engine)
    engine.call("peek", "q", 0, 100, now=1000)

    assert before == dump(engine)


def test_bad_arguments_are_named(engine: Engine) -> None:
    for argument, args in {
        "queue": ("", 0, 1),
        "offset": ("q", -1, 1),
        "count": ("q", 0, 0),
        "count:": ("q", 0, 101),
        "arguments": ("q", 0),
    }.items():
        answer = refused(engine, "peek", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
