"""A queue: put, pop, complete many, look, pause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from pyjobs import calls, items, options, plans, schedules, stats
from pyjobs.calendars import UTC, Between, Calendar, TimeZone
from pyjobs.calls import QueueCounts, TenantCounts
from pyjobs.errors import InvalidArgument
from pyjobs.items import DeadItems
from pyjobs.jids import Jid, Jids
from pyjobs.job import Job
from pyjobs.options import JobOptions, ScheduleOptions, Seconds
from pyjobs.putting import prepare
from pyjobs.snapshot import Snapshot
from pyjobs.stats import QueueStats

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs.client import Client

J = TypeVar("J")

WhenFull = Literal["reject", "drop-oldest"]
CAPS = ("max-jobs", "max-bytes", "when-full")


@dataclass(frozen=True, slots=True)
class Caps:
    """What a queue may hold; None: any number."""

    jobs: int | None
    bytes: int | None
    when_full: str


class Queue:
    """A queue of a namespace; it comes into being with its first job."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.name = options.text(name, "queue")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def put(self, klass: Any, data: Any = None, **given: Unpack[JobOptions]) -> Jid:
        """Put a job; returns its jid, or with `unique` that of the job which does the work.

        The jid's `outcome` is created, merged (into the unique job that was there), replaced or
        kept (that of the same jid).

        `klass` is a job class, its import path, or None for a plain data item. `data` is anything
        that msgpack carries. See JobOptions for the options. Safe to repeat: after OutcomeUnknown,
        put again with the jid that the exception names.
        """
        put = prepare(self.name, klass, data, given)
        answer = self._client.run(put.call if put.whole else put.plan())
        return Jid.answered(put.jid, answer)

    def put_many(self, jobs: Iterable[Mapping[str, Any]], *, atomic: bool = False) -> Jids:
        """Put any number of jobs, in order; returns their jids, as a list that has `outcomes`.

        A job is a mapping of `klass`, `data` and options. They go in slices of up to 100 jobs or
        256 kB, each put as a whole or not at all; with `atomic` all must fit into one slice.
        """
        puts = (
            prepare(
                self.name,
                job.get("klass"),
                job.get("data"),
                {name: value for name, value in job.items() if name not in {"klass", "data"}},
            )
            for job in jobs
        )
        return self._client.run(plans.put_many(puts, atomic))

    def recur(
        self,
        klass: Any,
        data: Any = None,
        *,
        interval: Seconds,
        offset: Seconds = 0,
        between: Between | None = None,
        tz: TimeZone = UTC,
        **given: Unpack[ScheduleOptions],
    ) -> str:
        """Make a job every `interval` seconds, the first `offset` seconds from now.

        `between`: only from one time of day until before another, as ("08:00", "18:30"), in the
        time zone `tz`. See ScheduleOptions; what was missed is made up for, if `missed` says
        nothing else. Returns the template's jid; `client.jobs[jid]` is a RecurringJob.
        """
        length = options.milliseconds(interval, "interval")
        calendar = None if between is None else Calendar.of_interval(length, tz, between)
        timing = schedules.Timing(length, options.milliseconds(offset, "offset"), calendar)
        return self._client.run(schedules.recur(self.name, klass, data, timing, given))

    def cron(
        self,
        klass: Any,
        data: Any,
        expression: str,
        *,
        tz: TimeZone = UTC,
        between: Between | None = None,
        offset: Seconds = 0,
        **given: Unpack[ScheduleOptions],
    ) -> str:
        """Make a job whenever a cron expression of five fields says so, by the clocks of `tz`.

        `between` and `offset` as for `recur`. See ScheduleOptions; `missed` is `one` by default.
        Needs `pyjobs[cron]`, here and in a worker. Returns the template's jid; the same jid again
        replaces it, and its moments go on if it is the same calendar.
        """
        calendar = Calendar.of_cron(expression, tz, between)
        timing = schedules.Timing(0, options.milliseconds(offset, "offset"), calendar)
        if "missed" not in given:
            given["missed"] = "all" if given.get("backlog") else "one"
        return self._client.run(schedules.recur(self.name, klass, data, timing, given))

    @overload
    def pop(
        self, count: None = None, *, wait: float = 0, lease: Seconds | None = None
    ) -> Job | None: ...
    @overload
    def pop(self, count: int, *, wait: float = 0, lease: Seconds | None = None) -> list[Job]: ...
    def pop(
        self, count: int | None = None, *, wait: float = 0, lease: Seconds | None = None
    ) -> Job | list[Job] | None:
        """Pop a job, or None when there is none; with `count` (1 to 100) a list of up to so many.

        `wait`: seconds to block until there is one. `lease`: seconds for which the jobs are handed
        out, 0 for good; default: the job's, the queue's, the setting's.
        """
        most = 1 if count is None else count
        found = self._client.pop([self.name], most, wait=wait, lease=lease)
        if count is None:
            return found[0] if found else None
        return found

    def complete(
        self,
        jobs: Iterable[Job],
        next_queue: str | None = None,
        *,
        pop: int = 0,
        atomic: bool = False,
        lease: Seconds | None = None,
    ) -> Completed[Job]:
        """Complete many jobs in as few calls as can be, and pop the next `pop` ones with the last.

        One lost job does not stop the others, unless `atomic`: then all or none are completed.
        """
        members = [job.completing(next_queue) for job in jobs]
        if not pop:
            return Completed(self._client.run(plans.settle(members, atomic)), [])
        answers, popped = self._client.run(
            plans.settle_and_pop(
                members,
                atomic,
                self._client.worker_name,
                self._client.requests,
                [self.name],
                options.integer(pop, "pop"),
                None if lease is None else options.milliseconds(lease, "lease"),
            )
        )
        return Completed(answers, [Job(self._client, snapshot) for snapshot in popped])

    @overload
    def peek(self, count: None = None, offset: int = 0) -> Job | None: ...
    @overload
    def peek(self, count: int, offset: int = 0) -> list[Job]: ...
    def peek(self, count: int | None = None, offset: int = 0) -> Job | list[Job] | None:
        """Look at the job that the next pop would hand out, or at a list of up to `count`.

        `count` is 1 to 1,000; more than 100 are looked at in slices.
        """
        most = 1 if count is None else items.number(count)
        found = self._client.run(items.peek(self.name, most, offset))
        jobs = [Job(self._client, snapshot) for snapshot in found]
        if count is None:
            return jobs[0] if jobs else None
        return jobs

    # Items without code

    def put_data(
        self, data: Iterable[Any], *, atomic: bool = False, **given: Unpack[JobOptions]
    ) -> list[str]:
        """Put any number of plain items, in order, all with the same options; returns their jids.

        They go in slices, as those of `put_many`.
        """
        return self._client.run(plans.put_many(items.puts(self.name, data, given), atomic))

    def get(self, count: int = 1, *, lease: Seconds | None = None, wait: Seconds = 0) -> list[Job]:
        """Get up to `count` (1 to 1,000) items under a lease of so many seconds.

        An item that is not `done` when its lease ends comes to somebody else, as often as it has
        retries. `wait`: seconds to block until there is any. They come in slices of up to 100.
        """
        length = None if lease is None else options.milliseconds(lease, "lease")
        if length == 0:
            raise InvalidArgument("lease: 0 would keep the items for ever; take hands them over")
        blocks = options.milliseconds(wait, "wait") / 1000
        worker, requests, names = self._client.worker_name, self._client.requests, [self.name]

        def ask(most: int, first: bool) -> plans.Plan[list[Snapshot]]:
            return plans.pop(worker, requests, names, most, length, blocks if first else 0)

        found = self._client.run(items.gathered(items.number(count), ask))
        return [Job(self._client, snapshot) for snapshot in found]

    def take(self, count: int = 1, *, wait: Seconds = 0) -> list[Job]:
        """Take up to `count` (1 to 1,000) items for good: they leave the system at once.

        At most once: what its taker does not get done is lost. `wait` as for `get`. They come in
        slices of up to 50.
        """
        blocks = options.milliseconds(wait, "wait") / 1000
        worker, requests = self._client.worker_name, self._client.requests
        receipts = self._client.receipts

        def ask(most: int, first: bool) -> plans.Plan[list[Snapshot]]:
            left = blocks if first else 0
            return items.take(worker, requests, receipts, self.name, most, left)

        plan = items.gathered(items.number(count), ask, items.TAKEN)
        found = self._client.run(plan)
        taken = [Job(self._client, snapshot) for snapshot in found]
        for job in taken:
            job.became("complete")
        return taken

    def refresh(self, jobs: Iterable[Job], lease: Seconds | None = None) -> list[Job]:
        """Prolong the leases of items, counted from now; returns those that are still held."""
        held = list(jobs)
        length = None if lease is None else options.milliseconds(lease, "lease")
        plan = plans.heartbeat(self._client.worker_name, [job.lease for job in held], length)
        kept = items.kept(held, self._client.run(plan))
        for job, ends in kept:
            job.renewed(ends)
        return [job for job, _ in kept]

    def done(self, jobs: Iterable[Job]) -> list[Job]:
        """Be done with items of any iterable; returns those that were still held.

        The others had lost their leases: they were, or will be, handed out again.
        """
        held = list(jobs)
        plan = plans.settle([job.completing() for job in held], False)
        ended = items.kept(held, self._client.run(plan))
        for job, state in ended:
            job.became(state)
        return [job for job, _ in ended]

    @property
    def dead(self) -> DeadItems:
        """What has failed, mostly for want of further retries: to be put back or dropped."""
        return DeadItems(self._client, self.name)

    def clear(self) -> int:
        """Cancel what waits or is scheduled, in slices; returns how many. What is held stays."""
        return self._client.run(items.clear(self.name))

    def pause(self) -> None:
        """Let pops find nothing until `unpause`."""
        self._client.run(calls.pause([self.name]))

    def unpause(self) -> None:
        """Serve the queue again."""
        self._client.run(calls.unpause([self.name]))

    def unfail(self, group: str, count: int | None = None) -> int:
        """Put failed jobs of a group into this queue, all or so many, oldest first."""
        return self._client.run(plans.unfail_group(group, self.name, count))

    def forget(self) -> None:
        """Drop the queue from the registry; refused with WrongState when it holds anything."""
        self._client.run(calls.forget([self.name]))

    @property
    def counts(self) -> QueueCounts:
        """How many jobs there are in each state."""
        _, counts = self._client.run(calls.queues(names=[self.name]))
        return counts[0] if counts else QueueCounts(self.name, False, None, *[0] * 9)

    # sync-only: a length cannot be awaited
    def __len__(self) -> int:
        """Waiting, throttled, scheduled, blocked and running jobs."""
        counts = self.counts
        runnable = counts.waiting + counts.throttled + counts.scheduled
        return runnable + counts.depends + counts.running + counts.stalled

    def __bool__(self) -> bool:
        """Return True: a queue is one also when it is empty."""
        return True

    @property
    def heartbeat(self) -> float:
        """Seconds that a lease lasts: the queue's own, else the setting."""
        settings = self._client.run(calls.settings([f"heartbeat-{self.name}"]))
        return float(settings[f"heartbeat-{self.name}"])

    # sync-only: an assignment cannot be awaited
    @heartbeat.setter
    def heartbeat(self, seconds: Seconds | None) -> None:
        self.set_heartbeat(seconds)

    def set_heartbeat(self, seconds: Seconds | None) -> None:
        """Give the queue's leases a length of their own; None: by the setting again."""
        value = "" if seconds is None else str(options.milliseconds(seconds, "heartbeat") / 1000)
        self._client.run(calls.configure(f"heartbeat-{self.name}", value))

    @property
    def caps(self) -> Caps:
        """What the queue may hold of jobs that have not ended."""
        names = [f"{setting}-{self.name}" for setting in CAPS]
        found = self._client.run(calls.settings(names))
        jobs, size, when_full = (found[name] for name in names)
        return Caps(int(jobs) or None, int(size) or None, when_full)

    def cap(
        self,
        jobs: int | None = None,
        bytes: int | None = None,  # noqa: A002 - the word for what is counted
        *,
        when_full: WhenFull = "reject",
    ) -> None:
        """Let the queue hold so many jobs that have not ended, and so many bytes of their data.

        None: any number. `when_full`: a put is refused with QueueFull (`reject`), or the oldest of
        the least urgent waiting jobs are cancelled (`drop-oldest`).
        """
        numbers = options.cap(jobs, "jobs"), options.cap(bytes, "bytes")
        values = [*numbers, options.word(when_full, "when_full")]
        members = [
            calls.configure(f"{setting}-{self.name}", value)
            for setting, value in zip(CAPS, values, strict=True)
        ]
        self._client.run(plans.settle(members, atomic=True))

    def stats(self, date: dt.date | dt.datetime | float | None = None) -> QueueStats:
        """Return counts and times of a UTC day: a date, a moment in seconds, or None for today."""
        day = None if date is None else _day(date)
        return stats.read(self._client.run(calls.stats(self.name, day)))

    def tenants(self) -> list[TenantCounts]:
        """Return the tenants with jobs waiting here, by name; none if no job ever had a tenant."""
        return self._client.run(plans.pages(lambda cursor: calls.tenants(self.name, cursor)))

    @property
    def jobs(self) -> QueueJobs:
        """The queue's jobs by state."""
        return QueueJobs(self._client, self.name)


