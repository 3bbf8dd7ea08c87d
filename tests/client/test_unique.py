"""Unique puts by the client: what they answer, and keys that are made of the data."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest

import pyjobs
from pyjobs import Jid, codec
from tests.conftest import Server

NOW = 1_800_000_000_000


class Clock:
    """Milliseconds, turned by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: Server, namespace: str, delivery: str, clock: Clock) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery, now=clock) as client:
        yield client


@pytest.fixture
def queue(client: pyjobs.Client) -> pyjobs.Queue:
    return client.queue("q")


def test_a_put_answers_which_job_does_the_work_and_what_it_did(queue: pyjobs.Queue) -> None:
    first = queue.put(None, 1, unique="k")
    second = queue.put(None, 2, unique="k")

    assert ("created", "merged") == (first.outcome, second.outcome)
    assert first == second
    assert queue.put(None, 3, jid="a").outcome == "created"
    assert queue.put(None, 3, jid="a").outcome == "replaced"
    assert queue.put(None, 3, jid="a", if_exists="keep").outcome == "kept"


def test_a_refused_put_raises_and_names_the_job(queue: pyjobs.Queue) -> None:
    first = queue.put(None, unique="k")

    with pytest.raises(pyjobs.JobExists, match=f"job {first} holds the key k"):
        queue.put(None, unique="k", if_duplicate="refuse")


def test_many_puts_answer_each(queue: pyjobs.Queue) -> None:
    jids = queue.put_many({"data": n, "unique": f"k{n % 3}"} for n in range(250))

    assert ["created"] * 3 + ["merged"] * 247 == jids.outcomes
    assert 3 == len(set(jids)) == queue.counts.waiting
    assert [jids[n % 3] for n in range(250)] == jids


def test_a_put_of_many_dependencies_that_is_merged_adds_none(queue: pyjobs.Queue) -> None:
    parents = queue.put_many({"jid": f"p{n}"} for n in range(150))
    first = queue.put(None, unique="k")
    assert first == queue.put(None, unique="k", depends=parents)

    assert queue.counts.depends == 0


def test_in_a_transaction_the_answers_tell(client: pyjobs.Client) -> None:
    with client.transaction() as t:
        first = t.put("q", None, unique="k")
        t.put("q", None, unique="k")

    assert ["created", f"merged {first}"] == t.answers


def test_a_key_is_made_of_queue_class_and_data(client: pyjobs.Client) -> None:
    put = client.queue("q").put
    first = put("jobs.Index", {"a": [1, {"x": 1, "y": 2}], "b": None}, unique=True)

    assert first == put("jobs.Index", {"b": None, "a": (1, {"y": 2, "x": 1})}, unique=True)
    assert first != put("jobs.Index", {"a": [1, {"x": 1, "y": 3}], "b": None}, unique=True)
    assert first != put("jobs.Other", {"a": [1, {"x": 1, "y": 2}], "b": None}, unique=True)
    same = {"a": [1, {"x": 1, "y": 2}], "b": None}
    assert first != client.queue("r").put("jobs.Index", same, unique=True)
    assert "created" == put("jobs.Index", same, unique=False).outcome


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, []),
        ({"a": 1}, [["a", 1]]),
        ({"a": 1}, ["{}", ["a", 1]]),
        ({1: "x"}, {"1": "x"}),
        (1, 1.0),
        ("1", b"1"),
        (True, 1),
        ([1, 2], [2, 1]),
    ],
)
def test_data_that_differs_has_another_key(one: Any, other: Any) -> None:
    assert codec.canonical(codec.encode(one)) != codec.canonical(codec.encode(other))


def test_a_key_of_long_names_fits(client: pyjobs.Client) -> None:
    queue = client.queue("q" * 255)
    klass = "jobs." + "K" * 250

    assert queue.put(klass, 1, unique=True) == queue.put(klass, 1, unique=True)
    assert queue.put(klass, 1, unique=True) != queue.put(klass, 2, unique=True)


def test_a_burst_runs_once_with_the_last_data(queue: pyjobs.Queue, clock: Clock) -> None:
    for number in range(5):
        jid = queue.put(None, number, unique="k", debounce=30)
        clock.now += 10_000
    assert queue.pop() is None
    clock.now += 20_000
    job = queue.pop()

    assert job
    assert (jid, 4, "k") == (job.jid, job.data, job.unique)
    assert ["put", *["merged"] * 4, "popped"] == [event.what for event in job.history]


