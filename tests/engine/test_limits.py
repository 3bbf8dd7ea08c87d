"""limits: what is allowed under names, and how much of it is taken."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Engine, refused


def read(engine: Engine, *names: str, now: int = 0) -> list[tuple[Any, ...]]:
    """Read limits: these, or the first hundred."""
    _, *found = engine.call("limits", "", 0 if names else 100, *names, now=now)
    return [tuple(v.decode() if isinstance(v, bytes) else v for v in each) for each in found]


def test_what_was_set_and_what_is_taken(engine: Engine) -> None:
    engine.call("limit", "a", 2, 10, 1000, 5)
    engine.call("limit", "b", "", 1, 1000, "")
    for jid in "123":
        engine.put(jid, limits=["a"])
    engine.pop(count=10)
    for jid in "45":
        engine.put(jid, limits=["b"])
    engine.pop(count=10)

    assert [
        ("a", 2, 10, 1000, 5, 2, 0, 1, ""),
        ("b", "", 1, 1000, 1, 1, 0, 1, 1000),
    ] == read(engine)


def test_members_of_a_family_are_read_by_name(engine: Engine) -> None:
    engine.call("limit", "c:*", 1, "", "", "")
    for jid in "12":
        engine.put(jid, limits=["c:1"])
    engine.pop()

    assert ["c:*"] == [each[0] for each in read(engine)]
    ((name, at_once, *_, running, opened, parked, _),) = read(engine, "c:1")
    assert ("c:1", 1, 1, 0, 1) == (name, at_once, running, opened, parked)


def test_of_a_queue_all_that_run_count(engine: Engine) -> None:
    engine.put("before")
    engine.pop()
    engine.call("limit", "queue:q", 3, "", "", "")

    ((_, _, _, _, _, running, opened, _, _),) = read(engine)
    assert (1, 2) == (running, opened)


def test_a_name_that_nothing_was_set_for(engine: Engine) -> None:
    engine.put("1", limits=["a"])
    engine.pop()

    assert [("a", "", "", "", "", 1, "", 0, "")] == read(engine, "a")
    assert [] == read(engine)


def test_pages(engine: Engine) -> None:
    for n in range(7):
        engine.call("limit", f"n{n}", 1, "", "", "")
    seen, cursor = [], b""
    while True:
        cursor, *found = engine.call("limits", cursor, 3)
        seen += [each[0].decode() for each in found]
        if not cursor:
            break

    assert [f"n{n}" for n in range(7)] == seen


def test_what_is_refused(engine: Engine) -> None:
    assert "count" in refused(engine, "limits", "", 101)
    assert "name" in refused(engine, "limits", "", 0, "")
    assert "arguments" in refused(engine, "limits", "")
