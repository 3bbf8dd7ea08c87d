"""What `.later` returns: a job that was put, and the way to what its function returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pyjobs import calls, waiting
from pyjobs.errors import JobNotFound
from pyjobs.options import Seconds

if TYPE_CHECKING:
    from pyjobs.aio.client import AsyncClient
    from pyjobs.aio.job import AsyncJob
    from pyjobs.client import Client
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._task.path} {self.jid}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and other.jid == self.jid

    def __hash__(self) -> int:
        return hash(self.jid)


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
