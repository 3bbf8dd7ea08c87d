"""What a job's code returns is its result, if it was put to have one."""

from __future__ import annotations

from typing import Any

import pytest

import pyjobs
from pyjobs.errors import JobFailed, NoResult
from pyjobs.worker import Worker
from pyjobs.worker.options import PoolName

ECHO, ECHO_ASYNC = "tests.worker.jobs.echo", "tests.worker.jobs.echo_async"


@pytest.mark.parametrize("klass", [ECHO, ECHO_ASYNC])
@pytest.mark.parametrize("value", [None, 0, "seven", {"n": [1, 2.5, None]}])
def test_what_is_returned_is_kept(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName, klass: str, value: Any
) -> None:
    jid = queue.put(klass, {"value": value}, keep_result=60)

    Worker(client, ["mail"], pool=pool).run_until_idle()

    assert client.result(jid) == value


def test_only_if_that_was_asked_for(client: pyjobs.Client, queue: pyjobs.Queue) -> None:
    jid = queue.put(ECHO, {"value": 7})

    Worker(client, ["mail"]).run_until_idle()

    with pytest.raises(NoResult):
        client.result(jid)


def test_what_cannot_be_kept_fails_the_job_and_says_where(
    client: pyjobs.Client, queue: pyjobs.Queue, pool: PoolName
) -> None:
    jid = queue.put("tests.worker.jobs.unkeepable", keep_result=60)

    worker = Worker(client, ["mail"], pool=pool)
    worker.run_until_idle()

    with pytest.raises(JobFailed, match="EncodingError"):
        client.result(jid)
    assert worker.counts == {"failed": 1}
