"""repair: mends what a check has found, if it is still so."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Engine, dump, refused


def lose(engine: Engine, jid: str) -> None:
    """Take a waiting job out of its set."""
    members: Any = engine.server.zrange(engine.root + "waiting:1", 0, -1)
    (lost,) = (member for member in members if member[6:] == jid.encode())
    engine.server.zrem(engine.root + "waiting:1", lost)


def test_a_lost_job_has_its_old_place_again(engine: Engine) -> None:
    for jid in ("a", "b", "c"):
        engine.put(jid)
    lose(engine, "b")
    (finding,) = engine.check()

    assert engine.repair(finding) == "mended"
    assert engine.order() == ["a", "b", "c"]


def test_who_waits_for_jobs_is_woken_by_one_that_was_lost(engine: Engine) -> None:
    engine.put("a")
    lose(engine, "a")
    engine.pop(wait=1)
    (finding,) = engine.check()
    engine.repair(finding)

    assert engine.ring() == 1


def test_a_running_job_that_was_lost_has_a_lease_from_now_on(engine: Engine) -> None:
    engine.put("a")
    (lease,) = engine.pop()
    engine.server.delete(engine.root + "running:1")
    (finding,) = engine.check()

    assert engine.repair(finding, now=5_000) == "mended"
    assert engine.state("a") == "running"
    engine.tick(now=65_000)
    assert engine.state("a", now=65_000) == "waiting"
    assert lease.jid == "a"


def test_a_repeat_and_what_has_mended_itself_are_gone(engine: Engine) -> None:
    engine.put("a")
    lose(engine, "a")
    (finding,) = engine.check()

    assert engine.repair(finding) == "mended"
    assert engine.repair(finding) == "gone"
    engine.cancel("a")
    assert engine.repair(finding) == "gone"


def test_a_repeat_of_a_marked_call_is_answered_as_the_first(engine: Engine) -> None:
    engine.put("a")
    lose(engine, "a")
    (finding,) = engine.check()
    args = (finding.name, finding.key, finding.member)

    assert [engine.call("repair", *args, now="/mark") for _ in range(2)] == [b"mended"] * 2


def test_what_is_not_wrong_is_not_touched(engine: Engine) -> None:
    engine.put("a")
    before = dump(engine)

    for name in ("lost-job", "stale-mark", "nonsense"):
        assert engine.call("repair", name, "job:a", "") == b"gone"
    assert engine.call("repair", "lost-job", "job:none", "") == b"gone"
    assert dump(engine) == before


def test_bad_arguments_are_named(engine: Engine) -> None:
    assert refused(engine, "repair", "lost-job").startswith("INVALID arguments")
    assert refused(engine, "repair", "", "job:a", "").startswith("INVALID invariant")
