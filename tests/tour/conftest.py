"""A client on a namespace of the test's own, with a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pyjobs


class Clock:
    """Seconds since the epoch; `turn` it instead of waiting."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def turn(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.seconds += seconds

    def milliseconds(self) -> int:
        """Return the time as the engine takes it."""
        return round(self.seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: Any, namespace: str, delivery: str, clock: Clock) -> Iterator[pyjobs.Client]:
    with pyjobs.Client(
        server.url, namespace=namespace, delivery=delivery, now=clock.milliseconds
    ) as client:
        yield client
