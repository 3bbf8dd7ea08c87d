"""result: what the work on a job returned."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from tests.engine.conftest import Engine, Lease, Refused, refused

RESULT = b"\x82\xa3sum\x00\xff\xfe"


def popped(engine: Engine, **given: Any) -> Lease:
    engine.put("a", **{"keep_result": 60_000, **given})
    (lease,) = engine.pop()
    return lease


def complete(engine: Engine, lease: Lease, result: bytes = RESULT, following: str = "") -> bytes:
    answer: bytes = engine.call("complete", *lease.key, b"", following, b"", result)
    return answer


def result(engine: Engine, jid: str = "a") -> list[bytes]:
    answer: list[bytes] = engine.call("result", jid)
    return answer


def key(engine: Engine, jid: str = "a") -> str:
    return f"{engine.root}result:{jid}"


def test_a_result_is_answered_byte_for_byte(engine: Engine) -> None:
    assert b"complete" == complete(engine, popped(engine))

    assert [b"complete", RESULT] == result(engine)


def test_an_empty_result_is_one(engine: Engine) -> None:
    complete(engine, popped(engine), b"")

    assert [b"complete", b""] == result(engine)


def test_it_is_kept_for_as_long_as_the_job_s_option_says(engine: Engine) -> None:
    complete(engine, popped(engine, keep_result=5_000_000))

    left: Any = engine.server.pttl(key(engine))
    assert 4_900_000 < left <= 5_000_000


@pytest.mark.parametrize("given", [{}, {"keep_result": 0}])
def test_it_is_not_kept_unless_the_job_was_put_so(engine: Engine, given: dict[str, Any]) -> None:
    engine.put("a", **given)
    (lease,) = engine.pop()
    complete(engine, lease)

    assert [b"complete"] == result(engine)
    assert not engine.server.exists(key(engine))


def test_a_job_that_returned_nothing_has_no_result(engine: Engine) -> None:
    engine.complete(popped(engine))

    assert [b"complete"] == result(engine)


def test_a_job_that_is_not_done_has_no_result_yet(engine: Engine) -> None:
    engine.put("a", delay=1)
    assert [b"scheduled"] == result(engine)
    lease = popped(engine)
    assert [b"running"] == result(engine)
    complete(engine, lease, following="next")

    assert [b"waiting"] == result(engine)
    assert not engine.server.exists(key(engine))


def test_the_last_queue_s_result_counts(engine: Engine) -> None:
    complete(engine, popped(engine), b"first", "next")
    (lease,) = engine.pop("next")
    complete(engine, lease, b"last")

    assert [b"complete", b"last"] == result(engine)


def test_a_failed_job_has_a_failure_instead(engine: Engine) -> None:
    engine.fail(popped(engine), "bad input", "no such row", now=5)

    state, failure = result(engine)
    assert b"failed" == state
    assert ("bad input", "no such row") == tuple(
        msgpack.unpackb(failure)[name] for name in ("group", "message")
    )


def test_a_cancelled_job_has_none(engine: Engine) -> None:
    engine.put("a")
    engine.cancel("a")

    assert [b"cancelled"] == result(engine)


def test_a_result_outlives_its_job(engine: Engine) -> None:
    engine.configure("jobs-history-count", 0)
    complete(engine, popped(engine))
    assert [b"complete", RESULT] == result(engine)
    engine.server.unlink(f"{engine.root}job:a")  # as the trace does by itself, after a minute

    assert [b"", RESULT] == result(engine)
    engine.server.unlink(key(engine))
    assert "NOJOB no job a" == refused(engine, "result", "a")


def test_a_job_that_is_put_again_does_not_show_the_old_result(engine: Engine) -> None:
    complete(engine, popped(engine))
    lease = popped(engine)
    assert [b"running"] == result(engine)
    engine.complete(lease)

    assert [b"complete"] == result(engine)


def test_a_job_that_runs_again_shows_the_new_result(engine: Engine) -> None:
    complete(engine, popped(engine), b"old")
    engine.move("a", "q")
    (lease,) = engine.pop()
    complete(engine, lease, b"new")

    assert [b"complete", b"new"] == result(engine)


def test_a_repeated_complete_leaves_the_result(engine: Engine) -> None:
    lease = popped(engine)
    complete(engine, lease)
    assert b"complete" == complete(engine, lease, b"another")

    assert [b"complete", RESULT] == result(engine)


def test_a_lost_lease_leaves_no_result(engine: Engine) -> None:
    lease = popped(engine)
    engine.call("timeout", "a")
    with pytest.raises(Refused, match="LEASELOST"):
        complete(engine, lease)

    assert [b"waiting"] == result(engine)


def test_a_result_may_be_as_large_as_a_payload(engine: Engine) -> None:
    engine.configure("max-payload", 100)
    lease = popped(engine)
    args = (*lease.key, b"", "", b"", b"x" * 101)
    assert "INVALID result: has 101 bytes, the limit is 100" == refused(engine, "complete", *args)
    complete(engine, lease, b"x" * 100)

    assert [b"complete", b"x" * 100] == result(engine)


def test_bad_arguments_are_refused_by_name(engine: Engine) -> None:
    for argument, args in {"jid": ("",), "arguments": ("a", "b")}.items():
        with pytest.raises(Refused, match=f"^INVALID {argument}: "):
            engine.call("result", *args)
