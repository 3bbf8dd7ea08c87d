"""Locks under random calls: one holder at a time, and numbers that only grow."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Engine
from tests.laws.invariants import Keys, broken

LEASE = 100

holders = st.sampled_from(["a", "b", "c"])
calls = st.lists(
    st.tuples(st.sampled_from(["lock", "wait", "relock", "unlock"]), holders, st.integers(0, 70)),
    max_size=40,
)


@dataclass
class Lock:
    """What a lock ought to be: whose it was last, until when, and the last number."""

    holder: str = ""
    ends: int = 0
    fence: int = 0

    def is_others(self, holder: str, now: int) -> bool:
        return self.holder not in {"", holder} and self.ends > now

    def free(self) -> None:
        self.holder, self.ends = "", 0


# The namespace is that of all examples: each has a lock of its own.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=calls)
def test_a_lock_is_one_holder_s_at_a_time(
    engine: Engine, calls: list[tuple[str, str, int]]
) -> None:
    engine.server.delete(engine.root + "lock:door", engine.root + "lock-ring:door")
    lock, now = Lock(), 1_000_000
    for what, holder, later in calls:
        now += later
        own = lock.holder == holder
        if what in {"lock", "wait"}:
            fence, ends, *_ = engine.call(
                "lock", "door", holder, LEASE, int(what == "wait"), now=now
            )
            assert (fence == 0) == lock.is_others(holder, now)
            if fence:
                assert ends == now + LEASE
                assert fence == lock.fence if own else fence > lock.fence
                lock = Lock(holder, ends, fence)
        elif what == "relock":
            ends = engine.call("relock", "door", holder, LEASE, now=now)
            assert ends == (now + LEASE if own else 0)
            lock.ends = ends or lock.ends
        else:
            assert engine.call("unlock", "door", holder, now=now) == int(own)
            if own:
                lock.free()
        seen = engine.call("locked", "door", now=now)
        held = lock.holder and lock.ends > now
        assert seen == ([lock.holder.encode(), lock.fence, lock.ends] if held else [])
        assert broken(Keys(engine.server, engine.root), now) == []
