"""The server dies, connections are cut: nothing is lost, and nothing is run twice because of it."""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Surroundings, Worker, sending
from pyjobs.worker.options import PoolName
from tests.client.proxy import Proxy
from tests.client.servers import OwnServer
from tests.conftest import _executable
from tests.worker import jobs
from tests.worker.conftest import POOLS, find, running

J = "tests.worker.jobs"

KIND = {"threads": "say", "sync": "say", "asyncio": "say_async", "greenlets": "say"}


@pytest.fixture
def own_server(pytestconfig: pytest.Config) -> Iterator[OwnServer]:
    """Start a server that forgets nothing, even if it is killed."""
    executable = _executable(pytestconfig.getoption("--server"))
    with OwnServer(executable, "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.mark.parametrize("pool", POOLS)
def test_a_server_that_is_killed_under_load(own_server: OwnServer, pool: PoolName) -> None:
    count = 3000
    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        client.queue("mail").put_many(
            [{"klass": f"{J}.{KIND[pool]}", "data": {"n": n}} for n in range(count)]
        )
        with running(Worker(client, "mail", pool=pool, max_jobs=count)) as run:
            heard = [jobs.hear() for _ in range(500)]
            own_server.kill()
            own_server.start()
            heard += [jobs.hear() for _ in range(count - len(heard))]
            run.join()

        assert Counter(heard) == dict.fromkeys(range(count), 1)
        assert jobs.heard.empty()
        assert client.queue("mail").counts.complete == count
        assert client.queue("mail").stats().retries == 0


def test_a_worker_starts_before_its_server(
    own_server: OwnServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        client.queue("mail").put(f"{J}.say", {"n": 1})
        own_server.kill()
        with caplog.at_level(logging.WARNING), running(Worker(client, "mail")):
            while "the server is away" not in caplog.text:
                pass
            own_server.start()

            assert jobs.hear() == 1

        assert caplog.text.count("the server is away") == 1
        assert caplog.text.count("the server is back") == 1


def test_a_worker_leaves_though_the_server_is_away(own_server: OwnServer) -> None:
    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        client.queue("mail").put(f"{J}.hold")
        with running(Worker(client, "mail", patience=0.1)) as run:
            jobs.hear()
            own_server.kill()

            assert run.stop(0) == 0


def test_a_job_that_ends_while_the_server_is_away_is_told_afterwards(own_server: OwnServer) -> None:
    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        jid = client.queue("mail").put(f"{J}.hold", retries=0)
        with running(Worker(client, "mail", max_jobs=1)) as run:
            jobs.hear()
            own_server.kill()
            jobs.go_on()
            assert jobs.hear() == ("ended", jid)
            own_server.start()
            run.join()

        assert find(client, jid).state == "complete"


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize("pool", POOLS)
def test_connections_that_are_cut_in_the_middle_of_a_turn(
    server: Any, namespace: str, delivery: str, pool: PoolName, side: Any
) -> None:
    count = 1000
    with (
        Proxy(Path(server.socket)) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace, delivery=delivery) as client,
    ):
        client.queue("mail").put_many(
            [{"klass": f"{J}.{KIND[pool]}", "data": {"n": n}} for n in range(count)]
        )
        with running(Worker(client, "mail", pool=pool, max_jobs=count)) as run:
            heard = []
            for _ in range(5):
                proxy.cut(side, 100)
                while proxy.pending:
                    heard.append(jobs.hear())
            heard += [jobs.hear() for _ in range(count - len(heard))]
            run.join()

        assert proxy.counts.cuts == 5
        assert Counter(heard) == dict.fromkeys(range(count), 1)
        assert client.queue("mail").stats().retries == 0


def test_the_connection_on_which_it_waits_is_cut(
    server: Any, namespace: str, delivery: str
) -> None:
    with (
        Proxy(Path(server.socket)) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace, delivery=delivery) as client,
        running(Worker(client, "mail")),
    ):
        for n in range(3):
            waits = proxy.counts.commands[b"BLPOP"]
            proxy.wait_until(lambda before=waits: proxy.counts.commands[b"BLPOP"] > before)  # type: ignore[misc]
            proxy.cut_all()
            client.queue("mail").put(f"{J}.say", {"n": n})
            assert jobs.hear() == n


