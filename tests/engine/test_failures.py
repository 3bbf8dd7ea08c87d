"""failures: failed jobs of a queue, counted by klass and error, newest first, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, refused


def fail(engine: Engine, jid: str, klass: str, group: str, now: int) -> None:
    engine.put(jid, klass=klass, now=now)
    engine.fail(engine.pop(now=now)[0], group, now=now)


def failures(engine: Engine, cursor: bytes = b"", count: int = 100, queue: str = "q") -> Any:
    return engine.call("failures", queue, cursor, count)


def test_failed_jobs_are_counted_by_klass_and_error(engine: Engine) -> None:
    for n, (klass, group) in enumerate([("A", "e"), ("B", "e"), ("A", "f"), ("A", "e"), ("", "e")]):
        fail(engine, f"j{n}", klass, group, now=n)
    fail(engine, "elsewhere", "A", "e", now=9)
    engine.move("elsewhere", "other")

    assert [
        b"",
        [b"", b"e", 1, 4, b"j4"],
        [b"A", b"e", 2, 3, b"j3"],
        [b"A", b"f", 1, 2, b"j2"],
        [b"B", b"e", 1, 1, b"j1"],
    ] == failures(engine)
    assert [b""] == failures(engine, queue="nothing")


def test_a_job_without_retries_left_counts_by_its_last_error(engine: Engine) -> None:
    engine.put("a", retries=0)
    engine.retry(engine.pop(now=1)[0], group="q-KeyError", message="why", now=1)
    engine.put("b", retries=0)
    engine.pop(now=1, lease=10)
    engine.ticks(now=100)

    assert [
        [b"jobs.Klass", b"failed-retries-q", 1, 100, b"b"],
        [b"jobs.Klass", b"q-KeyError", 1, 1, b"a"],
    ] == failures(engine)[1:]


def test_a_page_looks_at_so_many_jobs(engine: Engine) -> None:
    for n in range(7):
        fail(engine, f"j{n}", "A", f"e{n % 2}", now=n)
    seen = []
    cursor = b""
    while True:
        cursor, *counts = failures(engine, cursor, 3)
        seen.append({error: count for _, error, count, _, _ in counts})
        if not cursor:
            break

    assert [{b"e0": 2, b"e1": 1}, {b"e1": 2, b"e0": 1}, {b"e0": 1}] == seen


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("", "", 1), "queue: must be a text that is not empty"),
        (("q", "", 0), "count: 0 is not between 1 and 100"),
        (("q", ""), "arguments: 2 given, 3 to 3 taken"),
    ],
)
def test_bad_arguments_are_refused_by_name(engine: Engine, args: tuple[object], why: str) -> None:
    assert f"INVALID {why}" == refused(engine, "failures", *args)
