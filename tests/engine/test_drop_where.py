"""drop_where: cancels the failed jobs of a queue or a failure group, a slice at a time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Engine, refused
from tests.engine.sifting import fail, sift, some


@pytest.mark.parametrize(
    ("which", "meant"),
    [
        ({"queue": "q"}, ["qAe", "qAf", "qBe", "qBf"]),
        ({"group": "e", "klass": "B"}, ["qBe", "rBe"]),
        ({"queue": "q", "error": "f"}, ["qAf", "qBf"]),
    ],
)
def test_those_that_are_meant_are_cancelled(
    engine: Engine, which: dict[str, Any], meant: list[str]
) -> None:
    jids = some(engine)
    assert [b"", len(meant), 0, 100] == sift(engine, "drop_where", **which)

    assert meant == [jid for jid in jids if engine.state(jid, now=100) == "cancelled"]
    assert [("cancelled", jid, "") for jid in meant] == [
        event for event in engine.events() if event[0] == "cancelled"
    ]


def test_those_that_others_wait_for_stay_and_are_counted(engine: Engine) -> None:
    some(engine)
    engine.put("child", "other", depends=["qAf"], parent_failure="wait")

    assert [b"", 3, 1, 100] == sift(engine, "drop_where", queue="q")
    assert "failed" == engine.state("qAf")
    assert [b"", 0, 1, 100] == sift(engine, "drop_where", queue="q")


def test_slices_pass_over_what_stays(engine: Engine) -> None:
    jids = [fail(engine, f"j{n}", now=n) for n in range(12)]
    for jid in jids[:6]:
        engine.put(f"child-{jid}", "other", depends=[jid], parent_failure="wait")
    dropped, skipped, slices, cursor = 0, 0, 0, b""
    while True:
        cursor, done, stayed, _ = sift(
            engine, "drop_where", queue="q", cursor=cursor, count=4, before=50
        )
        dropped, skipped, slices = dropped + done, skipped + stayed, slices + 1
        if not cursor:
            break

    assert (6, 6, 4) == (dropped, skipped, slices)
    assert {"failed": 6} == engine.counts()


def test_a_newer_failure_is_not_met(engine: Engine) -> None:
    some(engine)
    fail(engine, "new", now=60)

    assert [b"", 4, 0, 50] == sift(engine, "drop_where", queue="q", before=50)
    assert "failed" == engine.state("new")


def test_it_runs_when_memory_is_full_and_in_a_drain(engine: Engine) -> None:
    some(engine)
    args = ("", "e", "", "", "", "", 10)
    assert [[b"", 4, 0, 100]] == engine.call("drain", "all", "drop_where", 7, *args, now=100)


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("", "", "", "", "", "", 1), "queue: is needed where no group is given"),
        (("q", "", "", "", -1, "", 1), "before: -1 is not between"),
        (("q", "", "", "", "", "", 0), "count: 0 is not between 1 and 100"),
        (("q", "", "", "", "", "", 1, "to"), "arguments: 8 given"),
    ],
)
def test_bad_arguments_are_refused_by_name(engine: Engine, args: tuple[Any, ...], why: str) -> None:
    assert refused(engine, "drop_where", *args).startswith(f"INVALID {why}")
