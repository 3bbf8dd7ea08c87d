"""What a worker can be told, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Hooks, Worker, WorkerOptions
from pyjobs.worker.options import Given


def test_the_keyword_arguments_are_the_options() -> None:
    fields = set(WorkerOptions.__dataclass_fields__)

    assert set(Given.__annotations__) == fields - {"queues"}


def test_the_usual_ones() -> None:
    options = WorkerOptions.make("mail", {})

    assert options.queues == ("mail",)
    assert (options.pool, options.slots, options.grace) == ("threads", 8, 30)


@pytest.mark.parametrize(
    ("pool", "slots"), [("threads", 8), ("sync", 1), ("asyncio", 100), ("greenlets", 100)]
)
def test_how_many_jobs_a_pool_runs_at_the_same_time(pool: str, slots: int) -> None:
    assert WorkerOptions.make("mail", {"pool": pool}).slots == slots


def test_times_may_be_timedeltas() -> None:
    options = WorkerOptions.make("mail", {"lease": timedelta(minutes=1), "run_within": 0})

    assert (options.lease, options.run_within) == (60, None)


@pytest.mark.parametrize(
    ("queues", "given", "message"),
    [
        ([], {}, "queues: names none"),
        (["!mail"], {}, "queues: names none"),
        (["mail", ""], {}, "queues: one of them is empty"),
        ([1], {}, "queues: must be a text, not int"),
        ("mail", {"pool": "fibers"}, "pool: 'fibers' is none of threads, sync, asyncio, greenlets"),
        ("mail", {"concurrency": 0}, "concurrency: 0 is not 1 to 1,000"),
        ("mail", {"concurrency": 1.5}, "concurrency: must be an integer"),
        ("mail", {"policy": "random"}, "policy: 'random' is none of ordered, rotating, weighted"),
        ("mail", {"weights": {"mail": 2}}, "weights: belong to policy='weighted'"),
        (
            "mail",
            {"policy": "weighted", "weights": {"post": 2}},
            "weights: 'post' is not among the queues",
        ),
        (
            "mail",
            {"policy": "weighted", "weights": {"mail": 1001}},
            "weights: mail: 1001 is not 1 to 1,000",
        ),
        ("mail", {"interval": 5}, "interval: 5 is not 0.01 to 4 seconds"),
        ("mail", {"grace": -1}, "grace: -1 is negative"),
        ("mail", {"run_within": "1"}, "run_within: must be a finite number of seconds"),
        ("mail", {"max_jobs": 0}, "max_jobs: 0 is not 1 or more"),
        ("mail", {"prefetch": 101}, "prefetch: 101 is not 0 to 100"),
        ("mail", {"hooks": [print]}, "hooks: must be Hooks"),
        ("mail", {"allow": "jobs"}, "allow: must be a list of texts"),
        ("mail", {"threads": 3}, "threads: no such option"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(queues: Any, given: Any, message: str) -> None:
    with pytest.raises(pyjobs.InvalidArgument) as caught:
        WorkerOptions.make(queues, given)

    assert message in str(caught.value)


def test_ready_options_take_no_further_ones(client: pyjobs.Client) -> None:
    options = WorkerOptions.make("mail", {"hooks": [Hooks()]})

    assert Worker(client, options).options is options
    with pytest.raises(pyjobs.InvalidArgument, match="grace: belongs into the WorkerOptions"):
        Worker(client, options, grace=1)
