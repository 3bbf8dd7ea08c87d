"""jobs: the jids of a queue's jobs in one state, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, dump, options, refused


def pages(engine: Engine, state: str, count: int = 100, now: int = 0) -> list[list[str]]:
    cursor, found = b"", []
    while True:
        cursor, *jids = engine.call("jobs", "q", state, cursor, count, now=now)
        found.append([jid.decode() for jid in jids])
        if not cursor:
            return found


def in_state(engine: Engine, state: str, count: int) -> list[str]:
    jids = [f"j{n:03}" for n in range(count)]
    given: dict[str, Any] = {}
    if state == "scheduled":
        given = {"delay": 1000}
    elif state == "depends":
        engine.put("parent", queue="p")
        given = {"depends": ["parent"]}
    engine.step(*(("put", "q", jid, "", b"", options(**given)) for jid in jids))
    if state not in {"waiting", "scheduled", "depends"}:
        for n, lease in enumerate(engine.pop(count=count, lease=1000, now=0)):
            if state == "complete":
                engine.complete(lease, now=n)
            elif state == "failed":
                engine.fail(lease, now=n)
    return jids


@pytest.mark.parametrize(
    "state", ["waiting", "scheduled", "depends", "running", "stalled", "complete", "failed"]
)
@pytest.mark.parametrize("size", [1, 7, 25, 100])
def test_pages_hold_every_job_once_in_order(engine: Engine, state: str, size: int) -> None:
    jids = in_state(engine, state, 25)
    found = pages(engine, state, size, now=2000 if state == "stalled" else 0)
    listed = [jid for page in found for jid in page]
    if state in {"complete", "failed"}:
        jids.reverse()

    assert jids == listed
    assert all(len(page) == size for page in found[:-1])


def test_cursors_are_any_bytes(engine: Engine) -> None:
    """A place is part of them: from 128 on it is no text."""
    for start in range(0, 300, 100):
        jids = [f"j{n:03}" for n in range(start, start + 100)]
        engine.step(*(("put", "q", jid, "", b"", b"") for jid in jids))
    found = pages(engine, "waiting", 7)

    assert [f"j{n:03}" for n in range(300)] == [jid for page in found for jid in page]


def test_waiting_jobs_come_in_the_order_of_pops(engine: Engine) -> None:
    for jid, priority in {"a": 5, "b": 0, "c": -1}.items():
        engine.put(jid, priority=priority)

    assert [["c", "b", "a"]] == pages(engine, "waiting")


@pytest.mark.parametrize("state", ["waiting", "scheduled", "complete"])
def test_what_leaves_between_two_pages_shifts_nothing(engine: Engine, state: str) -> None:
    jids = in_state(engine, state, 30)
    if state == "complete":
        jids.reverse()
    cursor, *first = engine.call("jobs", "q", state, "", 10)
    if state == "complete":
        for jid in jids[:5]:
            engine.move(jid, "other")
    else:
        engine.cancel(*jids[:5])
    _, *second = engine.call("jobs", "q", state, cursor, 10)

    assert jids[:20] == [jid.decode() for jid in first + second]


def test_stalled_jobs_are_running_ones_whose_lease_has_run_out(engine: Engine) -> None:
    in_state(engine, "running", 3)
    engine.put("fresh")
    engine.pop(lease=5000, now=0)

    assert [["fresh"]] == pages(engine, "running", now=1000)
    assert [["j000", "j001", "j002"]] == pages(engine, "stalled", now=1000)
    assert [[]] == pages(engine, "stalled", now=999)


def test_an_unknown_queue_has_no_jobs(engine: Engine) -> None:
    assert [b""] == engine.call("jobs", "unknown", "waiting", "", 10)


def test_a_cursor_that_means_nothing_starts_over_or_ends(engine: Engine) -> None:
    in_state(engine, "waiting", 3)
    for cursor in ("x", "1", ":", b"\xff\x00"):
        assert 4 == len(engine.call("jobs", "q", "waiting", cursor, 10))
    assert [b""] == engine.call("jobs", "q", "waiting", "99:x", 10)


def test_reading_writes_nothing(engine: Engine) -> None:
    in_state(engine, "running", 3)
    before = dump(engine)
    for state in ("waiting", "running", "stalled", "scheduled", "depends", "complete", "failed"):
        engine.call("jobs", "q", state, "", 100, now=10**6)

    assert before == dump(engine)


def test_bad_arguments_are_named(engine: Engine) -> None:
    for argument, args in {
        "queue": ("", "waiting", "", 1),
        "state": ("q", "sleeping", "", 1),
        "count": ("q", "waiting", "", 0),
        "count:": ("q", "waiting", "", 101),
        "arguments": ("q", "waiting", ""),
    }.items():
        answer = refused(engine, "jobs", *args)
        assert answer.startswith("INVALID ")
        assert argument in answer
