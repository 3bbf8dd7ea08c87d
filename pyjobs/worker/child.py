"""What a process of `pyjobs worker` does: it runs a Worker, and follows its supervisor's orders."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import socket
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pyjobs.client import Client
from pyjobs.errors import InvalidArgument, PyjobsError, ServerError
from pyjobs.hooks import Hooks
from pyjobs.library import library
from pyjobs.tasks import known, tasks
from pyjobs.worker import logs, reporting
from pyjobs.worker.link import Link, News, Order
from pyjobs.worker.options import WorkerOptions
from pyjobs.worker.process import REFUSED, leave
from pyjobs.worker.reloading import Reloading
from pyjobs.worker.resuming import resume, worker_name
from pyjobs.worker.sandbox import Sandboxes
from pyjobs.worker.surroundings import Surroundings
from pyjobs.worker.titles import set_title
from pyjobs.worker.worker import Worker

log = logging.getLogger(__name__)

LONG = 86_400.0
"""Seconds for the jobs of a process that has grown too large: they did nothing wrong."""


@dataclass(frozen=True, kw_only=True)
class Duties:
    """What every process has to do. `connect` makes the client of a worker of that name.

    `prepare` imports what the jobs need, and returns further hooks; `name` is put before the
    process' own, `max_memory` is in bytes.
    """

    connect: Callable[[str], Client]
    options: WorkerOptions
    prepare: Callable[[], tuple[Hooks, ...]] = tuple
    name: str = ""
    workdir: Path | None = None
    resume: bool = False
    reload: bool = False
    max_memory: int | None = None

    def work(self, link: Link) -> int:
        """Be a worker process; returns its exit status."""
        set_title(f"{link.number} starts")
        if self.options.pool == "greenlets":
            _patch()
        try:
            hooks = self.prepare()
            self._refuse_small_limit()
        except PyjobsError as error:
            log.error("%s", error)  # noqa: TRY400 - it says it all
            return REFUSED
        try:
            return self._work(link, hooks)
        except PyjobsError as error:
            log.error("worker %d: %s", link.number, error)  # noqa: TRY400
            return 1

    def _refuse_small_limit(self) -> None:
        occupied = reporting.memory()
        if self.max_memory is not None and occupied > self.max_memory:
            raise InvalidArgument(
                f"max_memory: {self.max_memory >> 20} MB are less than a process occupies "
                f"before its first job: {occupied >> 20} MB"
            )

    def _work(self, link: Link, further: tuple[Hooks, ...]) -> int:
        name = worker_name(self.name)
        with self.connect(name) as client, ExitStack() as stack:
            hooks = [logs.hooks]
            reloading = Reloading() if self.reload else None
            if reloading is not None:
                hooks.append(reloading.hooks)
            if self.workdir is not None:
                sandboxes = Sandboxes(self.workdir, name, inside=self.options.pool == "sync")
                stack.callback(sandboxes.close)
                hooks.append(sandboxes.hooks)
            child = Child(client, self, link, reloading)
            options = dataclasses.replace(
                self.options, hooks=(*hooks, *self.options.hooks, *further)
            )
            child.worker = Worker(client, options, surroundings=child)
            return child.run()


def _patch() -> None:
    """Let what is imported from here on, and redis-py, wait as greenlets do."""
    from gevent import monkey  # noqa: PLC0415 - of an optional extra

    with warnings.catch_warnings():
        # redis.asyncio has taken what it needs of ssl; its event loops run in real threads.
        warnings.simplefilter("ignore", monkey.MonkeyPatchWarning)
        monkey.patch_all()


class Child(Surroundings):
    """The ties between a worker, its process, and its supervisor."""

    worker: Worker

    def __init__(
        self, client: Client, duties: Duties, link: Link, reloading: Reloading | None
    ) -> None:
        self._client = client
        self._duties = duties
        self._link = link
        self._reloading = reloading
        self._started = time.time()
        self._too_large = False

    def run(self) -> int:
        """Work until the supervisor, a signal or a limit says otherwise; returns the status."""
        signal.signal(signal.SIGTERM, lambda *_: self.worker.stop())
        self._link.obey(self._follow)
        return self.worker.run()

    def _follow(self, order: Order) -> None:
        worker = self.worker
        if order is Order.DRAIN:
            worker.stop()
        elif order is Order.STOP:
            worker.stop(0)
        elif order is Order.PAUSE:
            worker.pause()
        else:
            worker.resume()

    # What the worker says

    def pulse(self) -> None:
        """Tell the supervisor, and look at what this process has become."""
        self._link.tell(News.PULSE)
        set_title(
            f"{self._link.number}, {len(self.worker.running)} running, "
            f"{sum(self.worker.counts.values())} done"
        )
        limit = self._duties.max_memory
        if limit is not None and not self._too_large and reporting.memory() > limit:
            self._too_large = True
            log.info(
                "worker %d has grown to %d MB: it leaves after its jobs",
                *(self._link.number, reporting.memory() >> 20),
            )
            self.worker.stop(LONG)

    def up(self) -> None:
        """Tell the supervisor, and give back what dead processes of this host hold."""
        self._link.tell(News.UP)
        if self._duties.resume:
            try:
                resume(self._client)
            except ServerError as error:
                log.warning("jobs of dead processes are left to their leases: %s", error)

    def leaving(self) -> None:
        """Tell the supervisor."""
        self._link.tell(News.LEAVING)

    def stuck(self, status: int) -> None:
        """End the process: a job's thread would not let it."""
        leave(status)

    def about(self) -> bytes:
        """Describe the process."""
        worker = self.worker
        facts = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "place": self._link.number,
            "version": reporting.version(),
            "library": library().name,
            "started": self._started,
            "memory": reporting.memory(),
            "pool": worker.options.pool,
            "slots": worker.options.slots,
            "paused": worker.paused,
            "counts": dict(worker.counts),
        }
        return reporting.packed(
            facts,
            running=worker.running,
            queues=worker.serving,
            klasses=known.published(tasks.loaded()),
        )

    def stale(self) -> bool:
        """Whether a job's code has changed."""
        return self._reloading is not None and self._reloading.stale()

    def renew(self) -> None:
        """Load changed code."""
        if self._reloading is not None:
            self._reloading.renew()
