"""Locks and rates for code outside jobs: who may, and how often, decided by the engine."""

from __future__ import annotations

import math
import secrets
import time
from typing import TYPE_CHECKING

from pyjobs import calls, options, plans
from pyjobs.calls import LockHolder
from pyjobs.engine import Pause
from pyjobs.errors import InvalidArgument, LockLost, LockTaken
from pyjobs.options import Seconds
from pyjobs.plans import Plan

if TYPE_CHECKING:
    from typing_extensions import Self

    from pyjobs.client import Client

CENTURY = 3_155_760_000_000
"""Milliseconds: the longest wait, `CENTURY` in `lua/rules/limits.lua`."""


def acquire(name: str, holder: str, lease: int, wait: float) -> Plan[tuple[int, int]]:
    """Take a lock, blocking up to `wait` seconds; returns its number (0: taken) and its end."""
    ends = time.monotonic() + wait
    while True:
        left = ends - time.monotonic()
        fence, until, ring = yield calls.lock(name, holder, lease, left > 0)
        left = ends - time.monotonic()
        if fence or left <= 0:
            return fence, until
        yield from plans.block([ring], min(left, until / 1000), "lock")


def start(call: calls.Call[tuple[bool, int]]) -> Plan[bool]:
    """Take tokens and wait until they are there; returns whether that was so."""
    taken: bool
    taken, delay = yield call
    if taken and delay:
        yield Pause(delay / 1000)
    return taken


def _waiting(wait: Seconds | None) -> float:
    return math.inf if wait is None else options.milliseconds(wait, "wait") / 1000


class Lock:
    """A named lock that one holder has at a time, for as long as its lease lasts.

    `with` takes it, waiting up to `wait` seconds (None: no end), raises LockTaken when it is not
    free by then, and gives it back; if it was lost meanwhile, the end of the block raises LockLost.
    A lock object is for one holder at a time. A client's `lock` makes one.
    """

    def __init__(
        self, client: Client, name: str, lease: Seconds = 30, wait: Seconds | None = None
    ) -> None:
        self._client = client
        self.name = options.text(name, "name")
        self._lease = options.milliseconds(lease, "lease")
        self._wait = wait
        _waiting(wait)
        self._holder = ""
        self.fence = 0
        """The number of this acquisition, above those of all before it; 0: it is not held.

        Who writes what the lock protects sends it along, and what keeps that refuses a lower one
        than it has seen: so a holder whose lease ran out unnoticed does no harm.
        """
        self.expires: float | None = None
        """When the lease ends, in seconds since the epoch; None: it is not held."""

    def __repr__(self) -> str:
        held = f", held as {self.fence}" if self.fence else ""
        return f"<{type(self).__name__} {self.name!r}{held}>"

    def __enter__(self) -> Self:
        if not self.acquire(self._wait):
            raise LockTaken(f"lock {self.name!r} is held by another")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        fence = self.fence
        if fence and not self.release() and kind is None:
            raise LockLost(f"lock {self.name!r} was lost: {fence} is not its number any more")

    def acquire(self, wait: Seconds | None = None) -> bool:
        """Take it, blocking in the server up to `wait` seconds (None: no end; 0: only look)."""
        if self.fence:
            raise InvalidArgument(f"lock: {self.name!r} is held by this very object")
        holder = f"{self._client.worker_name}-{secrets.token_hex(8)}"
        plan = acquire(self.name, holder, self._lease, _waiting(wait))
        fence, ends = self._client.run(plan)
        if fence:
            self._holder, self.fence, self.expires = holder, fence, ends / 1000
        return fence > 0

    def renew(self, lease: Seconds | None = None) -> float:
        """Prolong the lease, counted from now; returns its end. Raises LockLost."""
        length = self._lease if lease is None else options.milliseconds(lease, "lease")
        ends = self._client.run(calls.relock(self.name, self._mine(), length))
        if not ends:
            self._forget()
            raise LockLost(f"lock {self.name!r} was lost")
        self.expires = ends / 1000
        return self.expires

    def release(self) -> bool:
        """Give it back; tells whether it was held until now."""
        held = self._client.run(calls.unlock(self.name, self._mine()))
        self._forget()
        return held > 0

    def _mine(self) -> str:
        if not self.fence:
            raise LockLost(f"lock {self.name!r} is not held")
        return self._holder

    def _forget(self) -> None:
        self._holder, self.fence, self.expires = "", 0, None

    # What anybody does

    def holder(self) -> LockHolder | None:
        """Look who holds it: a worker's name and a mark, the number, the end of the lease."""
        return self._client.run(calls.locked(self.name))

    def break_open(self) -> bool:
        """Take it from whoever holds it; tells whether anybody did."""
        broken = self._client.run(calls.unlock(self.name, ""))
        return broken > 0


class Rate:
    """So many starts in so much time, counted by all who use this name.

    A bucket of `burst` tokens (default: `count`) gets `count` of them every `per` seconds, evenly;
    with a burst of 1 starts are evenly apart. A client's `rate` makes one.
    """

    def __init__(
        self, client: Client, name: str, count: int, per: Seconds, burst: int | None = None
    ) -> None:
        self._client = client
        self.name = options.text(name, "name")
        self._count = options.integer(count, "count")
        self._period = options.milliseconds(per, "per")
        self._burst = None if burst is None else options.integer(burst, "burst")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {self._count} per {self._period / 1000:g} s>"

    def take(self, tokens: int = 1) -> bool:
        """Tell whether it may start now, and count it if so."""
        taken, _ = self._client.run(self._call(tokens, 0))
        return taken

    def acquire(self, tokens: int = 1, *, wait: Seconds | None = None) -> bool:
        """Wait until it may start, in the order of asking; False, and at once, if not in time.

        `wait`: seconds that it may take (None: any time).
        """
        return self._client.run(start(self._call(tokens, wait)))

    def reserve(self, tokens: int = 1, *, wait: Seconds | None = None) -> float | None:
        """Count a start and return the seconds until it may be: for a job's `delay`, say.

        None, with nothing counted, if that is more than `wait` seconds (None: any time).
        """
        taken, delay = self._client.run(self._call(tokens, wait))
        return delay / 1000 if taken else None

    def _call(self, tokens: int, wait: Seconds | None) -> calls.Call[tuple[bool, int]]:
        longest = CENTURY if wait is None else options.milliseconds(wait, "wait")
        wanted = options.integer(tokens, "tokens")
        return calls.rate(self.name, self._count, self._period, self._burst, wanted, longest)
