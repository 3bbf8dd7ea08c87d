"""untag: takes tags off a job."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused


def test_a_job_keeps_the_other_tags_in_their_order(engine: Engine) -> None:
    engine.put("a", tags=["x", "y", "z"])

    assert [b"x", b"z"] == engine.call("untag", "a", "y", now=1)
    assert [b"", 0] == engine.call("tagged", "y", "", 10)
    assert [b"z", 1, b"x", 1] == engine.call("tags", 0, 10)


def test_taking_off_a_tag_that_is_not_there_changes_no_count(engine: Engine) -> None:
    engine.put("a", tags=["x"])
    engine.put("b")
    assert [] == engine.call("untag", "b", "x", "y")
    assert [] == engine.call("untag", "b", "x", "y")

    assert [b"x", 1] == engine.call("tags", 0, 10)


def test_a_tag_that_nobody_carries_is_not_listed_any_more(engine: Engine) -> None:
    engine.put("a", tags=["x"])
    engine.call("untag", "a", "x")

    assert [] == engine.call("tags", 0, 10)
    found = engine.get("a")
    assert found
    assert {} == found.record.options


def test_all_tags_can_be_taken_off_and_put_on_again(engine: Engine) -> None:
    engine.put("a", tags=["x", "y"])

    assert [] == engine.call("untag", "a", "y", "x")
    assert [b"y"] == engine.call("tag", "a", "y")


def test_an_unknown_job_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="NOJOB no job a"):
        engine.call("untag", "a", "x")
