"""tagged: the jobs that carry a tag, a page at a time."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def test_jobs_come_in_the_order_in_which_they_were_tagged(engine: Engine) -> None:
    for jid in ("a", "b", "c"):
        engine.put(jid)
    for now, jid in enumerate(("c", "a", "b")):
        engine.call("tag", jid, "x", now=now)

    assert [b"", 3, b"c", b"a", b"b"] == engine.call("tagged", "x", "", 10)


def test_tagging_again_does_not_change_the_order(engine: Engine) -> None:
    engine.put("a", tags=["x"], now=0)
    engine.put("b", tags=["x"], now=1)
    engine.call("tag", "a", "x", now=2)

    assert [b"", 2, b"a", b"b"] == engine.call("tagged", "x", "", 10)


def test_pages_meet_without_a_gap_while_jobs_come_and_go(engine: Engine) -> None:
    for n in range(5):
        engine.put(f"j{n}", tags=["x"], now=n)
    cursor, total, *jids = engine.call("tagged", "x", "", 2)
    assert (5, [b"j0", b"j1"]) == (total, jids)
    engine.call("cancel", "j0")

    cursor, total, *jids = engine.call("tagged", "x", cursor, 2)
    assert (4, [b"j2", b"j3"]) == (total, jids)
    assert [b"", 4, b"j4"] == engine.call("tagged", "x", cursor, 2)


def test_a_tag_that_nobody_carries_has_no_jobs(engine: Engine) -> None:
    assert [b"", 0] == engine.call("tagged", "x", "", 10)


def test_a_count_outside_the_limits_is_refused(engine: Engine) -> None:
    for count in (0, 101, "1.5", "many"):
        with pytest.raises(Refused, match="INVALID count"):
            engine.call("tagged", "x", "", count)
