"""A workbench for tests of code that uses pyjobs: clients, a clock, and what was put."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from unittest.mock import ANY

from pyjobs import calls, codec, immediate, naming
from pyjobs.aio.client import AsyncClient
from pyjobs.aio.events import AsyncEvents
from pyjobs.client import Client
from pyjobs.errors import EncodingError
from pyjobs.events import Events
from pyjobs.immediate import AsyncImmediateClient, ImmediateClient
from pyjobs.job import Job
from pyjobs.options import Moment
from pyjobs.testing.clock import Clock
from pyjobs.testing.server import throwaway_server

if TYPE_CHECKING:
    from typing_extensions import Self

SHOWN = 20
"""Puts that a failed assertion names."""


@dataclass(frozen=True)
class Put:
    """A job that was put; `klass` is its import path, empty for a plain data item."""

    jid: str
    queue: str
    klass: str
    data: Any
    priority: int
    tags: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.klass or 'data'} {self.data!r} in {self.queue!r}"


class Bound(Protocol):
    """What puts jobs by a client that it is told."""

    def init(self, client: Any, /) -> None:
        """Say by which client jobs are put from now on."""


class Workbench:
    """A namespace of its own on a server, whose time is turned by hand; a context manager.

    `url` is the server's address; default: a throwaway server, which takes a moment to start.
    `immediate`: jobs run when they are put, before `put` returns. `start` is what the clock shows
    at first; default: now. All that was there is deleted at the end.
    """

    def __init__(
        self, url: str | None = None, *, immediate: bool = False, start: Moment | None = None
    ) -> None:
        self._closing = ExitStack()
        self._url = self._closing.enter_context(throwaway_server()) if url is None else url
        self._immediate = immediate
        self.namespace = f"workbench-{secrets.token_hex(8)}"
        self.clock = Clock(start)
        """The engine's time; `advance` of the workbench also runs what becomes due."""
        self.client: Client = self._client(Client, ImmediateClient)
        """A client of the namespace."""
        self._cursor = "0"
        self._puts: list[Put] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.namespace!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete what is there; clients that were adopted are as they were before."""
        with self._closing:
            immediate.erase(self.client.server, f"{{{self.namespace}/", os.getpid())
            self.client.close()

    def _client(self, plain: Any, at_once: Any) -> Any:
        given = {"namespace": self.namespace, "now": self.clock}
        return (
            at_once(self._url, own=False, **given) if self._immediate else plain(self._url, **given)
        )

    def async_client(self) -> AsyncClient:
        """Return a new async client of the namespace, for an `async with`."""
        client: AsyncClient = self._client(AsyncClient, AsyncImmediateClient)
        return client

    def adopt(self, client: Client | AsyncClient | Bound) -> None:
        """Let a client that the code under test has made work here, until the end.

        Everything that holds this client, its queues for example, goes with it. What is bound to a
        client by `init`, as Tasks are, is bound to that of this bench.
        """
        before = dict(vars(client))
        if isinstance(client, (Client, AsyncClient)):
            self._move_in(client)
        else:
            client.init(self.client)

        def restore() -> None:
            for name in vars(client).keys() - before:
                del vars(client)[name]
            vars(client).update(before)

        self._closing.callback(restore)

    def _move_in(self, client: Client | AsyncClient) -> None:
        here: Any = self.client if isinstance(client, Client) else self.async_client()
        names = ("namespace", "server", "_engine", "_connections", "immediate", "run")
        vars(client).update({name: getattr(here, name) for name in names})
        if self._immediate:
            vars(client)["twin"] = here.twin
        events = Events(client) if isinstance(client, Client) else AsyncEvents(client)
        vars(client)["events"] = events

    # Running

    def run_until_idle(self, queues: Collection[str] | None = None) -> int:
        """Run what can be run now, and what that puts; returns how many attempts that were.

        Of these queues, or of all. Plain data items are left to whom they are for.
        """
        self._note_puts()
        return immediate.work(self.client, queues)

    async def arun_until_idle(self, queues: Collection[str] | None = None) -> int:
        """As run_until_idle, in the event loop that runs."""
        self._note_puts()
        async with self.async_client() as client:
            return await immediate.work_async(client, queues)

    def advance(self, seconds: float = 0, **parts: float) -> int:
        """Turn the clock forward, and run at each moment on the way what is due at it.

        By seconds, or by what `timedelta` takes: `days=7`. Returns how many attempts were run.
        """
        return sum(self.run_until_idle() for _ in self._moments(seconds, parts))

    async def aadvance(self, seconds: float = 0, **parts: float) -> int:
        """As advance, in the event loop that runs."""
        ran = 0
        for _ in self._moments(seconds, parts):
            ran += await self.arun_until_idle()
        return ran

    def _moments(self, seconds: float, parts: dict[str, float]) -> Iterator[None]:
        target = Clock(self.clock.time)
        target.advance(seconds, **parts)
        while True:
            yield
            due = self.client.run(calls.due())
            if not due or due > target():
                break
            self.clock.set(max(due, self.clock() + 1) / 1000)
        self.clock.set(target.time)
        yield

    # What has happened

    @property
    def puts(self) -> list[Put]:
        """All that was put since the beginning or `forget_puts`, also by jobs and schedules.

        With its data as they are when this is looked at, or when jobs were last run.
        """
        self._note_puts()
        return list(self._puts)

    def forget_puts(self) -> None:
        """Begin anew with noting what is put."""
        self._note_puts()
        self._puts.clear()

    def _note_puts(self) -> None:
        while events := self.client.events.read(self._cursor):
            self._cursor = events[-1].cursor
            queues = {event.jid: event.queue for event in events if event.what == "put"}
            found = self.client.jobs.get(*queues)
            self._puts += [_put(job, queues[job.jid]) for job in found]

    def failed(self, count: int = 100) -> list[Job]:
        """Return the jobs of all queues that have failed, each with its `failure`."""
        _, queues = self.client.run(calls.queues())
        return [job for each in queues for job in self.client.queue(each.name).dead.list(0, count)]

    def assert_put(
        self,
        klass: Any = ANY,
        data: Any = ANY,
        *,
        queue: str = ANY,
        priority: int = ANY,
        tags: Collection[str] = (),
        count: int | None = None,
    ) -> list[Put]:
        """Fail unless such jobs were put, `count` of them or at least one; returns them.

        `klass` is a class, a function, a task, an import path, None for data items, or a task's
        prepared call, which has its data with it. `tags` are among its tags. `ANY` may stand for
        any value, also within `data`.
        """
        prepared = getattr(klass, "description", None)
        if isinstance(prepared, Mapping):
            klass, data = prepared["klass"], prepared["data"]
        path = _path(klass)
        puts = self.puts
        found = [
            put
            for put in puts
            if (path, queue, priority) == (put.klass, put.queue, put.priority)
            and _same(data, put.data)
            and {*tags} <= {*put.tags}
        ]
        if not found if count is None else len(found) != count:
            wanted = {"klass": path, "data": data, "queue": queue, "priority": priority}
            said = ", ".join(
                f"{name}={value!r}" for name, value in wanted.items() if value is not ANY
            )
            raise AssertionError(_unmet(count, len(found), said, puts))
        return found

    def assert_nothing_put(self) -> None:
        """Fail if anything was put."""
        puts = self.puts
        if puts:
            raise AssertionError(_unmet(0, len(puts), "", puts))


def _put(job: Any, queue: str) -> Put:
    return Put(job.jid, queue, job.klass_name, job.data, job.priority, tuple(job.tags))


def _path(klass: Any) -> Any:
    if klass is ANY or klass is None:
        return ANY if klass is ANY else ""
    return naming.class_path(klass)


def _same(expected: Any, data: Any) -> bool:
    """Whether data are what was expected, or what that has become on its way (tuples are lists)."""
    if expected == data:
        return True
    try:
        return bool(codec.decode(codec.encode(expected)) == data)
    except EncodingError:
        return False


def _unmet(count: int | None, found: int, wanted: str, puts: list[Put]) -> str:
    expected = "at least one job" if count is None else f"{count} jobs"
    lines = [f"  {put}" for put in puts[:SHOWN]] or ["  nothing"]
    if len(puts) > SHOWN:
        lines.append(f"  and {len(puts) - SHOWN} more")
    such = f" with {wanted}" if wanted else ""
    return "\n".join([f"{expected} expected{such}, {found} put. Put were:", *lines])
