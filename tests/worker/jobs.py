"""The jobs of these tests. They say what happens in them by `heard`, and wait for `go_on`."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

from pyjobs import AsyncJob, Job, current_context
from pyjobs.errors import JobStopped, RunTimeout, ServerError
from pyjobs.worker import current_job

SOON = 20.0

heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
_going = threading.Event()


def reset() -> None:
    """Forget all that was said, and stop waiting jobs from waiting for ever."""
    _going.set()
    _going.clear()
    while not heard.empty():
        heard.get()


def go_on() -> None:
    """Let the jobs go on that wait for that."""
    _going.set()


def hear() -> Any:
    """Return what a job says next."""
    return heard.get(timeout=SOON)


def say(job: Job) -> None:
    heard.put(job["n"])


async def say_async(job: AsyncJob) -> None:
    await asyncio.sleep(0)
    heard.put(job["n"])


def echo(job: Job) -> Any:
    return job["value"]


async def echo_async(job: AsyncJob) -> Any:
    return job["value"]


def unkeepable(job: Job) -> Any:
    return {"of": {1, 2}}


class Letter:
    """Is run by the method named after its queue, else by `process`."""

    @staticmethod
    def mail(job: Job) -> None:
        heard.put(("mail", job.jid))

    @staticmethod
    def process(job: Job) -> None:
        heard.put(("process", job.jid))

    @staticmethod
    def _secret(job: Job) -> None:
        heard.put(("secret", job.jid))


class AsyncLetter:
    """As Letter, as a coroutine."""

    @staticmethod
    async def process(job: AsyncJob) -> None:
        await asyncio.sleep(0)
        heard.put(("process", job.jid))


class NeitherNor:
    """Has a method, but none for these queues."""

    @staticmethod
    def other(job: Job) -> None:
        raise AssertionError


def who_am_i(job: Job) -> None:
    heard.put(current_job() is job)


async def who_am_i_async(job: AsyncJob) -> None:
    await asyncio.sleep(0)
    heard.put(current_job() is job)


def count_up(job: Job) -> None:
    job["n"] += 1


def generator(job: Job) -> Iterator[int]:
    heard.put("generator")
    yield 1


async def async_generator(job: AsyncJob) -> AsyncIterator[int]:
    heard.put("async_generator")
    yield 1


def not_awaited(job: Job) -> object:
    return say_async(job)  # type: ignore[arg-type]


async def count_up_async(job: AsyncJob) -> None:
    await asyncio.sleep(0)
    job["n"] += 1


def unstorable(job: Job) -> None:
    job["n"] = {1, 2}


def huge(job: Job) -> None:
    job["n"] = "x" * 2_000_000


def bad(job: Job) -> None:
    raise ValueError(f"no {job['n']}")


async def bad_async(job: AsyncJob) -> None:
    await asyncio.sleep(0)
    raise ValueError(f"no {job['n']}")


class Trouble(BaseException):
    """Not even an Exception."""


def leave(job: Job) -> None:
    raise {"exit": SystemExit(3), "interrupt": KeyboardInterrupt(), "other": Trouble("!")}[job["n"]]


def deep(job: Job) -> None:
    def go_down(level: int) -> None:
        if level == 0:
            raise ValueError("x" * 100_000)
        go_down(level - 1)

    go_down(100)


def uncarried(job: Job) -> object:
    return {"open": object()}


def move_on(job: Job) -> None:
    job.complete("next")


async def move_on_async(job: AsyncJob) -> None:
    await job.complete("next")


def move_on_and_fail(job: Job) -> None:
    job.complete("next")
    raise ValueError("too late")


class Stubborn:
    """Is tried again after some errors."""

    retry_on = (ConnectionError, "Flaky")
    give_up_on = (ConnectionRefusedError,)

    @staticmethod
    def process(job: Job) -> None:
        heard.put(job.attempt)
        raise ERRORS[job["n"]]


class Flaky(Exception):
    """An error that passes."""


class VeryFlaky(Flaky):
    """Another such."""


ERRORS = {
    "class": ConnectionResetError("reset"),
    "name": Flaky("flaky"),
    "subclass by name": VeryFlaky("very"),
    "other": ValueError("not that"),
    "given up": ConnectionRefusedError("refused"),
}


def hold(job: Job) -> None:
    """Say that it has begun, wait to go on, and say how that ended."""
    heard.put(("begun", job.jid))
    try:
        while not _going.wait(0.005):
            pass
    except (JobStopped, RunTimeout) as stop:
        heard.put(("stopped", getattr(stop, "reason", "limit")))
        raise
    heard.put(("ended", job.jid))


async def hold_async(job: AsyncJob) -> None:
    heard.put(("begun", job.jid))
    try:
        while not _going.is_set():  # noqa: ASYNC110 - which another thread sets
            await asyncio.sleep(0.005)
    except asyncio.CancelledError:
        heard.put(("stopped", "cancelled task"))
        raise
    heard.put(("ended", job.jid))


def hold_greenlet(job: Job) -> None:
    import gevent  # noqa: PLC0415 - of an optional extra

    heard.put(("begun", job.jid))
    try:
        while not _going.is_set():
            gevent.sleep(0.005)
    except (JobStopped, RunTimeout) as stop:
        heard.put(("stopped", getattr(stop, "reason", "limit")))
        raise
    heard.put(("ended", job.jid))


HOLD = {
    "threads": "tests.worker.jobs.hold",
    "sync": "tests.worker.jobs.hold",
    "asyncio": "tests.worker.jobs.hold_async",
    "greenlets": "tests.worker.jobs.hold_greenlet",
}
"""What waits in the manner of each pool."""


def deaf(job: Job) -> None:
    """Go on whatever happens, until the test says so."""
    heard.put(("begun", job.jid))
    while not _going.is_set():
        try:
            _going.wait(0.005)
        except (JobStopped, RunTimeout):  # noqa: PERF203 - that is the point
            heard.put(("stopped", "and goes on"))
    heard.put(("ended", job.jid))


def tidy(job: Job) -> None:
    """Swallow what stops it, and end."""
    heard.put(("begun", job.jid))
    try:
        while not _going.wait(0.005):
            pass
    except JobStopped:
        heard.put(("stopped", "and swallowed it"))


class Short:
    """May run for a moment only."""

    run_within = 0.1
    process = staticmethod(hold)


def block(job: Job) -> None:
    """Wait in a manner that holds up a whole event loop or hub."""
    heard.put(("begun", job.jid))
    _going.wait(SOON)


async def block_async(job: AsyncJob) -> None:
    block(job)  # type: ignore[arg-type]


def hold_and_complete(job: Job) -> None:
    """Wait, and complete the job by its own call."""
    heard.put(("begun", job.jid))
    _going.wait(SOON)
    try:
        job.complete()
    except ServerError:
        heard.put("OutcomeUnknown or ConnectionError")
        raise


def put_another(job: Job) -> None:
    """Put a job like this one, until the count is down."""
    if job["n"]:
        job.queue.put(job.klass_name, {"n": job["n"] - 1})


_mark: ContextVar[str | None] = ContextVar("mark", default=None)


async def mark(job: AsyncJob) -> None:
    """Say what others have left behind, and leave something behind."""
    heard.put(_mark.get())
    _mark.set(job.jid)
    await asyncio.sleep(0)


def mark_sync(job: Job) -> None:
    heard.put(_mark.get())
    _mark.set(job.jid)


def pass_on(job: Job) -> None:
    """Say what travels with this job, and put another."""
    heard.put((job.context, current_context()))
    if job["n"]:
        job.queue.put(job.klass_name, {"n": job["n"] - 1})


async def pass_on_async(job: AsyncJob) -> None:
    await asyncio.sleep(0)
    heard.put((job.context, current_context()))
    if job["n"]:
        await job.queue.put(job.klass_name, {"n": job["n"] - 1})


async def cancel_its_task(job: AsyncJob) -> None:
    """Cancel the task that runs it, and end before that takes effect."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def until_renewed(job: Job) -> None:
    """Go on until the job knows of two renewals of its lease."""
    ends = {job.expires}
    while len(ends) < 3:
        ends.add(job.expires)
    heard.put("renewed")


def say_so_and_hold(job: Job) -> None:
    """Say in another process that it has begun, and wait for ever."""
    job.client.queue("begun").put(None)
    hold(job)


async def say_so_and_hold_async(job: AsyncJob) -> None:
    await job.client.queue("begun").put(None)
    await hold_async(job)
