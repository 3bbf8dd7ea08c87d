"""What `.later` returns: a job that was put, and the way to what its function returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pyjobs import calls, waiting
from pyjobs.errors import JobNotFound, NotFinished
from pyjobs.jids import Jid
from pyjobs.options import Seconds
from pyjobs.plans import Plan

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
    from pyjobs.aio.flows import AsyncFlow
    from pyjobs.aio.job import AsyncJob
    from pyjobs.calls import FlowState
    from pyjobs.client import Client
    from pyjobs.flows import Flow
    from pyjobs.job import Job

R_co = TypeVar("R_co", covariant=True)


class Returning(Protocol):
    """What knows how the result of a task is read."""

    path: str

    def read_result(self, data: Any) -> Any:
        """Return what a function returned, of what was kept; raises DecodingError."""


class _Named:
    def __init__(self, client: Any, jid: str, task: Returning) -> None:
        self._client = client
        self._task = task
        self.jid = jid
        """The job's id."""

    @property
    def outcome(self) -> str:
        """What the put did: `created` the job, or `merged` into the one that holds its key; Jid."""
        return self.jid.outcome if isinstance(self.jid, Jid) else "created"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._task.path} {self.jid}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and other.jid == self.jid

    def __hash__(self) -> int:
        return hash(self.jid)


class HasTask(Protocol):
    """A call that was put."""

    @property
    def task(self) -> Returning:
        """Its task."""


class Handle(_Named, Generic[R_co]):
    """A job that was put for a task; its type is that of what the task's function returns.

    It stands for the job wherever one is named: in `depends=`, in `client.wait`.
    """

    _client: Client

    def result(self, wait: Seconds | None = 0) -> R_co:
        """Return what the function returned, blocking up to `wait` seconds until it has ended.

        None: until it has. The task must have `keep_result`. Raises JobFailed with the remote
        traceback, NotFinished, NoResult, WrongState (cancelled), JobNotFound, DecodingError.
        """
        found: R_co = self._task.read_result(self._client.run(waiting.result(self.jid, wait)))
        return found

    def wait(self, wait: Seconds | None = 0) -> bool:
        """Block up to `wait` seconds (None: no end); tells whether the job has ended, however."""
        return bool(self._client.wait([self.jid], wait).finished)

    @property
    def status(self) -> str:
        """The job's state, or `unknown`: it is not known any more."""
        (look,) = self._client.run(calls.wait([self.jid], block=False))
        return look.state or waiting.UNKNOWN

    @property
    def job(self) -> Job:
        """The job as it is now; raises JobNotFound."""
        for found in self._client.jobs.get(self.jid):
            return found
        raise JobNotFound(f"no job {self.jid}", self.jid)

    def cancel(self) -> None:
        """Take the job out of the system; refused when others wait for it, or it is complete."""
        self._client.jobs.cancel(self.jid)

    def revoke(self) -> None:
        """Let the job not run: it is cancelled when a worker comes to it, unless it is restored.

        Raises WrongState when it runs or has ended.
        """
        self._client.run(calls.revoke("job", self.jid))

    def restore(self) -> bool:
        """Let the job run after all; tells whether it was revoked. Raises JobNotFound."""
        return bool(self._client.run(calls.restore("job", self.jid)))


class AsyncHandle(_Named, Generic[R_co]):
    """As Handle, to be awaited: `await handle.result(wait=5)`, `await handle.status`."""

    _client: AsyncClient

    async def result(self, wait: Seconds | None = 0) -> R_co:
        """Return what the function returned, as `Handle.result`."""
        kept = await self._client.run(waiting.result(self.jid, wait))
        found: R_co = self._task.read_result(kept)
        return found

    async def wait(self, wait: Seconds | None = 0) -> bool:
        """Wait until the job has ended, as `Handle.wait`."""
        return bool((await self._client.wait([self.jid], wait)).finished)

    @property
    async def status(self) -> str:
        """The job's state, as `Handle.status`."""
        (look,) = await self._client.run(calls.wait([self.jid], block=False))
        return look.state or waiting.UNKNOWN

    @property
    async def job(self) -> AsyncJob:
        """The job as it is now, as `Handle.job`."""
        for found in await self._client.jobs.get(self.jid):
            return found
        raise JobNotFound(f"no job {self.jid}", self.jid)

    async def cancel(self) -> None:
        """Take the job out of the system, as `Handle.cancel`."""
        await self._client.jobs.cancel(self.jid)

    async def revoke(self) -> None:
        """Let the job not run, as `Handle.revoke`."""
        await self._client.run(calls.revoke("job", self.jid))

    async def restore(self) -> bool:
        """Let the job run after all, as `Handle.restore`."""
        restored: int = await self._client.run(calls.restore("job", self.jid))
        return restored == 1


