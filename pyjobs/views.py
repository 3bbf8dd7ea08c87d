"""What a client shows of a namespace: its jobs, queues, workers and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyjobs import calls, options, plans, upkeep
from pyjobs.calls import FailureCount, LimitState, QueueCounts, Which, WorkerCounts
from pyjobs.errors import InvalidArgument, JobNotFound
from pyjobs.job import Job
from pyjobs.options import Moment, Reference, Seconds
from pyjobs.queue import Queue
from pyjobs.recurring import RecurringJob
from pyjobs.upkeep import QueueBytes, Sifted

if TYPE_CHECKING:
    from pyjobs.client import Client


class Jobs:
    """Jobs by jid, by tag, by failure group: `client.jobs`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, jid: str) -> Job | RecurringJob:
        """Return the job or the recurring job of this jid; raises JobNotFound."""
        (snapshot,) = self._client.run(calls.get([options.text(jid, "jid")]))
        if snapshot is not None:
            return Job(self._client, snapshot)
        (template,) = self._client.run(calls.recurring([jid]))
        if template is not None:
            return RecurringJob(self._client, template)
        raise JobNotFound(f"no job {jid}", jid)

    def get(self, *jids: Reference) -> list[Job]:
        """Look up any number of jobs; those that are unknown are left out."""
        wanted = [options.reference(jid) for jid in jids]
        return [Job(self._client, snapshot) for snapshot in self._client.run(plans.get(wanted))]

    def complete(self, offset: int = 0, count: int = 25, queue: str | None = None) -> list[str]:
        """Jids of complete jobs, newest first: of one queue, or of the first hundred queues."""
        return self._client.run(plans.complete_jobs(queue, offset, count))

    def failed(
        self, group: str | None = None, offset: int = 0, count: int = 25
    ) -> dict[str, int] | list[Job]:
        """How many jobs each failure group has, or the jobs of one, newest first."""
        if group is None:
            return dict(self._client.run(plans.pages(calls.groups)))
        name = options.text(group, "group")
        found = self._client.run(
            plans.looked_up(lambda cursor, most: calls.group(name, cursor, most), offset, count)
        )
        return [Job(self._client, snapshot) for snapshot in found]

    def tracked(self, offset: int = 0, count: int = 100) -> list[Job]:
        """Jobs that somebody follows."""
        found = self._client.run(plans.looked_up(calls.tracked, offset, count))
        return [Job(self._client, snapshot) for snapshot in found]

    def tagged(self, tag: str, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of the jobs with a tag, by the time of tagging."""
        name = options.text(tag, "tag")
        return self._client.run(
            plans.listing(lambda cursor, most: calls.tagged(name, cursor, most), offset, count)
        )

    def cancel(self, *jids: Reference) -> int:
        """Cancel jobs, in slices of 100 that are each all or none; returns how many.

        Raises HasDependents when others wait for one of them and are not included.
        """
        wanted = [options.reference(jid) for jid in jids]
        return self._client.run(plans.cancel(wanted)) if wanted else 0


class Queues:
    """Queues by name: `client.queues`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, name: str) -> Queue:
        """Return a queue; it need not exist yet."""
        return Queue(self._client, name)

    @property
    def counts(self) -> list[QueueCounts]:
        """How many jobs each queue has in each state, by the time of their first job."""
        return self._client.run(plans.pages(calls.queues))

    def pause(self, *names: str) -> None:
        """Let pops of these queues find nothing until `unpause`."""
        if names:
            self._client.run(calls.pause(options.texts(names, "queue")))

    def unpause(self, *names: str) -> None:
        """Serve these queues again."""
        if names:
            self._client.run(calls.unpause(options.texts(names, "queue")))

    def bytes(self, *names: str, sample: int | None = 1000) -> list[QueueBytes]:
        """How many bytes the jobs of these queues, or of all, take: read in slices of 100 jobs.

        Of each state up to `sample` jobs of a queue, spread over it, are looked at, and the others
        reckoned from them; None: all are. What moves meanwhile may be missed or met twice.
        """
        wanted = [options.text(name, "queue") for name in names]
        most = None if sample is None else options.integer(sample, "sample", 1)
        return self._client.run(upkeep.weigh(wanted, most))