def test_an_explicit_completion_that_fails_is_another_attempt(
    server: Any, namespace: str, delivery: str
) -> None:
    """The server was away when the job itself wanted to tell its end; the worker tells it then."""
    with (
        Proxy(Path(server.socket)) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace, delivery=delivery) as client,
    ):
        jid = client.queue("mail").put(f"{J}.hold_and_complete", retries=1)
        with running(Worker(client, "mail", max_jobs=2)) as run:
            jobs.hear()
            proxy.refuse()
            jobs.go_on()
            assert jobs.hear() == "OutcomeUnknown or ConnectionError"
            proxy.clear()
            jobs.hear()
            run.join()

        assert find(client, jid).state == "complete"
        assert find(client, jid).attempt == 2


def test_a_server_that_is_away_for_longer_than_a_lease(own_server: OwnServer) -> None:
    """The first thing that is said then is that the job is still in work."""
    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        jid = client.queue("mail").put(f"{J}.hold", lease=0.5, retries=3)
        with running(Worker(client, "mail")):
            assert jobs.hear() == ("begun", jid)
            own_server.kill()
            ends = time.time() + 1
            while time.time() < ends:
                pass
            own_server.start()
            client.queue("mail").put(f"{J}.say", {"n": 1})
            assert jobs.hear() == 1
            jobs.go_on()
            assert jobs.hear() == ("ended", jid)

        assert find(client, jid).attempt == 1


def test_the_heart_beats_on_while_the_server_hangs(
    own_server: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers nothing, and takes connections all the same."""
    monkeypatch.setattr(sending, "TIMEOUT", 0.2)
    monkeypatch.setattr("pyjobs.client.RESERVED", 0.2)
    pulses: SimpleQueue[str] = SimpleQueue()

    class Hearing(Surroundings):
        def pulse(self) -> None:
            pulses.put("pulse")

    with pyjobs.Client(own_server.url, namespace="trouble") as client:
        jid = client.queue("mail").put(f"{J}.hold", run_within=3600)
        with running(Worker(client, "mail", surroundings=Hearing(), max_jobs=1)) as run:
            jobs.hear()
            own_server.process.send_signal(signal.SIGSTOP)
            jobs.go_on()
            assert jobs.hear() == ("ended", jid)
            while not pulses.empty():
                pulses.get()
            for _ in range(3):
                pulses.get(timeout=5)
            own_server.process.send_signal(signal.SIGCONT)
            assert run.join() == 0

        assert find(client, jid).state == "complete"


def test_what_arrives_after_the_worker_was_told_to_leave_goes_back(
    server: Any, namespace: str, delivery: str
) -> None:
    with (
        Proxy(Path(server.socket)) as proxy,
        pyjobs.Client(proxy.url, namespace=namespace, delivery=delivery) as client,
        pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as other,
    ):
        other.queue("mail").put(f"{J}.hold")
        worker = Worker(client, "mail", concurrency=2)
        with running(worker) as run:
            jobs.hear()
            proxy.refuse()
            late = other.queue("mail").put(f"{J}.say", {"n": 1})
            worker.stop()
            proxy.clear()
            jobs.go_on()
            jobs.hear()
            run.join()

        assert find(other, late).state == "waiting"


def test_so_many_ends_that_cannot_be_stored(server: Any, client: pyjobs.Client) -> None:
    """Each takes a second call, and those go with the next ends."""
    count = 120
    client.queue("mail").put_many([{"klass": f"{J}.huge", "data": {}}] * count)

    worker = Worker(client, "mail", pool="asyncio")
    worker.run_until_idle()

    assert worker.counts == {"failed": count}
