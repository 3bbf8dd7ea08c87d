"""Tasks: functions that are jobs, what they have in common, and the client that puts them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_args, overload
from weakref import WeakKeyDictionary, WeakSet

from pyjobs import contexts, plans
from pyjobs.aio.client import AsyncClient
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.hooks import Called, Hooks
from pyjobs.jids import Jid
from pyjobs.options import Seconds
from pyjobs.plans import Plan
from pyjobs.tasks import modules, periodic, settings
from pyjobs.tasks.handles import AsyncHandle, FlowNamed, Handle
from pyjobs.tasks.known import Known, Unknown
from pyjobs.tasks.periodic import Schedule, Synced
from pyjobs.tasks.prepared import Prepared
from pyjobs.tasks.remote import Remote
from pyjobs.tasks.settings import OF_JOBS, OF_SCHEDULES, PeriodicOptions, Settings, TaskOptions
from pyjobs.tasks.task import AsyncTask, Task, task_of
from pyjobs.tasks.wholes import Chain, Parallel, Part, Whole
from pyjobs.transaction import Transaction
from pyjobs.twins import async_client, is_same_place, sync_client

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs.aio.transaction import AsyncTransaction

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", Handle[Any], AsyncHandle[Any])
F = TypeVar("F", bound=FlowNamed)

log = logging.getLogger("pyjobs.tasks")

every: WeakSet[Tasks] = WeakSet()
"""All Tasks of this process."""

_twins: WeakKeyDictionary[AsyncClient, Client] = WeakKeyDictionary()
"""Sync clients for code that puts jobs from within an `async def` job without awaiting that."""


class Decorator:
    """Makes tasks of functions, with the options and the schedule that it was given."""

    def __init__(self, tasks: Tasks, given: Mapping[str, Any], schedule: Schedule | None) -> None:
        self._tasks = tasks
        self._given = given
        self._schedule = schedule

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]]) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R]) -> Task[P, R]: ...
    def __call__(self, function: Any) -> Any:
        """Return the task of a function."""
        return self._tasks.add(function, self._given, self._schedule)


class Tasks:
    """Functions as jobs.

        tasks = Tasks("redis://localhost:6379/0", queue="images")

        @tasks.task(retries=4, retry_on=OSError)
        def resize(path: str, width: int) -> str: ...

        resize.later("a.png", 100)

    `client`: a Client, an AsyncClient, or the url of one; without it, `init` says later which, and
    within a job it is the client of the worker. The options, `queue` (`default`) among them, hold
    for each task that does not say otherwise. Raises InvalidArgument.
    """

    def __init__(
        self,
        client: Client | AsyncClient | str | None = None,
        *,
        hooks: Iterable[Hooks] = (),
        **defaults: Unpack[TaskOptions],
    ) -> None:
        self.hooks = tuple(hooks)
        """What is called around the jobs of these tasks."""
        self._called = Called.of(self.hooks)
        self._defaults = {"queue": "default", **settings.checked(defaults)}
        self._client: Client | None = None
        self._aio: AsyncClient | None = None
        self._known = Known()
        self.packages: set[str] = set()
        """What was included: of what is below it all is known."""
        self.all: dict[str, Task[..., Any]] = {}
        """The tasks by their import paths."""
        if client is not None:
            self.init(client)
        every.add(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.all)} by {self._client or self._aio}>"

    # The client

    def init(self, client: Client | AsyncClient | str) -> None:
        """Say by which client jobs are put from now on."""
        found = Client(client) if isinstance(client, str) else client
        if isinstance(found, Client):
            self._client, self._aio = found, None
        elif isinstance(found, AsyncClient):
            self._client, self._aio = None, found
        else:
            raise InvalidArgument(f"client: a client or a url, not {type(found).__name__}")

    @property
    def client(self) -> Client:
        """The client by which jobs are put; raises InvalidArgument when there is none."""
        if self._client is None:
            if self._aio is None:
                return _sync(self._inherited())
            self._client = sync_client(self._aio)
        return self._client

    @property
    def aio(self) -> AsyncClient:
        """The client of async code; within a job, if it is of the same namespace, the worker's."""
        job = contexts.current_job()
        near = None if job is None else job.client
        if isinstance(near, AsyncClient) and self.is_of(near):
            return near
        if self._aio is None:
            if self._client is None:
                return async_client(_sync(self._inherited()))
            self._aio = async_client(self._client)
        return self._aio

    def is_of(self, client: Client | AsyncClient) -> bool:
        """Whether jobs are put where this client is, or it is not known where."""
        known = self._client or self._aio
        return known is None or is_same_place(client, known)

    def _inherited(self) -> Client | AsyncClient:
        job = contexts.current_job()
        if job is None:
            raise InvalidArgument("tasks: there is no client yet by which to put jobs; call init")
        found: Client | AsyncClient = job.client
        return found

    async def aclose(self) -> None:
        """Close the connections of this event loop, if async code has put jobs by a sync client."""
        if self._client is not None and self._aio is not None:
            await self._aio.close()
            self._aio = None

    # Tasks

    @overload
    def task(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTask[P, R]: ...
    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...
    @overload
    def task(self, /, **given: Unpack[TaskOptions]) -> Decorator: ...
    def task(self, function: Any = None, /, **given: Any) -> Any:
        """Make a task of a function or static method, or of a method whose class is a model.

        `@tasks.task`, or with options `@tasks.task(retries=4)`. Raises NotAJobClass for a lambda
        and for what is defined inside a function, InvalidArgument for options without sense.
        """
        decorator = Decorator(self, given, None)
        return decorator if function is None else decorator(function)

    def every(
        self,
        interval: Seconds,
        *,
        offset: Seconds | None = None,
        **given: Unpack[PeriodicOptions],
    ) -> Decorator:
        """Make a task of a function that takes nothing, and let it run every `interval` seconds.

        The first time after `offset` seconds (default: an interval), counted from when the schedule
        is written: by `sync`, or by a worker that has imported the function when it starts. Raises
        as `task`.
        """
        return self._periodic(Schedule(interval=interval, offset=offset), given)

    def cron(
        self, expression: str, *, tz: str | tzinfo | None = None, **given: Unpack[PeriodicOptions]
    ) -> Decorator:
        """Make a task of a function that takes nothing, and let it run by a cron expression.

        By the clocks of the time zone `tz` (default: UTC). Written as with `every`. Raises as
        `task`, and InvalidArgument for an expression or a time zone that is none.
        """
        return self._periodic(Schedule(cron=expression, tz=tz), given)

    def _periodic(self, schedule: Schedule, given: PeriodicOptions) -> Decorator:
        for name in OF_JOBS & given.keys():
            raise InvalidArgument(f"{name}: is no option of a periodic function")
        rest: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
        own = {name: rest.pop(name) for name in OF_SCHEDULES & rest.keys()}
        schedule = replace(schedule, given=own)
        schedule.refuse_nonsense()
        return Decorator(self, rest, schedule)

    def add(
        self, function: Any, given: Mapping[str, Any], schedule: Schedule | None = None
    ) -> Task[..., Any]:
        """Make a task of a function: what `task`, `every` and `cron` do with it."""
        task = task_of(self, function, Settings.of(self._defaults, given))
        if schedule is not None:
            periodic.refuse_arguments(task)
            task.schedule = schedule
        self.all[task.path] = task
        return task

    def sync(self) -> Synced:
        """Write the schedules of the periodic functions that are imported here.

        Those that are there already go on undisturbed, one that was changed begins anew, and those
        are ended whose function, in a module or package that is imported here, is none any more.
        Workers do that when they start. Returns the jids of what was written, and ended.
        """
        return sync(self.client, [self])

    def named(
        self, path: str, *, unknown: Unknown = "warn", **given: Unpack[TaskOptions]
    ) -> Task[..., Any]:
        """Return a task whose code is not here, by its import path, to be put.

        Its options are those that are given here, and the defaults. As there is no signature, the
        arguments say themselves what they are; a model goes as a map of its fields. `unknown`: what
        follows when the workers of its queue tell that they know no such task: `warn`
        (UnknownTask), `refuse` (ClassNotFound, and nothing is put), or `ignore`.
        """
        if unknown not in get_args(Unknown):
            raise InvalidArgument(f"unknown: {unknown!r} is none of {', '.join(get_args(Unknown))}")
        return Remote(self, path, Settings.of(self._defaults, given), unknown)

    def send(self, path: str, /, *args: Any, **kwargs: Any) -> Handle[Any]:
        """Put a job for a function by its import path: `named(path).later(...)`."""
        return self.named(path).later(*args, **kwargs)

    async def asend(self, path: str, /, *args: Any, **kwargs: Any) -> AsyncHandle[Any]:
        """Put a job for a function by its import path from async code, as `send`."""
        return await self.named(path).alater(*args, **kwargs)

    def include(self, *names: str) -> None:
        """Import modules for the tasks in them; of a package also all that is below it.

        Raises ClassNotFound with the error of an import that fails.
        """
        for name in names:
            modules.load(name)
            self.packages.add(name)

    def discover(self, *packages: str, names: Sequence[str] = ("jobs", "tasks")) -> list[str]:
        """Import, in each package and what is below it, the modules of these names; returns them.

        Raises ClassNotFound with the error of an import that fails.
        """
        return [found for package in packages for found in modules.discover(package, names)]

    # Putting

    def put(self, calls: Sequence[Prepared[R]], *, atomic: bool = False) -> list[Handle[R]]:
        """Put prepared calls, in order; with `atomic` all of them or none (up to 100)."""
        client, puts = self.client, [each.put() for each in calls]
        put = client.run(self._together(calls, puts, atomic))
        pairs = zip(put, calls, strict=True)
        return self._heard([Handle(client, jid, each.task) for jid, each in pairs])

    async def aput(
        self, calls: Sequence[Prepared[R]], *, atomic: bool = False
    ) -> list[AsyncHandle[R]]:
        """Put prepared calls from async code, as `put`."""
        client, puts = self.aio, [each.put() for each in calls]
        put = await client.run(self._together(calls, puts, atomic))
        pairs = zip(put, calls, strict=True)
        return self._heard([AsyncHandle(client, jid, each.task) for jid, each in pairs])

    @staticmethod
    def chain(*parts: Part[Any]) -> Whole[Any]:
        """Return calls that run one after the other, to be put: `tasks.chain(...).later()`.

        A part is a call that is complete (`prepare`), one that takes what the part before returned
        (`step`), or another whole. Its result is that of the last part. The same, with types that
        are checked, is `a.prepare().then(b.step())`. Raises InvalidArgument.
        """
        return Chain(parts)

    @staticmethod
    def parallel(parts: Iterable[Part[R]]) -> Whole[list[R]]:
        """Return calls that run side by side; their result is the list of all, in this order.

        `.then(join.step())` joins them. Raises InvalidArgument.
        """
        return Parallel(list(parts))

    def heard_within(
        self,
        transaction: Transaction | AsyncTransaction,
        jid: str,
        answer: Any,
        task: Task[..., Any],
    ) -> None:
        """Tell the hooks of a job that was put in a transaction, by what the put was answered."""
        put = Jid.answered(jid, answer)
        if isinstance(transaction, Transaction):
            self._heard([Handle(transaction.client, put, task)])
        else:
            self._heard([AsyncHandle(transaction.client, put, task)])

    def heard_of_flow(self, handle: F) -> F:
        """Tell the hooks of each job of a flow that was put."""
        self._heard(handle.jobs)
        return handle

    def known_of(self, calls: Sequence[Prepared[Any]]) -> Plan[None]:
        """Look whether the workers know the tasks whose code is not here."""
        for each in calls:
            if isinstance(each.task, Remote):
                queue = each.task.settings.get("queue")
                yield from self._known.check(queue, each.task.path, each.task.unknown)

    def _heard(self, handles: list[H]) -> list[H]:
        called = self._called
        for handle in handles if called.on_enqueue or called.on_merge else ():
            for hook in called.on_merge if handle.outcome == "merged" else called.on_enqueue:
                _try(hook, handle)
        return handles

    def _together(
        self, calls: Sequence[Prepared[Any]], puts: Sequence[plans.Put], atomic: bool
    ) -> Plan[Sequence[str]]:
        yield from self.known_of(calls)
        if len(puts) == 1:
            answer = yield from puts[0].plan()
            return [Jid.answered(puts[0].jid, answer)]
        return (yield from plans.put_many(iter(puts), atomic))


def _try(hook: Callable[[Any], Any], handle: Any) -> None:
    try:
        hook(handle)
    except Exception:  # the job is put, and its handle is wanted
        log.exception("a hook has failed")


def loaded() -> list[str]:
    """Return the paths of all tasks of this process."""
    return [path for each in list(every) for path in each.all]


def hooks_of(client: Client) -> list[Hooks]:
    """Return the hooks of all Tasks of this process that are of this client's namespace."""
    return [hooks for each in list(every) if each.is_of(client) for hooks in each.hooks]


def has_schedules(client: Client) -> bool:
    """Whether there is something to `sync`: a periodic function, or what may have been one."""
    return any(
        each.packages or any(task.schedule is not None for task in each.all.values())
        for each in list(every)
        if each.is_of(client)
    )


def sync(client: Client, those: Iterable[Tasks] | None = None) -> Synced:
    """Write the schedules of some Tasks, or of all of this process, by a client.

    All are those that are of this client's namespace, or not bound to any.
    """
    near = [each for each in list(every) if each.is_of(client)]
    written = [task for each in those or near for task in each.all.values()]
    others = [task for each in near for task in each.all.values()]
    known = [name for each in near for name in each.packages]
    return periodic.sync(client, written, others, known)


def _sync(client: Client | AsyncClient) -> Client:
    if isinstance(client, Client):
        return client
    if client not in _twins:
        _twins[client] = sync_client(client)
    return _twins[client]
