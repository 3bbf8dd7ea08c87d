"""Clients whose jobs run at once, in this process, by the worker's own code on a real server."""

from __future__ import annotations

import asyncio
import os
import secrets
import weakref
from collections.abc import Callable, Collection, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

import redis
import redis.asyncio

from pyjobs import calls
from pyjobs.aio.client import AsyncClient
from pyjobs.calls import Call
from pyjobs.client import Client
from pyjobs.errors import NotFinished
from pyjobs.plans import Plan
from pyjobs.worker import AsyncWorker, Worker

T = TypeVar("T")

LIMIT = 10_000
"""Jobs after which it is not believed any more that they come to an end."""

DEPTH = 20
"""Jobs that are run within one another, each put by the one before; deeper ones take their turn."""

QUIET = {"pop", "take", "tick", "heartbeat", "log", "lock", "relock", "unlock", "rate", "wait"}
"""Commands that write, and make nothing runnable."""

_depth: ContextVar[int] = ContextVar("pyjobs_immediate_depth", default=0)


# What can be run now, whatever the client


def runnable(wanted: Collection[str] | None = None) -> Plan[list[str]]:
    """Do what is due; return the queues whose next job has code and can be run now."""
    while not (yield calls.tick()):
        pass
    found: list[str] = []
    cursor, more = "", True
    while more:
        cursor, page = yield calls.queues(cursor)
        more = bool(cursor)
        for each in page:
            if each.waiting and not each.paused and (wanted is None or each.name in wanted):
                found += yield from _with_code(each.name)
    return found


def _with_code(queue: str) -> Plan[list[str]]:
    first = yield calls.peek(queue, 1)
    return [queue] if first and first[0] is not None and first[0].klass else []


def work(client: Client, queues: Collection[str] | None = None) -> int:
    """Run what can be run now, and what that puts; returns how many attempts that were.

    Plain data items are left to whom they are for.
    """
    ran = 0
    while names := client.run(runnable(queues)):
        worker = Worker(client, names, pool="sync", prefetch=0, max_jobs=LIMIT - ran)
        ran += _outside_of_loops(worker.run_until_idle)
        _refuse_endless(ran)
    return ran


async def work_async(client: AsyncClient, queues: Collection[str] | None = None) -> int:
    """As work, in the event loop that runs."""
    ran = 0
    while names := await client.run(runnable(queues)):
        worker = AsyncWorker(client, names, concurrency=1, prefetch=0, max_jobs=LIMIT - ran)
        ran += await worker.run_until_idle()
        _refuse_endless(ran)
    return ran


def _refuse_endless(ran: int) -> None:
    if ran >= LIMIT:
        raise NotFinished(f"{ran} jobs have run, and there are more: they seem to have no end")


