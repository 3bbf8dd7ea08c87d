"""What calls cost, without a clock: commands that a client sends, and redis calls that they make.

A round trip more, or a redis call more for each job, is slower on every machine.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

import pyjobs
from pyjobs.worker import Worker
from tests.conftest import Server

QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')

MARK = b"a mark"

MANY = 50


@dataclass
class Cost:
    """Commands that were sent, and how many redis calls functions made."""

    sent: list[str] = field(default_factory=list)
    calls: int = 0


class Monitor:
    """Sees every command that the server is given, in order."""

    def __init__(self, server: Server) -> None:
        self._admin = server.admin
        self._redis = server.client()
        self._connection: Any = self._redis.connection_pool.get_connection()
        self._connection.send_command("MONITOR")
        self._connection.read_response()

    def lines(self) -> Iterator[tuple[bool, list[bytes]]]:
        """Give commands as they come: whether a function made it, and its words."""
        while True:
            line: bytes = self._connection.read_response(timeout=20)
            yield b" lua]" in line[:40], QUOTED.findall(line)

    def cost(self, action: Callable[[], object]) -> Cost:
        """Return what an action costs."""
        self._read_to_mark()
        action()
        return self._read_to_mark()

    def _read_to_mark(self) -> Cost:
        """Return what was seen since the last mark."""
        self._admin.echo(MARK)
        cost = Cost()
        for inside, words in self.lines():
            if words[-1] == MARK:
                break
            if inside:
                cost.calls += 1
            else:
                cost.sent.append(words[0].decode().upper())
        return cost

    def close(self) -> None:
        self._connection.disconnect()
        self._redis.close()


@pytest.fixture
def monitor(server: Server) -> Iterator[Monitor]:
    monitor = Monitor(server)
    yield monitor
    monitor.close()


@pytest.fixture
def queue(server: Server, namespace: str, delivery: str) -> Iterator[pyjobs.Queue]:
    """A queue that is in use: it is registered, the engine is loaded, the connection is open."""
    with pyjobs.Client(server.url, namespace=namespace, delivery=delivery) as client:
        queue = client.queue("mail")
        jobs = put_and_pop(queue, 3)
        jobs[0].complete()
        queue.complete(jobs[1:])
        yield queue


def put_and_pop(queue: pyjobs.Queue, count: int) -> list[pyjobs.Job]:
    queue.put_many([{"klass": "shop.Mail", "data": number} for number in range(count)])
    return queue.pop(count)


def one_call(monitor: Monitor, action: Callable[[], object], most: int) -> None:
    """Check that an action is one call, and that this makes `most` redis calls at most."""
    cost = monitor.cost(action)
    assert len(cost.sent) == 1, cost.sent
    assert cost.calls <= most


def test_put(queue: pyjobs.Queue, monitor: Monitor) -> None:
    one_call(monitor, lambda: queue.put("shop.Mail", {"to": "Ada"}), 7)


def test_put_with_options(queue: pyjobs.Queue, monitor: Monitor) -> None:
    one_call(monitor, lambda: queue.put("shop.Mail", priority=-1, retries=1), 7)


def test_put_many(queue: pyjobs.Queue, monitor: Monitor) -> None:
    jobs = [{"klass": "shop.Mail", "data": number} for number in range(MANY)]
    one_call(monitor, lambda: queue.put_many(jobs), 7)


def test_put_many_of_more_than_a_call_takes(queue: pyjobs.Queue, monitor: Monitor) -> None:
    cost = monitor.cost(lambda: queue.put_many([{"klass": "shop.Mail"}] * 250))
    assert len(cost.sent) == 3
    assert cost.calls <= 3 * 7


def test_pop(queue: pyjobs.Queue, monitor: Monitor) -> None:
    queue.put("shop.Mail")
    one_call(monitor, queue.pop, 11)


def test_pop_many(queue: pyjobs.Queue, monitor: Monitor) -> None:
    queue.put_many([{"klass": "shop.Mail"}] * MANY)
    one_call(monitor, lambda: queue.pop(MANY), 11)


def test_pop_of_nothing(queue: pyjobs.Queue, monitor: Monitor) -> None:
    one_call(monitor, queue.pop, 4)


def test_heartbeat_of_many(queue: pyjobs.Queue, monitor: Monitor) -> None:
    jobs = put_and_pop(queue, MANY)
    one_call(monitor, lambda: jobs[0].client.heartbeat(jobs), 5)


def test_complete(queue: pyjobs.Queue, monitor: Monitor) -> None:
    (job,) = put_and_pop(queue, 1)
    one_call(monitor, job.complete, 10)


def test_complete_many(queue: pyjobs.Queue, monitor: Monitor) -> None:
    jobs = put_and_pop(queue, MANY)
    one_call(monitor, lambda: queue.complete(jobs), 17)


def test_complete_and_pop(queue: pyjobs.Queue, monitor: Monitor) -> None:
    (job,) = put_and_pop(queue, 1)
    queue.put("shop.Mail")
    one_call(monitor, lambda: queue.complete([job], pop=1), 18)


def test_complete_and_pop_many(queue: pyjobs.Queue, monitor: Monitor) -> None:
    jobs = put_and_pop(queue, MANY)
    queue.put_many([{"klass": "shop.Mail"}] * MANY)
    one_call(monitor, lambda: queue.complete(jobs, pop=MANY), 25)


@contextmanager
def idle(queue: pyjobs.Queue, **options: Any) -> Iterator[None]:
    """Let a worker wait for jobs that do not come."""
    worker = Worker(queue._client, [queue.name], **options)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    yield
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def sent_until(monitor: Monitor, name: str, times: int) -> list[list[bytes]]:
    """Return what clients send until this command has come so many times."""
    commands: list[list[bytes]] = []
    for inside, words in monitor.lines():
        if not inside:
            commands.append(words)
            times -= words[0].decode().upper() == name
        if not times:
            break
    return commands


def test_an_idle_worker_sleeps_for_four_seconds(queue: pyjobs.Queue, monitor: Monitor) -> None:
    with idle(queue):
        commands = sent_until(monitor, "BLPOP", 1)

    assert commands[-1][0] == b"BLPOP"
    assert float(commands[-1][-1]) > 3.5


def test_an_idle_worker_sends_two_commands_a_sleep(queue: pyjobs.Queue, monitor: Monitor) -> None:
    """Fifteen sleeps a minute, so thirty commands; reports and the like travel in them."""
    with idle(queue, interval=0.05):
        sent_until(monitor, "BLPOP", 1)
        commands = sent_until(monitor, "BLPOP", 5)

    assert [words[0] for words in commands[1::2]] == [b"BLPOP"] * 5
    assert len(commands) == 10
