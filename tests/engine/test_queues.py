"""queues: how many jobs each queue has in each state."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_every_state_is_counted(engine: Engine) -> None:
    engine.put("complete")
    engine.complete(engine.pop()[0])
    engine.put("failed")
    engine.fail(engine.pop()[0])
    engine.put("running")
    engine.pop(lease=5000, now=0)
    engine.put("stalled")
    engine.pop(lease=1000, now=0)
    engine.put("waiting")
    engine.put("scheduled", delay=9000)
    engine.put("depends", depends=["waiting"])

    states = ("waiting", "running", "stalled", "scheduled", "depends", "complete", "failed")
    assert dict.fromkeys(states, 1) == engine.counts(now=1000)


def test_queues_are_named_with_pause_and_lease(engine: Engine) -> None:
    engine.call("pause", "one", now=1)
    engine.configure("heartbeat-two", 7, now=2)
    _, one, two = engine.call("queues", "", 0, "one", "unknown", "two")

    assert [b"one", 1, 0] == one[:3]
    assert [b"two", 0, 7000] == two[:3]


def test_pages_hold_every_queue_once_in_the_order_of_their_first_use(engine: Engine) -> None:
    for n in range(25):
        engine.put(f"j{n}", queue=f"queue {n}", now=n)
    cursor, found = b"", []
    while True:
        cursor, *queues = engine.call("queues", cursor, 10)
        found += [queue[0].decode() for queue in queues]
        if not cursor:
            break

    assert [f"queue {n}" for n in range(25)] == found


def test_reading_writes_nothing(engine: Engine) -> None:
    engine.put("a", delay=1)
    before = dump(engine)
    engine.call("queues", "", 100, now=10**6)

    assert before == dump(engine)


def test_bad_arguments_are_named(engine: Engine) -> None:
    for argument, args in {
        "count": ("", 101),
        "count:": ("", -1),
        "queue": ("", 0, ""),
        "arguments": ("",),
        "arguments:": ("", 0, *map(str, range(101))),
    }.items():
        answer = refused(engine, "queues", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
