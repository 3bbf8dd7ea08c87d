"""Functions that are jobs; they are in `pictures.py`, where workers find them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import pyjobs
from tests.tour import pictures
from tests.tour.pictures import Size, brighten, collage, polite, resize, sweep, taken, tasks, tell


@pytest.fixture(autouse=True)
def bound(client: pyjobs.Client) -> None:
    tasks.init(client)


def work(client: pyjobs.Client) -> None:
    """Do what `pyjobs worker -q images` does, until there is nothing to do."""
    pyjobs.Worker(client, "images").run_until_idle()


def test_a_plain_call_runs_it_here_and_later_where_the_workers_are(client: pyjobs.Client) -> None:
    assert resize("a.png", Size(100)) == "a.png at 100"

    handle = resize.later("a.png", Size(100))

    assert handle.status == "waiting"
    work(client)
    assert (handle.result(wait=5), handle.status) == ("a.png at 100", "complete")


def test_a_wrong_call_fails_where_it_is_made() -> None:
    wrong: Any = resize.later  # mypy would say so before
    with pytest.raises(pyjobs.InvalidArgument, match="size: must be Size, not int 100"):
        wrong("a.png", 100)
    with pytest.raises(pyjobs.InvalidArgument, match="missing a required argument: 'size'"):
        wrong("a.png")


def test_a_call_with_other_options() -> None:
    job = resize.options(delay=60, priority=-10, queue="low").later("b.png", Size(80)).job

    assert (job.state, job.priority, job.queue_name) == ("scheduled", -10, "low")


def test_many_calls(client: pyjobs.Client) -> None:
    handles = resize.later_many([("a.png", Size(1)), ("b.png", Size(2))])
    work(client)

    assert [handle.result() for handle in handles] == ["a.png at 1", "b.png at 2"]


def test_a_handle_stands_for_its_job(client: pyjobs.Client) -> None:
    first = resize.later("a.png", Size(1))
    then = taken.options(depends=[first]).later("a.png")

    assert then.status == "depends"
    work(client)
    assert then.result() == 2026


def test_calls_are_put_together(client: pyjobs.Client) -> None:
    handle = (
        tasks.parallel([resize.prepare(path, Size(9)) for path in ("a.png", "b.png")])
        .then(collage.step(columns=2))
        .then(brighten.step())
        .later()
    )
    assert handle.status == "running"
    work(client)

    assert handle.result(wait=5) == "bright 2 columns of a.png at 9, b.png at 9"
    assert handle.state.progress == 1


def test_a_branch_runs_where_one_of_them_fails(client: pyjobs.Client) -> None:
    handle = brighten.prepare("").then(brighten.step()).on_failure(tell.step()).later()
    work(client)

    assert handle.status == "failed"
    with pytest.raises(pyjobs.JobFailed, match="nothing to brighten"):
        handle.result()
    assert handle.jobs[2].result() == "ValueError: nothing to brighten"


def test_a_job_says_itself_what_is_to_become_of_it(client: pyjobs.Client) -> None:
    handle = polite.later()
    work(client)

    assert handle.result() == "thank you"
    assert handle.job.retries_left == 5


def test_a_function_by_its_name_without_its_code(client: pyjobs.Client) -> None:
    handle = tasks.send("tests.tour.pictures.resize", "a.png", {"width": 7})
    work(client)

    assert handle.result() == "a.png at 7"


def test_a_function_that_runs_by_itself(client: pyjobs.Client, clock: Any) -> None:
    (written,), _ = tasks.sync()
    assert tasks.sync().added == []

    clock.turn(25)
    job = client.queue("low").pop()
    assert job
    assert (job.klass_name, job.origin) == (sweep.path, written)


def test_async_code_uses_the_same_words(server: Any, namespace: str) -> None:
    async def run() -> int:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            tasks.init(client)
            handle = await pictures.taken.alater("a.png")
            async with pyjobs.AsyncWorker(client, "images"):
                return await handle.result(wait=30)

    assert asyncio.run(run()) == 2026
