"""get: jobs as they are stored."""

from __future__ import annotations

from tests.engine.conftest import Engine, dump, refused


def test_all_that_is_known_of_jobs_is_told_in_the_order_asked(engine: Engine) -> None:
    engine.put("a", payload=b"x" * 5000, tags=["t"], lease=9000)
    engine.put("b", queue="other", klass="", depends=["a"])
    one, nobody, two = engine.call("get", "b", "nobody", "a")

    assert nobody is None
    assert [b"other", b"b", b"", 0] == one[:4]
    assert [[b"a"], [], b""] == one[6:]
    assert [b"q", b"a", b"jobs.Klass", 0] == two[:4]
    assert [b"x" * 5000, [], [b"b"], b""] == two[5:]


def test_the_end_of_a_lease_is_told_while_it_lasts(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(now=0)
    found = engine.get("a")
    assert found
    assert lease.ends == found.ends
    engine.heartbeat(lease, lease=0)

    found = engine.get("a")
    assert found
    assert 0 == found.ends


def test_a_completed_job_that_has_left_is_unknown_and_a_cancelled_one_leaves_a_trace(
    engine: Engine,
) -> None:
    engine.configure("jobs-history", 0)
    engine.put("a")
    engine.complete(engine.pop()[0])
    engine.put("b")
    engine.cancel("b")

    assert [None, "cancelled"] == [engine.state("a"), engine.state("b")]


def test_reading_writes_nothing(engine: Engine) -> None:
    engine.put("a", delay=1)
    engine.put("b", queue="r")
    engine.pop("r", lease=1, now=0)
    before = dump(engine)
    engine.call("get", "a", "b", now=1000)

    assert before == dump(engine)


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert refused(engine, "get").startswith("INVALID arguments")
    assert refused(engine, "get", "").startswith("INVALID jid")
    assert refused(engine, "get", *map(str, range(101))).startswith("INVALID arguments")
