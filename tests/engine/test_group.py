"""group: the jobs of a failure group, those first that failed last."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Engine, Refused
from tests.engine.test_groups import fail


def test_jobs_come_last_failed_first_with_their_number(engine: Engine) -> None:
    for now, jid in enumerate(("a", "b", "c")):
        fail(engine, jid, "web", now=now)
    fail(engine, "other", "disk")

    assert [b"", 3, b"c", b"b", b"a"] == engine.call("group", "web", "", 100)


def test_pages_meet_without_a_gap_while_jobs_fail(engine: Engine) -> None:
    for now in range(4):
        fail(engine, f"j{now}", "web", now=now)
    cursor, total, *jids = engine.call("group", "web", "", 2)
    assert (4, [b"j3", b"j2"]) == (total, jids)
    fail(engine, "late", "web", now=9)

    assert [b"", 5, b"j1", b"j0"] == engine.call("group", "web", cursor, 2)


def test_an_unknown_group_is_empty(engine: Engine) -> None:
    assert [b"", 0] == engine.call("group", "nothing", "", 100)


def test_an_empty_name_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="INVALID group"):
        engine.call("group", "", "", 100)
