"""check: looks for what is wrong in the data of a namespace."""

from __future__ import annotations

import pytest

from pyjobs import calls
from tests.engine.conftest import Engine, dump, refused


def test_an_empty_namespace_is_sound(engine: Engine) -> None:
    assert engine.check() == []


def test_a_finding_says_which_invariant_does_not_hold_of_what(engine: Engine) -> None:
    engine.put("a")
    member = b"\0" * 6 + b"none"
    engine.server.zadd(engine.root + "waiting:1", {member: 0})

    assert engine.check() == [
        calls.Found(
            "stray-member", b"waiting:1", member, "none", "there is no such job", mendable=True
        )
    ]
    engine.server.zrem(engine.root + "waiting:1", member)


@pytest.mark.parametrize("count", [1, 7, 50])
def test_slices_of_any_size_meet_everything(engine: Engine, count: int) -> None:
    jids = [f"{number}" for number in range(150)]
    for jid in jids:
        engine.put(jid, tags=["t"])
    engine.server.delete(engine.root + "waiting:1")

    assert {found.jid for found in engine.check(count=count)} == set(jids)
    assert {engine.repair(found) for found in engine.check()} == {"mended"}
    assert engine.check(count=count) == []
    assert len(engine.waiting()) == 100


def test_the_members_of_large_keys_are_slices_of_their_own(engine: Engine) -> None:
    for number in range(150):
        engine.put(f"{number}")
    cursors, members = [b""], []
    while cursors:
        more, *_ = engine.call("check", cursors.pop(), 50)
        members += [cursor for cursor in more if cursor.startswith(b"m0")]
        cursors += more

    assert members == [b"m0:waiting:1"]


@pytest.mark.parametrize("held", [40, 250])
def test_what_a_small_key_gives_all_at_once_is_divided(engine: Engine, held: int) -> None:
    """A hash of some hundred leases is one answer of the server."""
    for number in range(held):
        engine.put(f"{number}")
        engine.pop()
        engine.server.hset(engine.root + "worker:w", f"token:{number}", "r:1")
    slices = engine.call("check", "m0:worker:w", 50)[0]

    assert len(slices) == (0 if held == 40 else 11)
    found = engine.check()
    assert len(found) == held
    assert len({(each.name, each.jid) for each in found}) == held
    assert {engine.repair(each) for each in found} == {"mended"}
    assert engine.check() == []


def test_other_namespaces_are_not_looked_at(engine: Engine) -> None:
    other = Engine(engine.server, engine.root[1:-3] + "0", engine.delivery)
    engine.put("a")
    other.put("b")
    other.server.delete(other.root + "waiting:1")

    assert engine.check() == []
    assert [found.jid for found in other.check()] == ["b"]
    other.cancel("b")
    for key in other.server.scan_iter(match=other.root + "*"):
        other.server.delete(key)


def test_a_check_writes_nothing(engine: Engine) -> None:
    engine.put("a")
    engine.server.zrem(
        engine.root + "waiting:1", *engine.server.zrange(engine.root + "waiting:1", 0, -1)
    )
    before = dump(engine)

    assert [found.name for found in engine.check()] == ["lost-job"]
    assert dump(engine) == before
    engine.cancel("a")


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert refused(engine, "check", "x", 1) == "INVALID cursor: is none that check has answered"
    assert refused(engine, "check", "", 0).startswith("INVALID count")
    assert refused(engine, "check", "").startswith("INVALID arguments")


def test_a_key_that_has_gone_since_has_no_members(engine: Engine) -> None:
    assert engine.call("check", b"m0:waiting:1", 10) == [[]]
    assert engine.call("check", b"m0:nothing", 10) == [[]]


def test_what_is_overdue_may_be_put_off_until_now(engine: Engine) -> None:
    """A template that is far behind lets the others of its queue have their turn."""
    engine.call("recur", "q", "x", "K", b"", 1, 0, b"", now=0)
    engine.tick(now=1_000_000)

    assert engine.check(now=1_000_000) == []
    engine.call("unrecur", "x")


def test_a_full_queue_may_put_its_recurring_jobs_off(engine: Engine) -> None:
    engine.configure("max-jobs-q", 1)
    engine.call("recur", "q", "x", "K", b"", 40, 0, b"", now=0)
    for now in (0, 100):
        engine.ticks(now=now)

    assert engine.check(now=100) == []
    engine.call("unrecur", "x")
    engine.cancel(*engine.waiting())


def test_a_queue_that_keeps_its_jobs_longer_than_others_is_sound(engine: Engine) -> None:
    engine.configure("jobs-history", 60)
    engine.configure("jobs-history-q", 600)
    engine.configure("max-bytes-q", 1000)
    engine.put("a", now=1000)
    engine.complete(engine.pop(now=1000)[0], now=1000)
    engine.put("b", now=1000)
    engine.ticks(now=2000)

    assert engine.check(now=2000) == []
