"""Functions that are jobs: calls, options, variants, handles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import pyjobs
from pyjobs import InvalidArgument, NotAJobClass, Tasks
from pyjobs.tasks import AsyncHandle, Task, backoffs
from tests.tasks import jobs
from tests.tasks.conftest import Run


def test_a_plain_call_runs_it_here() -> None:
    assert jobs.resize("a.png", 3) == "a.png 3"
    assert jobs.resize.__doc__ == "Make a picture smaller."
    assert asyncio.run(jobs.fetch("abc")) == 3
    assert jobs.Mail("bob").send("hi") == "hi to bob"


def test_later_puts_a_job_with_the_options_of_the_task(client: pyjobs.Client) -> None:
    handle = jobs.resize.later("a.png", width=3)

    job = handle.job
    assert (job.klass_name, job.queue_name) == ("tests.tasks.jobs.resize", "default")
    assert (job.original_retries, job.keep_result) == (4, 30)
    assert job.data == [["a.png", 3], {}]
    assert client.queue("default").jobs.waiting() == [handle.jid]


def test_what_a_function_returns_comes_back(run: Run) -> None:
    handle = jobs.resize.later("a.png")
    assert (handle.status, handle.wait(0)) == ("waiting", False)
    with pytest.raises(pyjobs.NotFinished):
        handle.result()

    run()

    assert (handle.status, handle.wait(5)) == ("complete", True)
    assert handle.result(wait=5) == "a.png 100"
    assert jobs.resize.handle(handle.jid) == handle
    assert jobs.resize.handle(handle.jid).result() == "a.png 100"


def test_a_handle_cancels_its_job() -> None:
    handle = jobs.resize.later("a.png")

    handle.cancel()

    assert (handle.status, handle.wait(0)) == ("cancelled", True)
    with pytest.raises(pyjobs.WrongState, match="cancelled"):
        handle.result()


def test_a_handle_of_a_job_that_is_gone() -> None:
    handle = jobs.resize.handle("nobody")

    assert handle.status == "unknown"
    with pytest.raises(pyjobs.JobNotFound):
        _ = handle.job


def test_options_make_a_variant_and_change_nothing() -> None:
    urgent = jobs.resize.options(delay=60, priority=-10, queue="low", tags=["x"], retries=0)

    job, usual = urgent.later("b.png", 80).job, jobs.resize.later("b.png").job

    assert (job.state, job.priority, job.queue_name) == ("scheduled", -10, "low")
    assert (job.tags, job.original_retries, job.keep_result) == (["x"], 0, 30)
    assert (usual.state, usual.priority, usual.queue_name) == ("waiting", 0, "default")
    assert urgent("c.png", 1) == "c.png 1"


MOMENT = datetime(2040, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"at": MOMENT}, MOMENT),
        ({"delay": MOMENT}, MOMENT),
        ({"delay": lambda: MOMENT}, MOMENT),
        ({"at": MOMENT.timestamp()}, MOMENT),
    ],
)
def test_a_moment_as_a_delay(given: Any, expected: datetime) -> None:
    job = jobs.resize.options(**given).later("a").job

    assert (job.state, job.since) == ("scheduled", expected.timestamp())


@pytest.mark.parametrize(
    "delay", [3600, timedelta(hours=1), lambda: 3600, lambda: timedelta(1 / 24)]
)
def test_a_delay_as_a_number_a_timedelta_or_a_function(delay: Any) -> None:
    job = jobs.resize.options(delay=delay).later("a").job

    put = job.history[0].when
    assert job.since - put == pytest.approx(3600, abs=1)


def test_a_delay_of_the_task_gives_way_to_a_moment_of_the_call() -> None:
    tasks = Tasks(jobs.tasks.client)
    delayed = tasks.task(delay=60)(jobs.resize.function)

    assert delayed.options(at=MOMENT).later("a").job.since == MOMENT.timestamp()


def test_how_it_is_run_stays_with_the_code_unless_a_call_says_otherwise() -> None:
    tasks = Tasks(jobs.tasks.client, run_within=5, **backoffs.DEFERRABLE)
    task = tasks.task(kill_within=9)(jobs.resize.function)

    owner = task.runnable().owner
    assert (owner.run_within, owner.kill_within, owner.backoff) == (5, 9, "padded")
    assert task.later("a").job.run_within is None
    assert task.options(run_within=7).later("a").job.run_within == 7


def test_partial_gives_the_first_arguments() -> None:
    picture = jobs.resize.partial("a.png")

    assert picture.later(7).job.data == [["a.png", 7], {}]
    assert picture(8) == "a.png 8"
    assert jobs.resize.partial(width=4).later("b").job.data == [["b", 4], {}]
    with pytest.raises(InvalidArgument, match="too many positional"):
        jobs.resize.partial(1, 2, 3)


def test_a_prepared_call_is_checked_and_can_be_put_again_and_again() -> None:
    call = jobs.resize.prepare("a.png", width=2)

    one, other = call.later(), call.options(priority=3).later()

    assert one != other
    assert (one.job.data, other.job.data) == ([["a.png", 2], {}], [["a.png", 2], {}])
    assert (one.job.priority, other.job.priority) == (0, 3)
    assert repr(call) == "<Prepared tests.tasks.jobs.resize('a.png', 2)>"


def test_many_calls_go_together_in_order(client: pyjobs.Client, run: Run) -> None:
    handles = jobs.resize.later_many([("a", 1), ("b", 2), ("c", 3)])

    assert client.queue("default").jobs.waiting() == [each.jid for each in handles]
    run()
    assert [each.result() for each in handles] == ["a 1", "b 2", "c 3"]


def test_a_wrong_one_among_many_puts_none(client: pyjobs.Client) -> None:
    with pytest.raises(InvalidArgument, match="width"):
        jobs.resize.later_many([("a", 1), ("b", "wide")])  # type: ignore[list-item]
    with pytest.raises(InvalidArgument, match="rows: each is a tuple of arguments, not str"):
        jobs.resize.later_many(["ab"])  # type: ignore[list-item]

    assert client.queues.counts == []


def test_a_call_in_a_transaction(client: pyjobs.Client) -> None:
    with client.transaction() as transaction:
        jid = jobs.resize.prepare("a.png").within(transaction)
        assert jobs.resize.handle(jid).status == "unknown"

    assert jobs.resize.handle(jid).status == "waiting"


def test_a_call_as_the_description_of_a_job(client: pyjobs.Client) -> None:
    client.queue("q").put(None)
    job = client.queue("q").pop()
    assert job

    job.complete(then=[jobs.resize.prepare("a.png").description])

    assert len(client.queue("default")) == 1


def test_async_code_uses_the_same_words(client: pyjobs.Client, run: Run) -> None:
    async def put() -> list[str]:
        handle = await jobs.resize.alater("a.png", 100)
        more = await jobs.fetch.alater_many([("abc",), ("defg",)])
        assert await handle.status == "waiting"
        assert (await handle.job).data == [["a.png", 100], {}]
        assert not await handle.wait(0)
        await more[1].cancel()
        with pytest.raises(pyjobs.JobNotFound):
            await AsyncHandle(jobs.tasks.aio, "nobody", jobs.fetch).job
        await jobs.tasks.aclose()
        return [handle.jid, more[0].jid]

    async def read(jids: list[str]) -> list[Any]:
        client = jobs.tasks.aio
        tasks: list[Task[..., Any]] = [jobs.resize, jobs.fetch]
        pairs = zip(jids, tasks, strict=True)
        handles = [AsyncHandle[Any](client, jid, task) for jid, task in pairs]
        found = [await each.result(wait=5) for each in handles]
        await jobs.tasks.aclose()
        return found

    jids = asyncio.run(put())
    run()
    assert asyncio.run(read(jids)) == ["a.png 100", 3]


def test_tasks_of_an_async_client(server: Any, namespace: str) -> None:
    async def put() -> str:
        async with pyjobs.AsyncClient(server.url, namespace=namespace) as client:
            tasks = Tasks(client)
            assert tasks.aio is client
            handle = await tasks.task(jobs.resize.function).alater("a")
            status: str = await handle.status
            return status

    assert asyncio.run(put()) == "waiting"


def test_tasks_are_bound_later(client: pyjobs.Client) -> None:
    library = Tasks(queue="lib")
    task = library.task(jobs.resize.function)
    assert task("a") == "a 100"
    with pytest.raises(InvalidArgument, match="no client yet"):
        task.later("a")

    library.init(client)

    assert task.later("a").job.queue_name == "lib"
    assert pyjobs.shared.all == {}


def test_what_can_be_no_client() -> None:
    with pytest.raises(InvalidArgument, match="client: a client or a url, not int"):
        Tasks(3)  # type: ignore[arg-type]


def test_a_lambda_and_a_nested_function_are_refused_when_they_are_decorated() -> None:
    def nested() -> None: ...

    with pytest.raises(NotAJobClass, match="is a lambda"):
        jobs.tasks.task(lambda: 1)
    with pytest.raises(NotAJobClass, match=r"defined inside a function.*top level"):
        jobs.tasks.task(nested)


@pytest.mark.parametrize(
    ("thing", "why"),
    [(len, "not a builtin"), (Tasks, "is a class; decorate its method"), (3, "not a int")],
)
def test_what_is_no_function_is_refused(thing: Any, why: str) -> None:
    with pytest.raises(NotAJobClass, match=why):
        jobs.tasks.task(thing)


def test_a_generator_is_refused_as_a_call_of_it_would_run_nothing() -> None:
    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    for function in (generator, async_generator):
        with pytest.raises(NotAJobClass, match="is a generator"):
            jobs.tasks.task(function)


def test_a_class_method_is_refused() -> None:
    with pytest.raises(NotAJobClass, match="class method; make it a static"):
        jobs.tasks.add(classmethod(lambda cls: cls), {})


def test_a_function_of_a_script_runs_here_and_is_refused_later() -> None:
    namespace = {"__name__": "__main__", "tasks": jobs.tasks}
    exec("@tasks.task\ndef main(): return 1", namespace)
    main: Any = namespace["main"]

    assert main() == 1
    with pytest.raises(NotAJobClass, match="__main__"):
        main.later()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"retires": 3}, "retires: no such option"),
        ({"delay": -1}, "delay: -1 is negative"),
        ({"delay": "soon"}, "delay: must be a finite number"),
        ({"retry_on": [3]}, "retry_on: exception classes or names"),
        ({"retry_on": int}, "retry_on: exception classes or names"),
        ({"queue": 3}, "queue: must be a text"),
        ({"codec": 3}, "codec: 3 has no dump"),
        ({"tags": "one"}, "tags: must be a list"),
    ],
)
def test_options_without_sense_are_refused_when_they_are_given(given: Any, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        jobs.tasks.task(**given)(jobs.resize.function)
    with pytest.raises(InvalidArgument, match=why):
        Tasks(**given)
    with pytest.raises(InvalidArgument, match=why):
        jobs.resize.options(**given)


def test_a_job_is_sent_by_name_without_the_code(run: Run) -> None:
    handle = jobs.tasks.send("tests.tasks.jobs.resize", "a.png", width=5)
    slow = jobs.tasks.named("tests.tasks.jobs.resize", priority=9).later("b.png")

    run()

    assert (handle.result(), slow.result()) == ("a.png 5", "b.png 100")
    assert slow.job.priority == 9
    with pytest.raises(NotAJobClass, match="its code is not here"):
        jobs.tasks.named("tests.tasks.jobs.resize")("a")
    with pytest.raises(NotAJobClass, match="is not an import path"):
        jobs.tasks.send("resize")


def test_a_task_is_put_by_hand_with_its_arguments_as_data(client: pyjobs.Client, run: Run) -> None:
    queue = client.queue("default")
    jids = [
        queue.put(jobs.resize, {"path": "a", "width": 1}, keep_result=5),
        queue.put("tests.tasks.jobs.resize", [["b"], {}], keep_result=5),
    ]

    run()

    assert [client.result(jid) for jid in jids] == ["a 1", "b 100"]
