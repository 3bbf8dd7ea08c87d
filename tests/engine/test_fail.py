"""fail: the holder gives a job up; it stays, failed, in a group until an operator acts."""

from __future__ import annotations

import msgpack
import pytest

from tests.engine.conftest import Engine, Lease, Refused, refused


def popped(engine: Engine, **given: object) -> Lease:
    engine.put("a", **given)  # type: ignore[arg-type]
    (lease,) = engine.pop(worker="me")
    return lease


def test_a_failed_job_tells_why(engine: Engine) -> None:
    lease = popped(engine)
    assert "failed" == engine.fail(lease, "group", "no underpants", now=7)

    found = engine.get("a")
    assert found
    assert found.failure
    assert ("group", "no underpants", 7, "me") == tuple(
        found.failure[name] for name in ("group", "message", "when", "worker")
    )
    assert (1, "") == (found.record.errors, found.record.worker)
    assert {"failed": 1} == engine.counts()
    assert ["put", "popped", "failed"] == engine.history("a")
    assert ("failed", "a", "group") in engine.events()


def test_a_repeated_fail_is_answered_as_the_first(engine: Engine) -> None:
    lease = popped(engine)
    engine.fail(lease)
    assert "failed" == engine.fail(lease)
    engine.call("unfail", "a", "")
    engine.pop()

    assert "failed" == engine.fail(lease)
    assert "running" == engine.state("a")


def test_new_data_may_come_with_the_failure(engine: Engine) -> None:
    lease = popped(engine, payload=b"\x90")
    assert b"failed" == engine.call("fail", *lease.key, "g", "", b"\x80" * 5000)

    found = engine.get("a")
    assert found
    assert b"\x80" * 5000 == found.record.payload


def test_group_and_message_are_stored_as_they_are(engine: Engine) -> None:
    lease = popped(engine)
    group, message = b"g\x00\xff", b"m\x00" * 8192
    engine.call("fail", *lease.key, group, message, b"")

    packed = engine.call("get", "a")[0][8]
    failure = msgpack.unpackb(packed, raw=True)
    assert (group, message) == (failure[b"group"], failure[b"message"])


def test_retries_are_not_looked_at(engine: Engine) -> None:
    engine.fail(popped(engine, retries=5))

    found = engine.get("a")
    assert found
    assert 5 == found.record.left


def test_a_lost_lease_fails_nothing(engine: Engine) -> None:
    lease = popped(engine)
    engine.put("a")
    with pytest.raises(Refused, match="LEASELOST replaced"):
        engine.fail(lease)

    assert "waiting" == engine.state("a")


def test_bad_arguments_are_named_and_nothing_is_written(engine: Engine) -> None:
    lease = popped(engine)
    engine.configure("max-payload", 1000)
    queue, jid, token = lease.key
    for argument, args in {
        "queue": ("", jid, token, "g", "", b""),
        "jid": (queue, "", token, "g", "", b""),
        "token": (queue, jid, b"x", "g", "", b""),
        "group": (queue, jid, token, "", "", b""),
        "group:": (queue, jid, token, "g" * 256, "", b""),
        "message": (queue, jid, token, "g", "m" * 16385, b""),
        "data": (queue, jid, token, "g", "", b"x" * 1001),
        "arguments": (queue, jid, token, "g", ""),
    }.items():
        answer = refused(engine, "fail", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
    assert "NOJOB no job b" == refused(engine, "fail", queue, "b", token, "g", "", b"")
