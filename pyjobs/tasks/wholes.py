"""Calls of tasks that belong together: one after the other, side by side; they are put as a flow.

What is put together says the order, and nothing else: which jobs there are, on which each depends,
and at which end of those it runs. All of that is the engine's to carry out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from pyjobs import calls, flowing, jids
from pyjobs.errors import InvalidArgument
from pyjobs.plans import Plan
from pyjobs.tasks.handles import AsyncFlowHandle, FlowHandle
from pyjobs.transaction import Transaction

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs import plans
    from pyjobs.aio.transaction import AsyncTransaction
    from pyjobs.tasks.prepared import Prepared
    from pyjobs.tasks.settings import TaskOptions
    from pyjobs.tasks.tasks import Tasks

R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
S = TypeVar("S")


class Ends(NamedTuple):
    """The jobs at which a part of a whole ends; `many`: their results are a list, even of one."""

    jids: tuple[str, ...] = ()
    many: bool = False


class Graph:
    """The jobs of a whole, as they are laid out."""

    def __init__(self) -> None:
        self.id = jids.new()
        self.calls: dict[str, Prepared[Any]] = {}
        self.puts: list[plans.Put] = []

    def add(self, call: Prepared[Any], before: Ends, **given: Any) -> str:
        """Add a job that comes after others; returns its jid."""
        put = call.member(self.id, before, given)
        if put.jid in self.calls:
            raise InvalidArgument(f"jid: {put.jid} is named twice in one flow")
        self.calls[put.jid] = call
        self.puts.append(put)
        return put.jid


class Part(ABC, Generic[R_co]):
    """What can be a part of a whole: a prepared call, a step, or another whole."""

    @abstractmethod
    def lay(self, graph: Graph, before: Ends) -> Ends:
        """Add the jobs to a graph, behind those where what is before ends."""

    @abstractmethod
    def prepared(self) -> Iterable[Prepared[Any]]:
        """Give the calls of which it is made."""

    @overload
    def then(self: Part[T], part: Step[T, S]) -> Whole[S]: ...
    @overload
    def then(self, part: Prepared[S] | Whole[S]) -> Whole[S]: ...
    def then(self, part: Any) -> Whole[Any]:
        """Return this and, when it is complete, another part: a step takes what this returned.

        A step behind several that run side by side joins them: it takes the list of their results.
        """
        return Chain([self, part])

    def on_failure(self, handler: Prepared[Any] | Step[BaseException, Any]) -> Whole[R_co]:
        """Return this with a branch for errors: where one of its jobs fails, `handler` runs.

        A step takes the JobFailed that `result` would raise. The others wait then until the job is
        put back (`retry` of the handle), or all is cancelled.
        """
        return Guarded(self, handler)


class Step(Part[R_co], Generic[T_contra, R_co]):
    """A call whose first argument is what the part before it returns: `Task.step` makes it."""

    def __init__(self, call: Prepared[R_co]) -> None:
        self._call = call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._call!r}>"

    def options(self, **given: Unpack[TaskOptions]) -> Step[T_contra, R_co]:
        """Return the same step with further options."""
        return Step(self._call.options(**given))

    def lay(self, graph: Graph, before: Ends) -> Ends:
        """See Part."""
        return self._call.lay(graph, before)

    def prepared(self) -> Iterable[Prepared[Any]]:
        """See Part."""
        return (self._call,)


class Whole(Part[R_co]):
    """Calls that are put together, as a flow; it never changes, and may be put many times."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(list(self.prepared()))} calls>"

    def later(self) -> FlowHandle[R_co]:
        """Put all jobs, in one call up to a hundred, all or none; returns the handle of the whole.

        Raises InvalidArgument, and as `Prepared.later`.
        """
        tasks = self._tasks()
        graph, ends = self._laid()
        tasks.client.run(self._putting(tasks, graph))
        return tasks.heard_of_flow(
            FlowHandle(tasks.client, graph.id, graph.calls, ends.jids, ends.many)
        )

    async def alater(self) -> AsyncFlowHandle[R_co]:
        """Put all jobs from async code, as `later`."""
        tasks = self._tasks()
        graph, ends = self._laid()
        await tasks.aio.run(self._putting(tasks, graph))
        return tasks.heard_of_flow(
            AsyncFlowHandle(tasks.aio, graph.id, graph.calls, ends.jids, ends.many)
        )

    @overload
    def within(self, transaction: Transaction) -> FlowHandle[R_co]: ...
    @overload
    def within(self, transaction: AsyncTransaction) -> AsyncFlowHandle[R_co]: ...
    def within(self, transaction: Transaction | AsyncTransaction) -> Any:
        """Put all jobs when the transaction is applied; returns the handle of the whole at once.

        Raises InvalidArgument for a job that takes more than one call. Hooks hear of the jobs when
        it is applied, and a task that no worker knows is told, or refused, then.
        """
        tasks = self._tasks()
        graph, ends = self._laid()
        kind: Any = FlowHandle if isinstance(transaction, Transaction) else AsyncFlowHandle
        handle = kind(transaction.client, graph.id, graph.calls, ends.jids, ends.many)
        for put in flowing.in_order(graph.puts):
            transaction.add(put.only_call())
        transaction.add(
            calls.seal(graph.id),
            look=tasks.known_of(list(graph.calls.values())),
            applied=lambda _: tasks.heard_of_flow(handle),
        )
        return handle

    def _tasks(self) -> Tasks:
        return next(iter(self.prepared())).task.tasks

    def _laid(self) -> tuple[Graph, Ends]:
        graph = Graph()
        return graph, self.lay(graph, Ends())

    @staticmethod
    def _putting(tasks: Tasks, graph: Graph) -> Plan[None]:
        yield from tasks.known_of(list(graph.calls.values()))
        yield from flowing.put(graph.id, graph.puts)


