"""tags: the tags in use, those on most jobs first."""

from __future__ import annotations

from tests.engine.conftest import Engine


def test_the_most_used_tags_come_first(engine: Engine) -> None:
    engine.put("a", tags=["rare", "common", "frequent"])
    engine.put("b", tags=["common", "frequent"])
    engine.put("c", tags=["common"])

    assert [b"common", 3, b"frequent", 2, b"rare", 1] == engine.call("tags", 0, 10)
    assert [b"frequent", 2] == engine.call("tags", 1, 1)
    assert [] == engine.call("tags", 3, 10)


def test_counts_never_drift_whatever_is_done_twice(engine: Engine) -> None:
    engine.put("a")
    engine.put("b", tags=["x"])
    for _ in range(3):
        engine.call("tag", "a", "x")
    assert [b"x", 2] == engine.call("tags", 0, 10)

    for _ in range(3):
        engine.call("untag", "a", "x")
    assert [b"x", 1] == engine.call("tags", 0, 10)

    engine.call("cancel", "b")
    assert [] == engine.call("tags", 0, 10)
