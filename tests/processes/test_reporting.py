"""What processes tell about themselves: to the server, and on standard error."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

import msgpack
import pytest

from pyjobs import Client
from pyjobs.library import library
from pyjobs.worker import reporting
from tests.processes import jobs
from tests.processes.conftest import Told, Working

UP = r"worker \d+ \(pid (\d+)\) is up"


def test_the_server_knows_what_a_process_is_and_does(
    working: Working, client: Client, told: Told
) -> None:
    jid = client.queue("q").put(jobs.Slow, told.data())
    running = working("--workers", 1, "--name", "mail", "--concurrency", 3)
    _, pid, _ = told.next()
    running.until(UP)
    # It reports every few seconds; a job of its own is the clock of this wait.
    report: dict[str, Any] = {}
    while jid not in report.get("running", []):
        client.queue("q").put(jobs.Quick, told.data())
        told.next()
        (worker,) = client.workers.counts
        report = msgpack.unpackb(worker.about) if worker.about else {}

    assert worker.name.startswith(f"mail@{socket.gethostname()}-{pid}-")
    assert report["host"] == socket.gethostname()
    assert (report["pid"], report["place"]) == (int(pid), 1)
    assert (report["pool"], report["slots"], report["paused"]) == ("threads", 3, False)
    assert (report["queues"], report["serves"]) == (["q"], 1)
    assert report["library"] == library().name, "or engine prune would take it for unneeded"
    assert report["memory"] > 10_000_000


def test_a_report_has_room_for_what_matters_only() -> None:
    jids = [f"{number:0200}" for number in range(1000)]
    odd = b"\xff".decode(errors="surrogateescape")  # a name that is no text
    packed = reporting.packed(
        {"pid": 3}, running=[odd, *jids], queues=["q" * 255] * 100, klasses={}
    )
    report = msgpack.unpackb(packed, unicode_errors="surrogateescape")

    assert len(packed) <= reporting.LIMIT
    assert (report["busy"], report["serves"]) == (1001, 100)
    assert report["running"] == [odd, *jids][: len(report["running"])]
    assert len(report["running"]) > 5
    assert len(report["queues"]) > 5


def test_memory_is_what_the_process_occupies_now() -> None:
    before = reporting.memory()
    hoard = os.urandom(1 << 20) * 64

    assert reporting.memory() - before > len(hoard) * 0.9


@pytest.mark.parametrize("pool", ["threads", "sync", "asyncio", "greenlets"])
def test_json_lines_say_of_which_job_they_speak(
    working: Working, client: Client, told: Told, pool: str
) -> None:
    jid = client.queue("q").put(jobs.Wordy, told.data(), retries=0)
    running = working("--workers", 1, "--log-format", "json", "--pool", pool)
    halfway = json.loads(running.until(r"^.*halfway.*$")[0])
    failed = json.loads(running.until(rf"^.*{jid}.*$")[0])

    for line in (halfway, failed):
        assert (line["jid"], line["queue"], line["attempt"]) == (jid, "q", 1)
        assert 0 <= line["duration"] < 5
        assert line["time"].endswith("Z")
    assert (halfway["logger"], halfway["level"]) == ("tests.processes.jobs", "info")
    assert halfway["share"] == 0.5
    assert failed["level"] == "warning"


def test_text_lines_say_it_as_well_and_verbose_has_one_for_each_job(
    working: Working, client: Client, told: Told
) -> None:
    jid = client.queue("q").put(jobs.Quick, told.data())
    running = working("--workers", 1, "--verbose")

    running.until(
        rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{3}} \d+ DEBUG .*Quick has run"
        rf"  jid={jid}  queue=q  attempt=1  duration=0\.\d{{3}}$"
    )
