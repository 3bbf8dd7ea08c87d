"""parents: the jobs on which a member of a flow depends, and what became of them."""

from __future__ import annotations

from typing import Any

import msgpack

from tests.engine.conftest import Engine, refused
from tests.engine.test_seal import member, sound

RESULT = b"\xc3"


def parents(engine: Engine, jid: str, offset: int = 0, count: int = 100) -> list[tuple[Any, ...]]:
    """Return jid, state and outcome of each parent."""
    total, *rest = engine.call("parents", jid, offset, count)
    assert total >= offset + len(rest) // 3
    return [
        (rest[at].decode(), rest[at + 1].decode(), rest[at + 2]) for at in range(0, len(rest), 3)
    ]


def finish(engine: Engine, result: bytes = RESULT, queue: str = "q", now: int = 1) -> str:
    (lease,) = engine.pop(queue, now=now)
    engine.call("complete", *lease.key, b"", "", b"", result, now=now)
    return lease.jid


def test_a_job_sees_what_its_parents_returned_in_the_order_of_its_put(engine: Engine) -> None:
    engine.step(
        member("b"), member("a"), member("c", depends=["a", "b"], run_when="ended"), ("seal", "f")
    )
    assert [("a", "waiting", b""), ("b", "waiting", b"")] == parents(engine, "c")
    assert "b" == finish(engine)
    engine.fail(engine.pop(now=1)[0], "group", "why", now=1)
    assert ["c"] == [lease.jid for lease in engine.pop(now=1)]

    (_, failed, failure), done = parents(engine, "c")
    assert ("failed", b"f") == (failed, failure[:1])
    assert "why" == msgpack.unpackb(failure[1:])["message"]
    assert ("b", "complete", b"r" + RESULT) == done
    sound(engine, 1)


def test_a_result_is_kept_for_as_long_as_the_setting_or_the_job_says(engine: Engine) -> None:
    engine.configure("flow-results", 10)
    engine.step(
        member("a"), member("b", keep_result=5000), member("c", keep_result=0), ("seal", "f")
    )
    for _ in "abc":
        finish(engine)
    engine.put("plain")
    finish(engine)
    lifetimes = [engine.server.pttl(f"{engine.root}result:{jid}") for jid in ("a", "b", "c")]

    assert 5000 < lifetimes[0] <= 10_000
    assert 0 < lifetimes[1] <= 5000
    assert -2 == lifetimes[2]
    assert not engine.server.exists(f"{engine.root}result:plain")


def test_a_result_outlives_the_record_of_its_job(engine: Engine) -> None:
    engine.configure("jobs-history", 0)
    engine.step(member("a"), member("b", depends=["a"]), member("c"), ("seal", "f"))
    finish(engine)
    assert [("a", "complete", b"r" + RESULT)] == parents(engine, "b")
    engine.ticks(now=10**6)
    assert engine.get("a") is None

    assert [("a", "", b"r" + RESULT)] == parents(engine, "b")


def test_parents_that_come_later_are_parents_too(engine: Engine) -> None:
    engine.step(member("a"), member("b"), member("c", depends=["b"]), ("seal", "f"))
    engine.depend("c", depends=["a", "b"])
    assert ["b", "a"] == [parent for parent, *_ in parents(engine, "c")]
    engine.call("undepend", "c", 0, "b")
    assert ["a"] == [parent for parent, *_ in parents(engine, "c")]
    engine.call("undepend", "c", 1)
    assert [] == parents(engine, "c")


def test_those_of_the_next_stay_come_behind(engine: Engine) -> None:
    engine.put("outside", queue="p")
    engine.step(member("a"), member("b", depends=["a"]), ("seal", "f"))
    finish(engine)
    (lease,) = engine.pop(now=1)
    engine.complete(lease, "r", depends=["outside"], now=1)

    assert ["a", "outside"] == [parent for parent, *_ in parents(engine, "b")]
    sound(engine, 1)


def test_a_job_that_is_put_again_has_only_its_new_parents(engine: Engine) -> None:
    engine.step(member("a"), member("b"), member("c", depends=["a"]), ("seal", "f"))
    engine.put("c", flow="f", depends=["b"])
    assert ["b"] == [parent for parent, *_ in parents(engine, "c")]
    engine.put("c", depends=["b"])
    assert [] == parents(engine, "c")
    sound(engine)


def test_many_parents_come_in_pages_that_end_early_when_they_are_large(engine: Engine) -> None:
    jids = [f"p{n}" for n in range(5)]
    engine.step(*(member(jid) for jid in jids), member("c", depends=jids), ("seal", "f"))
    for _ in jids:
        finish(engine, b"x" * 100_000)

    assert jids[:2] == [parent for parent, *_ in parents(engine, "c")]
    assert jids[4:] == [parent for parent, *_ in parents(engine, "c", offset=4)]
    assert jids[1:2] == [parent for parent, *_ in parents(engine, "c", offset=1, count=1)]
    assert [] == parents(engine, "c", offset=5)


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert "NOJOB no job a" == refused(engine, "parents", "a", 0, 1)
    engine.put("a", depends=["x"])
    assert [] == parents(engine, "a")
    for argument, args in {
        "jid": ("", 0, 1),
        "offset": ("a", -1, 1),
        "count": ("a", 0, 101),
        "arguments": ("a",),
    }.items():
        assert refused(engine, "parents", *args).startswith(f"INVALID {argument}")