class Failures:
    """Failed jobs by queue, class and error: `client.failures`.

    `unfail`, `move` and `drop` take the jobs of a `group` (a failure group), of a `queue`, or of
    both, and perhaps only those of a `klass_name`, of an `error` as `counts` tells it, or that
    failed before a moment: seconds since the epoch or an aware datetime, default now. They go in
    slices of 100, oldest first, each done as a whole; after a break the same call does the rest.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def counts(self, queue: str | None = None, most: int | None = 10_000) -> list[FailureCount]:
        """Count failed jobs by queue, class and error, the largest count first.

        Of each queue (or this one) the newest `most` are looked at, in slices of 100; None: all.
        """
        name = None if queue is None else options.text(queue, "queue")
        limit = None if most is None else options.integer(most, "most", 0)
        return self._client.run(upkeep.failures(name, limit))

    def unfail(
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
        return self._client.run(upkeep.sift(which, ""))

    def move(
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
        return self._client.run(upkeep.sift(which, options.word(to, "to")))

    def drop(
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
        return self._client.run(upkeep.sift(which, None))


def _which(group: str, queue: str, klass_name: str, error: str, before: Moment | None) -> Which:
    return Which(
        options.text(queue, "queue"),
        options.text(group, "group"),
        options.text(klass_name, "klass_name"),
        options.text(error, "error"),
        None if before is None else options.moment(before, "before"),
    )


class Workers:
    """Workers by name: `client.workers`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def counts(self) -> list[WorkerCounts]:
        """All registered workers, last seen first."""
        return self._client.run(plans.pages(calls.workers))

    def __getitem__(self, name: str) -> calls.WorkerPage:
        """What a worker holds (the first thousand or so), and when it was last seen."""
        return self._client.run(plans.held(options.text(name, "worker")))

    def deregister(self, *names: str) -> int:
        """Take workers off the registry; what they hold stays theirs until the leases end."""
        wanted = options.texts(names, "worker")
        return self._client.run(calls.deregister(wanted)) if wanted else 0


class Limits:
    """Limits by name: `client.limits`.

    A name is one that jobs are put under (`limits=["smtp"]`), a family (`customer:*`: each name
    that begins with `customer:` by itself, unless it has a limit of its own), or `queue:` or
    `klass:` and the name of a queue or a class.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, name: str) -> Limit:
        """Return a limit; it need not have been set yet."""
        return Limit(self._client, name)

    @property
    def states(self) -> list[LimitState]:
        """All limits that were set, by name. Members of a family are not among them."""
        return self._client.run(plans.pages(calls.limits))


class Limit:
    """How many jobs may run at once under a name, and how many may start in a time."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.name = options.text(name, "limit")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def set(
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
        self._client.run(calls.limit(self.name, numbers[0], numbers[1], period, numbers[2]))

    def remove(self) -> None:
        """Limit nothing any more."""
        self._client.run(calls.limit(self.name))

    @property
    def state(self) -> LimitState:
        """What is allowed, by the limit's family if it is not its own, and what is taken of it."""
        _, found = self._client.run(calls.limits(names=[self.name]))
        return found[0]


class Tenants:
    """Tenants by name: `client.tenants`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, name: str) -> Tenant:
        """Return a tenant; nobody need have put a job for it."""
        return Tenant(self._client, name)


class Tenant:
    """Somebody whose jobs take turns with those of others, in each queue."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.name = options.text(name, "tenant")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def weight(self) -> int:
        """How many turns it has for each one of a tenant with the weight 1, the default."""
        _, found = self._client.run(calls.tenants(names=[self.name]))
        return found[0].weight

    # sync-only: an assignment cannot be awaited
    @weight.setter
    def weight(self, weight: int) -> None:
        self.set_weight(weight)

    def set_weight(self, weight: int) -> None:
        """Give it so many turns, 1 to 1,000."""
        self._client.run(calls.tenant(self.name, options.integer(weight, "weight")))


class Config:
    """The settings of a namespace, as a mapping: `client.config["heartbeat"] = 30`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def all(self) -> dict[str, Any]:
        """All settings in force, numbers as numbers."""
        found = self._client.run(calls.settings())
        return {name: _value(text) for name, text in found.items()}

    def get(self, name: str) -> Any:
        """Return the value in force; raises InvalidArgument for an unknown setting."""
        found = self._client.run(calls.settings([options.text(name, "setting")]))
        return _value(found[name])

    def set(self, name: str, value: float | str) -> None:
        """Give a setting a value; refused with InvalidArgument when it is out of its limits."""
        self._client.run(
            calls.configure(options.text(name, "setting"), options.text(str(value), name))
        )

    def unset(self, name: str) -> None:
        """Give a setting its default back."""
        self._client.run(calls.configure(options.text(name, "setting"), ""))

    # sync-only: the language has no way to await these
    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    # sync-only: the language has no way to await these
    def __setitem__(self, name: str, value: float | str) -> None:
        self.set(name, value)

    # sync-only: the language has no way to await these
    def __delitem__(self, name: str) -> None:
        self.unset(name)

    # sync-only: the language has no way to await these
    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    # sync-only: the language has no way to await these
    def __len__(self) -> int:
        return len(self.all)

    # sync-only: the language has no way to await these
    def __contains__(self, name: object) -> bool:
        return name in self.all


def _value(text: str) -> Any:
    if not re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text):
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)
