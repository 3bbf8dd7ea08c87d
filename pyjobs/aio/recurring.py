"""`pyjobs/recurring.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from pyjobs import calls, codec, naming, options, schedules
from pyjobs.calendars import Between, Calendar, TimeZone
from pyjobs.errors import InvalidArgument
from pyjobs.options import Moment, RunOptions, Seconds
from pyjobs.putting import named

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs.aio.client import AsyncClient


class AsyncRecurringJob:
    """A template from which the engine makes jobs: every `interval` seconds, or by a calendar."""

    def __init__(self, client: AsyncClient, template: calls.Template) -> None:
        self._client = client
        self._template = template

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.klass_name} {self.jid} {self.timing} "
            f"in {self.queue_name!r}>"
        )

    @property
    def jid(self) -> str:
        """The template's id; the jobs that it makes have ids of their own."""
        return self._template.jid

    @property
    def queue_name(self) -> str:
        """Name of the queue that its jobs go into."""
        return self._template.queue

    @property
    def klass_name(self) -> str:
        """Import path of the job class."""
        return self._template.klass

    @property
    def klass(self) -> type:
        """The job class, imported."""
        return naming.resolve(self.klass_name)

    @property
    def data(self) -> Any:
        """The data that each job gets."""
        return codec.decode(self._template.payload)

    @property
    def interval(self) -> float | None:
        """Seconds from one job to the next; None: by `cron`."""
        if not self._template.calendar:
            return self._template.interval / 1000
        interval = self._calendar.interval
        return None if interval is None else interval / 1000

    @property
    def cron(self) -> str | None:
        """The cron expression, if there is one."""
        return self._calendar.cron if self._template.calendar else None

    @property
    def tz(self) -> str | None:
        """The time zone of `cron` and `between`."""
        return self._calendar.tz if self._template.calendar else None

    @property
    def between(self) -> tuple[str, str] | None:
        """The times of day between which jobs are made, if only then."""
        return self._calendar.between if self._template.calendar else None

    @property
    def timing(self) -> str:
        """Say in words when jobs are made."""
        calendar = self._template.calendar
        return schedules.described(calendar) if calendar else f"every {self.interval:g} s"

    @property
    def _calendar(self) -> Calendar:
        try:
            return Calendar.read(self._template.calendar)
        except InvalidArgument:
            return Calendar()

    @property
    def next(self) -> float:
        """When the next job is due, in seconds since the epoch; 0: not known, or never."""
        return self._template.next / 1000

    @property
    def moments(self) -> list[float]:
        """When the next jobs are due, up to ten; seconds since the epoch."""
        if self.paused or self.over is not None:
            return []
        found = self._template.moments
        if not self._template.calendar:
            first, interval = self._template.next, self._template.interval
            found = [first + number * interval for number in range(10)]
        last = self._template.until or math.inf
        room = 10 if self.left is None else self.left
        return [moment / 1000 for moment in found if moment <= last][:room]

    @property
    def count(self) -> int:
        """How many jobs were made."""
        return self._template.count

    @property
    def left(self) -> int | None:
        """How many more jobs it makes; None: without end."""
        most = self._template.most
        return max(most - self.count, 0) if most else None

    @property
    def until(self) -> float | None:
        """No job is made for a slot after this; seconds since the epoch."""
        return self._template.until / 1000 or None

    @property
    def over(self) -> float | None:
        """Since when no job will be made any more; seconds since the epoch."""
        return self._template.over / 1000 or None

    @property
    def missed(self) -> str:
        """What becomes of slots that no worker came for in time: skip, one or all."""
        return self._template.missed

    @property
    def overlap(self) -> str:
        """What becomes of a slot while the job before runs: allow, skip, queue or replace."""
        return self._template.overlap

    @property
    def last(self) -> str | None:
        """Jid of the newest job, which is noted if there is an overlap policy."""
        return self._template.last or None

    @property
    def waits_for_refill(self) -> bool:
        """Whether no further moment is known: a worker with `pyjobs[cron]` has to say which."""
        return self._template.dark

    @property
    def backlog(self) -> int:
        """How many jobs that were missed are made up for; 0: all."""
        return self._template.backlog

    @property
    def priority(self) -> int:
        """Priority of the jobs."""
        return self._template.priority

    @property
    def retries(self) -> int:
        """Further attempts that each job has."""
        return self._template.retries

    @property
    def tags(self) -> list[str]:
        """Tags of the jobs."""
        return list(self._template.tags)

    @property
    def paused(self) -> bool:
        """Whether it makes no jobs for now."""
        return self._template.paused

    @property
    def state(self) -> str:
        """Always `recurring`."""
        return "recurring"

    async def update(
        self,
        *,
        interval: Seconds | None = None,
        cron: str | None = None,
        between: Between | None = None,
        tz: TimeZone | None = None,
        data: Any = None,
        klass: Any = None,
        queue: str | None = None,
        priority: int | None = None,
        retries: int | None = None,
        tags: list[str] | None = None,
        until: Moment | None = None,
        count: int | None = None,
        missed: str | None = None,
        backlog: int | None = None,
        overlap: str | None = None,
        paused: bool | None = None,
        **run: Unpack[RunOptions],
    ) -> None:
        """Change what is given, all of it or nothing.

        `cron` or `interval` change the timing, together with `between` and `tz`. `until` and
        `count` are 0 for no end.
        """
        told = {
            "priority": priority,
            "retries": retries,
            "tags": tags,
            "until": until,
            "count": count,
            "missed": missed,
            "backlog": backlog,
            "overlap": overlap,
        }
        wire: dict[str, Any] = {
            **schedules.changed_timing(interval, cron, between, tz),
            **options.carried(told),
            "klass": None if klass is None else naming.class_path(klass),
            "queue": None if queue is None else options.text(queue, "queue"),
            "paused": paused,
            **options.carried(named(run)),
        }
        packed = options.pack({name: value for name, value in wire.items() if value is not None})
        payload = b"" if data is None else codec.encode(data)
        await self._client.run(schedules.update(self.jid, packed, payload, "calendar" in wire))
        (template,) = await self._client.run(calls.recurring([self.jid]))
        if template is not None:
            self._template = template

    async def move(self, queue: str) -> None:
        """Let its jobs go into another queue."""
        await self._client.run(
            calls.recur_update(self.jid, options.pack({"queue": options.text(queue, "queue")}))
        )

    async def pause(self) -> None:
        """Make no jobs until `unpause`."""
        await self._client.run(calls.recur_update(self.jid, options.pack({"paused": True})))

    async def unpause(self) -> None:
        """Make jobs again, in the old rhythm, without making up for the pause."""
        await self._client.run(calls.recur_update(self.jid, options.pack({"paused": False})))

    async def tag(self, *tags: str) -> None:
        """Put tags on the jobs that are made from now on."""
        wire = {
            "tags": [
                *self.tags,
                *(tag for tag in options.texts(tags, "tags") if tag not in self.tags),
            ]
        }
        await self._client.run(calls.recur_update(self.jid, options.pack(wire)))
        self._template = dataclasses.replace(self._template, tags=wire["tags"])

    async def untag(self, *tags: str) -> None:
        """Take tags off the jobs that are made from now on."""
        wire = {"tags": [tag for tag in self.tags if tag not in tags]}
        await self._client.run(calls.recur_update(self.jid, options.pack(wire)))
        self._template = dataclasses.replace(self._template, tags=wire["tags"])

    async def cancel(self) -> None:
        """End it; jobs that were made stay."""
        await self._client.run(calls.unrecur(self.jid))
