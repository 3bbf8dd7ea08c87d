"""Nothing that is stored can go without a check noticing, and no loss breaks the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.engine.conftest import Engine
from tests.laws.world import NOW, World
from tests.leaks import delete_keys

EXPENDABLE = {
    *("events", "ring", "stats", "histogram", "samples", "request", "result", "job-ring"),
    *("lock", "lock-ring", "rate", "bucket"),
}
"""Kinds of keys that expire or are cut, and may go at any time."""

OPTIONAL = {
    *(b"format", b"settings", b"settings:3", b"alarm", b"sweep", b"served", b"about", b"queues")
}
"""Fields that need not be there."""

Loss = tuple[str, bytes, bytes]
"""A command that takes a member, or the key when it is UNLINK, off a key."""


def keys_of(world: World) -> Iterator[tuple[str, bytes]]:
    """Give each key that is to be noticed, after its kind; the root has none."""
    root = world.engine.root
    for name in sorted(world.server.scan_iter(match=root + "*", count=1000)):
        kind = name.decode()[len(root) :].partition(":")[0]
        if kind not in EXPENDABLE:
            yield kind, name


def lost_keys(world: World) -> list[Loss]:
    return [("UNLINK", name, b"") for kind, name in keys_of(world) if kind]


def lost_members(world: World) -> list[Loss]:
    """Return all members of sets, of the registry and of workers."""
    found = []
    for kind, name in keys_of(world):
        match world.server.type(name):
            case b"zset":
                found += [("ZREM", name, each) for each in world.server.zrange(name, 0, -1)]
            case b"set":
                found += [("SREM", name, each) for each in world.server.smembers(name)]
            case b"hash" if kind != "template":
                found += [("HDEL", name, each) for each in world.server.hkeys(name)]
    return [(command, name, each) for command, name, each in found if each not in OPTIONAL]


@pytest.mark.parametrize(("losses", "least"), [(lost_keys, 45), (lost_members, 75)])
def test_a_loss_is_noticed_and_mended_and_the_engine_goes_on(
    engine: Engine, losses: Callable[[World], list[Loss]], least: int
) -> None:
    namespace = engine.root[1:-3]
    count = len(losses(World(engine)))
    assert count >= least
    for number in range(count):
        delete_keys(engine.server, namespace)
        world = World(engine)
        command, name, member = losses(world)[number]
        world.server.execute_command(command, name, *([member] if command != "UNLINK" else []))
        assert world.engine.check(now=NOW), (command, name, member)

        for _ in range(3):  # what is mended may show what else is missing
            world.mend()
        left = [str(each) for each in engine.check(now=NOW) if each.mendable]
        assert left == [], (command, name, member)
        world.run_all()
    delete_keys(engine.server, namespace)
