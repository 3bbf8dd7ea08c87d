"""The yardstick: a queue without any semantics, in `skeleton.lua`. Written once and left alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.servers import Argument, Server

CODE = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")

_KEY = "{skeleton}"


class Skeleton:
    """Calls of the skeleton; a lease is the jid.

    `grouped` chooses how calls on several jobs are done: as a loop over the jobs, or with one redis
    call for all of them wherever there is one.
    """

    def __init__(self, server: Server, grouped: bool = False) -> None:
        self._server = server
        self._many = "grouped" if grouped else "many"
        self._turn = "skeleton_turn_grouped" if grouped else "skeleton_turn"
        server.fresh(CODE)

    def put(self, jid: str, payload: bytes) -> None:
        """Put one job."""
        self._server.call("skeleton_put", _KEY, [jid, payload])

    def pop(self) -> bytes:
        """Pop one job."""
        jid: bytes = self._server.call("skeleton_pop", _KEY, [])[0]
        return jid

    def complete(self, lease: bytes) -> None:
        """Complete one job."""
        self._server.call("skeleton_complete", _KEY, [lease])

    def put_many(self, jids: Sequence[str], payload: bytes) -> None:
        """Put several jobs in one call."""
        args: list[Argument] = []
        for jid in jids:
            args += [jid, payload]
        self._server.call(f"skeleton_put_{self._many}", _KEY, args)

    def turn(self, leases: Sequence[bytes], count: int) -> list[bytes]:
        """Complete these and pop the next, in one call."""
        answer: list[bytes] = self._server.call(self._turn, _KEY, [count, *leases])
        return answer[::2]
