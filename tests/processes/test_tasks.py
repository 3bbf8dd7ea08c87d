"""Functions as jobs, as `pyjobs worker` runs them: it needs nothing but their modules."""

from __future__ import annotations

import msgpack
import pytest

from pyjobs import Client
from pyjobs.tasks.periodic import jid_of
from tests.processes.conftest import Working
from tests.tasks import jobs, timetable

SOON = 30


@pytest.fixture(autouse=True)
def bound(client: Client) -> None:
    jobs.tasks.init(client)
    timetable.tasks.init(client)


@pytest.mark.parametrize("pool", ["threads", "sync", "asyncio", "greenlets"])
def test_a_worker_runs_them(working: Working, pool: str) -> None:
    if pool == "greenlets":
        pytest.importorskip("gevent", exc_type=ImportError)
    working("--workers", 1, "--pool", pool)

    function = jobs.resize.options(queue="q").later("a.png", 3)
    coroutine = jobs.fetch.options(queue="q").later("abc")
    further = jobs.fan_out.options(queue="q").later(["a"])

    assert (function.result(wait=SOON), coroutine.result(wait=SOON)) == ("a.png 3", 3)
    (jid,) = further.result(wait=SOON)
    assert jobs.fetch.handle(jid).result(wait=SOON) == 1


def test_it_writes_their_schedules_and_tells_which_it_knows(
    working: Working, client: Client
) -> None:
    running = working("--workers", 1, "-m", "tests.tasks.timetable", queue="clock")

    running.until("2 schedules are written, 0 ended")
    # The first job of `ring` is due at once; it reports with what it says of that.
    about = b""
    while not about:
        timetable.ring.later().wait(SOON)
        about = client.workers.counts[0].about

    assert client.queue("low").jobs.recurring() == [jid_of(timetable.sweep)]
    assert msgpack.unpackb(about)["klasses"]["tests.tasks.timetable"] == ["ring", "sweep"]
