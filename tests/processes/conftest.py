"""`pyjobs worker` as people start it, and jobs that tell what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pyjobs import Client
from tests.conftest import Server
from tests.processes.running import PATIENCE, Running

ROOT = Path(__file__).parents[2]

Working = Callable[..., Running]


class Told:
    """What jobs tell the test, and how it lets them go on."""

    def __init__(self, client: Client, namespace: str) -> None:
        self._client = client
        self._told, self._go = f"told-{namespace}", f"go-{namespace}"

    def data(self, **more: Any) -> dict[str, Any]:
        """Return data for a job of `jobs.py`."""
        return {"told": self._told, "go": self._go, **more}

    def next(self) -> list[str]:
        """Return the words of the next message."""
        found: Any = self._client.server.blpop([self._told], PATIENCE)
        assert found, "no job has said anything"
        words: list[str] = found[1].decode().split()
        return words

    def rest(self) -> list[list[str]]:
        """Return the messages that have come already."""
        found: Any = self._client.server.lrange(self._told, 0, -1)
        return [message.decode().split() for message in found]

    def go(self, count: int = 1) -> None:
        """Let so many waiting jobs end."""
        self._client.server.rpush(self._go, *["go"] * count)

    def close(self) -> None:
        """Leave nothing behind."""
        self._client.server.delete(self._told, self._go)


@pytest.fixture
def executable(pytestconfig: pytest.Config) -> str:
    chosen: str = pytestconfig.option.redis_exec
    return chosen


@pytest.fixture
def client(server: Server, namespace: str) -> Iterator[Client]:
    with Client(server.url, namespace=namespace) as client:
        yield client


@pytest.fixture
def told(client: Client, namespace: str) -> Iterator[Told]:
    told = Told(client, namespace)
    yield told
    told.close()


@pytest.fixture
def working(server: Server, namespace: str, tmp_path: Path) -> Iterator[Working]:
    """Start `pyjobs worker` for the queue `q`, with further arguments."""
    with ExitStack() as stack:

        def start(
            *args: object, url: str = server.url, queue: str = "q", env: Any = None
        ) -> Running:
            common = (*(["--url", url] if url else []), "--namespace", namespace, "--path", ROOT)
            return stack.enter_context(
                Running(
                    "-m", "pyjobs", "worker", "-q", queue, *common, *args, cwd=tmp_path, env=env
                )
            )

        yield start
