"""taskiq on a list."""

from __future__ import annotations

from taskiq_redis import ListQueueBroker

from benchmarks.peers.adapter import URL
from benchmarks.peers.adapters import taskiq
from benchmarks.peers.trace import note

broker = ListQueueBroker(url=URL)


@broker.task(task_name="noop")
async def noop(payload: str) -> None:
    """Do nothing, but note it."""
    note(payload)


class Peer(taskiq.Peer):
    """As on a stream, without acks."""

    promise = "at most once (BRPOP, no ack); nothing kept"
    module = f"{__name__}:broker"
    broker, task = broker, noop