class FlowNamed:
    """What was put as a flow: its id, its jobs, and where it ends."""

    _handle: Any

    def __init__(
        self,
        client: Any,
        flow_id: str,
        calls: Mapping[str, HasTask],
        ends: Sequence[str],
        many: bool,
    ) -> None:
        self._client = client
        self._ends = ends
        self._many = many
        self._tasks = {jid: call.task for jid, call in calls.items()}
        self.id = flow_id
        """The flow's id."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    @property
    def jobs(self) -> list[Any]:
        """Handles of all its jobs, in the order in which they were put together."""
        return [self._handle(self._client, jid, task) for jid, task in self._tasks.items()]

    def _result(self, wait: Seconds | None) -> Plan[Any]:
        state = yield from waiting.flow(self.id, wait)
        try:
            found = []
            for jid in self._ends:
                kept = yield from waiting.result(jid, 0)
                found.append(self._tasks[jid].read_result(kept))
        except NotFinished:
            if state.state == "failed":
                yield from self._raise_failure()
            raise
        return found if self._many else found[0]

    def _raise_failure(self) -> Plan[None]:
        _, failed = yield calls.flow_members(self.id, "failed", "", 1)
        for jid in failed:
            yield from waiting.result(jid, 0)


class FlowHandle(FlowNamed, Generic[R_co]):
    """A chain, or what else of calls was put together; its type is that of what it returns."""

    _client: Client
    _handle = Handle

    def result(self, wait: Seconds | None = 0) -> R_co:
        """Return what the last job returned, or the list of what the last ones did.

        Blocks up to `wait` seconds (None: no end) until all has ended. Raises JobFailed of a job
        that has failed, and else as `Handle.result`.
        """
        found: R_co = self._client.run(self._result(wait))
        return found

    def wait(self, wait: Seconds | None = 0) -> bool:
        """Block up to `wait` seconds (None: no end); tells whether all has ended, however."""
        return self._client.run(waiting.flow(self.id, wait)).state not in _OPEN

    @property
    def flow(self) -> Flow:
        """The flow itself: its members, and jobs that are added to it."""
        return self._client.flow(self.id)

    @property
    def state(self) -> FlowState:
        """How many jobs are in which state, and the progress; raises JobNotFound."""
        return self.flow.state()

    @property
    def status(self) -> str:
        """`running`, `complete`, `failed`, `cancelled`, or `unknown`: it is not known any more."""
        try:
            return self.state.state
        except JobNotFound:
            return waiting.UNKNOWN

    def cancel(self) -> None:
        """Cancel all jobs that are not complete."""
        self.flow.cancel()

    def retry(self) -> int:
        """Put the failed jobs back; what waits for them goes on. Returns how many."""
        return self.flow.retry()


class AsyncFlowHandle(FlowNamed, Generic[R_co]):
    """As FlowHandle, to be awaited: `await handle.result(wait=5)`, `await handle.state`."""

    _client: AsyncClient
    _handle = AsyncHandle

    async def result(self, wait: Seconds | None = 0) -> R_co:
        """Return what the last job returned, as `FlowHandle.result`."""
        found: R_co = await self._client.run(self._result(wait))
        return found

    async def wait(self, wait: Seconds | None = 0) -> bool:
        """Wait until all has ended, as `FlowHandle.wait`."""
        return (await self._client.run(waiting.flow(self.id, wait))).state not in _OPEN

    @property
    def flow(self) -> AsyncFlow:
        """The flow itself, as `FlowHandle.flow`."""
        return self._client.flow(self.id)

    @property
    async def state(self) -> FlowState:
        """How many jobs are in which state, as `FlowHandle.state`."""
        return await self.flow.state()

    @property
    async def status(self) -> str:
        """The flow's state, as `FlowHandle.status`."""
        try:
            return (await self.flow.state()).state
        except JobNotFound:
            return waiting.UNKNOWN

    async def cancel(self) -> None:
        """Cancel all jobs that are not complete."""
        await self.flow.cancel()

    async def retry(self) -> int:
        """Put the failed jobs back, as `FlowHandle.retry`."""
        return await self.flow.retry()


_OPEN = {"unsealed", "running"}
"""States of a flow that has not ended."""
