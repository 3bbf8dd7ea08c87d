"""A wrong call fails where it is made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import pyjobs
from pyjobs import EncodingError, InvalidArgument
from tests.tasks import jobs
from tests.tasks.conftest import Run
from tests.tasks.jobs import Color, Point

later: Any = jobs.resize.later
later_many_sorts: Any = jobs.many.later
later_method: Any = jobs.Mail.send.later


@pytest.mark.parametrize(
    ("args", "kwargs", "why"),
    [
        ((), {}, r"resize\(path, width=100\): missing a required argument: 'path'"),
        (("a", 1, 2), {}, "too many positional arguments"),
        (("a",), {"height": 1}, "unexpected keyword argument 'height'"),
        (("a",), {"path": "b"}, "multiple values for argument 'path'"),
        (("a", "wide"), {}, "resize: width: must be int, not str 'wide'"),
        (("a", True), {}, "resize: width: must be int, not bool True"),
        (("a",), {"width": 1.5}, "resize: width: must be int, not float 1.5"),
        ((None,), {}, "resize: path: must be str, not None"),
        ((b"x" * 100,), {}, "resize: path: must be str, not bytes$"),
    ],
)
def test_it_says_what_is_wrong(client: pyjobs.Client, args: Any, kwargs: Any, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        later(*args, **kwargs)
    assert client.queues.counts == []


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: jobs.echo.later(object()), r"echo: value: a object"),
        (lambda: jobs.echo.later({"a": [1, {2: object()}]}), r"value\['a'\]\[1\]\[2\]: a object"),
        (lambda: jobs.echo.later(2**70), "value: an integer of 71 bits"),
        (lambda: jobs.echo.later("\ud800"), "value: text with a lone surrogate"),
        (lambda: jobs.echo.later(jobs.Color.RED), "annotation names its class"),
        (lambda: jobs.echo.later(jobs.Mail("bob")), "annotation names its class"),
        (lambda: later("\ud800"), "resize: path: text with a lone surrogate"),
    ],
)
def test_what_cannot_be_carried_is_refused_with_its_place(call: Any, why: str) -> None:
    with pytest.raises(EncodingError, match=why):
        call()


def test_a_value_inside_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(EncodingError, match="echo: is nested too deeply, or contains itself"):
        jobs.echo.later(loop)


def test_the_same_call_is_always_the_same_data() -> None:
    calls = [
        jobs.resize.prepare("a", 1),
        jobs.resize.prepare(path="a", width=1),
        jobs.resize.prepare("a", width=1),
    ]

    assert [call.data for call in calls] == [[["a", 1], {}]] * 3


def test_all_sorts_of_parameters(run: Run) -> None:
    day = date(2026, 1, 1)

    handle = later_many_sorts(1, 2, 3, scale=2, start=day)
    with pytest.raises(InvalidArgument, match="many: start: must be date, not int 3"):
        later_many_sorts(1, start=3)
    with pytest.raises(InvalidArgument, match="many: rest: must be int, not str '2'"):
        later_many_sorts(1, "2")

    assert handle.job.data == [[1, 2, 3], {"scale": 2, "start": "2026-01-01"}]
    run()
    assert handle.result() == [1, (2, 3), 2, {"start": day}]


def test_an_instance_travels_with_its_method(run: Run) -> None:
    handle = jobs.Mail("bob").send.later("hello")

    assert handle.job.klass_name == "tests.tasks.jobs.Mail.send"
    assert handle.job.data == [[{"to": "bob"}, "hello"], {}]
    run()
    assert handle.result() == "hello to bob"
    with pytest.raises(InvalidArgument, match="self: must be Mail, not int 3"):
        later_method(3, "hello")


def test_a_static_method_is_a_task(run: Run) -> None:
    bob: Any = jobs.Mail("bob")
    handles = [jobs.Mail.count.later(["a", "b"]), bob.count.later([])]

    run()

    assert [handle.result() for handle in handles] == [2, 0]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([1, 2, 3], "the job's data is no call"),
        ("text", "the job's data is no call"),
        ({"path": "a", "height": 3}, "unexpected keyword argument 'height'"),
        ([["a", "wide"], {}], "width: must be int, not str 'wide'"),
    ],
)
def test_a_call_that_the_function_does_not_take_fails_in_the_worker(
    client: pyjobs.Client, run: Run, data: Any, why: str
) -> None:
    jid = client.queue("default").put(jobs.resize, data)

    run()

    with pytest.raises(pyjobs.JobFailed, match=why) as failed:
        client.result(jid)
    assert failed.value.group == "default-DecodingError"


def test_a_model_by_its_fields(client: pyjobs.Client, run: Run) -> None:
    queue = client.queue("default")
    queue.put(jobs.shapes, {"point": {"x": 1, "y": "0.5", "color": "blue"}, "color": "blue"})
    queue.put(jobs.shapes, {"point": {"x": 7, "y": 3}})

    run(pool="sync")

    assert jobs.ran == [
        {"point": Point(1, Decimal("0.5"), Color.BLUE), "color": Color.BLUE},
        {"point": Point(7, Decimal(3)), "color": Color.RED},
    ]
