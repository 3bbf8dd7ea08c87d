"""One attempt at a job: find its code, call the hooks, run it, and say how that ended."""

from __future__ import annotations

import asyncio
import inspect
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import cached_property
from math import inf
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from pyjobs import calls, contexts, naming, options
from pyjobs.aio.client import AsyncClient
from pyjobs.aio.job import AsyncJob
from pyjobs.client import Client
from pyjobs.errors import Cancel, JobStopped, LeaseLost, PyjobsError, Release, Retry
from pyjobs.hooks import Called
from pyjobs.job import Job
from pyjobs.twins import async_client
from pyjobs.worker.code import Code, wanted
from pyjobs.worker.failing import group_of, message_of, names_of
from pyjobs.worker.held import Held, Word
from pyjobs.worker.options import WorkerOptions

log = logging.getLogger("pyjobs.worker")

Here = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end, and returns its result."""

CODES = 10_000
"""So much code is remembered: there may be ever new queues."""

EARLY = 0.1
"""Seconds by which a job is interrupted before it has to be done, so that its end can be told."""


NOT_BEGUN = frozenset((AsyncGeneratorType, CoroutineType, GeneratorType))
"""What a call returns that has only made ready what it stands for."""


class NotBegun(PyjobsError):
    """The code of a job has returned what nobody runs: it is a generator, or was not awaited."""


class NoClass(PyjobsError):
    """A plain data item has no class to run; it is for consumers that pop it themselves."""


class Execution:
    """Runs jobs, each where it is asked to; how one has ended is noted with it."""

    def __init__(
        self,
        client: Client,
        settings: WorkerOptions,
        limit: Callable[[Held, float | None, float | None], None],
        aio: AsyncClient | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._limit = limit
        self._given = aio
        self._codes: dict[tuple[str, str], Code] = {}
        self._limited = bool(settings.run_within or settings.kill_within)
        self._called = Called.of(settings.hooks)
        self.here: Here = asyncio.run
        """What runs a coroutine where there is no event loop."""

    @cached_property
    def aio(self) -> AsyncClient:
        """The client of the jobs that are run as coroutines."""
        return self._given or async_client(self._client)

    async def close(self) -> None:
        """Close what jobs of this event loop have opened."""
        if self._given is None and "aio" in self.__dict__:
            await self.aio.close()

    def forget(self) -> None:
        """Find all code anew, since modules have been loaded anew."""
        self._codes.clear()

    def code(self, held: Held) -> Code:
        """Return what runs a job; raises what says why there is nothing."""
        key = (held.klass, held.queue)
        code = self._codes.get(key)
        if code is None:
            if len(self._codes) >= CODES:
                self._codes.clear()
            if not held.klass:
                raise NoClass(f"job {held.jid} is a plain data item: it has no class to run")
            found = naming.resolve_callable(held.klass, held.queue, self._settings.allow)
            code = self._codes[key] = Code.of(found, self._settings.hooks)
        return code

    def is_async(self, held: Held) -> bool:
        """Whether a job is to be run as a coroutine; not, when there is no code for it."""
        try:
            return self.code(held).is_async
        except BaseException:  # noqa: BLE001 - comes again where it is the job's
            return False

    # Where there is no event loop

    def run(self, held: Held) -> None:
        """Run a job; raises nothing, whatever its code does, and leaves nothing to the next one."""
        copy_context().run(self._run, held)

    def _run(self, held: Held) -> None:
        held.began = time.monotonic()
        if held.stop is not None:
            held.call, held.word = self._stopped(held, held.stop)
            return
        code, called, after = None, self._called, self._called.after
        contexts.run_here(None)
        try:
            job = held.job = Job(self._client, held.snapshot)
            self._enter(job)
            code = self.code(held)
            if code.is_async:
                after = []
                self._run_here(held)
                return
            called, after = code.called, code.called.after
            self._start(held, code)
            for hook in called.before:
                self._call(hook, job)
            result, pack, code = code.function(job), code.pack, None  # not to be done again
            self._ended_well(held, pack, result)
            for hook in called.on_complete if held.word == "done" else ():
                self._try(hook, job)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the job
            for hook in self.ended_badly(held, code, error, called):
                self._try(hook, held.job, error)
        finally:
            for hook in after if held.job is not None else ():
                self._try(hook, held.job)
            held.ended = time.monotonic()

    def _run_here(self, held: Held) -> None:
        """Run a job that is a coroutine, in a loop of its own."""

        async def run() -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()

            def cancel() -> None:
                with suppress(RuntimeError):  # the loop is closed: it has ended
                    loop.call_soon_threadsafe(task.cancel if task else str)

            held.cancel = cancel
            try:
                await self.run_async(held)
            finally:
                await self.close()

        work = run()
        try:
            self.here(work)
        finally:
            # Stopped in the moment before it began.
            if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
                work.close()

    def _call(self, hook: Callable[..., Any], *args: Any) -> None:
        answer = hook(*args)
        if inspect.iscoroutine(answer):
            self.here(answer)

    def _try(self, hook: Callable[..., Any], *args: Any) -> None:
        try:
            self._call(hook, *args)
        except BaseException:  # whatever it is: the job has ended
            log.exception("a hook has failed")

    # In an event loop

    async def run_async(self, held: Held) -> None:
        """Run a job that is a coroutine; raises nothing, whatever its code does.

        Leaves to its context which job was run.
        """
        held.began = time.monotonic()
        if held.stop is not None:
            held.call, held.word = self._stopped(held, held.stop)
            return
        code, called = None, self._called
        contexts.run_here(None)
        try:
            job = held.job = AsyncJob(self.aio, held.snapshot)
            self._enter(job)
            code = self.code(held)
            called = code.called
            self._start(held, code)
            for hook in called.before:
                await _awaited(hook(job))
            result, pack, code = await code.function(job), code.pack, None  # not to be done again
            self._ended_well(held, pack, result)
            for hook in called.on_complete if held.word == "done" else ():
                await self._try_async(hook, job)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the job
            meant = held.interruption
            if meant is None or not isinstance(error, asyncio.CancelledError):
                meant = error
            for hook in self.ended_badly(held, code, meant, called):
                await self._try_async(hook, held.job, meant)
        finally:
            for hook in called.after if held.job is not None else ():
                await self._try_async(hook, held.job)
            held.ended = time.monotonic()

    async def _try_async(self, hook: Callable[..., Any], *args: Any) -> None:
        try:
            await _awaited(hook(*args))
        except BaseException:  # whatever it is: the job has ended
            log.exception("a hook has failed")

    # What it comes to

    def _enter(self, job: Any) -> None:
        """Let code find the job and its context where it runs."""
        contexts.run_here(job)
        contexts.enter(job.context)
        job.began()

    def _start(self, held: Held, code: Code) -> None:
        """Have the limits on an attempt watched, the job's own first, if there are any."""
        if not (held.snapshot.record.options or self._limited or code.limited):
            return
        settings, job = self._settings, held.job
        soft = _first(job.run_within, code.run_within, settings.run_within)
        hard = _first(job.kill_within, code.kill_within, settings.kill_within)
        if job.finish_by is not None:
            left = job.finish_by - held.snapshot.record.popped / 1000 - (held.began - held.arrived)
            soft = min(soft or inf, max(left - EARLY, EARLY))
        if soft or hard:
            self._limit(held, soft, hard)

    def _ended_well(self, held: Held, pack: Callable[[Any], Any], result: Any) -> None:
        if type(result) in NOT_BEGUN:
            if not isinstance(result, AsyncGeneratorType):
                result.close()
            raise NotBegun(f"a {type(result).__name__} was returned, of which nothing has run")
        if held.stop is not None and held.stop.reason != "stopping":
            held.word = "lost"
        elif held.job.state == "running":
            kept = pack(result) if held.job.keeps_result else None
            held.call = held.job.completing(result=kept)
            held.word = "done"
        else:
            held.word = "moved"

    def ended_badly(
        self,
        held: Held,
        code: Code | None,
        error: BaseException,
        called: Called | None = None,
    ) -> list[Callable[..., Any]]:
        """Note how an attempt ended that an exception has ended; returns the hooks to call."""
        called = called or self._called
        if held.word:  # it had ended before that
            return []
        held.call = None
        if held.stop is not None:
            held.call, held.word = self._stopped(held, held.stop)
        elif held.job is not None and held.job.state != "running":
            log.warning("job %s: %r after it had left", held.jid, error)
            held.word = "moved"
        elif isinstance(error, LeaseLost) and error.jid == held.jid:
            held.word = "lost"
        elif isinstance(error, Release):
            held.call, held.word = held.job.releasing(error.delay), "released"
        elif isinstance(error, Cancel):
            held.call, held.word = calls.cancel([held.jid]), "cancelled"
        else:
            return self._tell(held, code, error, called)
        return []

    def _tell(
        self, held: Held, code: Code | None, error: BaseException, called: Called
    ) -> list[Callable[..., Any]]:
        """Have the engine told of an error; the job may say itself what is to follow."""
        asked = isinstance(error, Retry)
        again = asked or (code is not None and code.retries(error))
        own = held.snapshot.record.options
        by_name = not asked and bool(own.keys() & {"retry_on", "give_up_on"})
        names = names_of(error) if by_name else []
        # The engine decides whether there is another attempt; this foresees it.
        foreseen = asked or wanted(error, own, again)
        if names or again:
            held.call = self._retrying(held, code, error, names, again)
        else:
            held.call = self._failing(held, error)
        held.word = "retried" if foreseen else "failed"
        return called.on_retry if foreseen and held.snapshot.record.left else called.on_failure

    def _retrying(
        self,
        held: Held,
        code: Code | None,
        error: BaseException,
        names: list[str],
        again: bool,
    ) -> calls.Call[str]:
        delay = error.delay if isinstance(error, Retry) else None
        cause = error.__cause__ if isinstance(error, Retry) and error.__cause__ else error
        return calls.retry(
            held.lease,
            None if delay is None else options.milliseconds(delay, "delay"),
            group_of(held.queue, cause),
            message_of(error),
            b"" if code is None else code.policy,
            secrets.randbelow(calls.DICE),
            names,
            "retry" if again else "fail",
        )

    def _failing(self, held: Held, error: BaseException) -> calls.Call[str]:
        return calls.fail(held.lease, group_of(held.queue, error), message_of(error))

    def _stopped(self, held: Held, stop: JobStopped) -> tuple[calls.Call[str] | None, Word]:
        """Return what becomes of a job that was stopped: it is given back, or lost."""
        if stop.reason == "stopping":
            return calls.release(held.lease), "released"
        return None, "lost"


async def _awaited(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer


def _first(*limits: float | None) -> float | None:
    return next((limit for limit in limits if limit is not None), None)
