"""report: a worker tells about itself."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, refused

DAY = 86_400_000
ABOUT = b"\x81\xa6memory\xcd\x10\x00\xff"


def report(engine: Engine, about: bytes = ABOUT, *queues: str, now: int = 0) -> None:
    assert b"reported" == engine.call("report", "w", about, *queues, now=now)


def about(engine: Engine, now: int = 0) -> list[bytes]:
    """Return what the workers have told about themselves."""
    return [worker[4] for worker in engine.call("workers", "", 100, now=now)[1:]]


def test_what_a_worker_tells_is_shown_byte_for_byte(engine: Engine) -> None:
    report(engine, ABOUT, "q", now=5)

    assert [b"", [b"w", 5, 0, 0, ABOUT]] == engine.call("workers", "", 100)
    assert [b"", 5, ABOUT] == engine.call("worker", "w", "", 100)


def test_a_worker_that_has_told_nothing_is_shown_with_nothing(engine: Engine) -> None:
    engine.pop()

    assert [b""] == about(engine)
    assert [b"", 0, b""] == engine.call("worker", "w", "", 100)


def test_a_report_replaces_the_last_one(engine: Engine) -> None:
    report(engine, ABOUT, "q", "r")
    report(engine, b"", now=1)

    assert [b""] == about(engine)
    assert [] == engine.call("worker", "w", "", 100)[3:]


def test_a_report_is_a_sign_of_life(engine: Engine) -> None:
    engine.pop(now=0)
    report(engine, now=5000)

    assert [b"w", 5000] == engine.call("workers", "", 100)[1][:2]


def test_a_report_is_no_lease(engine: Engine) -> None:
    engine.put("a")
    engine.pop(lease=1000, now=0)
    report(engine, now=1)

    assert [b"w", 0, 1, 0, ABOUT] == engine.call("workers", "", 100, now=1)[1]
    assert [b"", 0, ABOUT, [b"a", b"q", 1000]] == engine.call("worker", "w", "", 100, now=1)


def test_a_report_that_looks_like_a_lease_is_not_taken_for_one(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(request="r", now=0)
    report(engine, b"r:1", now=1)

    assert [lease.jid] == [found.jid for found in engine.pop(request="r", again=1, now=2)]


def test_a_report_is_forgotten_with_its_worker(engine: Engine) -> None:
    report(engine, ABOUT, "q")
    engine.call("deregister", "w", now=1)
    assert not engine.server.exists(engine.root + "worker:w")

    report(engine, ABOUT, "q", now=2)
    engine.tick(now=2 + DAY)
    assert [] == about(engine)
    assert not engine.server.exists(engine.root + "worker:w")


def test_a_worker_that_is_seen_again_has_to_report_anew(engine: Engine) -> None:
    report(engine)
    engine.call("deregister", "w", now=1)
    engine.pop(now=2)

    assert [b""] == about(engine)


def test_a_report_goes_with_the_other_calls_of_a_turn(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    answers = engine.call(
        "drain",
        *("each", "complete", 6, *lease.key, b"", "", b""),
        *("report", 3, "w", ABOUT, "q"),
        now=1,
    )

    assert [b"complete", b"reported"] == answers
    assert [ABOUT] == about(engine)


def test_a_report_is_as_large_as_the_limits_say(engine: Engine) -> None:
    report(engine, b"x" * 4096, *(f"{n:0255}" for n in range(100)))

    assert [b"x" * 4096] == about(engine)


@pytest.mark.parametrize(
    ("argument", "args"),
    [
        ("worker", ("", b"")),
        ("worker", ("w" * 201, b"")),
        ("about", ("w", b"x" * 4097)),
        ("queue", ("w", b"", "q", "")),
        ("arguments", ("w",)),
        ("arguments", ("w", b"", *map(str, range(101)))),
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_written(
    engine: Engine, argument: str, args: tuple[object, ...]
) -> None:
    answer = refused(engine, "report", *args)

    assert answer.startswith(f"INVALID {argument}: ")
