"""The worker: takes jobs from queues, runs them, and tells how that ended."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyjobs.aio.client import AsyncClient
from pyjobs.client import Client
from pyjobs.errors import InvalidArgument
from pyjobs.twins import sync_client
from pyjobs.worker.bounds import RETURN
from pyjobs.worker.loop import Keeper
from pyjobs.worker.options import Given, WorkerOptions
from pyjobs.worker.pools import kind_of
from pyjobs.worker.pools.asynchronous import Tasks
from pyjobs.worker.pools.base import Pool
from pyjobs.worker.process import REPLACE
from pyjobs.worker.surroundings import Surroundings

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack


class Worker:
    """Runs the jobs of some queues, in this process.

    `queues` are names and patterns, or ready WorkerOptions; the other options are keyword
    arguments, see WorkerOptions. `surroundings` hears how the worker is.
    """

    def __init__(
        self,
        client: Client,
        queues: str | Iterable[str] | WorkerOptions,
        *,
        surroundings: Surroundings | None = None,
        **given: Unpack[Given],
    ) -> None:
        self.options = _options(queues, given)
        self.client = client
        self.counts: Counter[str] = Counter()
        """Attempts by how they ended: done, failed, retried, moved, lost, released, cancelled."""
        self._surroundings = surroundings or Surroundings()
        self._kind = kind_of(self.options.pool)
        self._keeper: Keeper | None = None
        self._grace: float | None = None
        self._paused = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.options.queues)}>"

    def run(self) -> int:
        """Run jobs until `stop`, then finish politely.

        Returns 0, or 75 when a job could not be stopped and this process should be replaced.
        """
        keeper = self._work(forever=True, budget=self.options.max_jobs)
        return REPLACE if keeper.replace else 0

    def run_until_idle(self) -> int:
        """Run jobs until none can be run now and none runs; returns how many were."""
        return self._work(forever=False, budget=self.options.max_jobs).talking.ran

    def work_once(self) -> bool:
        """Run a job, if there is one that can be run now; tells whether there was."""
        return self._work(forever=False, budget=1).talking.ran > 0

    def stop(self, grace: float | None = None) -> None:
        """Take nothing more; running jobs have `grace` seconds, then they are given back.

        Without `grace` that of the options. Called again it can only be shortened. May be called
        from any thread and from signal handlers; before `run`, it lets that return at once.
        """
        self._grace = self.options.grace if grace is None else grace
        if self._keeper is not None:
            self._keeper.stop(grace)

    def pause(self) -> None:
        """Take nothing until `resume`; what is here is run. Safe as `stop`."""
        self._pause(True)

    def resume(self) -> None:
        """Take jobs again. Safe as `stop`."""
        self._pause(False)

    def _pause(self, paused: bool) -> None:
        self._paused = paused
        if self._keeper is not None:
            self._keeper.pause(paused)

    @property
    def paused(self) -> bool:
        """Whether it takes nothing."""
        return self._paused

    @property
    def serving(self) -> list[str]:
        """The queues that it asks for jobs."""
        return [] if self._keeper is None else self._keeper.talking.serving.names

    @property
    def running(self) -> list[str]:
        """Jids of the jobs that run now."""
        if self._keeper is None:
            return []
        held = list(self._keeper.holding.all)
        return [each.jid for each in held if each.job is not None and not each.word]

    def _work(self, forever: bool, budget: int | None) -> Keeper:
        keeper, pool = self.prepare(forever, budget)
        returned = threading.Event()
        keeping: list[Callable[[], object]] = []
        pulse = self._surroundings.pulse

        def keep() -> None:
            keeper.run(pool)
            if not (keeper.bounds.wait_for_stop(pulse) and returned.wait(RETURN)):
                self._surroundings.stuck(REPLACE if keeper.replace else 1)

        try:
            pool.run(lambda: keeping.append(pool.spawn(keep)))
        except BaseException:
            keeper.abort()
            raise
        finally:
            returned.set()
            for join in keeping:
                join()
            self.finished()
        if keeper.error is not None:
            raise keeper.error
        return keeper

    def prepare(
        self, forever: bool, budget: int | None, aio: AsyncClient | None = None
    ) -> tuple[Keeper, Pool]:
        """Return what is going to do the work: for those who run it themselves."""
        options = self.options
        keeper = Keeper(self.client, options, self._surroundings, forever, budget, self.counts, aio)
        pool = self._kind(
            *(options.slots, keeper.holding, keeper.execution, keeper.finish, keeper.bounds)
        )
        pool.abort = keeper.abort
        # First this: from now on who stops or pauses the worker tells the keeper himself.
        self._keeper = keeper
        keeper.pause(self._paused)
        if self._grace is not None:
            keeper.stop(self._grace)
        return keeper, pool

    def finished(self) -> None:
        """Forget what has done the work: the next time begins anew."""
        self._keeper = self._grace = None


class AsyncWorker:
    """Runs the jobs of some queues in the event loop that runs already, as in a web server.

    `queues` and the options are those of Worker, but for the pool, which is `asyncio`. `async with`
    starts it, and stops it politely at the end.
    """

    def __init__(
        self,
        client: AsyncClient,
        queues: str | Iterable[str] | WorkerOptions,
        *,
        surroundings: Surroundings | None = None,
        **given: Unpack[Given],
    ) -> None:
        if not isinstance(queues, WorkerOptions):
            given.setdefault("pool", "asyncio")
        self._aio = client
        self._client = sync_client(client)
        self._worker = Worker(self._client, queues, surroundings=surroundings, **given)
        if self._worker.options.pool != "asyncio":
            raise InvalidArgument(f"pool: {self._worker.options.pool!r} is not asyncio")
        self._task: asyncio.Task[int] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self._worker.options.queues)}>"

    @property
    def counts(self) -> Counter[str]:
        """Attempts by how they ended: done, failed, retried, moved, lost, released, cancelled."""
        return self._worker.counts

    async def run(self) -> int:
        """Run jobs until `stop`; cancelled, it gives back at once what runs. Returns as Worker.run.

        A job that cannot be stopped is left to itself: nothing can replace this process.
        """
        keeper = await self._work(forever=True)
        return REPLACE if keeper.replace else 0

    async def run_until_idle(self) -> int:
        """Run jobs until none can be run now and none runs; returns how many were."""
        return (await self._work(forever=False)).talking.ran

    async def _work(self, forever: bool) -> Keeper:
        keeper, pool = self._worker.prepare(forever, self._worker.options.max_jobs, self._aio)
        assert isinstance(pool, Tasks)  # noqa: S101 - the options say so

        def start() -> None:
            pool.spawn(lambda: keeper.run(pool))

        try:
            await pool.main(start)
        finally:
            self._client.close()
            self._worker.finished()
        if keeper.error is not None:
            raise keeper.error
        return keeper

    async def start(self) -> None:
        """Let it run in a task of its own."""
        if self._task is not None:
            raise InvalidArgument("start: the worker runs already")
        self._task = asyncio.create_task(self.run())

    async def stop(self, grace: float | None = None) -> None:
        """Take nothing more, and wait; after `grace` seconds, what runs is given back."""
        self._worker.stop(grace)
        if self._task is not None:
            task, self._task = self._task, None
            await task

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def _options(
    queues: str | Iterable[str] | WorkerOptions, given: Mapping[str, Any]
) -> WorkerOptions:
    if not isinstance(queues, WorkerOptions):
        return WorkerOptions.make(queues, given)
    if given:
        raise InvalidArgument(f"{next(iter(given))}: belongs into the WorkerOptions that are given")
    return queues