def test_a_jid_is_a_text_like_any_other(queue: pyjobs.Queue) -> None:
    jid = queue.put(None)
    assert isinstance(jid, Jid)
    job = queue.put(None, {"parent": jid, jid: [jid]})

    both = queue.put_many([{"data": 1}, {"data": 2}])
    assert list(both) == codec.decode(codec.encode({"jids": both}))["jids"]
    found = queue.pop(2)[1]
    assert job == found.jid
    assert {"parent": str(jid), str(jid): [str(jid)]} == found.data
    assert str is type(found["parent"])
    assert jid == msgpack.unpackb(msgpack.packb(jid)) == json.loads(json.dumps(jid))
    assert all(
        (jid, "created") == (each, each.outcome)
        for each in (copy.copy(jid), copy.deepcopy(jid), pickle.loads(pickle.dumps(jid)))
    )


def test_deadlines_come_with_the_job(queue: pyjobs.Queue, clock: Clock) -> None:
    jid = queue.put(None, start_within=60, finish_within=90, if_late="fail")
    job = queue.pop()
    assert job

    assert (NOW / 1000 + 60, NOW / 1000 + 90) == (job.start_by, job.finish_by)
    assert NOW / 1000 + 60 == job.expires, "the lease of the setting is shorter"
    assert job.heartbeat(lease=300) == NOW / 1000 + 90
    assert jid == job.jid

    queue.put(None)
    plain = queue.pop()
    assert plain
    assert (None, None, "") == (plain.start_by, plain.finish_by, plain.unique)


class Late:
    """What runs in the place of a job that is too late."""

    @staticmethod
    def process(job: pyjobs.Job) -> None:
        """Do nothing."""


@pytest.mark.parametrize("late", [Late, f"{__name__}.Late"])
def test_a_class_runs_in_the_place_of_a_late_job(
    queue: pyjobs.Queue, clock: Clock, late: Any
) -> None:
    queue.put("jobs.Index", 7, start_within=60, if_late=late)
    clock.now += 60_000
    job = queue.pop()

    assert job
    assert (f"{__name__}.Late", 7) == (job.klass_name, job.data)
    assert f"{__name__}.Late" == job.history[-2].data


def test_a_recurring_job_gives_its_children_such_limits(
    client: pyjobs.Client, queue: pyjobs.Queue, clock: Clock
) -> None:
    jid = queue.recur(None, interval=60, start_within=30, if_late=Late, finish_within=50)
    clock.now += 45_000
    job = queue.pop()
    assert job
    assert (f"{__name__}.Late", NOW / 1000 + 50) == (job.klass_name, job.finish_by)

    template = client.jobs[jid]
    assert isinstance(template, pyjobs.RecurringJob)
    template.update(if_late="cancel")
    clock.now += 60_000
    assert queue.pop() is None


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("unique", {"unique": 3}),
        ("unique", {"unique": ""}),
        ("unique", {"unique": "x" * 256}),
        ("unique_for", {"unique": "k", "unique_for": -1}),
        ("debounce", {"debounce": 5}),
        ("if_duplicate", {"if_duplicate": "keep"}),
        ("start_within", {"start_within": "soon"}),
        ("finish_within", {"finish_within": 0}),
        ("poison_after", {"poison_after": True}),
        ("retry_on", {"retry_on": [3]}),
        ("give_up_on", {"give_up_on": [ValueError()]}),
    ],
)
def test_what_no_option_can_be_is_refused_by_name(
    queue: pyjobs.Queue, name: str, given: dict[str, Any]
) -> None:
    with pytest.raises(pyjobs.InvalidArgument, match=f"^(put: )?{name}: "):
        queue.put(None, **given)


def test_what_is_no_code_cannot_run_in_place_of_a_late_job(queue: pyjobs.Queue) -> None:
    with pytest.raises(pyjobs.NotAJobClass):
        queue.put(None, start_within=5, if_late=lambda job: job)


def test_keys_may_be_any_text(queue: pyjobs.Queue) -> None:
    for key in ("ü {}:\n\0", "merged x", "k" * 255):
        first = queue.put(None, unique=key)
        assert first == queue.put(None, unique=key)
        assert queue.put(None, jid=f"a b {key[:9]}", unique=key).outcome == "merged"


def test_a_jid_with_spaces_is_answered_whole(queue: pyjobs.Queue) -> None:
    queue.put(None, jid="a job  with spaces", unique="k")

    assert "a job  with spaces" == queue.put(None, unique="k")