class Chain(Whole[R_co]):
    """Parts that run one after the other."""

    def __init__(self, parts: Sequence[Part[Any]]) -> None:
        self._parts = checked(parts, "chain")

    def lay(self, graph: Graph, before: Ends) -> Ends:
        """See Part."""
        for part in self._parts:
            before = part.lay(graph, before)
        return before

    def prepared(self) -> Iterable[Prepared[Any]]:
        """See Part."""
        return [call for part in self._parts for call in part.prepared()]


class Parallel(Whole[R_co]):
    """Parts that run side by side, each of which ends in one job."""

    def __init__(self, parts: Sequence[Part[Any]]) -> None:
        self._parts = checked(parts, "parallel")

    def lay(self, graph: Graph, before: Ends) -> Ends:
        """See Part."""
        found = [part.lay(graph, before) for part in self._parts]
        for each in found:
            if each.many:
                raise InvalidArgument(
                    "parallel: a part must end in one job; let a step join what runs side by side"
                )
        return Ends(tuple(jid for each in found for jid in each.jids), many=True)

    def prepared(self) -> Iterable[Prepared[Any]]:
        """See Part."""
        return [call for part in self._parts for call in part.prepared()]


class Guarded(Whole[R_co]):
    """A part with a branch for errors: one job for each of its jobs, and most never run."""

    def __init__(self, part: Part[R_co], handler: Part[Any]) -> None:
        self._part = part
        calls = list(checked([handler], "on_failure")[0].prepared())
        if isinstance(handler, Whole):
            raise InvalidArgument("on_failure: one call or step, which may put more")
        (self._handler,) = calls

    def lay(self, graph: Graph, before: Ends) -> Ends:
        """See Part."""
        there = set(graph.calls)
        ends = self._part.lay(graph, before)
        for jid in [jid for jid in graph.calls if jid not in there]:
            graph.add(self._handler, Ends((jid,)), run_when="failed")
        return ends

    def prepared(self) -> Iterable[Prepared[Any]]:
        """See Part."""
        return [*self._part.prepared(), self._handler]


def checked(parts: Iterable[Any], name: str) -> list[Part[Any]]:
    """Return parts of a whole; raises InvalidArgument for what is none, and when there is none."""
    found = list(parts)
    for each in found:
        if not isinstance(each, Part):
            raise InvalidArgument(
                f"{name}: a call of a task, such as task.prepare() or task.step(), "
                f"not {type(each).__name__}"
            )
    if not found:
        raise InvalidArgument(f"{name}: there is nothing in it")
    return found
