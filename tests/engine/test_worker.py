"""worker: what one worker holds, a page at a time."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def test_held_jobs_come_with_their_queue_and_the_end_of_the_lease(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", "other")
    engine.put("c")
    engine.pop(lease=5000, now=1000)
    engine.pop("other", lease=2000, now=1000)
    engine.pop(lease=0, now=1000)

    assert [
        b"",
        1000,
        b"",
        [b"b", b"other", 3000],
        [b"a", b"q", 6000],
        [b"c", b"q", 0],
    ] == engine.call("worker", "w", "", 100, now=1500)


def test_a_heartbeat_prolongs_what_is_shown(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop(lease=5000, now=1000)
    engine.call("heartbeat", "w", 9000, *lease.key, now=4000)

    assert [b"", 4000, b"", [b"a", b"q", 13_000]] == engine.call("worker", "w", "", 100, now=4000)


def test_a_lost_lease_is_not_held(engine: Engine) -> None:
    engine.put("a")
    engine.pop(worker="slow", lease=1000, now=0)
    engine.pop(worker="quick", now=2000)

    assert [b"", 0, b""] == engine.call("worker", "slow", "", 100, now=2000)
    assert [b"", 2000, b"", [b"a", b"q", 62_000]] == engine.call(
        "worker", "quick", "", 100, now=2000
    )


def test_pages_cover_everything_that_a_worker_holds(engine: Engine) -> None:
    for n in range(1100):
        engine.put(f"j{n}")
    for _ in range(11):
        engine.pop(count=100, now=1)
    seen: set[bytes] = set()
    pages, cursor = 0, b""
    while pages == 0 or cursor:
        cursor, _, _, *page = engine.call("worker", "w", cursor, 50, now=2)
        seen |= {jid for jid, _, _ in page}
        pages += 1

    assert 1100 == len(seen)
    assert pages > 5


def test_an_unknown_worker_holds_nothing_and_was_never_seen(engine: Engine) -> None:
    assert [b"", 0, b""] == engine.call("worker", "nobody", "", 100)


def test_a_cursor_that_was_never_answered_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="INVALID cursor"):
        engine.call("worker", "w", "not a cursor", 100)
