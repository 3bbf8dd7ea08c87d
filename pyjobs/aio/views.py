"""`pyjobs/views.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyjobs import calls, options, plans, upkeep
from pyjobs.aio.job import AsyncJob
from pyjobs.aio.queue import AsyncQueue
from pyjobs.aio.recurring import AsyncRecurringJob
from pyjobs.calls import FailureCount, LimitState, QueueCounts, WorkerCounts
from pyjobs.errors import InvalidArgument, JobNotFound
from pyjobs.options import Moment, Reference, Seconds
from pyjobs.upkeep import QueueBytes, Sifted

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
from pyjobs.views import _value, _which


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
            await self._client.run(calls.pause(options.texts(names, "queue")))

    async def unpause(self, *names: str) -> None:
        """Serve these queues again."""
        if names:
            await self._client.run(calls.unpause(options.texts(names, "queue")))

    async def bytes(self, *names: str, sample: int | None = 1000) -> list[QueueBytes]:
        """How many bytes the jobs of these queues, or of all, take: read in slices of 100 jobs.

        Of each state up to `sample` jobs of a queue, spread over it, are looked at, and the others
        reckoned from them; None: all are. What moves meanwhile may be missed or met twice.
        """
        wanted = [options.text(name, "queue") for name in names]
        most = None if sample is None else options.integer(sample, "sample", 1)
        return await self._client.run(upkeep.weigh(wanted, most))


class AsyncFailures:
    """Failed jobs by queue, class and error: `client.failures`.

    `unfail`, `move` and `drop` take the jobs of a `group` (a failure group), of a `queue`, or of
    both, and perhaps only those of a `klass_name`, of an `error` as `counts` tells it, or that
    failed before a moment: seconds since the epoch or an aware datetime, default now. They go in
    slices of 100, oldest first, each done as a whole; after a break the same call does the rest.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def counts(
        self, queue: str | None = None, most: int | None = 10_000
    ) -> list[FailureCount]:
        """Count failed jobs by queue, class and error, the largest count first.

        Of each queue (or this one) the newest `most` are looked at, in slices of 100; None: all.
        """
        name = None if queue is None else options.text(queue, "queue")
        limit = None if most is None else options.integer(most, "most", 0)
        return await self._client.run(upkeep.failures(name, limit))

    async def unfail(
        self,
        *,
        group: str = "",
        queue: str = "",
        klass_name: str = "",
        error: str = "",
        before: Moment | None = None,
    ) -> Sifted:
        """Put failed jobs back, each into its own queue; their retries begin anew."""
        which = _which(group, queue, klass_name, error, before)
        return await self._client.run(upkeep.sift(which, ""))

    async def move(
        self,
        to: str,
        *,
        group: str = "",
        queue: str = "",
        klass_name: str = "",
        error: str = "",
        before: Moment | None = None,
    ) -> Sifted:
        """Put failed jobs into the queue `to`, where they wait as if put there."""
        which = _which(group, queue, klass_name, error, before)
        return await self._client.run(upkeep.sift(which, options.word(to, "to")))

    async def drop(
        self,
        *,
        group: str = "",
        queue: str = "",
        klass_name: str = "",
        error: str = "",
        before: Moment | None = None,
    ) -> Sifted:
        """Cancel failed jobs; those that others wait for stay, and are counted as skipped."""
        which = _which(group, queue, klass_name, error, before)
        return await self._client.run(upkeep.sift(which, None))


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
        wanted = options.texts(names, "worker")
        return await self._client.run(calls.deregister(wanted)) if wanted else 0


class AsyncLimits:
    """AsyncLimits by name: `client.limits`.

    A name is one that jobs are put under (`limits=["smtp"]`), a family (`customer:*`: each name
    that begins with `customer:` by itself, unless it has a limit of its own), or `queue:` or
    `klass:` and the name of a queue or a class.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __getitem__(self, name: str) -> AsyncLimit:
        """Return a limit; it need not have been set yet."""
        return AsyncLimit(self._client, name)

    @property
    async def states(self) -> list[LimitState]:
        """All limits that were set, by name. Members of a family are not among them."""
        return await self._client.run(plans.pages(calls.limits))


class AsyncLimit:
    """How many jobs may run at once under a name, and how many may start in a time."""

    def __init__(self, client: AsyncClient, name: str) -> None:
        self._client = client
        self.name = options.text(name, "limit")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    async def set(
        self,
        at_once: int | None = None,
        *,
        rate: int | None = None,
        per: Seconds | None = None,
        burst: int | None = None,
    ) -> None:
        """Let `at_once` jobs run at a time, and `rate` start in `per` seconds (default: one).

        `burst` is how many of the rate may start at once: 1 spreads them evenly, None is all of
        them. It is in force with the next pop, and replaces what was set before.
        """
        if at_once is None and rate is None:
            raise InvalidArgument("limit: give at_once, rate or both; remove() ends a limit")
        if per is not None and rate is None:
            raise InvalidArgument("per: goes with rate, and none is given")
        given = {"at_once": at_once, "rate": rate, "burst": burst}
        numbers = [v if v is None else options.integer(v, name) for name, v in given.items()]
        period = None if rate is None else options.milliseconds(1 if per is None else per, "per")
        await self._client.run(calls.limit(self.name, numbers[0], numbers[1], period, numbers[2]))

    async def remove(self) -> None:
        """AsyncLimit nothing any more."""
        await self._client.run(calls.limit(self.name))

    @property
    async def state(self) -> LimitState:
        """What is allowed, by the limit's family if it is not its own, and what is taken of it."""
        _, found = await self._client.run(calls.limits(names=[self.name]))
        return found[0]


class AsyncTenants:
    """AsyncTenants by name: `client.tenants`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __getitem__(self, name: str) -> AsyncTenant:
        """Return a tenant; nobody need have put a job for it."""
        return AsyncTenant(self._client, name)


class AsyncTenant:
    """Somebody whose jobs take turns with those of others, in each queue."""

    def __init__(self, client: AsyncClient, name: str) -> None:
        self._client = client
        self.name = options.text(name, "tenant")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    async def weight(self) -> int:
        """How many turns it has for each one of a tenant with the weight 1, the default."""
        _, found = await self._client.run(calls.tenants(names=[self.name]))
        return found[0].weight

    async def set_weight(self, weight: int) -> None:
        """Give it so many turns, 1 to 1,000."""
        await self._client.run(calls.tenant(self.name, options.integer(weight, "weight")))


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
        await self._client.run(
            calls.configure(options.text(name, "setting"), options.text(str(value), name))
        )

    async def unset(self, name: str) -> None:
        """Give a setting its default back."""
        await self._client.run(calls.configure(options.text(name, "setting"), ""))
