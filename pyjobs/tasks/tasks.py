"""Tasks: functions that are jobs, what they have in common, and the client that puts them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload
from weakref import WeakKeyDictionary, WeakSet

from pyjobs import contexts, plans
from pyjobs.aio.client import AsyncClient
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.tasks import modules, settings
from pyjobs.tasks.handles import AsyncHandle, Handle
from pyjobs.tasks.settings import Settings, TaskOptions
from pyjobs.tasks.task import AsyncTask, Prepared, Remote, Task, task_of
from pyjobs.twins import async_client, is_same_place, sync_client

if TYPE_CHECKING:
    from typing_extensions import Unpack

P = ParamSpec("P")
R = TypeVar("R")

every: WeakSet[Tasks] = WeakSet()
"""All Tasks of this process."""

_twins: WeakKeyDictionary[AsyncClient, Client] = WeakKeyDictionary()
"""Sync clients for code that puts jobs from within an `async def` job without awaiting that."""


class Decorator:
    """Makes tasks of functions, with the options that it was given."""

    def __init__(self, tasks: Tasks, given: TaskOptions) -> None:
        self._tasks = tasks
        self._given = given

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]]) -> AsyncTask[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R]) -> Task[P, R]: ...
    def __call__(self, function: Any) -> Any:
        """Return the task of a function."""
        return self._tasks.add(function, self._given)


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
        **defaults: Unpack[TaskOptions],
    ) -> None:
        self._defaults = {"queue": "default", **settings.checked(defaults)}
        self._client: Client | None = None
        self._aio: AsyncClient | None = None
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
        if isinstance(near, AsyncClient) and (
            self._known is None or is_same_place(near, self._known)
        ):
            return near
        if self._aio is None:
            if self._client is None:
                return async_client(_sync(self._inherited()))
            self._aio = async_client(self._client)
        return self._aio

    @property
    def _known(self) -> Client | AsyncClient | None:
        return self._client or self._aio

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
        decorator = Decorator(self, given)  # type: ignore[arg-type] # checked by it
        return decorator if function is None else decorator(function)

    def add(self, function: Any, given: TaskOptions) -> Task[..., Any]:
        """Make a task of a function: what `task` does with it."""
        found = Settings.of(self._defaults, given)
        task = task_of(self, function, found)
        self.all[task.path] = task
        return task

    def named(self, path: str, **given: Unpack[TaskOptions]) -> Task[..., Any]:
        """Return a task whose code is not here, by its import path, to be put.

        Its options are those that are given here, and the defaults. How arguments travel is up to
        them, since there is no signature: models go as maps of their fields.
        """
        return Remote(self, path, Settings.of(self._defaults, given))

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

    def discover(self, *packages: str, names: Sequence[str] = ("jobs", "tasks")) -> list[str]:
        """Import, in each package and what is below it, the modules of these names; returns them.

        Raises ClassNotFound with the error of an import that fails.
        """
        return [found for package in packages for found in modules.discover(package, names)]

    # Putting

    def put(self, calls: Sequence[Prepared[R]], *, atomic: bool = False) -> list[Handle[R]]:
        """Put prepared calls, in order; with `atomic` all of them or none (up to 100)."""
        client, puts = self.client, [each.put() for each in calls]
        client.run(_together(puts, atomic))
        pairs = zip(puts, calls, strict=True)
        return [Handle(client, put.jid, each.task) for put, each in pairs]

    async def aput(
        self, calls: Sequence[Prepared[R]], *, atomic: bool = False
    ) -> list[AsyncHandle[R]]:
        """Put prepared calls from async code, as `put`."""
        client, puts = self.aio, [each.put() for each in calls]
        await client.run(_together(puts, atomic))
        pairs = zip(puts, calls, strict=True)
        return [AsyncHandle(client, put.jid, each.task) for put, each in pairs]


def _together(puts: Sequence[plans.Put], atomic: bool) -> Any:
    if len(puts) == 1:
        return puts[0].call if puts[0].whole else puts[0].plan()
    return plans.put_many(iter(puts), atomic)


def _sync(client: Client | AsyncClient) -> Client:
    if isinstance(client, Client):
        return client
    if client not in _twins:
        _twins[client] = sync_client(client)
    return _twins[client]
