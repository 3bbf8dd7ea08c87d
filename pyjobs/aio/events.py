"""`pyjobs/events.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pyjobs import plans

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
from pyjobs.events import JobEvent, read


class AsyncEvents:
    """The events of a namespace: `client.events`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._key = client.key("events")

    async def read(self, since: str = "0", count: int = 1000) -> list[JobEvent]:
        """Return the events after `since` (a cursor, or `0` for the oldest kept), without waiting.

        `count` is the number of calls whose events are read.
        """
        entries = await self._client.run(plans.read_events(self._key, since, count))
        return [event for entry_id, fields in entries for event in read(entry_id, fields)]

    async def last(self) -> str:
        """Return the cursor after the newest event, from which `listen` goes on."""
        return await self._client.run(plans.last_event(self._key))

    async def listen(self, since: str = "$", wait: float | None = None) -> AsyncIterator[JobEvent]:
        """Yield events as they happen: those after `since`, by default from now on.

        Ends after `wait` seconds without an event; None: never.
        """
        cursor = since if since != "$" else await self.last()
        while True:
            entries = await self._client.run(plans.read_events(self._key, cursor, 1000, wait))
            if not entries:
                return
            for entry_id, fields in entries:
                cursor = entry_id.decode()
                for event in read(entry_id, fields):
                    yield event
