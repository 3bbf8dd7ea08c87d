"""A function as a job: called here it runs here, called `.later` it runs where the workers are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NoReturn, ParamSpec, TypeVar, overload

from pyjobs import calls, naming, options, putting
from pyjobs.errors import InvalidArgument, NotAJobClass
from pyjobs.naming import Runnable, Runner
from pyjobs.options import Moment
from pyjobs.tasks import earlier
from pyjobs.tasks.codecs import Codec, Typed
from pyjobs.tasks.earlier import Earlier
from pyjobs.tasks.handles import AsyncHandle, Handle
from pyjobs.tasks.settings import Settings, TaskOptions
from pyjobs.tasks.signatures import Arguments, Signature
from pyjobs.tasks.wholes import Ends, Graph, Parallel, Part, Step, Whole

if TYPE_CHECKING:
    from typing_extensions import Self, TypeVarTuple, Unpack

    from pyjobs.aio.transaction import AsyncTransaction
    from pyjobs.plans import Put
    from pyjobs.tasks.known import Unknown
    from pyjobs.tasks.periodic import Schedule
    from pyjobs.tasks.tasks import Tasks
    from pyjobs.transaction import Transaction

    Given = TypeVarTuple("Given")

P = ParamSpec("P")
Rest = ParamSpec("Rest")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Own = TypeVar("Own")
First = TypeVar("First")

_TYPED = Typed()


class Task(Runner, Generic[P, R_co]):
    """A function that can be a job: what `Tasks.task` makes of it.

    It is called as the function is. `options` returns a variant with other options, `partial` one
    whose first arguments are given; the task itself never changes.
    """

    def __init__(
        self,
        tasks: Tasks,
        function: Callable[..., Any],
        path: str,
        settings: Settings,
        is_static: bool = True,
    ) -> None:
        functools.update_wrapper(self, function)
        self._is_static = is_static
        self.tasks = tasks
        """To which it belongs."""
        self.path = path
        """Its import path, which is the klass of its jobs."""
        self.function = function
        """The function itself."""
        self.settings = settings
        """Its options."""
        self.signature = Signature(function, self.__qualname__)
        """What it takes and returns."""
        self.schedule: Schedule | None = None
        """When it runs by itself, if it does."""
        self._bound: Arguments = ((), {})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Run the function here and now, with no job."""
        first, named = self._bound
        found: R_co = self.function(*first, *args, **{**named, **kwargs})
        return found

    def __set_name__(self, owner: type, name: str) -> None:
        defined_there = (owner.__module__, f"{owner.__qualname__}.{name}")
        if defined_there == (self.__module__, self.__qualname__) and not self._is_static:
            self.signature.owner = owner

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: Task[Concatenate[Own, Rest], R], instance: Own, owner: Any = None
    ) -> Task[Rest, R]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Return the task of a method, with the instance as its first argument."""
        if instance is None or self.signature.owner is None:
            return self
        return self.partial(instance)

    # Variants

    def _variant(self, settings: Settings, bound: Arguments) -> Self:
        variant = object.__new__(type(self))
        variant.__dict__.update(self.__dict__, settings=settings, _bound=bound)
        return variant

    def options(self, **given: Unpack[TaskOptions]) -> Self:
        """Return a variant with these options; raises InvalidArgument for unknown ones."""
        return self._variant(self.settings.merged(given), self._bound)

    def partial(self, *args: Any, **kwargs: Any) -> Task[..., R_co]:
        """Return a variant whose first arguments, or these by name, are given.

        Raises InvalidArgument for what the function does not take.
        """
        first, named = self._bound
        bound = ((*first, *args), {**named, **kwargs})
        self.signature.bind(*bound, partial=True)
        return self._variant(self.settings, bound)

    # Putting

    def prepare(self, *args: P.args, **kwargs: P.kwargs) -> Prepared[R_co]:
        """Return a call that is checked, and ready to be put: now, later, or as part of a flow.

        Raises InvalidArgument for arguments that the function does not take, EncodingError for what
        cannot be carried, NotAJobClass for a function that no worker can import.
        """
        first, named = self._bound
        return Prepared(self, self.signature.bind((*first, *args), {**named, **kwargs}))

    def step(
        self: Callable[Concatenate[First, Rest], R], *args: Rest.args, **kwargs: Rest.kwargs
    ) -> Step[First, R]:
        """Return a call as part of a flow, which takes what the one before it returns.

        That is the first argument, and these are the others: `a.prepare(1).then(b.step())`. Raises
        as `prepare`.
        """
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what it takes first
        first, named = self._bound
        given = self.signature.bind((*first, Earlier(), *args), {**named, **kwargs})
        return Step(Prepared(self, given))

    def map(self: Callable[[First], R], items: Iterable[First]) -> Whole[list[R]]:
        """Return calls that run side by side, one for each item, which is the first argument."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the items are
        return Parallel([self.prepare(item) for item in items])

    def later(self, *args: P.args, **kwargs: P.kwargs) -> Handle[R_co]:
        """Put a job that calls the function with these arguments. Raises as `prepare` and `put`."""
        return self.prepare(*args, **kwargs).later()

    async def alater(self, *args: P.args, **kwargs: P.kwargs) -> AsyncHandle[R_co]:
        """Put a job, as `later`, from async code."""
        return await self.prepare(*args, **kwargs).alater()

    def later_many(
        self: Callable[[Unpack[Given]], R],
        rows: Iterable[tuple[Unpack[Given]]],
        *,
        atomic: bool = False,
    ) -> list[Handle[R]]:
        """Put a job for each tuple of arguments, in order, in as few calls as can be.

        All are checked before the first is put. They go in slices as those of `Queue.put_many`.
        """
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the tuples hold
        return self.tasks.put([self.prepare(*_tuple(each)) for each in rows], atomic=atomic)

    async def alater_many(
        self: Callable[[Unpack[Given]], R],
        rows: Iterable[tuple[Unpack[Given]]],
        *,
        atomic: bool = False,
    ) -> list[AsyncHandle[R]]:
        """Put a job for each tuple of arguments, as `later_many`, from async code."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the tuples hold
        return await self.tasks.aput([self.prepare(*_tuple(each)) for each in rows], atomic=atomic)

    def handle(self, jid: str) -> Handle[R_co]:
        """Return a handle of a job of this task that was put before, perhaps elsewhere."""
        return Handle(self.tasks.client, jid, self)

    # Keeping its jobs from running

    def revoke(self, until: Moment | None = None, *, once: bool = False) -> None:
        """Let no jobs of the task run: those that a worker comes to are cancelled.

        Until `restore`, until a moment (seconds since the epoch, or an aware datetime), or `once`:
        the first job that a worker comes to. A job that others wait for fails instead. What runs
        already is left alone.
        """
        self.tasks.client.run(self._revoking(until, once))

    async def arevoke(self, until: Moment | None = None, *, once: bool = False) -> None:
        """Let no jobs of the task run, as `revoke`, from async code."""
        await self.tasks.aio.run(self._revoking(until, once))

    def _revoking(self, until: Moment | None, once: bool) -> calls.Call[str]:
        end = None if until is None else options.moment(until, "until")
        return calls.revoke("klass", self.path, end, once)

    def restore(self) -> bool:
        """Let jobs of the task run again; tells whether they were revoked."""
        return bool(self.tasks.client.run(calls.restore("klass", self.path)))

    async def arestore(self) -> bool:
        """Let jobs of the task run again, as `restore`, from async code."""
        restored: int = await self.tasks.aio.run(calls.restore("klass", self.path))
        return restored == 1

    @property
    def revoked(self) -> bool:
        """Whether jobs of the task are kept from running now."""
        return self.path in {each.klass for each in self.tasks.client.run(calls.revoked())}

    def refuse_unreachable(self) -> None:
        """Raise NotAJobClass if no worker can import the function."""
        naming.class_path(self)

    # What the worker does with it

    @property
    def codec(self) -> Codec:
        """How arguments and results travel."""
        found: Codec = self.settings.get("codec") or _TYPED
        return found

    def arguments(self, data: Any) -> Arguments:
        """Return the arguments in a job's data; raises DecodingError."""
        found: Arguments = self.codec.load(data, self.signature, self.__qualname__)
        return found

    def _with_results(self, args: tuple[Any, ...], results: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return arguments with what the jobs before have returned."""

        def load(result: Any, packer: Any) -> Any:
            return self.codec.load(result, packer, self.__qualname__)

        packers = self.signature.taken(earlier.place(args) or 0)
        return earlier.filled(args, list(results.values()), load, packers)

    def pack_result(self, result: Any) -> Any:
        """Return what is kept of a result; raises EncodingError."""
        return self.codec.dump(result, self.signature.result, "result")

    def read_result(self, data: Any) -> Any:
        """Return the result of what was kept; raises DecodingError."""
        return self.codec.load(data, self.signature.result, "result")

    def runnable(self) -> Runnable:
        """Return what runs its jobs."""

        def run(job: Any) -> Any:
            args, kwargs = self.arguments(job.data)
            if earlier.place(args) is not None:
                args = self._with_results(args, job.parent_results())
            return self.function(*args, **kwargs)

        return self._run_by(run)

    def _run_by(self, run: Callable[[Any], Any]) -> Runnable:
        owner = SimpleNamespace(**self.settings.code)
        return Runnable(run, owner, self.pack_result, self.tasks.hooks)


class AsyncTask(Task[P, R_co]):
    """As Task, of an `async def`: a plain call is awaited, and the workers await it too."""

    def __call__(  # type: ignore[override] # as a coroutine function's call
        self, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R_co]:
        """Return the function's coroutine, to be awaited here, with no job."""
        first, named = self._bound
        found: Coroutine[Any, Any, R_co] = self.function(*first, *args, **{**named, **kwargs})
        return found

    def step(  # type: ignore[override] # of what its coroutine returns
        self: Callable[Concatenate[First, Rest], Coroutine[Any, Any, R]],
        *args: Rest.args,
        **kwargs: Rest.kwargs,
    ) -> Step[First, R]:
        """See Task."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what it takes first
        found: Step[First, R] = Task.step(self, *args, **kwargs)
        return found

    def map(  # type: ignore[override] # of what its coroutine returns
        self: Callable[[First], Coroutine[Any, Any, R]], items: Iterable[First]
    ) -> Whole[list[R]]:
        """See Task."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the items are
        return Parallel([self.prepare(item) for item in items])

    def later_many(  # type: ignore[override] # of what its coroutine returns
        self: Callable[[Unpack[Given]], Coroutine[Any, Any, R]],
        rows: Iterable[tuple[Unpack[Given]]],
        *,
        atomic: bool = False,
    ) -> list[Handle[R]]:
        """See Task."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the tuples hold
        return self.tasks.put([self.prepare(*_tuple(each)) for each in rows], atomic=atomic)

    async def alater_many(  # type: ignore[override] # of what its coroutine returns
        self: Callable[[Unpack[Given]], Coroutine[Any, Any, R]],
        rows: Iterable[tuple[Unpack[Given]]],
        *,
        atomic: bool = False,
    ) -> list[AsyncHandle[R]]:
        """See Task."""
        assert isinstance(self, Task)  # noqa: S101 - as a callable it says what the tuples hold
        return await self.tasks.aput([self.prepare(*_tuple(each)) for each in rows], atomic=atomic)

    def runnable(self) -> Runnable:
        """Return what runs its jobs."""

        async def run(job: Any) -> Any:
            args, kwargs = self.arguments(job.data)
            if earlier.place(args) is not None:
                args = self._with_results(args, await job.parent_results())
            return await self.function(*args, **kwargs)

        return self._run_by(run)


def _tuple(arguments: Any) -> tuple[Any, ...]:
    if isinstance(arguments, tuple):
        return arguments
    raise InvalidArgument(f"rows: each is a tuple of arguments, not {type(arguments).__name__}")


class Prepared(Part[R_co]):
    """A call of a task, checked and not put yet; it never changes, and may be put many times."""

    def __init__(self, task: Task[..., R_co], arguments: Arguments) -> None:
        self.task = task
        """The task that is called, with its options."""
        self.arguments = arguments
        """The positional arguments, and those by name."""
        self.data = task.codec.dump(arguments, task.signature, task.__qualname__)
        """The data of its jobs."""

    def __repr__(self) -> str:
        args, kwargs = self.arguments
        given = [repr(each) for each in args] + [
            f"{name}={each!r}" for name, each in kwargs.items()
        ]
        return f"<{type(self).__name__} {self.task.path}({', '.join(given)})>"

    def options(self, **given: Unpack[TaskOptions]) -> Prepared[R_co]:
        """Return the same call with further options."""
        return Prepared(self.task.options(**given), self.arguments)

    @property
    def description(self) -> Mapping[str, Any]:
        """The job as `Queue.put_many` and `Job.complete(then=...)` take it, its queue included."""
        self.task.refuse_unreachable()
        settings = self.task.settings
        return {
            **settings.put,
            "queue": settings.get("queue"),
            "klass": self.task.path,
            "data": self.data,
        }

    def put(self) -> Put:
        """Return the job made ready, with a jid of its own; raises InvalidArgument."""
        return putting.described(self.description, "")

    def member(self, flow: str, before: Ends, given: Mapping[str, Any]) -> Put:
        """Return the job made ready as a member of a flow, behind others."""
        args, kwargs = self.arguments
        call: Prepared[R_co] = self
        if earlier.place(args) is not None:
            if not before.jids:
                raise InvalidArgument(f"{self.task.path}: there is no step before this one")
            count = len(before.jids) if before.many else None
            call = Prepared(self.task, (earlier.told(args, count), kwargs))
        job = {**call.description, **given, "flow": flow}
        job["depends"] = [*before.jids, *job.get("depends", ())]
        return putting.described({"missing": "refuse", **job}, "")

    def lay(self, graph: Graph, before: Ends) -> Ends:
        """See Part."""
        return Ends((graph.add(self, before),))

    def prepared(self) -> Iterable[Prepared[Any]]:
        """See Part."""
        return (self,)

    def later(self) -> Handle[R_co]:
        """Put the job."""
        (handle,) = self.task.tasks.put([self])
        return handle

    async def alater(self) -> AsyncHandle[R_co]:
        """Put the job from async code."""
        (handle,) = await self.task.tasks.aput([self])
        return handle

    def within(self, transaction: Transaction | AsyncTransaction) -> str:
        """Put the job when the transaction is applied; returns its jid at once.

        Hooks hear of it then, and a task that no worker knows is told, or refused, then.
        """
        put, tasks = self.put(), self.task.tasks
        transaction.add(
            put.only_call(),
            look=tasks.known_of([self]),
            applied=lambda answer: tasks.heard_within(transaction, put.jid, answer, self.task),
        )
        return put.jid


class Remote(Task[..., Any]):
    """A task whose code is elsewhere: it can be put, and not be run here."""

    def __init__(self, tasks: Tasks, path: str, settings: Settings, unknown: Unknown) -> None:
        def function(*args: Any, **kwargs: Any) -> Any:  # noqa: ARG001 - any at all
            raise NotAJobClass(f"{path}: its code is not here; later puts a job for it")

        naming.class_path(path)
        function.__module__, _, function.__qualname__ = path.rpartition(".")
        super().__init__(tasks, function, path, settings)
        self.unknown = unknown
        """What follows when no worker knows it."""

    def refuse_unreachable(self) -> None:
        """Accept it: its path has been looked at, and there is nothing else to look at."""


def task_of(tasks: Tasks, function: Any, settings: Settings) -> Task[..., Any]:
    """Return the task of a function or static method; raises NotAJobClass."""
    is_static = isinstance(function, staticmethod)
    if is_static:
        function = function.__func__
    kind = AsyncTask if inspect.iscoroutinefunction(function) else Task
    return kind(tasks, function, path_of(function), settings, is_static)


def path_of(function: Any) -> str:
    """Return the path by which a function is found; raises NotAJobClass for what has none."""
    if not isinstance(function, FunctionType):
        _refuse(function)
    path = f"{function.__module__}.{function.__qualname__}"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise NotAJobClass(f"task: {path} is a generator; a call of it would run nothing")
    if "<lambda>" in path:
        raise NotAJobClass(f"task: {path} is a lambda, which has no name to import it by")
    if "<locals>" in path:
        raise NotAJobClass(
            f"task: {path} is defined inside a function, where no worker can import it; "
            "move it to the top level of its module"
        )
    return path


def _refuse(function: Any) -> NoReturn:
    if isinstance(function, classmethod):
        raise NotAJobClass("task: a class method; make it a static method, or a function")
    if isinstance(function, type):
        raise NotAJobClass(
            f"task: {function.__qualname__} is a class; decorate its method, whose instance "
            "travels as an argument if its class is a model, such as a dataclass"
        )
    raise NotAJobClass(f"task: a function, not a {type(function).__name__}")
