"""tick: does what is due, as every pop does beside its own work."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, options, refused

SLEEP = 4000


def put_many(engine: Engine, count: int, queue: str = "q", **given: object) -> None:
    for start in range(0, count, 100):
        engine.step(
            *(
                ("put", queue, f"{queue}{n}", "", b"", options(**given))
                for n in range(start, min(start + 100, count))
            )
        )


def test_it_tells_when_something_may_be_due(engine: Engine) -> None:
    assert SLEEP == engine.tick()
    engine.put("a", delay=1000, now=0)
    assert 1000 == engine.tick(now=0)
    assert 1 == engine.tick(now=999)
    assert SLEEP == engine.tick(now=1000)


def test_jobs_become_runnable_when_they_are_due_and_not_before(engine: Engine) -> None:
    engine.put("a", delay=950, now=0)
    engine.tick(now=999)
    assert {"scheduled": 1} == engine.counts()
    engine.tick(now=1000)

    assert {"waiting": 1} == engine.counts()


def test_a_tick_promotes_a_bounded_number_of_jobs_and_tells_of_the_rest(engine: Engine) -> None:
    put_many(engine, 250, delay=1)
    for left in (190, 130, 70, 10):
        assert 0 == engine.tick(now=100)
        assert left == engine.counts()["scheduled"]

    assert SLEEP == engine.tick(now=100)
    assert {"waiting": 250} == engine.counts()


def test_a_tick_ends_a_bounded_number_of_leases_and_tells_of_the_rest(engine: Engine) -> None:
    put_many(engine, 50)
    engine.pop(count=50, lease=1000, now=0)
    for left in (30, 10):
        assert 0 == engine.tick(now=1000)
        assert left == engine.counts(now=1000)["stalled"]

    assert SLEEP == engine.tick(now=1000)
    assert {"waiting": 50} == engine.counts(now=1000)


def test_a_backlog_of_due_jobs_does_not_keep_leases_from_ending(engine: Engine) -> None:
    engine.put("held", queue="other")
    engine.pop("other", lease=1000, now=0)
    put_many(engine, 300, delay=1)
    engine.tick(now=1000)

    assert {"waiting": 1} == engine.counts("other", now=1000)


def test_a_backlog_of_ended_leases_does_not_keep_jobs_from_becoming_due(engine: Engine) -> None:
    put_many(engine, 100)
    engine.pop(count=100, lease=500, now=0)
    engine.put("late", queue="other", delay=900, now=0)
    engine.tick(now=1000)

    assert {"waiting": 1} == engine.counts("other")


def test_what_one_duty_schedules_is_seen_by_the_next_of_the_same_tick(engine: Engine) -> None:
    engine.put("parent", queue="p", retries=0)
    put_many(engine, 10, depends=["parent"], parent_failure="run", at=3000)
    engine.put("due", delay=1000, now=0)
    engine.pop("p", lease=900, now=0)
    assert 2000 == engine.tick(now=1000)
    assert {"waiting": 1, "scheduled": 10} == engine.counts()
    engine.tick(now=3000)

    assert {"waiting": 11} == engine.counts()


def test_what_fails_in_a_tick_is_seen_by_the_retention_of_the_same_tick(engine: Engine) -> None:
    engine.put("old")
    engine.complete(engine.pop(now=0)[0], now=0)
    week = 7 * 86400 * 1000
    engine.put("bad", retries=0, now=week - 10)
    engine.pop(lease=5, now=week - 10)
    engine.ticks(now=week)
    assert {"failed": 1} == engine.counts(now=week)
    engine.ticks(now=week + 180 * 86400 * 1000)

    assert {} == engine.counts(now=week)


def test_a_tick_with_nothing_due_writes_nothing(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", delay=1000)
    engine.pop(now=0)
    before = dump(engine)
    engine.tick(now=1)

    assert before == dump(engine)


def test_nothing_is_due_for_a_namespace_without_data(engine: Engine) -> None:
    assert SLEEP == engine.tick(now=10**12)
    assert {} == dump(engine)


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert refused(engine, "tick", "q").startswith("INVALID arguments")
