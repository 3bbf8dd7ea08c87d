"""groups: the failure groups with their sizes."""

from __future__ import annotations

from tests.engine.conftest import Engine


def fail(engine: Engine, jid: str, group: str, now: int = 0) -> None:
    """Put, pop and fail one job."""
    engine.put(jid, f"queue of {jid}", now=now)
    (lease,) = engine.pop(f"queue of {jid}", now=now)
    engine.fail(lease, group, now=now)


def test_groups_come_by_name_with_their_sizes(engine: Engine) -> None:
    for jid, group in [("a", "web"), ("b", "disk"), ("c", "web")]:
        fail(engine, jid, group)

    assert [b"", b"disk", 1, b"web", 2] == engine.call("groups", "", 100)


def test_a_group_without_jobs_is_gone(engine: Engine) -> None:
    for jid, group in [("a", "one"), ("b", "two"), ("c", "three"), ("d", "four")]:
        fail(engine, jid, group)
    engine.call("unfail", "a", "")
    engine.call("cancel", "b")
    engine.put("c", now=1)
    engine.call("move", "d", "q", "")

    assert [b""] == engine.call("groups", "", 100)


def test_pages_meet_without_a_gap_while_groups_come_and_go(engine: Engine) -> None:
    for n in range(5):
        fail(engine, f"j{n}", f"g{n}")
    cursor, *page = engine.call("groups", "", 2)
    assert [b"g0", 1, b"g1", 1] == page
    engine.call("cancel", "j0")
    fail(engine, "late", "a0")

    cursor, *page = engine.call("groups", cursor, 2)
    assert [b"g2", 1, b"g3", 1] == page
    assert [b"", b"g4", 1] == engine.call("groups", cursor, 2)
