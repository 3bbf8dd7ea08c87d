"""`pyjobs/views.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyjobs import calls, options, plans
from pyjobs.aio.job import AsyncJob
from pyjobs.aio.queue import AsyncQueue
from pyjobs.aio.recurring import AsyncRecurringJob
from pyjobs.calls import QueueCounts, WorkerCounts
from pyjobs.errors import JobNotFound
from pyjobs.options import Reference

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
from pyjobs.views import _value


class AsyncJobs:
    """AsyncJobs by jid, by tag, by failure group: `client.jobs`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def __getitem__(self, jid: str) -> AsyncJob | AsyncRecurringJob:
        """Return the job or the recurring job of this jid; raises JobNotFound."""
        (snapshot,) = await self._client.run(calls.get([options.text(jid, "jid")]))
        if snapshot is not None:
            return AsyncJob(self._client, snapshot)
        (template,) = await self._client.run(calls.recurring([jid]))
        if template is not None:
            return AsyncRecurringJob(self._client, template)
        raise JobNotFound(f"no job {jid}", jid)

    async def get(self, *jids: Reference) -> list[AsyncJob]:
        """Look up any number of jobs; those that are unknown are left out."""
        wanted = [options.reference(jid) for jid in jids]
        return [
            AsyncJob(self._client, snapshot)
            for snapshot in await self._client.run(plans.get(wanted))
        ]

    async def complete(
        self, offset: int = 0, count: int = 25, queue: str | None = None
    ) -> list[str]:
        """Jids of complete jobs, newest first: of one queue, or of the first hundred queues."""
        return await self._client.run(plans.complete_jobs(queue, offset, count))

    async def failed(
        self, group: str | None = None, offset: int = 0, count: int = 25
    ) -> dict[str, int] | list[AsyncJob]:
        """How many jobs each failure group has, or the jobs of one, newest first."""
        if group is None:
            return dict(await self._client.run(plans.pages(calls.groups)))
        name = options.text(group, "group")
        found = await self._client.run(
            plans.looked_up(lambda cursor, most: calls.group(name, cursor, most), offset, count)
        )
        return [AsyncJob(self._client, snapshot) for snapshot in found]

    async def tracked(self, offset: int = 0, count: int = 100) -> list[AsyncJob]:
        """AsyncJobs that somebody follows."""
        found = await self._client.run(plans.looked_up(calls.tracked, offset, count))
        return [AsyncJob(self._client, snapshot) for snapshot in found]

    async def tagged(self, tag: str, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of the jobs with a tag, by the time of tagging."""
        name = options.text(tag, "tag")
        return await self._client.run(
            plans.listing(lambda cursor, most: calls.tagged(name, cursor, most), offset, count)
        )

    async def cancel(self, *jids: Reference) -> int:
        """Cancel jobs, in slices of 100 that are each all or none; returns how many.

        Raises HasDependents when others wait for one of them and are not included.
        """
        wanted = [options.reference(jid) for jid in jids]
        return await self._client.run(plans.cancel(wanted)) if wanted else 0


class AsyncQueues:
    """AsyncQueues by name: `client.queues`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __getitem__(self, name: str) -> AsyncQueue:
        """Return a queue; it need not exist yet."""
        return AsyncQueue(self._client, name)

    @property
    async def counts(self) -> list[QueueCounts]:
        """How many jobs each queue has in each state, by the time of their first job."""
        return await self._client.run(plans.pages(calls.queues))

    async def pause(self, *names: str) -> None:
        """Let pops of these queues find nothing until `unpause`."""
        if names:
            await self._client.run(calls.pause(names))

    async def unpause(self, *names: str) -> None:
        """Serve these queues again."""
        if names:
            await self._client.run(calls.unpause(names))


class AsyncWorkers:
    """AsyncWorkers by name: `client.workers`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    async def counts(self) -> list[WorkerCounts]:
        """All registered workers, last seen first."""
        return await self._client.run(plans.pages(calls.workers))

    async def __getitem__(self, name: str) -> calls.WorkerPage:
        """What a worker holds (the first thousand or so), and when it was last seen."""
        return await self._client.run(plans.held(options.text(name, "worker")))

    async def deregister(self, *names: str) -> int:
        """Take workers off the registry; what they hold stays theirs until the leases end."""
        return await self._client.run(calls.deregister(names)) if names else 0


class AsyncConfig:
    """The settings of a namespace, as a mapping: `client.config["heartbeat"] = 30`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    async def all(self) -> dict[str, Any]:
        """All settings in force, numbers as numbers."""
        found = await self._client.run(calls.settings())
        return {name: _value(text) for name, text in found.items()}

    async def get(self, name: str) -> Any:
        """Return the value in force; raises InvalidArgument for an unknown setting."""
        found = await self._client.run(calls.settings([options.text(name, "setting")]))
        return _value(found[name])

    async def set(self, name: str, value: float | str) -> None:
        """Give a setting a value; refused with InvalidArgument when it is out of its limits."""
        await self._client.run(calls.configure(options.text(name, "setting"), str(value)))

    async def unset(self, name: str) -> None:
        """Give a setting its default back."""
        await self._client.run(calls.configure(options.text(name, "setting"), ""))
