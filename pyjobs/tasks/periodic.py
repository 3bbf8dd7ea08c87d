"""Functions that run by a schedule: declared by a decorator, written by workers or `Tasks.sync`.

A schedule is a recurring job whose jid says which function it is of, and by a digest what was
declared; so one that is there already goes on undisturbed, and one that was changed is another.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pyjobs import options
from pyjobs.calendars import UTC, Calendar
from pyjobs.errors import InvalidArgument

if TYPE_CHECKING:
    from pyjobs.client import Client
    from pyjobs.queue import Queue
    from pyjobs.tasks.task import Task

PREFIX = "periodic:"
"""How the jids of periodic functions begin."""

PAGE = 100


class Synced(NamedTuple):
    """Jids of the recurring jobs that were written, and of those that were ended."""

    added: list[str]
    removed: list[str]


@dataclass(frozen=True)
class Schedule:
    """When a function is to run: every so many seconds, or by a cron expression."""

    interval: options.Seconds | None = None
    offset: options.Seconds | None = None
    cron: str = ""
    tz: Any = None
    given: Mapping[str, Any] = field(default_factory=dict)
    """The options that only a schedule has."""

    def refuse_nonsense(self) -> None:
        """Raise InvalidArgument for what cannot be a schedule."""
        if self.interval is not None and not options.milliseconds(self.interval, "every"):
            raise InvalidArgument("every: must be at least a millisecond")
        if self.offset is not None:
            options.milliseconds(self.offset, "offset")
        if self.interval is None:
            Calendar.of_cron(self.cron, self.tz or UTC, self.given.get("between"))

    def write(self, queue: Queue, klass: str, data: Any, jid: str, given: dict[str, Any]) -> None:
        """Make the recurring job."""
        given = {**given, **self.given, "jid": jid}
        if self.interval is not None:
            offset = self.interval if self.offset is None else self.offset
            queue.recur(klass, data, interval=self.interval, offset=offset, **given)
            return
        zone = {} if self.tz is None else {"tz": self.tz}
        queue.cron(klass, data, self.cron, **zone, **given)


def refuse_arguments(task: Task[..., Any]) -> None:
    """Raise InvalidArgument for a function that has to be given something."""
    needs = ", ".join(task.signature.needs)
    if needs:
        raise InvalidArgument(f"{task.signature}: needs {needs}, and a schedule gives nothing")


def jid_of(task: Task[..., Any]) -> str:
    """Return the jid of a function's recurring job."""
    declared = (task.schedule, task.settings.get("queue"), sorted(task.settings.put.items()))
    digest = hashlib.sha256(repr(declared).encode()).hexdigest()[:8]
    return f"{PREFIX}{task.path}:{digest}"


def sync(
    client: Client,
    tasks: Iterable[Task[..., Any]],
    others: Iterable[Task[..., Any]],
    known: Iterable[str],
) -> Synced:
    """Write the schedules of these functions that are not there, and end those that are gone.

    Gone is one whose module is loaded here, or below one of the packages `known`, and that is
    declared neither here nor by the `others`. All else may be of another program.
    """
    declared = {jid_of(task): (task, task.schedule) for task in tasks if task.schedule is not None}
    there = set(_there(client))
    further = {jid_of(task) for task in others if task.schedule is not None}
    removed = [
        jid
        for jid in sorted(there - declared.keys() - further)
        if _is_known(_path(jid), tuple(known))
    ]
    added = sorted(declared.keys() - there)
    for jid in added:
        task, schedule = declared[jid]
        queue = client.queue(task.settings.get("queue"))
        task.refuse_unreachable()
        schedule.write(queue, task.path, [[], {}], jid, task.settings.put)
    for jid in removed:
        client.jobs[jid].cancel()
    return Synced(added, removed)


def _there(client: Client) -> Iterator[str]:
    """Give the jids of all periodic functions that have a schedule."""
    for counts in client.queues.counts:
        for offset in range(0, counts.recurring, PAGE):
            page = client.queue(counts.name).jobs.recurring(offset, PAGE)
            yield from (jid for jid in page if jid.startswith(PREFIX))


def _path(jid: str) -> str:
    return jid.removeprefix(PREFIX).rpartition(":")[0]


def _is_known(path: str, packages: tuple[str, ...]) -> bool:
    """Whether a function would be declared here if there were one."""
    if any(path.startswith(f"{package}.") for package in packages):
        return True
    module, _, rest = path.rpartition(".")
    while module not in sys.modules:
        module, _, last = module.rpartition(".")
        if not module:
            return False
        rest = f"{last}.{rest}"
    # Below a package it may be of a module that is not loaded here.
    return "." not in rest or not hasattr(sys.modules[module], "__path__")
