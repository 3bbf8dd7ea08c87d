"""What is called around each job."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import AsyncWorker, Hooks, Surroundings, Worker, current_job
from pyjobs.worker.options import PoolName
from tests.worker import jobs
from tests.worker.conftest import SOON, find

J = "tests.worker.jobs"


def note(what: str) -> Any:
    """Return a hook that says when it is called."""
    return lambda job, *error: jobs.heard.put((what, *map(repr, error), current_job() is job))


def note_async(what: str) -> Any:
    async def hook(job: Any, *error: Any) -> None:
        await asyncio.sleep(0)
        note(what)(job, *error)

    return hook


def heard() -> list[Any]:
    return [jobs.heard.get() for _ in range(jobs.heard.qsize())]


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_before_and_after_a_job(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    queue.put(f"{J}.{kind}", {"n": 1})
    outer = Hooks(before=make("outer before"), after=make("outer after"))
    inner = Hooks(before=make("inner before"), after=make("inner after"))

    Worker(client, "mail", pool=pool, hooks=[outer, inner]).run_until_idle()

    assert heard() == [
        ("outer before", True),
        ("inner before", True),
        1,
        ("inner after", True),
        ("outer after", True),
    ]


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["bad", "bad_async"])
def test_when_a_job_fails(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    queue.put(f"{J}.{kind}", {"n": 1})
    hooks = Hooks(after=make("after"), on_failure=make("failure"), on_retry=make("retry"))

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    assert heard() == [("failure", "ValueError('no 1')", True), ("after", True)]


def test_when_it_is_tried_again_and_when_it_is_not(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.Stubborn", {"n": "name"}, retries=1)
    hooks = Hooks(on_failure=note("failure"), on_retry=note("retry"))

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    error = "Flaky('flaky')"
    assert heard() == [1, ("retry", error, True), 2, ("failure", error, True)]


@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_an_error_before_is_the_jobs(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, kind: str
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    def refuse(job: Any) -> None:
        raise PermissionError("not today")

    Worker(client, "mail", pool=pool, hooks=[Hooks(before=refuse)]).run_until_idle()

    failure = find(client, jid).failure
    assert failure is not None
    assert failure.group == "mail-PermissionError"
    assert jobs.heard.empty()


@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_an_error_afterwards_changes_nothing(
    client: pyjobs.Client,
    queue: pyjobs.Queue,
    pool: PoolName,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    jid = queue.put(f"{J}.{kind}", {"n": 1})

    def fail(job: Any) -> None:
        raise PermissionError("not today")

    with caplog.at_level(logging.ERROR):
        Worker(client, "mail", pool=pool, hooks=[Hooks(after=fail)]).run_until_idle()

    assert find(client, jid).state == "complete"
    assert "not today" in caplog.text


def test_what_was_put_with_a_job_is_there(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    queue.put(f"{J}.say", {"n": 1}, context={"tenant": "acme", "trace": "17"})

    def before(job: Any) -> None:
        jobs.heard.put(current_job().context)

    Worker(client, "mail", pool=pool, hooks=[Hooks(before=before)]).run_until_idle()

    assert jobs.hear() == {"tenant": "acme", "trace": "17"}


@pytest.mark.parametrize("make", [note, note_async])
@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_not_even_a_hook_that_exits(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    jids = queue.put_many([{"klass": f"{J}.{kind}", "data": {"n": n}} for n in range(2)])
    leave: Any = lambda job: sys.exit(3)  # noqa: E731

    async def leave_async(job: Any) -> None:
        leave(job)

    hooks = Hooks(after=leave if make is note else leave_async)

    Worker(client, "mail", pool=pool, hooks=[hooks]).run_until_idle()

    assert {find(client, jid).state for jid in jids} == {"complete"}


# The start and the end of a worker


def say(what: str) -> Any:
    return lambda *_: jobs.heard.put(what)


def say_async(what: str) -> Any:
    async def hook() -> None:
        await asyncio.sleep(0)
        jobs.heard.put(what)

    return hook


@pytest.mark.parametrize("make", [say, say_async])
@pytest.mark.parametrize("kind", ["say", "say_async"])
def test_at_the_start_and_at_the_end_of_a_worker(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, make: Any, kind: str
) -> None:
    queue.put_many([{"klass": f"{J}.{kind}", "data": {"n": n}} for n in range(2)])
    hooks = [
        Hooks(on_start=make(f"{name} start"), on_stop=make(f"{name} stop"), after=say("after"))
        for name in ("outer", "inner")
    ]

    Worker(client, "mail", pool=pool, concurrency=1, hooks=hooks).run_until_idle()

    job = ["after", "after"]
    assert heard() == [
        *("outer start", "inner start"),
        *(0, *job, 1, *job),
        *("inner stop", "outer stop"),
    ]


def test_also_when_there_was_no_job(client: pyjobs.Client, pool: PoolName) -> None:
    def start() -> None:
        worker.stop()
        jobs.heard.put("start")

    hooks = Hooks(on_start=start, on_stop=say("stop"))
    worker = Worker(client, "mail", pool=pool, hooks=[hooks])

    assert (worker.run(), heard()) == (0, ["start", "stop"])


@pytest.mark.parametrize("how", ["raises", "raises_async", "exits"])
def test_a_bad_one_is_logged_and_loses_no_job(
    client: pyjobs.Client,
    queue: pyjobs.Queue,
    pool: PoolName,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def raises_async() -> None:
        raise PermissionError("not today")

    def raises() -> None:
        raise SystemExit("not today") if how == "exits" else PermissionError("not today")

    jid = queue.put(f"{J}.say", {"n": 1})
    bad: Any = raises_async if how == "raises_async" else raises
    hooks = [Hooks(on_start=bad, on_stop=bad), Hooks(on_start=say("in"), on_stop=say("out"))]

    with caplog.at_level(logging.ERROR):
        Worker(client, "mail", pool=pool, hooks=hooks).run_until_idle()

    assert heard() == ["in", 1, "out"]
    assert find(client, jid).state == "complete"
    assert caplog.text.count("a hook has failed") == 2


def test_no_job_is_taken_before_and_the_worker_shows_that_it_lives(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    """As a supervisor kills who is silent, and there may be much to load, or to write down."""
    jid = queue.put(f"{J}.say", {"n": 1})

    class Pulses(Surroundings):
        pulsed = threading.Event()

        def pulse(self) -> None:
            self.pulsed.set()

    def wait(what: str) -> None:
        Pulses.pulsed.clear()
        assert Pulses.pulsed.wait(SOON)
        jobs.heard.put((what, find(client, jid).state))

    hooks = Hooks(on_start=lambda: wait("start"), on_stop=lambda: wait("stop"))
    worker = Worker(client, "mail", pool=pool, hooks=[hooks], surroundings=Pulses())
    worker.run_until_idle()

    assert heard() == [("start", "waiting"), 1, ("stop", "complete")]


@pytest.mark.parametrize("wrapped", [False, True])
def test_coroutines_share_the_event_loop_of_the_jobs(
    client: pyjobs.Client, queue: pyjobs.Queue, server: Any, wrapped: bool
) -> None:
    loops = []

    async def note(*_: Any) -> None:
        loops.append(asyncio.get_running_loop())

    queue.put(f"{J}.say_async", {"n": 1})
    hooks = [Hooks(on_start=note, before=note, on_stop=note)]

    async def run() -> None:
        async with pyjobs.AsyncClient(server.url, namespace=client.namespace) as aio:
            await AsyncWorker(aio, "mail", hooks=hooks).run_until_idle()

    if wrapped:
        asyncio.run(run())
    else:
        Worker(client, "mail", pool="asyncio", hooks=hooks).run_until_idle()

    assert len(loops) == 3
    assert len(set(loops)) == 1
