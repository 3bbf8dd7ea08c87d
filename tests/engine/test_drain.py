"""drain: as step, for members that put nothing; runs when memory is full."""

from __future__ import annotations

import pytest

from tests.conftest import Server
from tests.engine.conftest import Engine, leases, main_flags, options, refused


def test_members_are_carried_out_as_in_a_step(engine: Engine) -> None:
    for jid in "ab":
        engine.put(jid)
    (lease,) = engine.pop()
    pop = ("pop", "w", "x", 0, 1, "", 0, "ordered", 0, "q")
    answers = engine.call(
        "drain", "all", "complete", 6, *lease.key, b"", "", b"", pop[0], 9, *pop[1:]
    )

    assert b"complete" == answers[0]
    assert ["b"] == [one.jid for one in leases(answers[1])]


def test_members_that_put_are_refused(engine: Engine) -> None:
    for name in sorted(main_flags()["puts"] - {"step"}):
        answer = refused(engine, "drain", "all", name, 0)
        assert answer == f"INVALID member: {name} puts, which drain does not"


@pytest.mark.parametrize("command", ["put", "depend", "step"])
def test_when_memory_is_full_what_puts_is_refused_and_what_drains_runs(
    engine: Engine, server: Server, command: str
) -> None:
    for n in range(10):
        engine.put(f"j{n}", retries=0)
    engine.pop(count=2)
    server.admin.config_set("maxmemory", 1)
    try:
        args = {
            "put": ("q", "new", "K", b"", b""),
            "depend": ("j9", "", options(depends=["j8"])),
            "step": ("all", "cancel", 1, "j9"),
        }[command]
        assert "maxmemory" in refused(engine, command, *args)
        popped = engine.pop(count=5)
        assert [60000] == engine.heartbeat(popped[0])
        assert "complete" == engine.complete(popped[0])
        assert "failed" == engine.fail(popped[1])
        assert "failed" == engine.retry(popped[2])
        assert "waiting" == engine.release(popped[3])
        assert "waiting" == engine.move("j4", "other")
        assert 1 == engine.cancel("j9")
        assert 0 < engine.tick()
        answer = engine.call("drain", "all", "complete", 6, *popped[4].key, b"", "", b"")
        assert b"LEASELOST" not in answer[0]
    finally:
        server.admin.config_set("maxmemory", 0)
