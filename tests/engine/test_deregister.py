"""deregister: workers leave the registry."""

from __future__ import annotations

from tests.engine.conftest import Engine


def test_workers_leave_the_registry_and_nothing_stays_of_them(engine: Engine) -> None:
    for worker in ("one", "two", "three"):
        engine.pop(worker=worker, request="r", again=1)

    assert 2 == engine.call("deregister", "one", "three", "unknown", now=1)
    assert [b"", [b"two", 0, 0, 0, b""]] == engine.call("workers", "", 100, now=1)
    assert not engine.server.exists(engine.root + "worker:one")
    assert 0 == engine.call("deregister", "one", now=2)


def test_held_jobs_stay_held_until_their_lease_ends(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    done, lost = engine.pop(count=2, lease=1000, now=0)
    engine.call("deregister", "w", now=1)

    assert [b"", 0, b"", [b"a", b"q", 1000], [b"b", b"q", 1000]] == engine.call(
        "worker", "w", "", 9
    )
    assert {"running": 2} == engine.counts(now=500)
    assert "complete" == engine.complete(done, now=500)
    engine.call("tick", now=1000)
    assert {"waiting": 1, "complete": 1} == engine.counts(now=1000)
    assert not engine.server.exists(engine.root + "worker:w")
    assert lost.jid == "b"


def test_a_sign_of_life_registers_a_worker_again(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(now=0)
    engine.call("deregister", "w", now=1)
    engine.call("heartbeat", "w", "", *lease.key, now=2)

    assert [b"", [b"w", 2, 1, 0, b""]] == engine.call("workers", "", 100, now=3)


def test_a_repeated_pop_is_answered_with_its_jobs_after_the_worker_has_left(
    engine: Engine,
) -> None:
    engine.put("a")
    engine.pop(request="r", now=0)
    engine.call("deregister", "w", now=1)

    assert ["a"] == [lease.jid for lease in engine.pop(request="r", again=1, now=2)]