def _day(date: dt.date | dt.datetime | float) -> int:
    if isinstance(date, dt.datetime):
        date = options.moment(date, "date") / 1000
    if isinstance(date, dt.date):
        return (date - dt.date(1970, 1, 1)).days
    return int(options.moment(date, "date") // 86_400_000)


class Completed(list["str | Exception"], Generic[J]):
    """The outcome of each job, its state or the exception; `jobs` are those popped with it."""

    def __init__(self, outcomes: Iterable[str | Exception], jobs: list[J]) -> None:
        super().__init__(outcomes)
        self.jobs = jobs

    def raise_lost(self) -> None:
        """Raise the first exception among the outcomes, if there is one."""
        for outcome in self:
            if isinstance(outcome, Exception):
                raise outcome


class QueueJobs:
    """Jids of a queue's jobs in each state, from `offset` on, up to `count` of them."""

    def __init__(self, client: Client, queue: str) -> None:
        self._client = client
        self._queue = queue

    def in_state(self, state: str, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of the jobs in this state."""
        name = options.text(state, "state")

        def page(cursor: str, most: int) -> calls.Call[tuple[str, list[str]]]:
            return calls.jobs(self._queue, name, cursor, most)

        return self._client.run(plans.listing(page, offset, count))

    def waiting(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids in the order in which they will be popped."""
        return self.in_state("waiting", offset, count)

    def running(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids by the end of their leases."""
        return self.in_state("running", offset, count)

    def stalled(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids whose lease has run out, which no pop has noticed yet."""
        return self.in_state("stalled", offset, count)

    def scheduled(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids by the moment at which they become due."""
        return self.in_state("scheduled", offset, count)

    def throttled(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids that a limit or an order key holds up, by priority and age."""
        return self.in_state("throttled", offset, count)

    def depends(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids that wait for other jobs."""
        return self.in_state("depends", offset, count)

    def recurring(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of the recurring jobs by their next moment."""
        return self.in_state("recurring", offset, count)

    def complete(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of complete jobs, newest first."""
        return self.in_state("complete", offset, count)

    def failed(self, offset: int = 0, count: int = 25) -> list[str]:
        """Jids of failed jobs, newest first."""
        return self.in_state("failed", offset, count)
