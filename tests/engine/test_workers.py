"""workers: who was seen when, and how much each holds."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused

DAY = 86_400_000


def workers(engine: Engine, now: int) -> list[list[object]]:
    """Return the one page of all workers."""
    cursor, *found = engine.call("workers", "", 100, now=now)
    assert cursor == b""
    return [list(worker) for worker in found]


def test_workers_come_last_seen_first_with_what_they_hold(engine: Engine) -> None:
    for jid in ("a", "b", "c"):
        engine.put(jid)
    engine.pop(count=2, worker="early", now=1000)
    engine.pop(worker="late", now=2000)

    assert [[b"late", 2000, 1, 0, b""], [b"early", 1000, 2, 0, b""]] == workers(engine, 3000)


def test_a_stalled_job_counts_from_the_very_end_of_its_lease(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    engine.pop(worker="w", lease=1000, now=0)
    engine.pop(worker="w", lease=0, now=0)

    assert [[b"w", 0, 2, 0, b""]] == workers(engine, 999)
    assert [[b"w", 0, 2, 1, b""]] == workers(engine, 1000)


def test_a_worker_that_ends_its_work_holds_nothing(engine: Engine) -> None:
    engine.put("a")
    engine.put("b")
    one, other = engine.pop(count=2, now=1)
    engine.complete(one, now=2)
    engine.fail(other, now=3)

    assert [[b"w", 1, 0, 0, b""]] == workers(engine, 4)


def test_a_job_that_is_timed_out_moved_or_cancelled_is_held_no_more(engine: Engine) -> None:
    for jid in ("a", "b", "c"):
        engine.put(jid)
    engine.pop(count=3)
    engine.call("timeout", "a", now=1)
    engine.call("move", "b", "other", "", now=1)
    engine.call("cancel", "c", now=1)

    assert [[b"w", 0, 0, 0, b""]] == workers(engine, 2)


def test_a_repeated_pop_does_not_count_as_a_held_job(engine: Engine) -> None:
    engine.put("a")
    engine.pop(request="r", now=1)
    engine.pop(request="r", again=1, now=2)

    assert [[b"w", 1, 1, 0, b""]] == workers(engine, 3)


def test_a_pop_of_a_paused_queue_is_a_sign_of_life(engine: Engine) -> None:
    engine.call("pause", "q")
    engine.pop(now=1000)
    engine.pop(now=5000)

    assert [[b"w", 5000, 0, 0, b""]] == workers(engine, 6000)


def test_pages_are_in_order_and_complete(engine: Engine) -> None:
    for n in range(5):
        engine.pop(worker=f"w{n}", now=1000 * n)
    seen = []
    cursor = b""
    for _ in range(3):
        cursor, *page = engine.call("workers", cursor, 2, now=9000)
        seen += [name for name, *_ in page]

    assert cursor == b""
    assert [b"w4", b"w3", b"w2", b"w1", b"w0"] == seen


def test_a_page_ends_early_when_its_workers_hold_very_many_jobs(engine: Engine) -> None:
    for n in range(1200):
        engine.put(f"j{n}")
    for worker in ("one", "two", "three"):
        for _ in range(4):
            engine.pop(count=100, worker=worker, now=1)
    seen: dict[bytes, tuple[int, int]] = {}
    pages, cursor = 0, b""
    while pages == 0 or cursor:
        cursor, *page = engine.call("workers", cursor, 100, now=60_001)
        seen |= {name: (held, stalled) for name, _, held, stalled, _ in page}
        pages += 1

    assert 2 == pages
    assert {b"one": (400, 400), b"two": (400, 400), b"three": (400, 400)} == seen


def test_a_worker_that_is_not_seen_for_a_day_leaves_the_registry(engine: Engine) -> None:
    engine.pop(worker="gone", now=0)
    engine.pop(worker="here", now=1000)
    engine.call("tick", now=DAY - 1)
    assert 2 == len(workers(engine, DAY - 1))

    engine.call("tick", now=DAY)
    assert [[b"here", 1000, 0, 0, b""]] == workers(engine, DAY)
    assert not engine.server.exists(engine.root + "worker:gone")

    engine.call("tick", now=DAY + 1000)
    assert [] == workers(engine, DAY + 1000)


def test_a_sign_of_life_counts_from_the_last_one(engine: Engine) -> None:
    engine.pop(now=0)
    engine.pop(now=DAY // 2)
    engine.call("tick", now=DAY)
    assert 1 == len(workers(engine, DAY))

    engine.call("tick", now=DAY + DAY // 2)
    assert [] == workers(engine, 2 * DAY)


def test_many_workers_leave_in_slices(engine: Engine) -> None:
    for n in range(45):
        engine.pop(worker=f"w{n}", now=0)
    left = []
    for _ in range(3):
        more = engine.call("tick", now=DAY)
        left.append((len(workers(engine, DAY)), more == 0))

    assert [(25, True), (5, True), (0, False)] == left


def test_a_shorter_worker_history_is_in_force_at_the_next_tick(engine: Engine) -> None:
    engine.pop(now=0)
    engine.call("configure", "worker-history", 60, now=59_000)
    engine.call("tick", now=59_999)
    assert 1 == len(workers(engine, 59_999))

    engine.call("tick", now=60_000)
    assert [] == workers(engine, 60_000)


def test_a_worker_that_left_while_it_held_a_job_leaves_nothing_when_that_ends(
    engine: Engine,
) -> None:
    engine.put("a")
    (lease,) = engine.pop(lease=0, now=0)
    engine.call("tick", now=DAY)
    assert [] == workers(engine, DAY)

    assert "complete" == engine.complete(lease, now=DAY + 1)
    assert not engine.server.exists(engine.root + "worker:w")


def test_a_count_outside_the_limits_is_refused(engine: Engine) -> None:
    for count in (0, 101):
        with pytest.raises(Refused, match="INVALID count"):
            engine.call("workers", "", count)
