"""take: hands runnable jobs out for good; each is done in the same step."""

from __future__ import annotations

from typing import Any

import pytest

from pyjobs import record
from tests.engine.conftest import Engine, Lease, leases, refused

SLEEP = 4000


def take(
    engine: Engine,
    count: int = 1,
    request: str = "r1",
    received: str = "",
    queue: str = "q",
    now: int = 0,
) -> list[Lease]:
    return leases(engine.call("take", "w", request, received, count, 0, queue, now=now))


def test_what_is_taken_is_gone(engine: Engine) -> None:
    for jid in ("a", "b", "c"):
        engine.put(jid, klass="", payload=jid.encode())
    taken = take(engine, 2)

    assert [(item.jid, item.payload) for item in taken] == [("a", b"a"), ("b", b"b")]
    assert engine.counts() == {"waiting": 1}
    assert engine.get("a") is None
    stored: Any = engine.server.get(engine.root + "job:a")
    trace = record.read(stored, b"")
    assert [entry.what for entry in trace.history("q")] == ["put", "popped", "done"]
    assert 0 < engine.server.pttl(engine.root + "job:a") <= 60_000


def test_it_goes_by_priority_and_promotes_what_is_due(engine: Engine) -> None:
    engine.put("plain")
    engine.put("soon", priority=-1, delay=100)

    assert [item.jid for item in take(engine, 5, now=100)] == ["soon", "plain"]


def test_a_repeat_is_given_the_same(engine: Engine) -> None:
    for jid in ("a", "b"):
        engine.put(jid, payload=jid.encode() * 3000)
    first = take(engine)

    assert [item.jid for item in first] == ["a"]
    assert take(engine) == first
    assert engine.counts() == {"waiting": 1}


def test_an_answer_that_has_arrived_is_kept_no_longer(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    take(engine, request="r1")
    take(engine, request="r2", received="r1")

    kept = list(engine.server.scan_iter(f"{engine.root}request:*"))
    assert kept == [f"{engine.root}request:r2".encode()]


def test_a_payload_with_a_key_of_its_own_comes_whole_and_the_key_goes(engine: Engine) -> None:
    engine.put("a", payload=b"x" * 5000)

    assert take(engine)[0].payload == b"x" * 5000
    assert not engine.server.exists(engine.root + "payload:a")


def test_one_answer_has_so_many_bytes(engine: Engine) -> None:
    for number in range(4):
        engine.put(f"{number}", payload=b"x" * 100_000)

    assert len(take(engine, 4)) == 2
    assert engine.counts() == {"waiting": 2}


def test_who_depends_on_it_runs(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", queue="other", depends=["a"])
    take(engine)

    assert engine.state("b") == "waiting"


def test_tags_and_an_earlier_failure_go_with_it(engine: Engine) -> None:
    engine.put("a", tags=["t"])
    (held,) = engine.pop()
    engine.retry(held, group="g", message="why")
    take(engine)

    assert engine.call("tagged", "t", "", 10)[1] == 0
    assert not engine.server.exists(engine.root + "failure:a")


def test_nobody_holds_it(engine: Engine) -> None:
    engine.put("a")
    take(engine)

    assert engine.call("workers", "", 100) == [b""]
    assert engine.call("due") == 0


def test_the_statistics_and_events_are_those_of_a_pop_and_its_end(engine: Engine) -> None:
    engine.put("a")
    take(engine, now=100)

    assert engine.events() == [("put", "a", "waiting"), ("popped", "a", ""), ("done", "a", "")]
    assert engine.call("stats", "q", "", now=100)[3][:2] == [1, 100]


def test_a_paused_queue_gives_nothing(engine: Engine) -> None:
    engine.put("a")
    engine.call("pause", "q")

    assert take(engine) == []


def test_when_there_is_nothing_it_says_how_long_to_rest_and_on_what_to_wait(engine: Engine) -> None:
    assert engine.call("take", "w", "r", "", 1, 0, "q") == [SLEEP]
    assert engine.call("take", "w", "r", "", 1, 1, "q") == [
        SLEEP,
        f"{engine.root}ring:{engine.number()}".encode(),
    ]
    engine.put("a", now=5)

    assert engine.ring() == 1


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("", "r", "", 1, 0, "q"), "worker"),
        (("w", "", "", 1, 0, "q"), "request"),
        (("w", "r" * 33, "", 1, 0, "q"), "request"),
        (("w", "r", "r" * 33, 1, 0, "q"), "request"),
        (("w", "r", "", 0, 0, "q"), "count"),
        (("w", "r", "", 51, 0, "q"), "count"),
        (("w", "r", "", 1, 2, "q"), "wait"),
        (("w", "r", "", 1, 0, ""), "queue"),
        (("w", "r", "", 1, 0), "arguments"),
    ],
)
def test_what_it_does_not_take(engine: Engine, args: Any, text: str) -> None:
    assert text in refused(engine, "take", *args)
