"""Calls of tasks, checked, and ready to be put: now, later, or as parts of a flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pyjobs import putting
from pyjobs.errors import InvalidArgument
from pyjobs.tasks import earlier
from pyjobs.tasks.handles import AsyncHandle, Handle
from pyjobs.tasks.settings import TaskOptions
from pyjobs.tasks.signatures import Arguments
from pyjobs.tasks.wholes import Ends, Graph, Part

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pyjobs.aio.transaction import AsyncTransaction
    from pyjobs.plans import Put
    from pyjobs.tasks.task import Task
    from pyjobs.transaction import Transaction

R_co = TypeVar("R_co", covariant=True)


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
