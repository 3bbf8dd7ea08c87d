"""What a client shows of a namespace: its jobs, queues, workers and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyjobs import calls, options, plans
from pyjobs.calls import QueueCounts, WorkerCounts
from pyjobs.errors import JobNotFound
from pyjobs.job import Job
from pyjobs.options import Reference
from pyjobs.queue import Queue
from pyjobs.recurring import RecurringJob

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
            self._client.run(calls.pause(names))

    def unpause(self, *names: str) -> None:
        """Serve these queues again."""
        if names:
            self._client.run(calls.unpause(names))


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
        return self._client.run(calls.deregister(names)) if names else 0


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
        self._client.run(calls.configure(options.text(name, "setting"), str(value)))

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
