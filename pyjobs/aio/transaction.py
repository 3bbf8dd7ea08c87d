"""`pyjobs/transaction.py` for asyncio, written from it by `.ci/async-surface`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyjobs import calls, codec, options, plans
from pyjobs.aio.job import AsyncJob
from pyjobs.errors import InvalidArgument
from pyjobs.options import JobOptions, Reference, Seconds, StayOptions
from pyjobs.plans import Plan
from pyjobs.putting import prepare

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from pyjobs.aio.client import AsyncClient


class AsyncTransaction:
    """Calls that are applied when the `with` block ends: all of them or, if one is refused, none.

    Every check comes before the first write, in one call of the engine. An exception in the block
    applies nothing. It takes up to 100 jobs and 256 kB of data, and each job once; no pop, and
    nothing that only reads. A refusal is raised at the end of the block. A client's `transaction`
    makes one.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._looks: list[Plan[None]] = []
        self._members: list[calls.Call[Any]] = []
        self._applied: dict[int, Callable[[Any], object]] = {}
        self._over = False
        self.answers: list[Any] = []
        """What each call was answered, in order; empty until the block has ended."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._members)} calls>"

    @property
    def client(self) -> AsyncClient:
        """The client by which it is applied."""
        return self._client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._over = True
        if kind is not None or not self._members:
            return
        self.answers = await self._client.run(self._plan())
        for index, applied in self._applied.items():
            applied(self.answers[index])

    def _plan(self) -> Plan[list[Any]]:
        for look in self._looks:
            yield from look
        return (yield from plans.together(self._members))

    def add(
        self,
        call: calls.Call[Any],
        job: AsyncJob | None = None,
        *,
        look: Plan[None] | None = None,
        applied: Callable[[Any], object] | None = None,
    ) -> None:
        """Gather a call of `pyjobs.calls`; `job` is whose new state it answers.

        `look` is carried out before anything is applied, and may refuse it by an exception;
        `applied` is called with the answer when all is applied.
        """
        if self._over:
            raise InvalidArgument("transaction: its block has ended")
        if call.kind == "reads" or call.name in {"pop", "step", "drain"}:
            raise InvalidArgument(f"transaction: takes no {call.name}")
        if call.kind == "puts" and self._client.immediate:
            raise InvalidArgument(
                "transaction: an immediate client runs a job when it is put, and what is put here "
                "is there only when the block has ended; put it after the block"
            )
        then = applied if job is None else job.became
        if then is not None:
            self._applied[len(self._members)] = then
        if look is not None:
            self._looks.append(look)
        self._members.append(call)

    def put(self, queue: str, klass: Any, data: Any = None, **given: Unpack[JobOptions]) -> str:
        """Put a job into a queue, as `AsyncQueue.put`; returns its jid at once.

        With a unique key the job may turn out to be another one: `answers` tells, as `merged` and
        its jid.
        """
        put = prepare(queue, klass, data, given)
        self.add(put.only_call())
        return put.jid

    def complete(
        self,
        job: AsyncJob,
        next_queue: str | None = None,
        *,
        result: Any = None,
        **stay: Unpack[StayOptions],
    ) -> None:
        """Complete a job, as `AsyncJob.complete`."""
        self.add(job.completing(next_queue, result=result, **stay), job)

    def fail(self, job: AsyncJob, group: str, message: str = "") -> None:
        """Give a job up into a failure group, as `AsyncJob.fail`."""
        self.add(job.failing(group, message), job)

    def retry(
        self, job: AsyncJob, delay: Seconds | None = None, group: str = "", message: str = ""
    ) -> None:
        """Ask for another attempt, as `AsyncJob.retry`."""
        self.add(job.retrying(delay, group, message), job)

    def release(self, job: AsyncJob, delay: Seconds = 0) -> None:
        """Give a job back without counting a retry, as `AsyncJob.release`."""
        self.add(job.releasing(delay), job)

    def cancel(self, *jobs: Reference) -> None:
        """Take jobs out of the system, as `AsyncJobs.cancel`."""
        if jobs:
            self.add(calls.cancel([options.reference(job) for job in jobs]))

    def move(self, job: Reference, queue: str, delay: Seconds = 0) -> None:
        """Move a job to a queue, as `AsyncJob.move`."""
        length = options.milliseconds(delay, "delay")
        self.add(calls.move(options.reference(job), options.text(queue, "queue"), length))

    def unfail(self, job: Reference, queue: str = "") -> None:
        """Put a failed job back, as `AsyncJob.unfail`."""
        self.add(calls.unfail(options.reference(job), options.text(queue, "queue")))

    def set_priority(self, job: Reference, priority: int) -> None:
        """Change a job's priority, as `AsyncJob.set_priority`."""
        value = options.integer(priority, "priority")
        self.add(calls.priority(options.reference(job), value))

    def tag(self, job: Reference, *tags: str) -> None:
        """Put tags on a job, as `AsyncJob.tag`."""
        self.add(calls.tag(options.reference(job), options.texts(tags, "tags")))

    def untag(self, job: Reference, *tags: str) -> None:
        """Take tags off a job, as `AsyncJob.untag`."""
        self.add(calls.untag(options.reference(job), options.texts(tags, "tags")))

    def log(self, job: Reference, what: str, data: Any = None) -> None:
        """Write an entry of your own into a job's history, as `AsyncJob.log`."""
        packed = b"" if data is None else codec.encode(data)
        mark = self._client.request()
        self.add(calls.log(options.reference(job), options.text(what, "what"), packed, mark))