def _outside_of_loops(function: Callable[[], T]) -> T:
    """Call a function where a job that is a coroutine can have an event loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    with ThreadPoolExecutor(1, "pyjobs-immediate") as apart:
        return apart.submit(copy_context().run, function).result()


# The clients


class _Noted:
    """What was sent in the course of one request: whether there may be something to run now."""

    def __init__(self) -> None:
        self.puts = self.rouses = False

    def noting(self, given: Call[T] | Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Carry a call or a plan out, and note what it sends."""
        return self._one(given) if isinstance(given, Call) else self._plan(given)

    def _note(self, wish: Any) -> None:
        if isinstance(wish, Call):
            self.puts = self.puts or wish.kind == "puts"
            self.rouses = self.rouses or (wish.kind != "reads" and wish.name not in QUIET)

    def _one(self, call: Call[T]) -> Generator[Any, Any, T]:
        self._note(call)
        answer: T = yield call
        return answer

    def _plan(self, plan: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                wish = plan.throw(error) if error is not None else plan.send(answer)
            except StopIteration as end:
                value: T = end.value
                return value
            self._note(wish)
            answer, error = None, None
            try:
                answer = yield wish
            except BaseException as failure:  # noqa: BLE001 - it is the plan's to handle or let go
                error = failure

    @property
    def is_next(self) -> bool:
        """Whether jobs are to be run now; within a job, only when it has put one."""
        depth = _depth.get()
        return depth < DEPTH and (self.puts if depth else self.rouses)


@contextmanager
def _deeper() -> Generator[None, None, None]:
    token = _depth.set(_depth.get() + 1)
    try:
        yield
    finally:
        _depth.reset(token)


def _place(url: Any, given: dict[str, Any]) -> Any:
    if url is None and not {"host", "port", "db"} & given.keys():
        return os.environ.get("PYJOBS_URL") or "embedded:"
    return url


def _own(namespace: str | None) -> str:
    """Return the name of a namespace that nobody else uses."""
    base = namespace or os.environ.get("PYJOBS_NAMESPACE") or "pyjobs"
    return f"{base[:40]}-immediate-{secrets.token_hex(6)}"


def erase(server: redis.Redis, root: str, process: int) -> None:
    """Delete all keys of a namespace, unless this is a child of the process that made it."""
    if process != os.getpid():
        return
    with suppress(redis.RedisError, OSError):
        keys = list(server.scan_iter(match=f"{root}*", count=1000))
        for at in range(0, len(keys), 1000):
            server.unlink(*keys[at : at + 1000])


class ImmediateClient(Client):
    """A client that runs a job when it is put, before `put` returns, in this thread.

    What msgpack cannot carry, results, failures and retries are as with a worker, since it is one,
    on a real server: default `$PYJOBS_URL`, else an embedded one. Jobs live in a namespace of their
    own, which goes when the client is closed; with `own=False` in the one that is named, where then
    nobody else should run jobs. A job that fails does not raise here: `client.result(jid)` does.
    What has a delay runs when it is due and something else is done by this client, or by
    `run_until_idle`. What a job puts runs within it, up to 20 deep. Data items are not run. Nothing
    can be put in a transaction.
    """

    immediate = True

    def __init__(
        self, url: Any = None, *, namespace: str | None = None, own: bool = True, **given: Any
    ) -> None:
        name = _own(namespace) if own else namespace
        super().__init__(_place(url, given), namespace=name, **given)
        self._erase = weakref.finalize(
            self, erase if own else _keep, self.server, f"{{{self.namespace}/", os.getpid()
        )

    def run(self, work: Call[T] | Generator[Any, Any, T]) -> T:
        """Carry out a call or a plan, and run the jobs that can be run then."""
        noted = _Noted()
        answer = super().run(noted.noting(work))
        if noted.is_next:
            self.run_until_idle()
        return answer

    def run_until_idle(self) -> int:
        """Run what is due and all that it puts; returns how many attempts that were."""
        with _deeper():
            return work(self)

    def close(self) -> None:
        """Close the connections; a namespace of its own goes with all that is in it."""
        self._erase()
        super().close()

    def twin(self, server: redis.asyncio.Redis, **given: Any) -> AsyncImmediateClient:
        """Return an async client of the same namespace."""
        return AsyncImmediateClient(server, own=False, **given)


class AsyncImmediateClient(AsyncClient):
    """As ImmediateClient, in the event loop that runs; jobs that are no coroutines get threads.

    A namespace of its own goes with `close`, or the end of an `async with`, alone.
    """

    immediate = True

    def __init__(
        self, url: Any = None, *, namespace: str | None = None, own: bool = True, **given: Any
    ) -> None:
        name = _own(namespace) if own else namespace
        super().__init__(_place(url, given), namespace=name, **given)
        self._own = own

    async def run(self, work: Call[T] | Generator[Any, Any, T]) -> T:
        """Carry out a call or a plan, and run the jobs that can be run then."""
        noted = _Noted()
        answer = await super().run(noted.noting(work))
        if noted.is_next:
            await self.run_until_idle()
        return answer

    async def run_until_idle(self) -> int:
        """Run what is due and all that it puts; returns how many attempts that were."""
        with _deeper():
            return await work_async(self)

    async def close(self) -> None:
        """Close the connections; a namespace of its own goes with all that is in it."""
        if self._own:
            await _erase_async(self.server, f"{{{self.namespace}/")
        await super().close()

    def twin(self, server: redis.Redis, **given: Any) -> ImmediateClient:
        """Return a sync client of the same namespace."""
        return ImmediateClient(server, own=False, **given)


async def _erase_async(server: redis.asyncio.Redis, root: str) -> None:
    with suppress(redis.RedisError, OSError):
        async for key in server.scan_iter(match=f"{root}*", count=1000):
            await server.unlink(key)


def _keep(*_: object) -> None:
    """Leave a namespace that others may use as it is."""
