"""heartbeat: prolongs leases, counted from now."""

from __future__ import annotations

import redis

from tests.engine.conftest import Engine, Lease, refused


def three(engine: Engine) -> list[Lease]:
    for jid in "abc":
        engine.put(jid)
    return engine.pop(count=3, lease=1000, now=0)


def test_leases_are_prolonged_in_one_call(engine: Engine) -> None:
    held = three(engine)

    assert [5900, 5900, 5900] == engine.heartbeat(*held, lease=5000, now=900)
    assert [] == engine.pop(now=5899, worker="other")
    assert 1 == len(engine.pop(now=5900, worker="other"))


def test_a_lease_may_be_made_shorter(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(lease=60000, now=0)
    engine.heartbeat(lease, lease=100, now=0)

    assert ["a"] == engine.order(now=100)


def test_without_a_length_job_queue_or_setting_say_it(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", lease=3000)
    held = engine.pop(count=2, now=0)
    assert [61000, 4000] == engine.heartbeat(*held, now=1000)

    engine.configure("heartbeat-q", 7)
    assert [8000, 4000] == engine.heartbeat(*held, now=1000)


def test_a_length_of_zero_is_for_good(engine: Engine) -> None:
    (held, *_) = three(engine)
    assert [0] == engine.heartbeat(held, lease=0, now=10)

    engine.ticks(now=2**47)
    assert "running" == engine.state("a")


def test_the_lost_ones_are_told_and_the_others_are_prolonged(engine: Engine) -> None:
    kept, lost, unknown = three(engine)
    engine.cancel("b")
    unknown.jid = "nobody"
    fine, refusal, missing = engine.heartbeat(kept, lost, unknown, lease=5000, now=900)

    assert 5900 == fine
    assert isinstance(refusal, redis.ResponseError)
    assert str(refusal).startswith("LEASELOST cancelled")
    assert str(missing) == "NOJOB no job nobody"


def test_after_the_end_a_lease_lives_until_the_engine_takes_it_away(engine: Engine) -> None:
    (held, *_) = three(engine)

    assert [6500] == engine.heartbeat(held, lease=5000, now=1500)
    engine.ticks(now=1500)
    assert {"waiting": 2, "running": 1} == engine.counts(now=1500)


def test_a_repeated_heartbeat_is_answered_as_the_first(engine: Engine) -> None:
    (held, *_) = three(engine)
    first = engine.heartbeat(held, lease=5000, now=900)

    assert first == engine.heartbeat(held, lease=5000, now=900)


def test_the_worker_is_seen(engine: Engine) -> None:
    (held, *_) = three(engine)
    engine.heartbeat(held, worker="me", now=9000)

    assert 9000 == engine.server.zscore(engine.root + "workers", "me")


def test_payload_and_history_stay_as_they_are(engine: Engine) -> None:
    engine.put("a", payload=b"\x90")
    (held,) = engine.pop()
    engine.heartbeat(held, now=1)

    found = engine.get("a")
    assert found
    assert b"\x90" == found.record.payload
    assert ["put", "popped"] == engine.history("a")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    (held, *_) = three(engine)
    for argument, args in {
        "worker": ("", "", *held.key),
        "lease": ("w", -1, *held.key),
        "lease:": ("w", "soon", *held.key),
        "queue": ("w", "", "", "a", held.key[2]),
        "jid": ("w", "", "q", "", held.key[2]),
        "token": ("w", "", "q", "a", b"12345"),
        "token:": ("w", "", "q", "a", b"1234567"),
        "arguments": ("w", ""),
        "arguments:": ("w", "", *held.key, "q"),
        "arguments: 305": ("w", "", *(held.key * 101)),
    }.items():
        answer = refused(engine, "heartbeat", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer


def test_a_hundred_leases_fit_into_one_call(engine: Engine) -> None:
    engine.step(*(("put", "q", str(n), "", b"", b"") for n in range(100)))
    held = engine.pop(count=100, now=0)

    assert [61000] * 100 == engine.heartbeat(*held, now=1000)
