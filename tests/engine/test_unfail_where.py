"""unfail_where: puts the failed jobs of a queue or a failure group back, a slice at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, refused
from tests.engine.sifting import fail, sift, some


@pytest.mark.parametrize(
    ("which", "meant"),
    [
        ({"queue": "q"}, ["qAe", "qAf", "qBe", "qBf"]),
        ({"group": "e"}, ["qAe", "qBe", "rAe", "rBe"]),
        ({"group": "e", "queue": "r"}, ["rAe", "rBe"]),
        ({"queue": "q", "klass": "B"}, ["qBe", "qBf"]),
        ({"queue": "q", "klass": "A", "error": "f"}, ["qAf"]),
        ({"group": "nothing"}, []),
        ({"queue": "nothing"}, []),
    ],
)
def test_those_that_are_meant_go_back_each_into_its_own_queue(
    engine: Engine, which: dict[str, Any], meant: list[str]
) -> None:
    jids = some(engine)
    assert [b"", len(meant), 0, 100] == sift(engine, "unfail_where", **which)

    assert meant == [jid for jid in jids if engine.state(jid) == "waiting"]
    assert meant == [*engine.waiting("q"), *engine.waiting("r")]


def test_they_may_all_go_to_one_queue(engine: Engine) -> None:
    some(engine)
    sift(engine, "unfail_where", group="f", to="new")

    assert ["qAf", "qBf", "rAf", "rBf"] == engine.waiting("new")


def test_the_error_of_a_job_without_retries_left_is_that_of_its_last_attempt(
    engine: Engine,
) -> None:
    engine.put("a", retries=0)
    engine.retry(engine.pop()[0], group="q-KeyError", message="why")

    assert 0 == sift(engine, "unfail_where", queue="q", error="failed-retries-q")[1]
    assert 1 == sift(engine, "unfail_where", queue="q", error="q-KeyError")[1]


def test_only_what_failed_before_a_moment_goes_back(engine: Engine) -> None:
    jids = some(engine)
    assert [b"", 2, 0, 1] == sift(engine, "unfail_where", queue="q", before=1)

    assert ["waiting", "waiting", "failed"] == [engine.state(jid) for jid in jids[:3]]


def test_slices_go_on_where_the_last_one_has_left_jobs_behind(engine: Engine) -> None:
    for n in range(20):
        fail(engine, f"j{n}", klass="AB"[n % 2], now=n)
    back, slices, cursor = 0, 0, b""
    while True:
        cursor, done, _, before = sift(
            engine, "unfail_where", queue="q", klass="B", cursor=cursor, count=6, before=50
        )
        assert 50 == before
        back, slices = back + done, slices + 1
        if not cursor:
            break
        for lease in engine.pop(count=10, now=60):
            engine.fail(lease, now=60)

    assert (10, 4) == (back, slices)
    assert [b"", 0, 0, 50] == sift(engine, "unfail_where", queue="q", klass="B", before=50)


def test_a_slice_again_does_no_harm(engine: Engine) -> None:
    some(engine)
    cursor, *_ = sift(engine, "unfail_where", queue="q", klass="A", count=3)
    assert ["qAe", "qAf"] == engine.waiting()
    sift(engine, "unfail_where", queue="q", klass="A", count=3)
    sift(engine, "unfail_where", queue="q", klass="A", count=3, cursor=cursor)

    assert ["qAe", "qAf"] == engine.waiting()


def test_it_may_be_one_of_a_step(engine: Engine) -> None:
    some(engine)
    args = ("q", "", "", "", "", "", 10, "")
    assert [[b"", 4, 0, 100], b"created"] == engine.step(
        ("unfail_where", *args), ("put", "q", "new", "", b"", b""), now=100
    )
    members = ("cancel", 1, "rAe", "unfail_where", 8, "r", *args[1:])
    why = refused(engine, "step", "all", *members, now=100)
    assert why == "INVALID jid: rAe is named twice in one call"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("", "", "", "", "", "", 1, ""), "queue: is needed where no group is given"),
        (("q" * 256, "", "", "", "", "", 1, ""), "queue: has 256 bytes"),
        (("q", "g" * 256, "", "", "", "", 1, ""), "group: has 256 bytes"),
        (("q", "", "k" * 256, "", "", "", 1, ""), "klass: has 256 bytes"),
        (("q", "", "", "e" * 256, "", "", 1, ""), "error: has 256 bytes"),
        (("q", "", "", "", "soon", "", 1, ""), "before: must be an integer"),
        (("q", "", "", "", "", "", 101, ""), "count: 101 is not between 1 and 100"),
        (("q", "", "", "", "", "", 1, "t" * 256), "queue to put them into: has 256 bytes"),
        (("q",), "arguments: 1 given"),
    ],
)
def test_bad_arguments_are_refused_by_name(engine: Engine, args: tuple[Any, ...], why: str) -> None:
    assert refused(engine, "unfail_where", *args).startswith(f"INVALID {why}")
