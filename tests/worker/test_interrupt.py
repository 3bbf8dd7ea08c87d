"""Ctrl-C in a program of one's own: what runs is given back, and the program ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

import pyjobs
from tests.worker import jobs
from tests.worker.conftest import find

PROGRAM = """
import sys
import pyjobs

url, namespace, pool = sys.argv[1:]
client = pyjobs.Client(url, namespace=namespace)
try:
    pyjobs.Worker(client, "mail", pool=pool).run()
except KeyboardInterrupt:
    client.queue("said").put(None)
"""


LEFT_TO_THE_JOB = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="asyncio.run of Python 3.10 interrupts whatever task runs"
)


@pytest.mark.parametrize("pool", ["threads", pytest.param("asyncio", marks=LEFT_TO_THE_JOB)])
def test_what_runs_is_given_back(
    client: pyjobs.Client, queue: pyjobs.Queue, server: object, pool: str
) -> None:
    jid = queue.put("tests.worker.jobs.say_so_and_hold" + ("_async" * (pool == "asyncio")))
    url = server.url  # type: ignore[attr-defined]
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, url, client.namespace, pool])
    begun = client.queue("begun").pop(wait=jobs.SOON)
    assert begun is not None

    program.send_signal(signal.SIGINT)

    assert program.wait(jobs.SOON) == 0
    assert client.queue("said").pop() is not None
    assert [event.what for event in find(client, jid).history] == ["put", "popped", "released"]
