"""`pyjobs/items.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyjobs import calls, options, plans
from pyjobs.aio.job import AsyncJob
from pyjobs.options import Reference

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
from pyjobs.items import kept


class AsyncDeadItems:
    """A queue's items, or jobs, that have failed: most of them have no retries left."""

    def __init__(self, client: AsyncClient, queue: str) -> None:
        self._client = client
        self._queue = queue

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._queue!r}>"

    async def list(self, offset: int = 0, count: int = 25) -> list[AsyncJob]:
        """Return those that failed last, each with its `failure`, `attempt` and `history`."""

        def page(cursor: str, most: int) -> calls.Call[tuple[str, list[str]]]:
            return calls.jobs(self._queue, "failed", cursor, most)

        found = await self._client.run(plans.looked_up(page, offset, count))
        return [AsyncJob(self._client, snapshot) for snapshot in found]

    async def put_back(self, items: Iterable[Reference]) -> int:
        """Let these run again, with all their retries; returns how many were dead until now."""
        jids = [options.reference(item) for item in options.listed(items, "items")]
        plan = plans.settle([calls.unfail(jid) for jid in jids], False)
        return len(kept(jids, await self._client.run(plan)))

    async def drop(self, items: Iterable[Reference]) -> int:
        """Take these out of the system; returns how many."""
        jids = [options.reference(item) for item in options.listed(items, "items")]
        return await self._client.run(plans.cancel(jids))
